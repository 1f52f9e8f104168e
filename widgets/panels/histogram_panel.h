#pragma once

#include "widgets/charts/histogram_chart.h"
#include "widgets/document/diagnostics.h"
#include "widgets/document/weight_analysis.h"

#include <QWidget>

class QComboBox;
class QLabel;
class QPushButton;
class QToolButton;

namespace widthwise::gui {

/// The selected layer's weights, input or output as a histogram: before and after or the error, counts linear
/// or logarithmic. Weights are there at once; activations come from the diagnostics.
class HistogramPanel : public QWidget {
    Q_OBJECT
public:
    HistogramPanel(WeightAnalysis& analysis, Diagnostics& diagnostics, QWidget* parent = nullptr);
    /// `weighted`: the layer has weights to show.
    void showLayer(const std::string& layer, bool weighted);

private:
    void refresh();
    [[nodiscard]] TensorRole role() const;
    QToolButton* addToggle(const QString& text, const QString& tip, const QString& object_name);

    WeightAnalysis& m_analysis;
    Diagnostics& m_diagnostics;
    std::string m_layer;
    bool m_weighted = true;
    QComboBox* m_role;
    QToolButton *m_error, *m_linear;
    HistogramChart* m_chart;
    QLabel *m_note, *m_hint;
    QPushButton* m_run;
    QWidget* m_empty;
};

} // namespace widthwise::gui
