#include "widgets/precision/choice_box.h"

#include "widgets/theme.h"

#include <QSignalBlocker>
#include <QStandardItemModel>
#include <QWheelEvent>

namespace widthwise::gui {
namespace {

/// Scrolling the form must not change what lies under the pointer.
template <typename Widget> bool wheel_is_for(const Widget& widget, QWheelEvent& event) {
    if (widget.hasFocus()) return true;
    event.ignore();
    return false;
}

} // namespace

ChoiceBox::ChoiceBox(QWidget* parent) : QComboBox(parent) {
    setFocusPolicy(Qt::StrongFocus);
    setSizeAdjustPolicy(AdjustToMinimumContentsLengthWithIcon);
    setMinimumContentsLength(6);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    connect(this, &QComboBox::activated, this, [this](int index) { emit chosen(itemData(index).toInt()); });
}

void ChoiceBox::show(const std::vector<Choice>& choices, std::optional<int> shown, const QString& blank) {
    const QSignalBlocker blocker(this);
    setEnabled(true);
    setPlaceholderText(blank);
    clear();
    auto* items = qobject_cast<QStandardItemModel*>(model());
    for (const Choice& choice : choices) {
        addItem(choice.text, choice.value);
        QStandardItem* item = items->item(count() - 1);
        item->setEnabled(choice.why_not.isEmpty());
        item->setToolTip(choice.why_not.isEmpty() ? choice.tip : choice.why_not);
        if (choice.faint) item->setForeground(muted_text(palette()));
    }
    setCurrentIndex(shown ? findData(*shown) : -1);
    setToolTip(currentIndex() >= 0 ? items->item(currentIndex())->toolTip() : QString());
}

void ChoiceBox::showDisabled(const QString& text, const QString& why) {
    const QSignalBlocker blocker(this);
    clear();
    setPlaceholderText(text);
    setCurrentIndex(-1);
    setEnabled(false);
    setToolTip(why);
}

void ChoiceBox::wheelEvent(QWheelEvent* event) {
    if (wheel_is_for(*this, *event)) QComboBox::wheelEvent(event);
}

NumberBox::NumberBox(int smallest, int largest, QWidget* parent) : QSpinBox(parent), m_smallest(smallest) {
    setFocusPolicy(Qt::StrongFocus);
    setKeyboardTracking(false);
    setRange(smallest - 1, largest);
    connect(this, &QSpinBox::valueChanged, this, [this](int value) {
        if (value >= m_smallest) emit edited(value);
    });
}

void NumberBox::show(std::optional<int> value, const QString& blank) {
    const QSignalBlocker blocker(this);
    // A real value leaves no blank to step down to.
    setMinimum(value ? m_smallest : m_smallest - 1);
    setSpecialValueText(value ? QString() : blank);
    setValue(value.value_or(m_smallest - 1));
}

void NumberBox::wheelEvent(QWheelEvent* event) {
    if (wheel_is_for(*this, *event)) QSpinBox::wheelEvent(event);
}

RealBox::RealBox(double smallest, double largest, int decimals, double step, QWidget* parent)
    : QDoubleSpinBox(parent), m_smallest(smallest) {
    setFocusPolicy(Qt::StrongFocus);
    setKeyboardTracking(false);
    setLocale(QLocale::c());
    setDecimals(decimals);
    setSingleStep(step);
    setRange(smallest - step, largest);
    connect(this, &QDoubleSpinBox::valueChanged, this, [this](double value) {
        if (value >= m_smallest) emit edited(value);
    });
}

void RealBox::show(std::optional<double> value, const QString& blank) {
    const QSignalBlocker blocker(this);
    setMinimum(value ? m_smallest : m_smallest - singleStep());
    setSpecialValueText(value ? QString() : blank);
    setValue(value.value_or(m_smallest - singleStep()));
}

void RealBox::wheelEvent(QWheelEvent* event) {
    if (wheel_is_for(*this, *event)) QDoubleSpinBox::wheelEvent(event);
}

} // namespace widthwise::gui
