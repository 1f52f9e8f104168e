#pragma once
// The table in which bits are set: a number, F, + and - act on all selected rows, in the column where the
// cursor is. A click on a column's header sorts by it; the header's context menu shows and hides columns.

#include "widgets/document/document.h"

#include <QTableView>

namespace widthwise::gui {

class LayerFilter;
class LayerTableModel;

class LayerView : public QTableView {
    Q_OBJECT
public:
    LayerView(Document& document, LayerTableModel& layers, LayerFilter& filter, QWidget* parent = nullptr);

    [[nodiscard]] QStringList selectedLayers() const;
    /// Where keys act: the cursor's column if it holds bits, else the one used last.
    [[nodiscard]] LayerOperand operand() const;
    /// One checkable action for each column that can be hidden; for the header's menu and the window's.
    [[nodiscard]] const QList<QAction*>& columnActions() const { return m_column_actions; }

signals:
    /// The formats of the selection are to be edited.
    void formatsRequested();

protected:
    void keyPressEvent(QKeyEvent* event) override;
    void contextMenuEvent(QContextMenuEvent* event) override;
    void selectionChanged(const QItemSelection& selected, const QItemSelection& deselected) override;
    void resizeEvent(QResizeEvent* event) override;
    void currentChanged(const QModelIndex& current, const QModelIndex& previous) override;

private:
    void showSelection();
    void buildColumnActions();
    /// The names take the room that the other columns leave, and enough to be told apart where they leave
    /// none.
    void fitNames();

    Document& m_document;
    LayerTableModel& m_layers;
    LayerFilter& m_filter;
    QList<QAction*> m_column_actions;
    LayerOperand m_operand = LayerOperand::weights;
    quint64 m_gesture = 0; ///< of the editor that is open, or of the key held down
    bool m_syncing = false;
};

} // namespace widthwise::gui
