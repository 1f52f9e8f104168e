#pragma once

#include "widgets/document/zero_counts.h"

#include <QWidget>

class QComboBox;
class QLabel;
class QSplitter;
class QStackedWidget;

namespace widthwise::gui {

class AreaBars;
class MappingPanel;
class ModelOptions;
class RooflineView;
class StackedBarsView;

/// What the hardware makes of the design: energy and latency by layer, roofline, area; beside it the selected
/// layer's mapping. The same selection as everywhere.
class HardwarePanel : public QWidget {
    Q_OBJECT
public:
    enum View { Energy, Latency, RooflineChart, Area, Options };

    HardwarePanel(Document& document, ZeroCounts& zeros, QWidget* parent = nullptr);
    [[nodiscard]] QSplitter& splitter() { return *m_splitter; }
    void showView(View view);

signals:
    void compareRequested();

private:
    void refresh();
    void refreshSelection();

    Document& m_document;
    QSplitter* m_splitter;
    QComboBox* m_choice;
    QStackedWidget* m_views;
    StackedBarsView *m_energy, *m_latency;
    RooflineView* m_roofline;
    AreaBars* m_area;
    ModelOptions* m_options;
    QLabel *m_note, *m_problem;
};

} // namespace widthwise::gui
