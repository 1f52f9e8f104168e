#pragma once

#include "widgets/charts/design_space.h"
#include "widgets/document/exploration.h"

#include <QWidget>

class QSplitter;
class QStackedLayout;
class QTableView;

namespace widthwise::gui {

class DesignSpaceView;
class DesignTableModel;
class EmptyState;

/// The document's designs as the chart's plain values.
[[nodiscard]] DesignSpace design_space_of(const Document& document);

/// The design space: chart and table of the same rows; choosing a design in either applies it. The chart has
/// the candidates of the searches that are shown, too.
class DesignPanel : public QWidget {
    Q_OBJECT
public:
    DesignPanel(Document& document, Exploration& exploration, QWidget* parent = nullptr);
    [[nodiscard]] QSplitter& splitter() { return *m_splitter; }

signals:
    void dataRequested();

protected:
    void showEvent(QShowEvent* event) override;

private:
    void refresh();
    void refreshChart();
    void apply(qint64 id);
    void select(qint64 id);

    Document& m_document;
    Exploration& m_exploration;
    QStackedLayout* m_stack;
    QSplitter* m_splitter;
    DesignSpaceView* m_chart;
    QTableView* m_table;
};

} // namespace widthwise::gui
