#include "widgets/panels/training_form.h"

#include "widgets/number_text.h"
#include "widgets/precision/choice_box.h"

#include <QCheckBox>
#include <QFileDialog>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QPushButton>
#include <QSettings>
#include <QToolButton>
#include <QVBoxLayout>

namespace widthwise::gui {
namespace {

QString mode_note(TrainingMode mode, const QString& design) {
    switch (mode) {
    case TrainingMode::plain:
        return QObject::tr("Trains the float weights. Quantize afterwards, or fine-tune quantized.");
    case TrainingMode::quantized:
        return QObject::tr("Trains with every number rounded as %1 rounds it, scales included.").arg(design);
    case TrainingMode::adapt:
        return QObject::tr("A few steps from the meta-initialization to %1: seconds.").arg(design);
    case TrainingMode::meta:
        return QObject::tr("Finds a start from which any design of 2 to 4 bits is a few steps away. Takes "
                           "long, once.");
    }
    return {};
}

QFormLayout* new_form() {
    auto* form = new QFormLayout;
    form->setContentsMargins(0, 0, 0, 0);
    form->setHorizontalSpacing(12);
    form->setVerticalSpacing(6);
    form->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);
    return form;
}

} // namespace

TrainingForm::TrainingForm(Document& document, Training& training, QWidget* parent)
    : QWidget(parent), m_document(document), m_training(training) {
    setObjectName(QStringLiteral("trainingForm"));
    m_essentials = new_form();
    buildEssentials();
    m_more = new QToolButton(this);
    m_more->setObjectName(QStringLiteral("trainingMore"));
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
    const auto open_more = [this](bool open) {
        m_more->setArrowType(open ? Qt::DownArrow : Qt::RightArrow);
        m_more_page->setVisible(open);
        QSettings().setValue(QStringLiteral("training/more"), open);
    };
    connect(m_more, &QToolButton::toggled, this, open_more);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(16, 8, 16, 8);
    column->setSpacing(6);
    column->addLayout(m_essentials);
    column->addWidget(m_more);
    column->addWidget(m_more_page);
    column->addStretch(1);
    m_more->setChecked(QSettings().value(QStringLiteral("training/more")).toBool());
    m_more_page->setVisible(m_more->isChecked());

    connect(&m_document, &Document::opened, this, [this] {
        m_data->clear();
        m_validation->clear();
    });
    connect(&m_document, &Document::networkChanged, this, &TrainingForm::networkChanged);
    for (const auto signal : {&Document::planChanged, &Document::dataChanged})
        connect(&m_document, signal, this, &TrainingForm::refresh);
    loadMode(TrainingMode::plain);
}

void TrainingForm::buildEssentials() {
    m_mode = new ChoiceBox(this);
    m_mode->setObjectName(QStringLiteral("trainingMode"));
    connect(m_mode, &ChoiceBox::chosen, this,
            [this](int mode) { loadMode(static_cast<TrainingMode>(mode)); });
    m_essentials->addRow(tr("T&rain"), m_mode);
    m_note = new QLabel(this);
    m_note->setObjectName(QStringLiteral("trainingNote"));
    m_note->setWordWrap(true);
    m_note->setForegroundRole(QPalette::PlaceholderText);
    m_essentials->addRow(m_note);
    m_essentials->addRow(
        tr("&Data"),
        dataField(m_data, QStringLiteral("trainingData"),
                  tr("Images to train on: a dataset card, a folder with one sub-folder a class, or "
                     "demo:train; several, separated by semicolons, are joined")));
    m_essentials->addRow(tr("Val&idate on"),
                         dataField(m_validation, QStringLiteral("trainingValidation"),
                                   tr("Images to measure on after each epoch; left empty: the data that the "
                                      "window measures on")));
    m_count_label = new QLabel(this);
    m_count = new NumberBox(1, 1000000, this);
    m_count->setObjectName(QStringLiteral("trainingCount"));
    m_count_label->setBuddy(m_count);
    connect(m_count, &NumberBox::edited, this, [this](int value) {
        if (m_setup.mode == TrainingMode::meta)
            m_setup.tasks = value;
        else if (m_setup.mode == TrainingMode::adapt)
            m_setup.options.steps = value;
        else
            m_setup.options.epochs = value;
    });
    m_essentials->addRow(m_count_label, m_count);
    addReal(tr("&Learning rate"), tr("The peak of the schedule"), QStringLiteral("trainingRate"), 1e-6, 10, 6,
            0.001, m_setup.options.learning_rate, *m_essentials);
    addCheck(tr("&Keep the best epoch"),
             tr("The result is the epoch with the best validation accuracy, not the "
                "last one"),
             QStringLiteral("trainingKeepBest"), m_setup.options.keep_best, *m_essentials);
}

