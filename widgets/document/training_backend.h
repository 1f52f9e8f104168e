#pragma once
// What training and compression in the window call: flow's functions, or a test's.

#include "core/flow/training.h"

#include <functional>
#include <map>
#include <string>

namespace widthwise::gui {

struct TrainingBackend {
    std::function<Result<DatasetPtr>(const std::string&)> load_data;
    std::function<Result<flow::TrainingOutcome>(const flow::TrainingRequest&, const WorkControl&,
                                                const train::Observer&)>
        train;
    std::function<Result<flow::MetaResult>(const flow::MetaRequest&, const WorkControl&,
                                           const train::Observer&)>
        meta_train;
    std::function<Result<flow::CompressionOutcome>(const flow::Model&, const PrecisionPlan&,
                                                   const passes::CompressionRequest&, const WorkControl&)>
        compress;
    std::function<Result<std::map<std::string, flow::ZeroShares>>(
        const flow::Model&, const PrecisionPlan&, const DatasetPtr&, int64_t, const WorkControl&)>
        measure_zeros;
    /// A network as a file's bytes, to keep it in the project.
    std::function<Result<std::string>(const flow::Model&, const ScaleTable*,
                                      const std::map<std::string, std::string>&)>
        write;

    [[nodiscard]] static TrainingBackend real();
};

} // namespace widthwise::gui
