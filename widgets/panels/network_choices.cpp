#include "widgets/panels/network_choices.h"

#include "widgets/number_text.h"
#include "widgets/precision/choice_box.h"

#include <QCheckBox>
#include <QFormLayout>
#include <QLabel>
#include <QVBoxLayout>

namespace widthwise::gui {
namespace {

QString mode_name(RequantizationMode mode) {
    switch (mode) {
    case RequantizationMode::float_scale:
        return QObject::tr("float scale");
    case RequantizationMode::integer_multiplier:
        return QObject::tr("multiplier and shift");
    case RequantizationMode::power_of_two_shift:
        return QObject::tr("shift alone");
    }
    return {};
}

QString rounding_name(Rounding rounding) {
    switch (rounding) {
    case Rounding::half_even:
        return QObject::tr("nearest, ties to even");
    case Rounding::half_up:
        return QObject::tr("nearest, ties up");
    case Rounding::half_away:
        return QObject::tr("nearest, ties away from 0");
    case Rounding::floor:
        return QObject::tr("down");
    }
    return {};
}

/// "17 layer pairs; output SQNR 12.3 to 18.4 dB (+6.1); 2 s".
QString worth_of(const PassReport& report) {
    QStringList parts;
    if (!report.summary.empty()) parts += qt(report.summary);
    if (report.output_sqnr_db_before && report.output_sqnr_db_after) {
        const double before = *report.output_sqnr_db_before, after = *report.output_sqnr_db_after;
        parts += QObject::tr("output SQNR %1 to %2 dB (%3)")
                     .arg(before, 0, 'f', 1)
                     .arg(after, 0, 'f', 1)
                     .arg(signed_number(after - before, 1));
    }
    if (report.seconds >= 0.5) parts += duration(report.seconds);
    return parts.join(QStringLiteral("; "));
}

} // namespace

NetworkChoices::NetworkChoices(Document& document, QWidget* parent) : QWidget(parent), m_document(document) {
    setObjectName(QStringLiteral("networkChoices"));
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(16, 10, 16, 8);
    column->setSpacing(2);
    const auto heading = [&](const QString& text) {
        auto* label = new QLabel(text, this);
        QFont bold = label->font();
        bold.setBold(true);
        label->setFont(bold);
        column->addWidget(label);
    };
    const auto note = [&](const QString& text) {
        auto* label = new QLabel(text, this);
        label->setForegroundRole(QPalette::PlaceholderText);
        label->setWordWrap(true);
        label->setIndent(24);
        column->addWidget(label);
        return label;
    };
    heading(tr("Passes"));
    note(tr("Applied from top to bottom before the network runs"))->setIndent(0);
    column->addSpacing(4);
    for (const Pass pass : k_passes) {
        auto* box = new QCheckBox(pass_name(pass), this);
        box->setObjectName(QStringLiteral("pass_") + qt(to_string(pass)));
        connect(box, &QCheckBox::clicked, this, [this, pass](bool on) {
            m_document.applyPlan(with_pass(m_document.plan(), pass, on),
                                 on ? tr("%1 on").arg(pass_name(pass)) : tr("%1 off").arg(pass_name(pass)));
        });
        column->addWidget(box);
        note(pass_explanation(pass));
        QLabel* worth = note({});
        worth->setObjectName(QStringLiteral("worth_") + qt(to_string(pass)));
        worth->setForegroundRole(QPalette::WindowText);
        column->addSpacing(4);
        m_passes.push_back({pass, box, worth});
    }
    column->addSpacing(8);
    heading(tr("Batch normalization"));
    m_fold = new QCheckBox(tr("Fold into the weights before they are quantized"), this);
    m_fold->setObjectName(QStringLiteral("foldBatchNorm"));
    connect(m_fold, &QCheckBox::clicked, this, [this](bool on) {
        PrecisionPlan plan = m_document.plan();
        plan.set_folds_batch_norm(on);
        m_document.applyPlan(plan, on ? tr("folding on") : tr("folding off"));
    });
    column->addWidget(m_fold);
    note(tr("Otherwise it becomes part of the requantization"));
    column->addSpacing(12);
    heading(tr("Requantization"));
    note(tr("How sums become the next layer's integers"))->setIndent(0);
    auto* form = new QFormLayout;
    form->setContentsMargins(0, 4, 0, 0);
    form->setHorizontalSpacing(16);
    form->setVerticalSpacing(6);
    m_mode = new ChoiceBox(this);
    m_mode->setObjectName(QStringLiteral("requantizationMode"));
    m_rounding = new ChoiceBox(this);
    m_rounding->setObjectName(QStringLiteral("requantizationRounding"));
    form->addRow(tr("&Multiply by"), m_mode);
    form->addRow(tr("&Round"), m_rounding);
    column->addLayout(form);
    column->addStretch(1);
    connect(m_mode, &ChoiceBox::chosen, this, [this](int value) {
        Requantization r = m_document.plan().requantization();
        r.mode = static_cast<RequantizationMode>(value);
        if (r.mode == RequantizationMode::float_scale) r.rounding = Rounding::half_even;
        PrecisionPlan plan = m_document.plan();
        plan.set_requantization(r);
        m_document.applyPlan(plan, tr("requantization by %1").arg(mode_name(r.mode)));
    });
    connect(m_rounding, &ChoiceBox::chosen, this, [this](int value) {
        Requantization r = m_document.plan().requantization();
        r.rounding = static_cast<Rounding>(value);
        PrecisionPlan plan = m_document.plan();
        plan.set_requantization(r);
        m_document.applyPlan(plan, tr("rounding %1").arg(rounding_name(r.rounding)));
    });
    for (const auto signal :
         {&Document::opened, &Document::planChanged, &Document::designAdded, &Document::designsReset})
        connect(&m_document, signal, this, &NetworkChoices::refresh);
    refresh();
}

void NetworkChoices::refresh() {
    setEnabled(m_document.hasNetwork());
    m_fold->setChecked(m_document.plan().folds_batch_norm());
    refreshPasses();
    refreshRequantization();
}

void NetworkChoices::refreshPasses() {
    const Design* design = m_document.hasNetwork() ? m_document.currentDesign() : nullptr;
    const std::vector<Pass>& chosen = m_document.plan().passes();
    for (const PassRow& row : m_passes) {
        const bool on = std::ranges::find(chosen, row.pass) != chosen.end();
        row.box->setChecked(on);
        QString worth;
        if (on && design)
            for (const PassReport& report : design->evaluation.passes)
                if (report.pass == row.pass) worth = worth_of(report);
        row.worth->setText(worth);
        row.worth->setVisible(!worth.isEmpty());
    }
}

void NetworkChoices::refreshRequantization() {
    const Requantization& r = m_document.plan().requantization();
    std::vector<ChoiceBox::Choice> modes, roundings;
    const auto tip = [](RequantizationMode mode) {
        switch (mode) {
        case RequantizationMode::float_scale:
            return tr("A 32-bit float, as software does it");
        case RequantizationMode::integer_multiplier:
            return tr("A 32-bit integer and a right shift, as gemmlowp and TensorFlow Lite do it");
        case RequantizationMode::power_of_two_shift:
            return tr("The nearest power of two, as the smallest hardware does it");
        }
        return QString();
    };
    for (const RequantizationMode mode :
         {RequantizationMode::float_scale, RequantizationMode::integer_multiplier,
          RequantizationMode::power_of_two_shift})
        modes.push_back({mode_name(mode), static_cast<int>(mode), {}, tip(mode)});
    const bool real = r.mode == RequantizationMode::float_scale;
    for (const Rounding rounding :
         {Rounding::half_even, Rounding::half_up, Rounding::half_away, Rounding::floor})
        roundings.push_back({rounding_name(rounding),
                             static_cast<int>(rounding),
                             real && rounding != Rounding::half_even
                                 ? tr("Multiplying by a float scale rounds ties to even")
                                 : QString(),
                             {}});
    m_mode->show(modes, static_cast<int>(r.mode), {});
    m_rounding->show(roundings, static_cast<int>(r.rounding), {});
}

} // namespace widthwise::gui
