#pragma once

#include "widgets/document/sensitivity.h"
#include "widgets/panels/sensitivity_map.h"

#include <QWidget>

class QComboBox;
class QLabel;
class QPushButton;
class QStackedLayout;

namespace widthwise::gui {

class HeatLegend;
class HeatMap;

/// The heat map of sensitivities with its metric, the button that measures, and what is under the cursor in
/// words. Made as `new SensitivityPanel(document, study)`; the owner of `study` shows study.failed() in its
/// banner and study.lane() in its activity bar.
class SensitivityPanel : public QWidget {
    Q_OBJECT
public:
    SensitivityPanel(Document& document, SensitivityStudy& study, QWidget* parent = nullptr);
    [[nodiscard]] HeatMap& map() { return *m_map; }
    [[nodiscard]] SensitivityMetric metric() const;

signals:
    /// What the map shows has changed, as the equalizer's shades; empty where it shows nothing that holds.
    void heatChanged(const widthwise::gui::LayerHeat& heat);

private:
    QWidget* buildMap();
    QWidget* buildEmpty();
    void refresh();
    void refreshButtons();
    void refreshContent();
    void refreshCell();
    void choose(int row);
    void apply(int row, int column);

    Document& m_document;
    SensitivityStudy& m_study;
    std::vector<SensitivityColumn> m_columns;
    QStackedLayout* m_stack;
    HeatMap* m_map = nullptr;
    HeatLegend* m_legend = nullptr;
    QComboBox* m_metric = nullptr;
    QPushButton *m_measure = nullptr, *m_again = nullptr, *m_cancel = nullptr;
    QLabel *m_hint = nullptr, *m_cell = nullptr, *m_facts = nullptr;
};

} // namespace widthwise::gui
