#include "core/engine/exact_sums.h"

#include "core/engine/direct_sums.h"
#include "core/engine/gemm_sums.h"
#include "core/engine/onednn_layer.h"

#include <algorithm>
#include <cstdlib>

namespace widthwise::engine {
namespace {

int64_t largest_weight(const ConvStep& step) {
    int largest = 0;
    for (const int8_t w : step.weights_q) largest = std::max(largest, std::abs(int{w}));
    return largest;
}

/// oneDNN converts to f32 on the way out, even to an s32 result.
bool may_exceed_24_bits(const ConvStep& step, const Representation& in) {
    const auto products = static_cast<int64_t>(step.weights_q.size()) / step.out_channels;
    return products * largest_weight(step) * in.q_max > int64_t{1} << 24;
}

bool is_depthwise(const ConvStep& step) {
    return step.attributes.group > 1 && step.in_channels == step.attributes.group;
}

} // namespace

bool needs_exact_sums(const ConvStep& step, const Representation& in, Element out) {
    if (!step.is_integer()) return false;
    if (step.saturate_bits || !step.weight_zero_points.empty()) return true;
    if (out == Element::s32 && may_exceed_24_bits(step, in)) return true;
    if (step.attributes.group > 1 && onednn_mixes_up_groups()) return true;
    return !onednn_has_vnni() && 2 * largest_weight(step) * in.q_max > 32767;
}

std::unique_ptr<ExactSums> make_exact_sums(const ConvStep& step, const Buffer& in, const Buffer& out) {
    if (step.saturate_bits || is_depthwise(step)) return std::make_unique<DirectSums>(step, in, out);
    return std::make_unique<GemmSums>(step, in, out);
}

} // namespace widthwise::engine
