#pragma once
// Fields of a form that shows several things at once: each can be blank where they differ, and only what the
// user touches is reported.

#include <QComboBox>
#include <QDoubleSpinBox>
#include <QSpinBox>

#include <optional>
#include <vector>

namespace widthwise::gui {

/// A list of choices, some of which may not be open; the tooltip of such a one says why.
class ChoiceBox : public QComboBox {
    Q_OBJECT
public:
    struct Choice {
        QString text;
        int value = 0;
        QString why_not; ///< empty: can be chosen
        QString tip;
        bool faint = false; ///< can be chosen, but is not what it seems: the tip says why
    };
    explicit ChoiceBox(QWidget* parent = nullptr);
    /// `shown`: nullopt shows `blank` ("mixed") instead of a choice.
    void show(const std::vector<Choice>& choices, std::optional<int> shown, const QString& blank);
    /// There is nothing to choose: greyed, with the reason.
    void showDisabled(const QString& text, const QString& why);

signals:
    void chosen(int value);

protected:
    void wheelEvent(QWheelEvent* event) override;
};

/// Whole numbers with a blank below the smallest.
class NumberBox : public QSpinBox {
    Q_OBJECT
public:
    NumberBox(int smallest, int largest, QWidget* parent = nullptr);
    void show(std::optional<int> value, const QString& blank);

signals:
    void edited(int value);

protected:
    void wheelEvent(QWheelEvent* event) override;

private:
    int m_smallest;
};

/// Real numbers with a blank below the smallest.
class RealBox : public QDoubleSpinBox {
    Q_OBJECT
public:
    RealBox(double smallest, double largest, int decimals, double step, QWidget* parent = nullptr);
    void show(std::optional<double> value, const QString& blank);

signals:
    void edited(double value);

protected:
    void wheelEvent(QWheelEvent* event) override;

private:
    double m_smallest;
};

} // namespace widthwise::gui