QWidget* TrainingForm::dataField(QLineEdit*& edit, const QString& name, const QString& tip) {
    auto* field = new QWidget(this);
    edit = new QLineEdit(field);
    edit->setObjectName(name);
    edit->setToolTip(tip);
    auto* button = new QToolButton(field);
    button->setObjectName(name + QStringLiteral("Browse"));
    button->setText(QStringLiteral("\u2026"));
    button->setToolTip(tr("Choose a card or a folder"));
    button->setFocusPolicy(Qt::StrongFocus);
    button->setPopupMode(QToolButton::InstantPopup);
    auto* menu = new QMenu(button);
    menu->addAction(tr("Dataset &card\u2026"), this, [this, edit] { browse(edit, false); });
    menu->addAction(tr("&Folder\u2026"), this, [this, edit] { browse(edit, true); });
    menu->addAction(tr("&Demo's training images"), this,
                    [edit] { edit->setText(QStringLiteral("demo:train")); });
    button->setMenu(menu);
    button->setStyleSheet(QStringLiteral("QToolButton::menu-indicator { image: none; }"));
    connect(edit, &QLineEdit::textChanged, this, &TrainingForm::edited);
    auto* row = new QHBoxLayout(field);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(4);
    row->addWidget(edit, 1);
    row->addWidget(button);
    field->setFocusProxy(edit);
    return field;
}

void TrainingForm::browse(QLineEdit* edit, bool folder) {
    QSettings settings;
    const QString start = settings.value(QStringLiteral("dataFolder")).toString();
    const QString path =
        folder ? QFileDialog::getExistingDirectory(this, tr("Training data"), start)
               : QFileDialog::getOpenFileName(this, tr("Training data"), start, tr("Dataset cards (*.json)"));
    if (path.isEmpty()) return;
    settings.setValue(QStringLiteral("dataFolder"), QFileInfo(path).absolutePath());
    edit->setText(path);
}

void TrainingForm::addCheck(const QString& text, const QString& tip, const QString& name, bool& value,
                            QFormLayout& form) {
    auto* box = new QCheckBox(text, this);
    box->setObjectName(name);
    box->setToolTip(tip);
    connect(box, &QCheckBox::clicked, this, [&value](bool on) { value = on; });
    m_shows.emplace_back([box, &value] { box->setChecked(value); });
    // Below the fields' labels where there are many, so that narrow columns do.
    if (&form == m_rest)
        form.addRow(box);
    else
        form.addRow(QString(), box);
}

NumberBox* TrainingForm::addNumber(const QString& text, const QString& tip, const QString& name, int smallest,
                                   int largest, QFormLayout& form) {
    auto* box = new NumberBox(smallest, largest, this);
    box->setObjectName(name);
    box->setToolTip(tip);
    form.addRow(text, box);
    return box;
}

RealBox* TrainingForm::addReal(const QString& text, const QString& tip, const QString& name, double smallest,
                               double largest, int decimals, double step, double& value, QFormLayout& form) {
    auto* box = new RealBox(smallest, largest, decimals, step, this);
    box->setObjectName(name);
    box->setToolTip(tip);
    connect(box, &RealBox::edited, this, [&value](double edited) { value = edited; });
    m_shows.emplace_back([box, &value] { box->show(value, {}); });
    form.addRow(text, box);
    return box;
}

