#include "core/design/precision_plan.h"

#include "core/base/text.h"

#include <algorithm>

namespace widthwise {

std::string_view to_string(Pass pass) {
    switch (pass) {
    case Pass::equalize:
        return "equalize";
    case Pass::absorb_bias:
        return "absorb_bias";
    case Pass::reestimate_batch_norm:
        return "reestimate_batch_norm";
    case Pass::adaround:
        return "adaround";
    case Pass::bias_correction_analytic:
        return "bias_correction_analytic";
    case Pass::bias_correction:
        return "bias_correction";
    }
    return "equalize";
}

std::string_view to_string(Overflow overflow) {
    return overflow == Overflow::wrap ? "wrap" : "saturate";
}

std::string_view to_string(RequantizationMode mode) {
    switch (mode) {
    case RequantizationMode::float_scale:
        return "float";
    case RequantizationMode::integer_multiplier:
        return "integer_multiplier";
    case RequantizationMode::power_of_two_shift:
        return "power_of_two_shift";
    }
    return "float";
}

std::string_view to_string(Rounding rounding) {
    switch (rounding) {
    case Rounding::half_even:
        return "half_even";
    case Rounding::half_up:
        return "half_up";
    case Rounding::half_away:
        return "half_away";
    case Rounding::floor:
        return "floor";
    }
    return "half_even";
}

Result<void> validate(const Requantization& requantization) {
    if (requantization.mode != RequantizationMode::float_scale ||
        requantization.rounding == Rounding::half_even)
        return {};
    return fail(ErrorCode::invalid_input, "a float scale rounds half_even only", {},
                "leave the rounding out, or choose integer_multiplier or power_of_two_shift");
}

const LayerPrecision& PrecisionPlan::at(std::string_view layer) const {
    const auto found = m_layers.find(layer);
    return found == m_layers.end() ? m_default : found->second;
}

void PrecisionPlan::set(std::string layer, LayerPrecision precision) {
    m_layers.insert_or_assign(std::move(layer), std::move(precision));
}

void PrecisionPlan::set_passes(std::vector<Pass> passes) {
    std::sort(passes.begin(), passes.end());
    passes.erase(std::unique(passes.begin(), passes.end()), passes.end());
    m_passes = std::move(passes);
}

void PrecisionPlan::set_values(std::string layer, std::shared_ptr<const LayerValues> values) {
    if (values)
        m_values.insert_or_assign(std::move(layer), std::move(values));
    else
        m_values.erase(layer);
}

bool PrecisionPlan::is_float() const {
    const auto is_float = [](const LayerPrecision& p) {
        return !p.weights.is_quantized() && !p.activations.is_quantized();
    };
    return m_passes.empty() && m_values.empty() && is_float(m_default) &&
           std::all_of(m_layers.begin(), m_layers.end(),
                       [&](const auto& item) { return is_float(item.second); });
}

bool PrecisionPlan::operator==(const PrecisionPlan& other) const {
    const auto same_values = [](const auto& a, const auto& b) {
        return a.first == b.first && (a.second == b.second || *a.second == *b.second);
    };
    return m_default == other.m_default && m_layers == other.m_layers &&
           m_requantization == other.m_requantization && m_folds_batch_norm == other.m_folds_batch_norm &&
           m_passes == other.m_passes &&
           std::equal(m_values.begin(), m_values.end(), other.m_values.begin(), other.m_values.end(),
                      same_values);
}

} // namespace widthwise
