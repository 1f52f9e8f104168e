#pragma once

#include "widgets/document/format_edit.h"

#include <QString>

#include <map>
#include <utility>

namespace widthwise::gui {

/// By layer and operand, by bits: the harm that this width alone does, 0 to 1.
using LayerHeat = std::map<std::pair<QString, LayerOperand>, std::map<int, double>>;

} // namespace widthwise::gui
