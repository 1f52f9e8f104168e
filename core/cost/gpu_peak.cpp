#include "core/cost/gpu_peak.h"

#include <algorithm>

namespace widthwise::cost {
namespace {

/// Widest integer whose every value the format holds: the bits of its significand, the hidden one included.
int exact_integer_bits(std::string_view type) {
    if (type == "float16") return 11;
    if (type == "bfloat16") return 8;
    return type.starts_with("float8") ? 3 : 0;
}

int integer_bits(const OperandFormat& operand) {
    return operand.numeric == Numeric::integer ? operand.bits : 2; // {-1, 0, 1} and {-1, 1}
}

bool is_whole(Numeric numeric) {
    return numeric == Numeric::integer || numeric == Numeric::ternary || numeric == Numeric::binary;
}

} // namespace

bool unit_takes(const OperandSupport& unit, const OperandFormat& operand) {
    if (unit.type == "float32") return true;
    if (unit.type == "binary") return operand.numeric == Numeric::binary;
    if (unit.type == "integer") return is_whole(operand.numeric) && integer_bits(operand) <= unit.bits;
    if (is_whole(operand.numeric)) return integer_bits(operand) <= exact_integer_bits(unit.type);
    switch (operand.numeric) {
    case Numeric::float8:
        return unit.type.starts_with("float8") || unit.type == "float16" || unit.type == "bfloat16";
    case Numeric::float16:
        return unit.type == "float16";
    case Numeric::bfloat16:
        return unit.type == "bfloat16";
    case Numeric::power_of_two:
    case Numeric::codebook:
        return unit.type == "float16" || unit.type == "bfloat16";
    case Numeric::integer:
    case Numeric::ternary:
    case Numeric::binary:
    case Numeric::float32:
        break;
    }
    return false;
}

const GpuPeak* fastest_peak(const Gpu& gpu, const Operands& operands) {
    const auto whole = [](const GpuPeak& peak) {
        return peak.format.type == "integer" || peak.format.type == "binary";
    };
    const GpuPeak* best = nullptr;
    for (const GpuPeak& peak : gpu.peaks) {
        if (!unit_takes(peak.format, operands.weights) || !unit_takes(peak.format, operands.activations))
            continue;
        if (!best || whole(peak) > whole(*best) ||
            (whole(peak) == whole(*best) && peak.macs_per_s > best->macs_per_s))
            best = &peak;
    }
    return best;
}

const GpuPeak* general_peak(const Gpu& gpu) {
    const auto slower = [](const GpuPeak& a, const GpuPeak& b) {
        const bool general_a = a.format.type == "float32", general_b = b.format.type == "float32";
        return general_a != general_b ? general_a : a.macs_per_s < b.macs_per_s;
    };
    const auto found = std::min_element(gpu.peaks.begin(), gpu.peaks.end(), slower);
    return found == gpu.peaks.end() ? nullptr : &*found;
}

const GpuPeak* highest_peak(const Gpu& gpu) {
    const auto found =
        std::max_element(gpu.peaks.begin(), gpu.peaks.end(),
                         [](const GpuPeak& a, const GpuPeak& b) { return a.macs_per_s < b.macs_per_s; });
    return found == gpu.peaks.end() ? nullptr : &*found;
}

std::string unit_name(const OperandSupport& unit) {
    return unit.type == "integer" ? "int" + std::to_string(unit.bits) : unit.type;
}

} // namespace widthwise::cost
