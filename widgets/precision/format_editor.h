#pragma once

#include "widgets/document/document.h"

#include <QWidget>

class QLabel;

namespace widthwise::gui {

class ChoiceBox;
class FormatColumn;
class NumberBox;

/// Number formats of the selected layers, weights and activations side by side, and the register their sums
/// are held in. Values that differ are blank; only what is touched changes, at once and undoably.
class FormatEditor : public QWidget {
    Q_OBJECT
public:
    explicit FormatEditor(Document& document, QWidget* parent = nullptr);
    /// The keyboard goes to the first field.
    void focusFirst();

protected:
    void changeEvent(QEvent* event) override;

private:
    void refresh();
    void refreshAccumulator();
    /// What the target makes of the selected layers.
    void refreshTarget();
    void setAccumulator(std::optional<int> bits, std::optional<Overflow> overflow);

    Document& m_document;
    QLabel *m_title, *m_subtitle, *m_target, *m_point;
    FormatColumn *m_weights, *m_activations;
    NumberBox* m_bits;
    ChoiceBox* m_overflow;
    quint64 m_gesture = 0;
};

} // namespace widthwise::gui
