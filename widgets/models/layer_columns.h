#pragma once
// What the layer table's columns are called and mean.

#include <QString>

namespace widthwise::gui {

struct ColumnText {
    QString title;       ///< as it stands in the header; %1: the unit
    QString explanation; ///< its tooltip
};
/// `column` of LayerTableModel.
[[nodiscard]] ColumnText layer_column_text(int column);

} // namespace widthwise::gui
