#include "core/quant/number_format.h"

#include <algorithm>
#include <cmath>

namespace widthwise {

int32_t NumberFormat::q_min() const {
    if (!symmetric) return 0;
    return -(1 << (bits - 1)) + (narrow ? 1 : 0);
}

int32_t NumberFormat::q_max() const {
    return symmetric ? (1 << (bits - 1)) - 1 : (1 << bits) - 1;
}

std::string NumberFormat::to_string() const {
    if (!is_integer()) return "float32";
    return (symmetric ? "int" : "uint") + std::to_string(bits) +
           (granularity == Granularity::channel ? " per channel" : "");
}

NumberFormat float32_format() {
    return {};
}

NumberFormat weight_integer(int bits) {
    NumberFormat f;
    f.type = FormatType::integer;
    f.bits = bits;
    f.symmetric = true;
    f.narrow = true;
    f.granularity = Granularity::channel;
    return f;
}

NumberFormat activation_integer(int bits) {
    NumberFormat f;
    f.type = FormatType::integer;
    f.bits = bits;
    f.range.type = RangeRuleType::percentile;
    return f;
}

Result<void> validate(const NumberFormat& f) {
    if (!f.is_integer()) return {};
    const auto invalid = [](std::string what) { return fail(ErrorCode::invalid_input, std::move(what)); };
    if (f.bits < k_min_bits || f.bits > k_max_bits)
        return invalid("integer width of " + std::to_string(f.bits) + " bits is outside " +
                       std::to_string(k_min_bits) + ".." + std::to_string(k_max_bits));
    if (f.narrow && !f.symmetric) return invalid("a narrow range needs a symmetric format");
    if (f.range.type == RangeRuleType::percentile && !(f.range.percentile > 50 && f.range.percentile <= 100))
        return invalid("a percentile must lie above 50 and at most at 100");
    if (f.range.type == RangeRuleType::given &&
        !(std::isfinite(f.range.lo) && std::isfinite(f.range.hi) && f.range.lo < f.range.hi))
        return invalid("a given range needs finite bounds, the lower one first");
    for (const float s : f.scale)
        if (!(s > 0) || !std::isfinite(s)) return invalid("a scale must be positive and finite");
    for (const int32_t z : f.zero_point)
        if (z < f.q_min() || z > f.q_max() || (f.symmetric && z != 0))
            return invalid("zero point " + std::to_string(z) + " does not fit " + f.to_string());
    if (!f.zero_point.empty() && f.zero_point.size() != f.scale.size())
        return invalid("scale and zero_point need the same number of elements");
    return {};
}

} // namespace widthwise
