#include "widgets/panels/explore_form.h"

#include "widgets/document/training_setup.h"
#include "widgets/number_text.h"
#include "widgets/panels/limits_editor.h"
#include "widgets/precision/choice_box.h"

#include <QCheckBox>
#include <QFileDialog>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QSettings>
#include <QTableWidget>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

namespace widthwise::gui {
namespace {

using explore::Metric;

QFormLayout* new_form() {
    auto* form = new QFormLayout;
    form->setContentsMargins(0, 0, 0, 0);
    form->setHorizontalSpacing(12);
    form->setVerticalSpacing(6);
    form->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);
    return form;
}

QStringList words_of(const QString& text) {
    return QString(text).replace(',', ' ').replace(';', ' ').simplified().split(' ', Qt::SkipEmptyParts);
}

std::vector<std::string> strings_of(const QString& text) {
    std::vector<std::string> words;
    for (const QString& word : words_of(text)) words.push_back(word.toStdString());
    return words;
}

} // namespace

ExploreForm::ExploreForm(Document& document, Exploration& exploration, QWidget* parent)
    : QWidget(parent), m_document(document), m_exploration(exploration) {
    setObjectName(QStringLiteral("exploreForm"));
    m_essentials = new_form();
    buildEssentials();
    buildGoals();
    m_more = new QToolButton(this);
    m_more->setObjectName(QStringLiteral("exploreMore"));
    m_more->setText(tr("&More"));
    m_more->setCheckable(true);
    m_more->setAutoRaise(true);
    m_more->setArrowType(Qt::RightArrow);
    m_more->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    m_more->setFocusPolicy(Qt::StrongFocus);
    m_more_page = new QWidget(this);
    m_rest = new_form();
    m_rest->setRowWrapPolicy(QFormLayout::WrapLongRows);
    m_more_page->setLayout(m_rest);
    buildMore();
    connect(m_more, &QToolButton::toggled, this, [this](bool open) {
        m_more->setArrowType(open ? Qt::DownArrow : Qt::RightArrow);
        m_more_page->setVisible(open);
        QSettings().setValue(QStringLiteral("exploreMore"), open);
    });
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(16, 8, 16, 8);
    column->setSpacing(6);
    column->addLayout(m_essentials);
    column->addWidget(m_more);
    column->addWidget(m_more_page);
    column->addStretch(1);
    m_more->setChecked(QSettings().value(QStringLiteral("exploreMore")).toBool());
    m_more_page->setVisible(m_more->isChecked());

    connect(&m_document, &Document::opened, this, [this] {
        m_data->clear();
        m_report->clear();
        m_frozen->clear();
        m_setup.goals.constraints.clear();
    });
    for (const auto signal : {&Document::opened, &Document::dataChanged})
        connect(&m_document, signal, this, &ExploreForm::guessData);
    for (const auto signal : {&Document::opened, &Document::networkChanged, &Document::dataChanged,
                              &Document::targetChanged, &Document::costChanged})
        connect(&m_document, signal, this, &ExploreForm::refresh);
    guessData();
    reset();
    restore_setup(m_setup, QSettings());
    m_seed = static_cast<int64_t>(m_setup.seed);
    for (const auto& show : m_shows) show();
    refresh();
}

void ExploreForm::buildEssentials() {
    m_algorithm = new ChoiceBox(this);
    m_algorithm->setObjectName(QStringLiteral("exploreAlgorithm"));
    std::vector<ChoiceBox::Choice> choices;
    const auto& algorithms = explore::algorithms();
    for (size_t i = 0; i < algorithms.size(); ++i)
        choices.push_back({qt(algorithms[i].title), static_cast<int>(i), {}, qt(algorithms[i].summary)});
    connect(m_algorithm, &ChoiceBox::chosen, this, [this](int position) {
        m_setup.algorithm = explore::algorithms()[static_cast<size_t>(position)].name;
        refresh();
    });
    m_shows.emplace_back([this, choices] {
        const auto& known = explore::algorithms();
        const auto found = std::ranges::find(known, m_setup.algorithm, &explore::AlgorithmInfo::name);
        m_algorithm->show(choices, found == known.end() ? 0 : static_cast<int>(found - known.begin()), {});
    });
    m_essentials->addRow(tr("&Search by"), m_algorithm);
    m_note = new QLabel(this);
    m_note->setObjectName(QStringLiteral("exploreNote"));
    m_note->setWordWrap(true);
    m_note->setForegroundRole(QPalette::PlaceholderText);
    m_essentials->addRow(m_note);
    addNumber(tr("&Budget"), tr("Designs that are run; those that costs alone rule out do not count"),
              QStringLiteral("exploreBudget"), 1, 100000, m_setup.budget, *m_essentials);
    m_essentials->addRow(tr("&Images"),
                         dataField(m_data, QStringLiteral("exploreData"),
                                   tr("Images that the search sees: a dataset card, a folder with one "
                                      "sub-folder a class, or demo:train")));
    m_essentials->addRow(tr("&Report on"),
                         dataField(m_report, QStringLiteral("exploreReport"),
                                   tr("Images that no decision sees, on which the front is measured again")));
}

