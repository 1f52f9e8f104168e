#include "widgets/panels/version_combo.h"

#include "widgets/models/version_table_model.h"
#include "widgets/theme.h"

#include <QHeaderView>
#include <QTableView>

namespace widthwise::gui {

VersionCombo::VersionCombo(Document& document, QWidget* parent)
    : QComboBox(parent), m_document(document), m_versions(new VersionTableModel(document, this)) {
    setObjectName(QStringLiteral("versionCombo"));
    setAccessibleName(tr("Version of the network"));
    setToolTip(tr("The network as opened, and what training and compression made of it"));
    auto* list = new QTableView(this);
    list->setObjectName(QStringLiteral("versionList"));
    list->setSelectionBehavior(QAbstractItemView::SelectRows);
    list->setSelectionMode(QAbstractItemView::SingleSelection);
    setModel(m_versions);
    setView(list);
    style_table(*list);
    setModelColumn(VersionTableModel::Label);
    setSizeAdjustPolicy(AdjustToMinimumContentsLengthWithIcon);
    setMinimumContentsLength(22);
    connect(this, &QComboBox::activated, this, [this](int row) {
        m_document.useVersion(m_document.versions()[static_cast<size_t>(row)].id);
        refresh();
    });
    for (const auto signal : {&Document::opened, &Document::networkChanged, &Document::versionAdded})
        connect(&m_document, signal, this, &VersionCombo::refresh);
    refresh();
}

void VersionCombo::showPopup() {
    auto* list = qobject_cast<QTableView*>(view());
    list->resizeColumnsToContents();
    int width = 2 * list->frameWidth() + 24;
    for (int column = 0; column < VersionTableModel::ColumnCount; ++column)
        width += list->columnWidth(column);
    list->setMinimumWidth(width);
    QComboBox::showPopup();
}

void VersionCombo::refresh() {
    setCurrentIndex(m_document.hasNetwork() ? m_versions->rowOf(m_document.version().id) : -1);
    emit useful(m_document.versions().size() > 1);
}

} // namespace widthwise::gui
