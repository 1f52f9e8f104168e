#include "widgets/dialogs/target_dialog.h"

#include "widgets/models/target_table_model.h"
#include "widgets/number_text.h"
#include "widgets/panels/banner.h"
#include "widgets/theme.h"

#include <QDialogButtonBox>
#include <QFileDialog>
#include <QHeaderView>
#include <QLabel>
#include <QPushButton>
#include <QSortFilterProxyModel>
#include <QTableView>
#include <QVBoxLayout>

namespace widthwise::gui {

TargetDialog::TargetDialog(Document& document, QWidget* parent)
    : QDialog(parent)
    , m_document(document)
    , m_comparison(document)
    , m_banner(new Banner(this))
    , m_table(new QTableView(this)) {
    setObjectName(QStringLiteral("targetDialog"));
    setWindowTitle(tr("Compare targets"));
    setAttribute(Qt::WA_DeleteOnClose);
    auto* proxy = new QSortFilterProxyModel(this);
    proxy->setSourceModel(new TargetTableModel(m_comparison, document, this));
    proxy->setSortRole(TargetTableModel::SortRole);
    m_table->setObjectName(QStringLiteral("targetTable"));
    m_table->setAccessibleName(tr("The design on several targets"));
    m_table->setModel(proxy);
    m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_table->setSelectionMode(QAbstractItemView::SingleSelection);
    style_table(*m_table);
    m_table->setFrameShape(QFrame::StyledPanel);
    m_table->horizontalHeader()->setSectionsClickable(true);
    // The reason takes what the figures leave; the whole of it is in its tooltip.
    m_table->horizontalHeader()->setSectionResizeMode(TargetTableModel::Note, QHeaderView::Stretch);
    connect(m_table->horizontalHeader(), &QHeaderView::sectionClicked, proxy, [proxy](int column) {
        const bool again = proxy->sortColumn() == column && proxy->sortOrder() == Qt::AscendingOrder;
        proxy->sort(column, again ? Qt::DescendingOrder : Qt::AscendingOrder);
    });
    const auto use = [this, proxy](const QModelIndex& index) {
        if (!index.isValid()) return;
        const auto row = static_cast<size_t>(proxy->mapToSource(index).row());
        m_document.setTarget(m_comparison.rows()[row].target);
    };
    connect(m_table, &QTableView::activated, this, use);

    auto* hint = new QLabel(tr("Modelled for one image. Double-click or press Enter to use a target."), this);
    hint->setForegroundRole(QPalette::PlaceholderText);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close, this);
    QPushButton* file = buttons->addButton(tr("Add a target &file\u2026"), QDialogButtonBox::ActionRole);
    file->setObjectName(QStringLiteral("addTargetFile"));
    QPushButton* chosen = buttons->addButton(tr("&Use this target"), QDialogButtonBox::ActionRole);
    chosen->setObjectName(QStringLiteral("useTarget"));
    chosen->setEnabled(false);
    for (QPushButton* button : {file, chosen}) button->setAutoDefault(false);
    connect(m_table->selectionModel(), &QItemSelectionModel::selectionChanged, this,
            [this, chosen] { chosen->setEnabled(m_table->selectionModel()->hasSelection()); });
    connect(chosen, &QPushButton::clicked, this, [this, use] { use(m_table->currentIndex()); });
    connect(file, &QPushButton::clicked, this, [this] {
        const QString path =
            QFileDialog::getOpenFileName(this, tr("Open target"), {}, tr("Hardware targets (*.json)"));
        if (!path.isEmpty()) addFile(path);
    });
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::close);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(16, 16, 16, 16);
    column->setSpacing(8);
    column->addWidget(m_banner);
    column->addWidget(m_table, 1);
    column->addWidget(hint);
    column->addWidget(buttons);
    for (const auto signal : {&Document::opened, &Document::planChanged})
        connect(&m_document, signal, this, &TargetDialog::refresh);
    const auto& rows = m_comparison.rows();
    const auto present = std::ranges::find(rows, document.target(), &TargetComparison::Row::target);
    if (present != rows.end()) m_table->selectRow(static_cast<int>(present - rows.begin()));
    refresh();
    resize(1040, 520);
}

TargetDialog::~TargetDialog() {
    // The table reads the comparison while it is hidden.
    delete m_table;
}

void TargetDialog::addFile(const QString& path) {
    auto target = cost::load_target(path.toStdString());
    if (!target) {
        m_banner->show(to_problem(target.error()));
        return;
    }
    m_banner->dismiss();
    m_comparison.add(*target);
}

void TargetDialog::refresh() {
    if (m_document.hasNetwork())
        setWindowTitle(tr("Compare targets: %1, %2")
                           .arg(qt(m_document.model().name), m_document.labelOf(m_document.plan())));
}

} // namespace widthwise::gui