void ExploreForm::buildGoals() {
    m_scenario_box = new ChoiceBox(this);
    m_scenario_box->setObjectName(QStringLiteral("exploreScenario"));
    connect(m_scenario_box, &ChoiceBox::chosen, this, &ExploreForm::chooseScenario);
    m_essentials->addRow(tr("S&cenario"), m_scenario_box);
    m_objectives = new QToolButton(this);
    m_objectives->setObjectName(QStringLiteral("exploreObjectives"));
    m_objectives->setToolTip(tr("What is traded against accuracy"));
    m_objectives->setPopupMode(QToolButton::InstantPopup);
    m_objectives->setFocusPolicy(Qt::StrongFocus);
    m_objectives->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    m_objectives->setMenu(new QMenu(m_objectives));
    m_essentials->addRow(tr("&Trade for"), m_objectives);
    m_limits = new LimitsEditor(QStringLiteral("exploreLimits"), this);
    connect(m_limits, &LimitsEditor::edited, this, [this] {
        m_setup.goals.constraints = m_limits->constraints();
        m_scenario = -1;
        refreshScenarios();
        emit edited();
    });
    m_essentials->addRow(tr("Limits"), m_limits);
    m_weights = addLine(tr("&Weight bits"), tr("Widths to choose from for weights, 1 to 16"),
                        QStringLiteral("exploreWeights"), *m_essentials);
    m_activations = addLine(tr("&Activation bits"), tr("Widths to choose from for activations, 1 to 16"),
                            QStringLiteral("exploreActivations"), *m_essentials);
    m_shows.emplace_back([this] {
        m_weights->setText(widths_text(m_setup.space.weight_widths));
        m_activations->setText(widths_text(m_setup.space.activation_widths));
    });
}

QLineEdit* ExploreForm::addLine(const QString& text, const QString& tip, const QString& name,
                                QFormLayout& form) {
    auto* edit = new QLineEdit(this);
    edit->setObjectName(name);
    edit->setToolTip(tip);
    connect(edit, &QLineEdit::textChanged, this, &ExploreForm::edited);
    form.addRow(text, edit);
    return edit;
}

NumberBox* ExploreForm::addNumber(const QString& text, const QString& tip, const QString& name, int smallest,
                                  int largest, int64_t& value, QFormLayout& form) {
    auto* box = new NumberBox(smallest, largest, this);
    box->setObjectName(name);
    box->setToolTip(tip);
    connect(box, &NumberBox::edited, this, [this, &value](int edited_value) {
        value = edited_value;
        emit edited();
    });
    m_shows.emplace_back([box, &value] { box->show(static_cast<int>(value), {}); });
    form.addRow(text, box);
    return box;
}

void ExploreForm::addCheck(const QString& text, const QString& tip, const QString& name, bool& value) {
    auto* box = new QCheckBox(text, this);
    box->setObjectName(name);
    box->setToolTip(tip);
    connect(box, &QCheckBox::clicked, this, [&value](bool on) { value = on; });
    m_shows.emplace_back([box, &value] { box->setChecked(value); });
    m_rest->addRow(box);
}

QWidget* ExploreForm::dataField(QLineEdit*& edit, const QString& name, const QString& tip) {
    auto* field = new QWidget(this);
    edit = new QLineEdit(field);
    edit->setObjectName(name);
    edit->setToolTip(tip);
    auto* button = new QToolButton(field);
    button->setText(QStringLiteral("\u2026"));
    button->setToolTip(tr("Choose a dataset card"));
    button->setFocusPolicy(Qt::StrongFocus);
    connect(button, &QToolButton::clicked, this, [this, target = edit] {
        QSettings settings;
        const QString path = QFileDialog::getOpenFileName(
            this, tr("Images"), settings.value(QStringLiteral("dataFolder")).toString(),
            tr("Dataset cards (*.json)"));
        if (path.isEmpty()) return;
        settings.setValue(QStringLiteral("dataFolder"), QFileInfo(path).absolutePath());
        target->setText(path);
    });
    connect(edit, &QLineEdit::textChanged, this, &ExploreForm::refresh);
    auto* row = new QHBoxLayout(field);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(4);
    row->addWidget(edit, 1);
    row->addWidget(button);
    field->setFocusProxy(edit);
    return field;
}

ExplorationSetup ExploreForm::setup() const {
    ExplorationSetup setup = m_setup;
    setup.seed = static_cast<uint64_t>(m_seed);
    setup.data = m_data->text().trimmed();
    setup.report = m_report->text().trimmed();
    if (auto widths = widths_from(m_weights->text())) setup.space.weight_widths = *widths;
    if (auto widths = widths_from(m_activations->text())) setup.space.activation_widths = *widths;
    setup.space.weight_formats = strings_of(m_weight_formats->text());
    setup.space.activation_formats = strings_of(m_activation_formats->text());
    setup.space.frozen = strings_of(m_frozen->text());
    setup.space.hardware.clear();
    for (int row = 0; row < m_hardware->rowCount(); ++row)
        if (m_hardware->item(row, 0)->checkState() == Qt::Checked)
            setup.space.hardware.push_back({m_hardware->item(row, 0)->text().toStdString(),
                                            strings_of(m_hardware->item(row, 1)->text())});
    return setup;
}

