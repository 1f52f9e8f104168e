#include "widgets/document/exploration_backend.h"

#include "core/flow/explore_log.h"

namespace widthwise::gui {

ExplorationBackend ExplorationBackend::real() {
    return {flow::load_data, flow::make_space, flow::run_exploration,
            [](ProjectFile& file, int64_t exploration,
               const flow::ExploreRequest& request) -> Result<std::unique_ptr<flow::ExploreLog>> {
                return flow::ProjectLog::open(file, exploration, request);
            }};
}

} // namespace widthwise::gui
