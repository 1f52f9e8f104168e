#include "widgets/document/accuracy_change.h"

namespace widthwise::gui {

std::optional<double> change_from_opened(const Document& document, const Design& design) {
    const Accuracy& accuracy = design.evaluation.accuracy;
    if (design.version == 0) return accuracy.delta_top1;
    // Stopped early, two evaluations need not have seen the same images.
    if (!document.data() || accuracy.samples != document.data()->size()) return std::nullopt;
    for (const Design& other : document.designs())
        if (other.version == 0 && other.evaluation.accuracy.samples == accuracy.samples)
            return accuracy.top1 - other.evaluation.accuracy.float_top1;
    return std::nullopt;
}

} // namespace widthwise::gui
