#include "core/design/range_names.h"

#include "core/base/text.h"

#include <array>
#include <charconv>

namespace widthwise {
namespace {

constexpr std::string_view k_percentile = "percentile:";

struct Name {
    std::string_view text;
    RangeRuleType type;
};
constexpr std::array k_names = {Name{"minmax", RangeRuleType::minmax},
                                Name{"moving_average", RangeRuleType::moving_average},
                                Name{"mse", RangeRuleType::mse}, Name{"entropy", RangeRuleType::entropy},
                                Name{"dynamic", RangeRuleType::dynamic}};

} // namespace

std::optional<RangeRule> range_rule_from_text(std::string_view text) {
    RangeRule rule;
    if (text.starts_with(k_percentile)) {
        const std::optional<double> share = parse_double(text.substr(k_percentile.size()));
        if (!share) return std::nullopt;
        rule.type = RangeRuleType::percentile;
        rule.percentile = *share;
        return rule;
    }
    for (const Name& name : k_names)
        if (text == name.text) {
            rule.type = name.type;
            return rule;
        }
    return std::nullopt;
}

std::optional<std::string> range_rule_text(const RangeRule& rule) {
    if (rule.type == RangeRuleType::percentile) {
        std::array<char, 32> digits{};
        const auto* end = std::to_chars(digits.data(), digits.data() + digits.size(), rule.percentile).ptr;
        return std::string(k_percentile) +
               std::string(digits.data(), static_cast<size_t>(end - digits.data()));
    }
    for (const Name& name : k_names)
        if (rule.type == name.type) return std::string(name.text);
    return std::nullopt;
}

} // namespace widthwise
