#include "core/explore/space.h"

#include "core/base/text.h"
#include "core/design/target_parameter.h"
#include "core/explore/noise.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace widthwise::explore {
namespace {

constexpr int64_t k_most_designs = int64_t{1} << 62;

bool sets_weights(const Variable& variable) {
    return variable.kind == Variable::Kind::weights || variable.kind == Variable::Kind::both;
}
bool sets_activations(const Variable& variable) {
    return variable.kind == Variable::Kind::activations || variable.kind == Variable::Kind::both;
}
const NumberFormat& activation_format(const Variable& variable, size_t choice) {
    return variable.kind == Variable::Kind::both ? variable.activation_formats[choice]
                                                 : variable.formats[choice];
}

void apply(PrecisionPlan& plan, const Variable& variable, size_t choice) {
    for (const std::string& layer : variable.layers) {
        LayerPrecision precision = plan.at(layer);
        if (sets_weights(variable)) precision.weights = variable.formats[choice];
        if (sets_activations(variable)) precision.activations = activation_format(variable, choice);
        plan.set(layer, std::move(precision));
    }
}

bool fits(const PrecisionPlan& plan, const Variable& variable, size_t choice) {
    return std::ranges::all_of(variable.layers, [&](const std::string& layer) {
        const LayerPrecision& precision = plan.at(layer);
        return (!sets_weights(variable) || precision.weights == variable.formats[choice]) &&
               (!sets_activations(variable) || precision.activations == activation_format(variable, choice));
    });
}

/// The same precision for every layer, whether it is named or left to the default.
bool same_design(const PrecisionPlan& a, const PrecisionPlan& b) {
    PrecisionPlan a_named = a, b_named = b;
    for (const auto& [layer, precision] : b.layers()) a_named.set(layer, a.at(layer));
    for (const auto& [layer, precision] : a.layers()) b_named.set(layer, b.at(layer));
    return a_named == b_named;
}

bool same_value(std::string_view a, std::string_view b) {
    const std::optional<double> x = parse_double(a), y = parse_double(b);
    return x && y ? *x == *y : a == b;
}

/// The choice that is the base target's own value; nullopt: it is none of them.
std::optional<size_t> base_choice(const Space& space, const Variable& variable) {
    const Result<std::string> value = target_parameter(space.target, variable.parameter);
    if (!value) return std::nullopt;
    const auto found =
        std::ranges::find_if(variable.values, [&](const auto& v) { return same_value(v, *value); });
    if (found == variable.values.end()) return std::nullopt;
    return static_cast<size_t>(found - variable.values.begin());
}

bool is_integer(const NumberFormat& format) {
    return format.type == FormatType::integer;
}

/// The narrowest format of at least `bits`, of equal ones integers, then the finest. Formats that a narrower
/// one is finer than do not count. None is as wide: the finest, of equal ones integers.
size_t at_least(std::span<const NumberFormat> formats, int bits) {
    const auto counts = [&](const NumberFormat& format) {
        return std::ranges::none_of(formats, [&](const NumberFormat& other) {
            return other.bits < format.bits && comparable_bits(other) > comparable_bits(format);
        });
    };
    const auto before = [&](const NumberFormat& a, const NumberFormat& b) {
        const auto key = [&](const NumberFormat& format) {
            const bool reaches = format.bits >= bits && counts(format);
            const int fine = -comparable_bits(format), other = is_integer(format) ? 0 : 1;
            return reaches ? std::array{0, format.bits, other, fine} : std::array{1, fine, other, 0};
        };
        return key(a) < key(b);
    };
    return static_cast<size_t>(std::ranges::min_element(formats, before) - formats.begin());
}

} // namespace

std::optional<int64_t> Space::designs() const {
    int64_t product = 1;
    for (const Variable& variable : variables) {
        const auto size = static_cast<int64_t>(variable.size());
        if (size == 0) return 0;
        if (product > k_most_designs / size) return std::nullopt;
        product *= size;
    }
    return product;
}

bool Space::has_hardware() const {
    return std::ranges::any_of(variables,
                               [](const Variable& v) { return v.kind == Variable::Kind::hardware; });
}

PrecisionPlan plan_of(const Space& space, std::span<const uint8_t> choices) {
    PrecisionPlan plan = space.base;
    for (size_t i = 0; i < space.variables.size(); ++i) apply(plan, space.variables[i], choices[i]);
    return plan;
}

Result<HardwareTarget> target_of(const Space& space, std::span<const uint8_t> choices) {
    std::vector<std::pair<std::string, std::string>> values;
    for (size_t i = 0; i < space.variables.size(); ++i)
        if (const Variable& variable = space.variables[i]; variable.kind == Variable::Kind::hardware)
            values.emplace_back(variable.parameter, variable.values[choices[i]]);
    return with_target_parameters(space.target, values);
}

std::optional<Choices> choices_of(const Space& space, const PrecisionPlan& plan) {
    Choices choices;
    for (const Variable& variable : space.variables) {
        std::optional<size_t> choice;
        if (variable.kind == Variable::Kind::hardware)
            choice = base_choice(space, variable);
        else
            for (size_t i = 0; i < variable.size() && !choice; ++i)
                if (fits(plan, variable, i)) choice = i;
        if (!choice) return std::nullopt;
        choices.push_back(static_cast<uint8_t>(*choice));
    }
    if (!same_design(plan_of(space, choices), plan)) return std::nullopt;
    return choices;
}

Choices uniform_choices(const Space& space, int weight_bits, int activation_bits) {
    Choices choices;
    for (const Variable& variable : space.variables) {
        size_t choice = 0;
        switch (variable.kind) {
        case Variable::Kind::weights:
            choice = at_least(variable.formats, weight_bits);
            break;
        case Variable::Kind::activations:
            choice = at_least(variable.formats, activation_bits);
            break;
        case Variable::Kind::both:
            choice = std::max(at_least(variable.formats, weight_bits),
                              at_least(variable.activation_formats, activation_bits));
            break;
        case Variable::Kind::hardware:
            choice = base_choice(space, variable).value_or(variable.size() - 1);
            break;
        }
        choices.push_back(static_cast<uint8_t>(choice));
    }
    return choices;
}

std::string to_text(std::span<const uint8_t> choices) {
    std::string text;
    for (const uint8_t choice : choices) {
        if (!text.empty()) text += ',';
        text += std::to_string(choice);
    }
    return text;
}

Result<Choices> choices_from_text(std::string_view text, const Space& space) {
    const auto refuse = [&](const std::string& what) {
        return fail(ErrorCode::invalid_input, what, "choices " + in_quotes(text.substr(0, 80)),
                    "they were made for another search space");
    };
    // A comma more than there are variables is enough to know; the text may be anything.
    const auto commas = static_cast<size_t>(std::ranges::count(text, ','));
    const size_t count = text.empty() ? 0 : commas + 1;
    if (count != space.variables.size())
        return refuse(std::to_string(count) + " choices for " + std::to_string(space.variables.size()) +
                      " variables");
    Choices choices;
    if (count == 0) return choices;
    for (const std::string& part : split(text, ',')) {
        const Variable& variable = space.variables[choices.size()];
        const std::optional<long long> choice = parse_int(part);
        if (!choice || *choice < 0 || *choice >= static_cast<long long>(variable.size()))
            return refuse(in_quotes(part.substr(0, 20)) + " is no choice of " + variable.name);
        choices.push_back(static_cast<uint8_t>(*choice));
    }
    return choices;
}

} // namespace widthwise::explore