TrainingSetup TrainingForm::setup() const {
    TrainingSetup setup = m_setup;
    setup.data = m_data->text().trimmed();
    setup.validation = m_validation->text().trimmed();
    return setup;
}

void TrainingForm::setMode(TrainingMode mode) {
    loadMode(mode);
}

void TrainingForm::remember() {
    QSettings settings;
    store_setup(m_setup, m_document.model(), settings);
}

QString TrainingForm::whyNot() const {
    if (const QString why = m_training.whyNot(m_setup.mode); !why.isEmpty()) return why;
    return m_data->text().trimmed().isEmpty() ? tr("choose training data first") : QString();
}

void TrainingForm::loadMode(TrainingMode mode) {
    m_setup = recommended_setup(mode, m_document.model());
    restore_setup(m_setup, m_document.model(), QSettings());
    if (m_document.hasNetwork()) m_setup.options.preserve = m_document.version().preserve;
    refresh();
}

void TrainingForm::networkChanged() {
    // A mode that the network cannot take would only stand in the way.
    const bool lost = m_setup.mode == TrainingMode::adapt && !m_document.model().scales;
    loadMode(lost ? TrainingMode::plain : m_setup.mode);
}

void TrainingForm::refreshModes() {
    std::vector<ChoiceBox::Choice> choices;
    for (const auto& [mode, text] : {std::pair(TrainingMode::plain, tr("float")),
                                     std::pair(TrainingMode::quantized, tr("quantized (QAT)")),
                                     std::pair(TrainingMode::adapt, tr("adapt: seconds")),
                                     std::pair(TrainingMode::meta, tr("meta-initialization"))})
        // The mode that stands stays choosable: why it cannot start stands at the button.
        choices.push_back({text, static_cast<int>(mode),
                           mode == m_setup.mode ? QString() : m_training.whyNot(mode),
                           mode_note(mode, tr("the design"))});
    m_mode->show(choices, static_cast<int>(m_setup.mode), {});
}

void TrainingForm::setRowVisible(QFormLayout& form, const QString& name, bool visible) {
    form.setRowVisible(findChild<QWidget*>(name), visible);
}

void TrainingForm::refresh() {
    refreshModes();
    const QString design = m_document.hasNetwork() ? m_document.labelOf(m_document.plan()) : tr("the design");
    m_note->setText(mode_note(m_setup.mode, design));
    if (m_data->text().isEmpty()) m_data->setText(guess_training_data(m_document.data().get()));
    m_data->setPlaceholderText(tr("a card, a folder, demo:train"));
    m_validation->setPlaceholderText(m_document.data() ? qt(m_document.data()->name()) : tr("nothing"));
    const bool meta = m_setup.mode == TrainingMode::meta, adapt = m_setup.mode == TrainingMode::adapt;
    m_count_label->setText(meta ? tr("Tasks") : adapt ? tr("Ste&ps") : tr("E&pochs"));
    m_count->setToolTip(meta    ? tr("Designs that are drawn and trained for, a few steps each")
                        : adapt ? tr("Optimizer steps")
                                : tr("Passes over the training images"));
    m_count->show(static_cast<int>(meta    ? m_setup.tasks
                                   : adapt ? m_setup.options.steps
                                           : m_setup.options.epochs),
                  {});
    // Meta-training validates nothing: what it would not heed is not asked for.
    m_essentials->setRowVisible(m_validation->parentWidget(), !meta);
    setRowVisible(*m_essentials, QStringLiteral("trainingKeepBest"), !meta);
    setRowVisible(*m_rest, QStringLiteral("trainingPatience"), !meta);
    for (const auto& show : m_shows) show();
    emit edited();
}

} // namespace widthwise::gui
