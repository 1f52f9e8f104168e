#pragma once

#include "widgets/document/problem.h"

#include <QFrame>

class QLabel;
class QPushButton;

namespace widthwise::gui {

/// One line about what went wrong, with the button that helps; no modal box. The newest problem stands.
class Banner : public QFrame {
    Q_OBJECT
public:
    explicit Banner(QWidget* parent = nullptr);
    void show(const Problem& problem);
    /// Good news: no remedy, another colour.
    void tell(const QString& text);
    void dismiss();
    [[nodiscard]] QString text() const;

signals:
    void remedyChosen(widthwise::gui::Problem::Remedy remedy);

protected:
    void changeEvent(QEvent* event) override;
    void paintEvent(QPaintEvent* event) override;

private:
    void refresh();
    QLabel* m_label;
    QPushButton* m_remedy;
    Problem m_problem;
    bool m_good = false;
};

} // namespace widthwise::gui
