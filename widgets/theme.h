#pragma once
// Light, dark or as the system has it; and the colours that data wear in both.

#include <QColor>
#include <QPalette>
#include <QString>

class QSplitter;
class QTableView;

namespace widthwise::gui {

enum class Theme { system, light, dark };

/// Sets the application's palette; widgets follow through QEvent::PaletteChange.
void apply_theme(Theme theme);
[[nodiscard]] QString theme_name(Theme theme);
[[nodiscard]] Theme theme_from_name(const QString& name);

[[nodiscard]] bool is_dark(const QPalette& palette);

/// Okabe and Ito's palette, told apart by people with any colour vision (jfly.uni-koeln.de/color).
namespace okabe_ito {
inline constexpr QColor orange{0xe6, 0x9f, 0x00};
inline constexpr QColor sky{0x56, 0xb4, 0xe9};
inline constexpr QColor green{0x00, 0x9e, 0x73};
inline constexpr QColor yellow{0xf0, 0xe4, 0x42};
inline constexpr QColor blue{0x00, 0x72, 0xb2};
inline constexpr QColor vermillion{0xd5, 0x5e, 0x00};
inline constexpr QColor purple{0xcc, 0x79, 0xa7};
} // namespace okabe_ito

/// The accent: blue on light, sky on dark.
[[nodiscard]] QColor accent(const QPalette& palette);
/// Text that is there but not asking for attention; readable (4.5 : 1) on Base and Window.
[[nodiscard]] QColor muted_text(const QPalette& palette);
[[nodiscard]] QColor grid_line(const QPalette& palette);
/// Worse and better, for changes.
[[nodiscard]] QColor bad_colour(const QPalette& palette);
[[nodiscard]] QColor good_colour(const QPalette& palette);

/// What every table of the window has in common: no boxes, flat header, one row height.
void style_table(QTableView& table);
/// A quiet gap that can be dragged.
void style_splitter(QSplitter& splitter);

} // namespace widthwise::gui
