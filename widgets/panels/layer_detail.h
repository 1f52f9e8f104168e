#pragma once

#include "widgets/document/weight_analysis.h"

#include <QWidget>

class QFormLayout;
class QLabel;
class QStackedLayout;

namespace widthwise::gui {

class EnergyBar;
class WeightChart;

/// Everything about the selected layer: its weights before and after, formats, noise, how it ran, where its
/// energy goes.
class LayerDetail : public QWidget {
    Q_OBJECT
public:
    LayerDetail(Document& document, WeightAnalysis& analysis, QWidget* parent = nullptr);

private:
    void refresh();
    QLabel* addFact(QFormLayout& form, const QString& title, const QString& object_name);
    [[nodiscard]] const LayerDiagnostics* diagnosticsOf(const std::string& layer) const;

    Document& m_document;
    WeightAnalysis& m_analysis;
    QStackedLayout* m_stack;
    QLabel *m_title, *m_subtitle;
    WeightChart* m_chart;
    QLabel *m_weights, *m_activations, *m_range, *m_sqnr, *m_execution, *m_energy, *m_latency, *m_mapping;
    EnergyBar* m_energy_bar;
};

} // namespace widthwise::gui
