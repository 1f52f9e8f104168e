#include "widgets/precision/layer_view.h"

#include "widgets/models/layer_table_model.h"
#include "widgets/precision/bits_delegate.h"
#include "widgets/precision/layer_filter.h"
#include "widgets/theme.h"

#include <QContextMenuEvent>
#include <QHeaderView>
#include <QKeyEvent>
#include <QMenu>
#include <QScopedValueRollback>
#include <QSettings>

namespace widthwise::gui {

LayerView::LayerView(Document& document, LayerTableModel& layers, LayerFilter& filter, QWidget* parent)
    : QTableView(parent), m_document(document), m_layers(layers), m_filter(filter) {
    setObjectName(QStringLiteral("layerView"));
    setAccessibleName(tr("Layers"));
    setModel(&filter);
    auto* delegate = new BitsDelegate(this);
    setItemDelegate(delegate);
    setSelectionBehavior(SelectRows);
    setSelectionMode(ExtendedSelection);
    setEditTriggers(DoubleClicked | EditKeyPressed);
    style_table(*this);
    horizontalHeader()->setSectionResizeMode(LayerTableModel::Name, QHeaderView::Fixed);
    horizontalHeader()->setMinimumSectionSize(44);
    horizontalHeader()->setSectionsClickable(true);
    connect(horizontalHeader(), &QHeaderView::sectionClicked, &filter, &LayerFilter::sortBy);
    buildColumnActions();
    horizontalHeader()->setContextMenuPolicy(Qt::ActionsContextMenu);
    horizontalHeader()->addActions(m_column_actions);
    connect(horizontalHeader(), &QHeaderView::sectionResized, this, [this](int section) {
        if (section != LayerTableModel::Name) fitNames();
    });
    connect(delegate, &BitsDelegate::editingStarted, this, [this] { m_gesture = Document::newGesture(); });
    connect(delegate, &BitsDelegate::bitsEdited, this, [this](int column, int bits) {
        if (const auto operand = LayerTableModel::operandOf(column))
            m_document.setBits(selectedLayers(), *operand, bits, m_gesture);
    });
    connect(&m_document, &Document::selectionChanged, this, &LayerView::showSelection);
    // After the model, which began anew.
    connect(&m_document, &Document::networkChanged, this, &LayerView::showSelection);
}

void LayerView::buildColumnActions() {
    const QString key = QStringLiteral("shownColumns");
    const QStringList remembered = QSettings().value(key).toStringList();
    for (int column = 0; column < LayerTableModel::ColumnCount; ++column) {
        if (!LayerTableModel::isOptional(column)) continue;
        const QString title = LayerTableModel::columnTitle(column);
        auto* action = new QAction(title, this);
        action->setObjectName(QStringLiteral("column") + QString::number(column));
        action->setToolTip(m_layers.headerData(column, Qt::Horizontal, Qt::ToolTipRole).toString());
        action->setCheckable(true);
        action->setChecked(remembered.isEmpty() ? LayerTableModel::isShownAtFirst(column)
                                                : remembered.contains(title));
        setColumnHidden(column, !action->isChecked());
        connect(action, &QAction::toggled, this, [this, column, key](bool shown) {
            setColumnHidden(column, !shown);
            fitNames();
            QStringList titles;
            for (const QAction* other : m_column_actions)
                if (other->isChecked()) titles += other->text();
            // An empty list means that nothing was chosen yet.
            QSettings().setValue(key, titles.isEmpty() ? QStringList(QStringLiteral("none")) : titles);
        });
        m_column_actions += action;
    }
}

QStringList LayerView::selectedLayers() const {
    QStringList names;
    QModelIndexList rows = selectionModel()->selectedRows();
    std::ranges::sort(rows, {}, &QModelIndex::row);
    for (const QModelIndex& index : rows) names += m_layers.layerAt(m_filter.mapToSource(index).row());
    return names;
}

LayerOperand LayerView::operand() const {
    return m_operand;
}

void LayerView::keyPressEvent(QKeyEvent* event) {
    if (state() == EditingState) { // what the editor left over
        QTableView::keyPressEvent(event);
        return;
    }
    const QStringList layers = selectedLayers();
    const bool ctrl = event->modifiers().testFlag(Qt::ControlModifier);
    const bool plain = !(event->modifiers() & (Qt::ControlModifier | Qt::AltModifier | Qt::MetaModifier));
    int step = 0;
    if ((plain && event->key() == Qt::Key_Plus) || (ctrl && event->key() == Qt::Key_Up)) step = 1;
    if ((plain && event->key() == Qt::Key_Minus) || (ctrl && event->key() == Qt::Key_Down)) step = -1;
    if (step != 0) {
        // Steps in a row, with nothing between them, are one edit.
        if (m_gesture == 0) m_gesture = Document::newGesture();
        m_document.stepBits(layers, operand(), step, m_gesture);
        return;
    }
    m_gesture = 0;
    if (plain && event->key() >= Qt::Key_1 && event->key() <= Qt::Key_9) {
        m_document.setBits(layers, operand(), event->key() - Qt::Key_0);
        return;
    }
    if (plain && event->key() == Qt::Key_F) {
        m_document.setBits(layers, operand(), k_float_bits);
        return;
    }
    if (event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter) {
        // Wherever the cursor is in the row, the bits are what can be edited.
        const QModelIndex index = currentIndex();
        if (LayerTableModel::operandOf(index.column()))
            edit(index);
        else if (index.isValid())
            edit(index.siblingAtColumn(m_operand == LayerOperand::weights ? LayerTableModel::WeightBits
                                                                          : LayerTableModel::ActivationBits));
        return;
    }
    QTableView::keyPressEvent(event);
}

void LayerView::contextMenuEvent(QContextMenuEvent* event) {
    const QStringList layers = selectedLayers();
    if (layers.isEmpty()) return;
    QMenu menu(this);
    const auto fill = [&](QMenu* sub, std::optional<LayerOperand> only) {
        for (const int bits : {16, 8, 6, 4, 3, 2, 1, k_float_bits})
            sub->addAction(bits == k_float_bits ? tr("&Float") : tr("&%1 bits").arg(bits), this, [=, this] {
                const quint64 gesture = Document::newGesture();
                for (const LayerOperand operand : {LayerOperand::weights, LayerOperand::activations})
                    if (!only || *only == operand) m_document.setBits(layers, operand, bits, gesture);
            });
    };
    fill(menu.addMenu(tr("&Weights")), LayerOperand::weights);
    fill(menu.addMenu(tr("&Activations")), LayerOperand::activations);
    fill(menu.addMenu(tr("&Both")), std::nullopt);
    menu.addSeparator();
    menu.addAction(tr("&Formats\u2026"), QKeySequence(Qt::Key_F4), this, &LayerView::formatsRequested);
    menu.addSeparator();
    menu.addAction(tr("Select a&ll"), this, &QTableView::selectAll);
    menu.exec(event->globalPos());
}

void LayerView::selectionChanged(const QItemSelection& selected, const QItemSelection& deselected) {
    QTableView::selectionChanged(selected, deselected);
    m_gesture = 0;
    if (m_syncing) return;
    const QScopedValueRollback guard(m_syncing, true);
    m_document.setSelection(selectedLayers());
}

void LayerView::currentChanged(const QModelIndex& current, const QModelIndex& previous) {
    QTableView::currentChanged(current, previous);
    if (const auto operand = LayerTableModel::operandOf(current.column())) m_operand = *operand;
}

void LayerView::fitNames() {
    int others = 0;
    for (int column = LayerTableModel::Name + 1; column < LayerTableModel::ColumnCount; ++column)
        if (!isColumnHidden(column)) others += columnWidth(column);
    const int enough =
        std::min(sizeHintForColumn(LayerTableModel::Name) + 8, fontMetrics().averageCharWidth() * 24);
    setColumnWidth(LayerTableModel::Name, std::max(enough, viewport()->width() - others));
}

void LayerView::resizeEvent(QResizeEvent* event) {
    QTableView::resizeEvent(event);
    fitNames();
}

void LayerView::showSelection() {
    if (m_syncing) return;
    const QScopedValueRollback guard(m_syncing, true);
    QItemSelection selection;
    QModelIndex first;
    for (const QString& layer : m_document.selection()) {
        const int row = m_layers.rowOf(layer);
        const QModelIndex index = m_filter.mapFromSource(m_layers.index(row, LayerTableModel::WeightBits));
        if (!index.isValid()) continue;
        if (!first.isValid()) first = index;
        selection.select(index.siblingAtColumn(0), index.siblingAtColumn(LayerTableModel::ColumnCount - 1));
    }
    selectionModel()->select(selection, QItemSelectionModel::ClearAndSelect);
    if (!first.isValid()) return;
    selectionModel()->setCurrentIndex(first, QItemSelectionModel::NoUpdate);
    scrollTo(first);
}

} // namespace widthwise::gui
