#include "widgets/panels/limits_editor.h"

#include "widgets/document/exploration_setup.h"
#include "widgets/number_text.h"

#include <QComboBox>
#include <QDoubleSpinBox>
#include <QGridLayout>
#include <QLabel>
#include <QMenu>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

namespace widthwise::gui {
namespace {

using explore::Constraint;
using explore::Metric;

/// What a new limit begins with: something of the usual size, to be changed.
double usual_limit(Metric metric) {
    switch (metric) {
    case Metric::drop:
        return 0.01;
    case Metric::energy:
    case Metric::latency:
    case Metric::power:
        return 1e-3;
    case Metric::size:
        return 100e3;
    case Metric::area:
        return 10;
    default:
        return 100;
    }
}

/// The largest unit in which the limit is at least 1.
size_t fitting_unit(const std::vector<MetricUnit>& units, double limit) {
    size_t best = 0;
    for (size_t i = 0; i < units.size(); ++i)
        if (limit >= units[i].factor * (1 - 1e-9)) best = i;
    return best;
}

} // namespace

LimitsEditor::LimitsEditor(const QString& name, QWidget* parent)
    : QWidget(parent), m_grid(new QGridLayout), m_add(new QToolButton(this)), m_menu(new QMenu(m_add)) {
    setObjectName(name);
    m_add->setObjectName(name + QStringLiteral("Add"));
    m_add->setText(tr("Add &limit"));
    m_add->setAutoRaise(true);
    m_add->setPopupMode(QToolButton::InstantPopup);
    m_add->setFocusPolicy(Qt::StrongFocus);
    m_add->setMenu(m_menu);
    m_grid->setContentsMargins(0, 0, 0, 0);
    m_grid->setHorizontalSpacing(4);
    m_grid->setVerticalSpacing(4);
    m_grid->setColumnStretch(1, 1);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(4);
    column->addLayout(m_grid);
    column->addWidget(m_add, 0, Qt::AlignLeft);
}

void LimitsEditor::setMetrics(const std::vector<Metric>& metrics) {
    if (metrics == m_metrics) return;
    m_metrics = metrics;
    std::erase_if(m_constraints, [&](const Constraint& one) {
        return std::ranges::find(m_metrics, one.metric) == m_metrics.end();
    });
    rebuild();
}

void LimitsEditor::setConstraints(const std::vector<Constraint>& constraints) {
    if (constraints == m_constraints) return;
    m_constraints = constraints;
    rebuild();
}

void LimitsEditor::rebuild() {
    while (QLayoutItem* item = m_grid->takeAt(0)) {
        // Its own signal may have led here.
        if (item->widget()) {
            item->widget()->setObjectName({});
            item->widget()->hide();
            item->widget()->deleteLater();
        }
        delete item;
    }
    for (size_t i = 0; i < m_constraints.size(); ++i) addRow(static_cast<int>(i), m_constraints[i]);
    refreshMenu();
    updateGeometry();
}

void LimitsEditor::addRow(int row, const Constraint& constraint) {
    const Metric metric = constraint.metric;
    const QString name = objectName() + QLatin1Char('_') + qt(explore::to_string(metric));
    const std::vector<MetricUnit> units = metric_units(metric);
    auto* label = new QLabel(tr("%1 %2").arg(metric_title(metric), explore::larger_is_better(metric)
                                                                       ? QStringLiteral("\u2265")
                                                                       : QStringLiteral("\u2264")),
                             this);
    auto* value = new QDoubleSpinBox(this);
    value->setObjectName(name);
    value->setAccessibleName(tr("Limit of %1").arg(metric_title(metric)));
    value->setLocale(QLocale::c());
    value->setDecimals(metric == Metric::drop ? 2 : 3);
    value->setRange(0, 1e9);
    value->setKeyboardTracking(false);
    value->setFocusPolicy(Qt::StrongFocus);
    value->setMinimumWidth(70);
    label->setBuddy(value);
    auto* unit = new QComboBox(this);
    unit->setObjectName(name + QStringLiteral("Unit"));
    for (const MetricUnit& one : units) unit->addItem(one.text, one.factor);
    unit->setVisible(!units.front().text.isEmpty());
    unit->setEnabled(units.size() > 1);
    unit->setCurrentIndex(static_cast<int>(fitting_unit(units, constraint.limit)));
    value->setValue(constraint.limit / unit->currentData().toDouble());
    connect(value, &QDoubleSpinBox::valueChanged, this,
            [this, metric, unit](double number) { change(metric, number * unit->currentData().toDouble()); });
    connect(unit, &QComboBox::activated, this,
            [this, metric, value, unit] { change(metric, value->value() * unit->currentData().toDouble()); });
    auto* remove = new QToolButton(this);
    remove->setObjectName(name + QStringLiteral("Remove"));
    remove->setText(QStringLiteral("\u00d7"));
    remove->setToolTip(tr("Drop this limit"));
    remove->setAutoRaise(true);
    remove->setFocusPolicy(Qt::StrongFocus);
    connect(remove, &QToolButton::clicked, this, [this, metric] {
        std::erase_if(m_constraints, [metric](const Constraint& one) { return one.metric == metric; });
        rebuild();
        emit edited();
    });
    int column = 0;
    for (QWidget* field : std::initializer_list<QWidget*>{label, value, unit, remove})
        m_grid->addWidget(field, row, column++);
    // Children made after their parent was shown do not show by themselves.
    for (QWidget* field : std::initializer_list<QWidget*>{label, value, remove}) field->show();
}

void LimitsEditor::change(Metric metric, double limit) {
    for (Constraint& one : m_constraints)
        if (one.metric == metric && one.limit != limit) {
            one.limit = limit;
            emit edited();
        }
}

void LimitsEditor::refreshMenu() {
    m_menu->clear();
    for (const Metric metric : m_metrics) {
        const auto has = [metric](const Constraint& one) { return one.metric == metric; };
        if (std::ranges::any_of(m_constraints, has)) continue;
        QAction* action = m_menu->addAction(metric_title(metric), this, [this, metric] {
            m_constraints.push_back({metric, usual_limit(metric)});
            rebuild();
            emit edited();
        });
        action->setObjectName(QStringLiteral("%1Add_%2").arg(objectName(), qt(explore::to_string(metric))));
    }
    m_add->setEnabled(!m_menu->isEmpty());
}

} // namespace widthwise::gui
