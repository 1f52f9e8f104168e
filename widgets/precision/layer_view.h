#pragma once
// The table in which bits are set: a number, F, + and - act on all selected rows, in the column where the
// cursor is.

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
    [[nodiscard]] Operand operand() const;

protected:
    void keyPressEvent(QKeyEvent* event) override;
    void contextMenuEvent(QContextMenuEvent* event) override;
    void selectionChanged(const QItemSelection& selected, const QItemSelection& deselected) override;
    void currentChanged(const QModelIndex& current, const QModelIndex& previous) override;

private:
    void showSelection();

    Document& m_document;
    LayerTableModel& m_layers;
    LayerFilter& m_filter;
    Operand m_operand = Operand::weights;
    quint64 m_gesture = 0; ///< of the editor that is open, or of the key held down
    bool m_syncing = false;
};

} // namespace widthwise::gui
