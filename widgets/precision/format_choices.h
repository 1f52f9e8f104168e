#pragma once
// What a field of the format editor changes, and what the longer lists offer.

#include "widgets/document/format_edit.h"
#include "widgets/precision/choice_box.h"

#include <vector>

namespace widthwise::gui {

[[nodiscard]] FormatChange type_change(int value);
[[nodiscard]] FormatChange bits_change(int value);
[[nodiscard]] FormatChange symmetric_change(int value);
[[nodiscard]] FormatChange narrow_change(int value);
[[nodiscard]] FormatChange granularity_change(int value);
[[nodiscard]] FormatChange scale_change(int value);
[[nodiscard]] FormatChange rule_change(int value);
[[nodiscard]] FormatChange fraction_change(int given);
[[nodiscard]] std::vector<ChoiceBox::Choice> type_choices();
[[nodiscard]] std::vector<ChoiceBox::Choice> rule_choices();

} // namespace widthwise::gui
