#include "widgets/dialogs/zoo_dialog.h"

#include "widgets/models/zoo_table_model.h"
#include "widgets/number_text.h"
#include "widgets/theme.h"

#include <QDialogButtonBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QPushButton>
#include <QSortFilterProxyModel>
#include <QSpinBox>
#include <QTableView>
#include <QVBoxLayout>

namespace widthwise::gui {

ZooDialog::ZooDialog(QWidget* parent)
    : QDialog(parent)
    , m_model(new ZooTableModel(this))
    , m_sorted(new QSortFilterProxyModel(this))
    , m_table(new QTableView(this))
    , m_size(new QSpinBox(this))
    , m_classes(new QSpinBox(this))
    , m_width(new QDoubleSpinBox(this))
    , m_description(new QLabel(this)) {
    setObjectName(QStringLiteral("zooDialog"));
    setWindowTitle(tr("Built-in networks"));
    setAttribute(Qt::WA_DeleteOnClose);
    m_sorted->setSourceModel(m_model);
    m_sorted->setSortRole(ZooTableModel::SortRole);
    m_table->setObjectName(QStringLiteral("zooTable"));
    m_table->setAccessibleName(tr("Built-in networks"));
    m_table->setModel(m_sorted);
    m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_table->setSelectionMode(QAbstractItemView::SingleSelection);
    m_table->setEditTriggers(QAbstractItemView::NoEditTriggers);
    style_table(*m_table);
    m_table->setFrameShape(QFrame::StyledPanel);
    m_table->horizontalHeader()->setSectionsClickable(true);
    connect(m_table->horizontalHeader(), &QHeaderView::sectionClicked, m_sorted, [this](int column) {
        const bool again = m_sorted->sortColumn() == column && m_sorted->sortOrder() == Qt::AscendingOrder;
        m_sorted->sort(column, again ? Qt::DescendingOrder : Qt::AscendingOrder);
    });
    connect(m_table->selectionModel(), &QItemSelectionModel::selectionChanged, this, &ZooDialog::selected);
    connect(m_table, &QTableView::activated, this, &ZooDialog::choose);

    m_description->setObjectName(QStringLiteral("zooDescription"));
    m_description->setWordWrap(true);
    m_description->setForegroundRole(QPalette::PlaceholderText);
    m_description->setMinimumHeight(2 * m_description->fontMetrics().lineSpacing());
    m_description->setAlignment(Qt::AlignTop | Qt::AlignLeft);
    m_size->setObjectName(QStringLiteral("zooSize"));
    m_size->setRange(1, 4096);
    m_width->setObjectName(QStringLiteral("zooWidth"));
    m_width->setRange(0.05, 8);
    m_width->setSingleStep(0.25);
    m_width->setValue(1);
    m_width->setPrefix(QStringLiteral("\u00d7 "));
    m_width->setToolTip(tr("Multiplies the number of channels"));
    m_classes->setObjectName(QStringLiteral("zooClasses"));
    m_classes->setRange(1, 100000);

    auto* fields = new QHBoxLayout;
    fields->setSpacing(8);
    const auto add_field = [&](const QString& text, QWidget* field) {
        auto* label = new QLabel(text, this);
        label->setBuddy(field);
        fields->addWidget(label);
        fields->addWidget(field);
        fields->addSpacing(8);
    };
    add_field(tr("Input &size"), m_size);
    add_field(tr("&Width"), m_width);
    add_field(tr("&Classes"), m_classes);
    fields->addStretch(1);
    auto* untrained = new QLabel(tr("Weights are random: good for costs, accuracy needs training."), this);
    untrained->setForegroundRole(QPalette::PlaceholderText);
    fields->addWidget(untrained);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Open | QDialogButtonBox::Cancel, this);
    m_open = buttons->button(QDialogButtonBox::Open);
    m_open->setObjectName(QStringLiteral("zooOpen"));
    connect(buttons, &QDialogButtonBox::accepted, this, &ZooDialog::choose);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::close);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(16, 16, 16, 16);
    column->setSpacing(8);
    column->addWidget(m_table, 1);
    column->addWidget(m_description);
    column->addLayout(fields);
    column->addWidget(buttons);
    resize(1320, 640);
    selected();
}

int ZooDialog::selectedRow() const {
    const QModelIndexList rows = m_table->selectionModel()->selectedRows();
    return rows.isEmpty() ? -1 : m_sorted->mapToSource(rows.first()).row();
}

void ZooDialog::selected() {
    const int row = selectedRow();
    for (QWidget* field : std::initializer_list<QWidget*>{m_size, m_width, m_classes, m_open})
        field->setEnabled(row >= 0);
    if (row < 0) {
        m_description->setText(tr("Select a network to open it."));
        return;
    }
    const zoo::Entry& entry = ZooTableModel::entryAt(row);
    m_description->setText(qt(entry.description) + QStringLiteral("\n") + qt(entry.source));
    m_size->setMinimum(static_cast<int>(entry.smallest_size));
    m_size->setSuffix(QStringLiteral(" ") + qt(entry.size_unit));
    m_size->setValue(static_cast<int>(entry.size));
    m_width->setValue(1);
    m_classes->setEnabled(entry.classes > 0);
    m_classes->setValue(static_cast<int>(entry.classes));
}

QString ZooDialog::source() const {
    const int row = selectedRow();
    if (row < 0) return {};
    const zoo::Entry& entry = ZooTableModel::entryAt(row);
    QStringList options;
    if (m_size->value() != entry.size) options += QStringLiteral("size=%1").arg(m_size->value());
    if (std::abs(m_width->value() - 1) > 1e-9)
        options += QStringLiteral("width=%1").arg(QString::number(m_width->value(), 'g', 4));
    if (entry.classes > 0 && m_classes->value() != entry.classes)
        options += QStringLiteral("classes=%1").arg(m_classes->value());
    const QString name = QStringLiteral("zoo:") + qt(entry.name);
    return options.isEmpty() ? name : name + QChar('@') + options.join(QChar(','));
}

void ZooDialog::choose() {
    const QString name = source();
    if (name.isEmpty()) return;
    emit chosen(name);
    close();
}

} // namespace widthwise::gui
