#include "core/cost/mapping_text.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace widthwise::cost {
namespace {

template <typename... Args> void append(std::string& text, const char* format, Args... args) {
    std::array<char, 128> buffer;
    const int length = std::snprintf(buffer.data(), buffer.size(), format, args...);
    if (length > 0) text.append(buffer.data(), std::min(static_cast<size_t>(length), buffer.size() - 1));
}

/// Of the wider operand.
std::string_view float_name(const Operands& operands) {
    switch (std::max(operands.weights.numeric, operands.activations.numeric)) {
    case Numeric::float8:
        return "fp8";
    case Numeric::float16:
        return "fp16";
    case Numeric::bfloat16:
        return "bf16";
    default:
        return "fp32";
    }
}

} // namespace

std::string mapping_text(const MatrixLayer& layer, const Chip& chip, const MatrixProblem& problem) {
    using Number = long long;
    const LoopNest& nest = problem.nest;
    const Folding& f = layer.folding;
    std::string text(to_string(layer.dataflow));
    append(text, ": %lld x %lld folds of %lldx%lld, T = %lld", Number{f.row_folds}, Number{f.col_folds},
           Number{chip.array.rows}, Number{chip.array.cols}, Number{f.t});
    const MacRate rate = chip.mac.rate(problem.operands);
    if (rate.beats > 1) append(text, " x %lld bits", Number{rate.beats});
    if (rate.products > 1) append(text, ", %lld products a unit", Number{rate.products});
    if (nest.groups > 1) append(text, ", %lld groups in turn", Number{nest.groups});

    if (layer.dram.tiles > 1) append(text, ", %lld tiles of pixels", Number{layer.dram.tiles});

    const Gemm gemm = group_gemm(nest, problem.batch);
    const double groups = static_cast<double>(nest.groups);
    const double input = groups * static_cast<double>(nest.in_channels / nest.groups) *
                         static_cast<double>(touched_plane(nest)) * static_cast<double>(problem.batch) *
                         chip.levels[1].stored(problem.stored.input);
    const double weights = groups * static_cast<double>(gemm.n) * static_cast<double>(gemm.k) *
                           chip.levels[1].stored(problem.stored.weights);
    const char* separator = "; DRAM: ";
    const auto repeated = [&](const char* what, double times) {
        if (times < 1.05) return;
        append(text, "%s%s %.3gx", separator, what, times);
        separator = ", ";
    };
    if (!problem.input_on_chip) repeated("input", layer.dram.activation_reads / input);
    repeated("weights", layer.dram.weight_reads / weights);
    if (layer.dram.partial_writes > 0) append(text, "%spartial sums spilled", separator);
    if (problem.operands.floating()) {
        const std::string_view name = float_name(problem.operands);
        append(text, "; %.*s", static_cast<int>(name.size()), name.data());
        if (!chip.float_units) text += " units assumed in place of the target's";
    }
    return text;
}

} // namespace widthwise::cost
