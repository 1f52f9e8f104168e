#pragma once

class QWidget;

namespace widthwise::gui {

/// Windows that stand beside the work, not in its way.
void show_shortcuts(QWidget* parent);
/// The embedded manual.
void show_manual(QWidget* parent);
void show_about(QWidget* parent);

} // namespace widthwise::gui
