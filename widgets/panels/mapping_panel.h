#pragma once

#include "widgets/document/document.h"

#include <QWidget>

class QLabel;
class QPlainTextEdit;
class QStackedLayout;
class QToolButton;

namespace widthwise::gui {

class EmptyState;

/// How the selected layer runs on the target: its mapping in a line, and the loops with their reuse.
class MappingPanel : public QWidget {
    Q_OBJECT
public:
    explicit MappingPanel(Document& document, QWidget* parent = nullptr);

private:
    void refresh();
    Document& m_document;
    QLabel *m_title, *m_line, *m_nothing;
    QToolButton* m_copy;
    QPlainTextEdit* m_loops;
    QStackedLayout* m_stack;
};

} // namespace widthwise::gui
