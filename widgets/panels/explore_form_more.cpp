// What a search can be told besides the essentials.
#include "core/design/target_parameter.h"
#include "widgets/number_text.h"
#include "widgets/panels/explore_form.h"
#include "widgets/precision/choice_box.h"
#include "widgets/theme.h"

#include <QCheckBox>
#include <QFormLayout>
#include <QHeaderView>
#include <QLineEdit>
#include <QPushButton>
#include <QSignalBlocker>
#include <QTableWidget>

namespace widthwise::gui {

void ExploreForm::buildMore() {
    addNumber(tr("S&eed"), tr("The same seed finds the same designs"), QStringLiteral("exploreSeed"), 1,
              1000000000, m_seed, *m_rest);
    addNumber(tr("At most images"), tr("Search images at most; 0: all of them"),
              QStringLiteral("exploreLimit"), 0, 100000000, m_setup.limit, *m_rest);
    addCheck(tr("One width for a layer's weights and activations"),
             tr("Halves the number of variables, for hardware that takes only equal operands"),
             QStringLiteral("exploreTie"), m_setup.space.tie_operands);
    addCheck(
        tr("Least-error ranges up to 4 bits"),
        tr("Integers of few bits take the range with the least squared error instead of the observed one"),
        QStringLiteral("exploreLeastError"), m_setup.space.least_error_for_few_bits);
    m_frozen = addLine(tr("Keep layers"),
                       tr("Layers that keep the bits that they have now, by name; * stands for anything: "
                          "conv1, fc*"),
                       QStringLiteral("exploreFrozen"), *m_rest);
    m_weight_formats = addLine(tr("More weight formats"), tr("Besides integers: ternary, log4, e4m3, \u2026"),
                               QStringLiteral("exploreWeightFormats"), *m_rest);
    m_activation_formats = addLine(tr("More activation formats"), tr("Besides integers: log4, e4m3, \u2026"),
                                   QStringLiteral("exploreActivationFormats"), *m_rest);
    m_shows.emplace_back([this] {
        const auto joined = [](const std::vector<std::string>& words) {
            QStringList list;
            for (const std::string& word : words) list += qt(word);
            return list.join(QStringLiteral(", "));
        };
        m_weight_formats->setText(joined(m_setup.space.weight_formats));
        m_activation_formats->setText(joined(m_setup.space.activation_formats));
    });
    m_hardware = new QTableWidget(0, 2, this);
    m_hardware->setObjectName(QStringLiteral("exploreHardware"));
    m_hardware->setAccessibleName(tr("Hardware parameters to search"));
    m_hardware->setToolTip(tr("Checked parameters of the target are searched beside the widths, among the "
                              "values on the right"));
    m_hardware->setHorizontalHeaderLabels({tr("Hardware to vary"), tr("Values")});
    style_table(*m_hardware);
    m_hardware->horizontalHeader()->setSectionResizeMode(0, QHeaderView::ResizeToContents);
    m_hardware->horizontalHeader()->setStretchLastSection(true);
    m_hardware->setFixedHeight(180);
    m_hardware->setTabKeyNavigation(false);
    m_hardware->setEditTriggers(QAbstractItemView::DoubleClicked | QAbstractItemView::EditKeyPressed |
                                QAbstractItemView::AnyKeyPressed);
    connect(m_hardware, &QTableWidget::itemChanged, this, &ExploreForm::edited);
    m_rest->addRow(m_hardware);
    auto* recommended = new QPushButton(tr("Recommended settings"), this);
    recommended->setObjectName(QStringLiteral("exploreReset"));
    recommended->setAutoDefault(false);
    connect(recommended, &QPushButton::clicked, this, [this] {
        reset();
        refresh();
    });
    m_rest->addRow(recommended);
}

void ExploreForm::reset() {
    m_setup = {};
    m_setup.algorithm = explore::algorithms().front().name;
    m_seed = 1;
    m_scenario = -1;
    m_hardware_of.clear();
    if (m_frozen) m_frozen->clear();
    for (const auto& show : m_shows) show();
}

void ExploreForm::refreshHardware() {
    if (!m_document.hasNetwork()) return;
    const std::string target = target_to_json(m_document.target());
    if (target == m_hardware_of) return;
    m_hardware_of = target;
    const QSignalBlocker blocker(m_hardware);
    const std::vector<TargetParameter> parameters = target_parameters(m_document.target());
    m_hardware->setRowCount(static_cast<int>(parameters.size()));
    for (int row = 0; row < m_hardware->rowCount(); ++row) {
        const TargetParameter& parameter = parameters[static_cast<size_t>(row)];
        auto* key = new QTableWidgetItem(qt(parameter.key));
        key->setFlags(Qt::ItemIsEnabled | Qt::ItemIsSelectable | Qt::ItemIsUserCheckable);
        key->setCheckState(Qt::Unchecked);
        key->setToolTip(tr("%1 is %2 now").arg(qt(parameter.key), qt(parameter.value)));
        QStringList values;
        for (const std::string& value : parameter.suggestions) values += qt(value);
        auto* list = new QTableWidgetItem(values.join(QStringLiteral(", ")));
        list->setToolTip(list->text());
        m_hardware->setItem(row, 0, key);
        m_hardware->setItem(row, 1, list);
    }
}

} // namespace widthwise::gui
