#include "widgets/precision/format_choices.h"

namespace widthwise::gui {

FormatChange type_change(int value) {
    FormatChange change;
    change.type = static_cast<FormatType>(value);
    return change;
}
FormatChange bits_change(int value) {
    FormatChange change;
    change.bits = value;
    return change;
}
FormatChange symmetric_change(int value) {
    FormatChange change;
    change.symmetric = value != 0;
    return change;
}
FormatChange narrow_change(int value) {
    FormatChange change;
    change.narrow = value != 0;
    return change;
}
FormatChange granularity_change(int value) {
    FormatChange change;
    change.granularity = static_cast<Granularity>(value);
    return change;
}
FormatChange scale_change(int value) {
    FormatChange change;
    change.scale_type = static_cast<ScaleType>(value);
    return change;
}
FormatChange rule_change(int value) {
    FormatChange change;
    change.rule = static_cast<RangeRuleType>(value);
    return change;
}
FormatChange fraction_change(int given) {
    FormatChange change;
    change.fraction_bits = given ? std::optional<int>(4) : std::nullopt;
    return change;
}

std::vector<ChoiceBox::Choice> type_choices() {
    std::vector<ChoiceBox::Choice> choices;
    for (const FormatType type :
         {FormatType::float32, FormatType::integer, FormatType::fixed_point, FormatType::dynamic_fixed_point,
          FormatType::power_of_two, FormatType::ternary, FormatType::binary, FormatType::codebook,
          FormatType::float16, FormatType::bfloat16, FormatType::float8_e4m3, FormatType::float8_e5m2})
        choices.push_back({type_name(type), static_cast<int>(type), {}, {}});
    return choices;
}

std::vector<ChoiceBox::Choice> rule_choices() {
    std::vector<ChoiceBox::Choice> choices;
    for (const RangeRuleType rule :
         {RangeRuleType::minmax, RangeRuleType::moving_average, RangeRuleType::percentile, RangeRuleType::mse,
          RangeRuleType::entropy, RangeRuleType::given, RangeRuleType::dynamic})
        choices.push_back({rule_name(rule), static_cast<int>(rule), {}, {}});
    return choices;
}

} // namespace widthwise::gui