void ExploreForm::remember() {
    QSettings settings;
    store_setup(setup(), settings);
}

QString ExploreForm::whyNot() const {
    if (const QString why = m_exploration.whyNot(); !why.isEmpty()) return why;
    if (!m_document.data() && m_data->text().trimmed().isEmpty())
        return tr("designs are judged on images: add data first");
    for (const QLineEdit* widths : {m_weights, m_activations})
        if (const auto read = widths_from(widths->text()); !read) return qt(read.error().to_line());
    if (m_setup.goals.objectives.size() < 2) return tr("choose what to trade accuracy for");
    for (const explore::Constraint& one : m_setup.goals.constraints)
        if (!(one.limit > 0))
            return tr("no design keeps %1 at 0: raise the limit").arg(metric_title(one.metric));
    return {};
}

std::vector<Metric> ExploreForm::costs() const {
    std::vector<Metric> known;
    const auto& cost = m_document.baselineCost() ? m_document.baselineCost() : m_document.cost();
    if (!cost) return {Metric::energy, Metric::latency, Metric::area, Metric::size};
    const explore::Figures figures = explore::figures_of(*cost);
    for (const Metric metric : explore::k_metrics)
        if (metric != Metric::drop && std::isfinite(figures[metric])) known.push_back(metric);
    return known;
}

void ExploreForm::chooseScenario(int position) {
    m_scenario = position;
    if (position >= 0 && m_document.baselineCost()) {
        const explore::Figures baseline = explore::figures_of(*m_document.baselineCost());
        const auto& scenario = explore::scenarios()[static_cast<size_t>(position)];
        if (auto goals = explore::scenario_goals(scenario.name, baseline)) m_setup.goals = std::move(*goals);
    } else {
        m_setup.goals = {};
    }
    refresh();
}

void ExploreForm::refreshScenarios() {
    const QString why = m_document.baselineCost() ? QString() : tr("what w8a8 costs here is not known yet");
    std::vector<ChoiceBox::Choice> choices{{tr("own goals"), -1, {}, tr("What stands below")}};
    const auto& scenarios = explore::scenarios();
    for (size_t i = 0; i < scenarios.size(); ++i)
        choices.push_back({qt(scenarios[i].title), static_cast<int>(i), why, qt(scenarios[i].why)});
    m_scenario_box->show(choices, m_scenario, {});
}

void ExploreForm::refreshObjectives() {
    QMenu* menu = m_objectives->menu();
    menu->clear();
    QStringList names;
    auto& objectives = m_setup.goals.objectives;
    const std::vector<Metric> known = costs();
    std::erase_if(objectives, [&](Metric metric) {
        return metric != Metric::drop && std::ranges::find(known, metric) == known.end();
    });
    for (const Metric metric : known) {
        const bool on = std::ranges::find(objectives, metric) != objectives.end();
        if (on) names += metric_title(metric);
        QAction* action = menu->addAction(metric_title(metric));
        action->setObjectName(QStringLiteral("exploreObjective_") + qt(explore::to_string(metric)));
        action->setCheckable(true);
        action->setChecked(on);
        connect(action, &QAction::triggered, this, [this, metric](bool chosen) {
            if (chosen)
                m_setup.goals.objectives.push_back(metric);
            else
                std::erase(m_setup.goals.objectives, metric);
            m_scenario = -1;
            QMetaObject::invokeMethod(this, &ExploreForm::refresh, Qt::QueuedConnection);
        });
    }
    m_objectives->setText(names.isEmpty() ? tr("nothing yet") : names.join(QStringLiteral(", ")));
}

void ExploreForm::guessData() {
    // What the user chose stays.
    if (!m_data->text().isEmpty() && m_data->text() != m_guess) return;
    m_guess = guess_training_data(m_document.data().get());
    m_data->setText(m_guess);
}

void ExploreForm::refresh() {
    const auto& algorithms = explore::algorithms();
    const auto found = std::ranges::find(algorithms, m_setup.algorithm, &explore::AlgorithmInfo::name);
    m_note->setText(qt((found == algorithms.end() ? algorithms.front() : *found).summary));
    const QString shown = m_document.data() ? QFileInfo(qt(m_document.data()->name())).fileName() : QString();
    m_data->setPlaceholderText(shown.isEmpty() ? tr("a card, a folder, demo:train")
                                               : tr("70 % of %1").arg(shown));
    m_report->setPlaceholderText(shown.isEmpty()            ? tr("30 % of the images")
                                 : m_data->text().isEmpty() ? tr("the other 30 %")
                                                            : shown);
    refreshObjectives();
    std::vector<Metric> limits{Metric::drop};
    const std::vector<Metric> known = costs();
    limits.insert(limits.end(), known.begin(), known.end());
    m_limits->setMetrics(limits);
    m_limits->setConstraints(m_setup.goals.constraints);
    m_setup.goals.constraints = m_limits->constraints();
    refreshScenarios();
    refreshHardware();
    emit edited();
}

} // namespace widthwise::gui
