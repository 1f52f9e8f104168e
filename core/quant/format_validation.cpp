// What makes a NumberFormat invalid.
#include "core/quant/number_format.h"

#include <algorithm>
#include <cmath>
#include <functional>

namespace widthwise {
namespace {

tl::unexpected<Error> invalid(std::string what, std::string remedy = {}) {
    return fail(ErrorCode::invalid_input, std::move(what), {}, std::move(remedy));
}

Result<void> validate_width(const NumberFormat& f) {
    const auto outside = [&](const char* widths) {
        return invalid("a width of " + std::to_string(f.bits) + " bits is not one of " +
                           std::string(to_string(f.type)) + "'s",
                       std::string("give ") + widths);
    };
    switch (f.type) {
    case FormatType::integer:
        if (!is_integer_width(f.bits)) return outside("1 to 16, or 32");
        if (f.bits == 1 && f.symmetric)
            return invalid("there is no symmetric integer of one bit", "use the type binary");
        if (f.bits == 32 && !f.symmetric)
            return invalid("integers of 32 bits must be symmetric", "set symmetric, or use at most 16 bits");
        return {};
    case FormatType::fixed_point:
    case FormatType::dynamic_fixed_point:
        if (f.bits < 2 || f.bits > 16) return outside("2 to 16");
        return {};
    case FormatType::power_of_two:
        if (f.bits < 2 || f.bits > 8) return outside("2 to 8");
        return {};
    case FormatType::codebook:
        if (f.bits < 1 || f.bits > 8) return outside("1 to 8");
        return {};
    default:
        if (f.bits != f.storage_bits()) return outside(std::to_string(f.storage_bits()).c_str());
        return {};
    }
}

Result<void> validate_range(const NumberFormat& f) {
    const RangeRule& range = f.range;
    if (range.type == RangeRuleType::percentile && !(range.percentile > 50 && range.percentile <= 100))
        return invalid("a percentile must lie above 50 and at most at 100");
    if (range.type == RangeRuleType::given &&
        !(std::isfinite(range.lo) && std::isfinite(range.hi) && range.lo < range.hi))
        return invalid("a given range needs finite bounds, the lower one first");
    if (f.is_dynamic() && (f.type != FormatType::integer || f.bits != 8 || f.symmetric || f.narrow ||
                           f.granularity != Granularity::tensor))
        return invalid("a dynamic range needs affine integers of 8 bits per tensor, not " + f.to_string());
    return {};
}

Result<void> validate_codebook(const NumberFormat& f) {
    if (f.codebook.empty()) return {};
    if (f.type != FormatType::codebook) return invalid("only the type codebook has a codebook");
    if (f.codebook.size() > size_t{1} << f.bits)
        return invalid("a codebook of " + std::to_string(f.codebook.size()) + " levels needs more than " +
                       std::to_string(f.bits) + " bits");
    if (!std::ranges::all_of(f.codebook, [](float level) { return std::isfinite(level); }))
        return invalid("a codebook's levels must be finite");
    if (std::ranges::adjacent_find(f.codebook, std::greater_equal<>()) != f.codebook.end())
        return invalid("a codebook's levels must ascend, each once");
    return {};
}

Result<void> validate_resolved(const NumberFormat& f) {
    for (const float s : f.scale) {
        if (!(s > 0) || !std::isfinite(s)) return invalid("a scale must be positive and finite");
        int exponent = 0;
        const bool must_be_power = f.type == FormatType::power_of_two || f.type == FormatType::fixed_point ||
                                   f.type == FormatType::dynamic_fixed_point;
        if (must_be_power && std::frexp(s, &exponent) != 0.5F)
            return invalid("a scale of " + std::string(to_string(f.type)) + " must be a power of two");
        if (f.fraction_bits && s != std::ldexp(1.0F, -*f.fraction_bits))
            return invalid("scale and fraction bits contradict each other", "give one of them");
    }
    if (!f.scale.empty() && !f.has_scale()) return invalid(std::string(to_string(f.type)) + " has no scale");
    const bool affine = f.type == FormatType::integer && !f.symmetric;
    for (const int32_t z : f.zero_point)
        if (affine ? z < f.q_min() || z > f.q_max() : z != 0)
            return invalid("zero point " + std::to_string(z) + " does not fit " + f.to_string());
    if (!f.zero_point.empty() && f.zero_point.size() != f.scale.size())
        return invalid("scale and zero_point need the same number of elements");
    if (f.threshold.empty()) return {};
    if (f.type != FormatType::ternary) return invalid("only ternary has a threshold");
    if (f.threshold.size() != f.scale.size())
        return invalid("scale and threshold need the same number of elements");
    for (size_t i = 0; i < f.scale.size(); ++i)
        if (!(f.threshold[i] >= 0 && f.threshold[i] < f.scale[i]))
            return invalid("a threshold must lie within 0 and the scale");
    return {};
}

} // namespace

Result<void> validate(const NumberFormat& f) {
    if (!f.is_quantized()) return {};
    if (Result<void> ok = validate_width(f); !ok) return ok;
    if (f.type == FormatType::codebook && f.granularity != Granularity::tensor)
        return invalid("a codebook is the whole layer's", "set granularity to tensor");
    if (Result<void> ok = validate_codebook(f); !ok) return ok;
    if (f.narrow && !f.symmetric && f.bits < 2 && f.type == FormatType::integer)
        return invalid("a narrow range of one bit holds a single value");
    if (f.granularity == Granularity::group && f.group_size < 1)
        return invalid("groups need a size of at least 1");
    const bool fixed = f.type == FormatType::fixed_point || f.type == FormatType::dynamic_fixed_point;
    if (f.fraction_bits && !fixed) return invalid("only fixed point has fraction bits");
    if (f.fraction_bits && std::abs(*f.fraction_bits) > k_max_fraction_bits)
        return invalid("fraction bits must lie within " + std::to_string(-k_max_fraction_bits) + " and " +
                       std::to_string(k_max_fraction_bits));
    if (Result<void> ok = validate_range(f); !ok) return ok;
    return validate_resolved(f);
}

} // namespace widthwise
