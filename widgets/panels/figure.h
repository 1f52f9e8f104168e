#pragma once

#include <QWidget>

class QLabel;

namespace widthwise::gui {

/// What one figure of the strip says.
struct FigureText {
    QString title;     ///< empty: the figure's own
    QString value;     ///< "91.5 %"; an en dash where there is none
    QString detail;    ///< "± 2.2": beside the value, smaller
    QString change;    ///< against the reference: "▼ 41 %"
    QString reference; ///< "w8a8", "float": beside the change
    QString tip;
    enum class Source { measured, estimated, none } source = Source::none;
    enum class Tendency { neutral, better, worse } tendency = Tendency::neutral;
    bool stale = false;
};

/// A title, a large value and its change. Measured values stand upright, estimates lean and wear a ≈, stale
/// ones are greyed.
class Figure : public QWidget {
    Q_OBJECT
public:
    Figure(const QString& title, const QString& object_name, QWidget* parent = nullptr);
    void show(const FigureText& text);

protected:
    void changeEvent(QEvent* event) override;

private:
    void refresh();
    const QString m_own_title;
    QLabel *m_title, *m_value, *m_detail, *m_change;
    FigureText m_text;
};

} // namespace widthwise::gui
