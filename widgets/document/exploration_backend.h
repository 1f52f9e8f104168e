#pragma once
// What searches in the window call: flow's functions, or a test's.

#include "core/flow/explore.h"
#include "core/store/project_file.h"

#include <functional>
#include <memory>
#include <string>

namespace widthwise::gui {

struct ExplorationBackend {
    std::function<Result<DatasetPtr>(const std::string&)> load_data;
    std::function<Result<explore::Space>(const Graph&, const PrecisionPlan&, const HardwareTarget&,
                                         const flow::SpaceOptions&)>
        make_space;
    std::function<Result<flow::ExploreOutcome>(const flow::ExploreRequest&, flow::ExploreLog&,
                                               const WorkControl&, const flow::ExploreObserver&)>
        run;
    /// A search's log in a project file; both, and the request, outlive it.
    std::function<Result<std::unique_ptr<flow::ExploreLog>>(ProjectFile&, int64_t exploration,
                                                            const flow::ExploreRequest&)>
        open_log;

    [[nodiscard]] static ExplorationBackend real();
};

} // namespace widthwise::gui
