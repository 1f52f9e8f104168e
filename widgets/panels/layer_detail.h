#pragma once

#include "widgets/document/diagnostics.h"
#include "widgets/document/weight_analysis.h"

#include <QWidget>

class QFormLayout;
class QLabel;
class QStackedLayout;

namespace widthwise::gui {

class EnergyBar;
class HistogramPanel;

/// Everything about the selected layer: its weights before and after, formats, noise, how it ran, where its
/// energy goes.
class LayerDetail : public QWidget {
    Q_OBJECT
public:
    LayerDetail(Document& document, WeightAnalysis& analysis, Diagnostics& diagnostics,
                QWidget* parent = nullptr);

protected:
    void changeEvent(QEvent* event) override;

signals:
    /// The formats of the selection are to be edited.
    void formatsRequested();

private:
    void refresh();
    void refreshFormats(const std::string& layer, bool weighted, bool reads);
    void refreshQuality(const std::string& layer, bool weighted);
    void refreshCost(NodeId id);
    QLabel* addFact(QFormLayout& form, const QString& title, const QString& object_name);
    [[nodiscard]] const LayerDiagnostics* diagnosticsOf(const std::string& layer) const;

    Document& m_document;
    WeightAnalysis& m_analysis;
    Diagnostics& m_diagnostics;
    QStackedLayout* m_stack;
    QLabel *m_title, *m_subtitle;
    HistogramPanel* m_chart;
    QLabel *m_weights, *m_activations, *m_range, *m_sqnr, *m_output, *m_sums, *m_execution, *m_energy,
        *m_latency, *m_mapping, *m_fallback;
    QFormLayout* m_form;
    EnergyBar* m_energy_bar;
};

} // namespace widthwise::gui
