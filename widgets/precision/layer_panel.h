#pragma once

#include "widgets/document/document.h"

#include <QWidget>

class QLabel;
class QLineEdit;
class QSpinBox;

namespace widthwise::gui {

class Equalizer;
class LayerFilter;
class LayerTableModel;
class LayerView;

/// The plan as bars above; below them the layer table with its filter and the widths of the selection.
class LayerPanel : public QWidget {
    Q_OBJECT
public:
    LayerPanel(Document& document, LayerTableModel& layers, QWidget* parent = nullptr);
    [[nodiscard]] LayerView& view() { return *m_view; }
    [[nodiscard]] Equalizer& equalizer() { return *m_equalizer; }
    void focusFilter();

private:
    void refreshSpins();
    QSpinBox* addSpin(LayerOperand operand, const QString& name);

    Document& m_document;
    LayerFilter* m_filter;
    LayerView* m_view;
    Equalizer* m_equalizer;
    QLineEdit* m_search;
    QLabel* m_summary;
    QSpinBox* m_weights;
    QSpinBox* m_activations;
    quint64 m_gesture = 0;
};

} // namespace widthwise::gui
