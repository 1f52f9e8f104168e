#pragma once
// Designs that training can start from.

#include "core/passes/prepare.h"

#include <string_view>

namespace widthwise::test {

/// `bits` everywhere, its scales found on the first 32 images.
inline PrecisionPlan resolved_plan(const GraphPtr& graph, std::string_view bits, bool fold,
                                   const Dataset& data) {
    PrecisionPlan plan(parse_bits(bits).value());
    plan.set_folds_batch_norm(fold);
    passes::PrepareOptions options;
    options.calibration = &data;
    options.samples = 32;
    return passes::prepare(graph, plan, options, {})->plan;
}

} // namespace widthwise::test
