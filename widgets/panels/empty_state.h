#pragma once

#include <QWidget>

class QPushButton;

namespace widthwise::gui {

/// What to do when there is nothing yet: a sentence and the button that does it.
class EmptyState : public QWidget {
    Q_OBJECT
public:
    EmptyState(const QString& title, const QString& hint, const QString& button, QWidget* parent = nullptr);

signals:
    void chosen();
};

} // namespace widthwise::gui
