#include "widgets/panels/figures_strip.h"

#include "widgets/cost_text.h"
#include "widgets/document/accuracy_change.h"
#include "widgets/document/accuracy_estimates.h"
#include "widgets/number_text.h"
#include "widgets/panels/figure.h"

#include <QHBoxLayout>

#include <cmath>

namespace widthwise::gui {
namespace {

FigureText::Tendency tendency_of(double value, double base, bool more_is_better) {
    if (std::abs(value - base) <= std::abs(base) * 0.0005) return FigureText::Tendency::neutral;
    return (value > base) == more_is_better ? FigureText::Tendency::better : FigureText::Tendency::worse;
}

/// "± 2.2": half of the interval, which is nearly symmetric where it matters.
QString plus_minus(const Interval& interval) {
    return QStringLiteral("\u00b1\u2009%1").arg((interval.hi - interval.lo) * 50, 0, 'f', 1);
}

QString change_in_points(double delta) {
    if (std::abs(delta) < 0.00005) return QStringLiteral("=");
    return QStringLiteral("%1\u00a0%2\u00a0pt")
        .arg(delta < 0 ? QStringLiteral("\u25bc") : QStringLiteral("\u25b2"))
        .arg(std::abs(delta) * 100, 0, 'f', 2);
}

/// "decided: within 1 point".
QString decision(bool within, std::optional<double> limit, const QString& base) {
    const QString points = QString::number(limit.value_or(0.01) * 100, 'g', 3);
    return within ? FiguresStrip::tr("decided: within %1 pt of %2").arg(points, base)
                  : FiguresStrip::tr("decided: not within %1 pt of %2").arg(points, base);
}

} // namespace

FiguresStrip::FiguresStrip(Document& document, Measurements& measurements, QWidget* parent)
    : QWidget(parent)
    , m_document(document)
    , m_measurements(measurements)
    , m_accuracy(new Figure(tr("Accuracy"), QStringLiteral("figureAccuracy"), this))
    , m_energy(new Figure(tr("Energy"), QStringLiteral("figureEnergy"), this))
    , m_latency(new Figure(tr("Latency"), QStringLiteral("figureLatency"), this))
    , m_area(new Figure(tr("Area"), QStringLiteral("figureArea"), this))
    , m_size(new Figure(tr("Size"), QStringLiteral("figureSize"), this)) {
    setObjectName(QStringLiteral("figures"));
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(8);
    for (Figure* figure : {m_accuracy, m_energy, m_latency, m_area, m_size}) row->addWidget(figure, 1);
    for (const auto signal : {&Document::planChanged, &Document::dataChanged, &Document::designsReset,
                              &Document::designAdded, &Document::opened})
        connect(&m_document, signal, this, &FiguresStrip::refreshAccuracy);
    connect(&m_document, &Document::costChanged, this, &FiguresStrip::refreshCosts);
    connect(&m_measurements, &Measurements::runningChanged, this, &FiguresStrip::refreshAccuracy);
    refreshAccuracy();
    refreshCosts();
}

FigureText FiguresStrip::runningText() const {
    const flow::RunningAccuracy& progress = m_measurements.running().progress;
    const Accuracy& accuracy = progress.so_far;
    FigureText text;
    text.source = FigureText::Source::estimated;
    const QString images = tr("%1/%2 images").arg(progress.done).arg(progress.total);
    if (accuracy.samples == 0) {
        text.change = images;
        text.tip = tr("Being measured");
        return text;
    }
    text.value = percent(accuracy.top1);
    text.detail = plus_minus(accuracy.top1_ci95);
    // The two networks answer for the same images: their difference is known far better than either.
    const QString base = m_measurements.running().version == 0 ? tr("float") : tr("its own float");
    QString difference = tr("%1 to %2 pt vs %3")
                             .arg(signed_number(accuracy.delta_ci95.lo * 100, 1),
                                  signed_number(accuracy.delta_ci95.hi * 100, 1), base);
    if (progress.within) difference = decision(*progress.within, m_measurements.decideWithin(), base);
    text.change = QStringLiteral("%1  \u00b7  %2").arg(difference, images);
    text.tip = tr("Being measured, images in random order. So far %1 of %2 images: %3 to %4 with 95 % "
                  "confidence; difference to float %5 to %6 points")
                   .arg(progress.done)
                   .arg(progress.total)
                   .arg(percent(accuracy.top1_ci95.lo), percent(accuracy.top1_ci95.hi),
                        signed_number(accuracy.delta_ci95.lo * 100, 2),
                        signed_number(accuracy.delta_ci95.hi * 100, 2));
    return text;
}

void FiguresStrip::setEstimates(const AccuracyEstimates& estimates) {
    m_estimates = &estimates;
    connect(m_estimates, &AccuracyEstimates::changed, this, &FiguresStrip::refreshAccuracy);
    refreshAccuracy();
}

std::optional<FigureText> FiguresStrip::estimateText() const {
    const auto estimate = m_estimates ? m_estimates->current() : std::nullopt;
    if (!estimate) return std::nullopt;
    const double half = k_z95 * estimate->sigma * 100;
    FigureText text;
    text.source = FigureText::Source::estimated;
    text.value = percent(estimate->top1);
    text.detail = QStringLiteral("\u00b1\u2009%1").arg(half, 0, 'f', 1);
    text.change = change_in_points(-estimate->drop);
    text.reference = tr("float, not measured");
    text.tip = tr("Estimated from the sensitivities and %1 measured designs, not measured: %2 \u00b1 %3 with "
                  "95 % confidence. Press F5 to measure")
                   .arg(estimate->designs)
                   .arg(percent(estimate->top1))
                   .arg(half, 0, 'f', 1);
    return text;
}

FigureText FiguresStrip::designText(const Design& design, bool current) const {
    const Accuracy& accuracy = design.evaluation.accuracy;
    FigureText text;
    text.source = FigureText::Source::measured;
    text.stale = !current;
    const QString before = current ? QString() : tr("Of the design shown before, not of this one. ");
    if (accuracy.samples == 0 && design.evaluation.agreement) {
        const OutputAgreement& agreement = *design.evaluation.agreement;
        text.title = tr("Agreement");
        text.value = percent(agreement.top1_agreement);
        text.detail = plus_minus(agreement.top1_agreement_ci95);
        text.change = tr("SQNR %1 dB vs float").arg(agreement.sqnr_db, 0, 'f', 1);
        text.tip = before + tr("Share of %1 images with float's answer; no labels to judge by. PSNR %2 dB")
                                .arg(agreement.samples)
                                .arg(agreement.psnr_db, 0, 'f', 1);
        return text;
    }
    text.value = percent(accuracy.top1);
    text.detail = plus_minus(accuracy.top1_ci95);
    // Each version has float weights of its own, which may be worse than those that were opened.
    const bool own = design.version == 0;
    const std::optional<double> change = change_from_opened(m_document, design);
    if (change) {
        text.change = change_in_points(*change);
        text.reference = own ? tr("float") : tr("float as opened");
        const double half = own ? (accuracy.delta_ci95.hi - accuracy.delta_ci95.lo) * 50 : 0;
        if (half > 0) text.change += QStringLiteral(" \u00b1\u2009%1").arg(half, 0, 'f', 2);
        // A difference that the images cannot tell from none is neither better nor worse.
        const double opened = accuracy.top1 - *change;
        const bool clear = own ? accuracy.delta_ci95.lo > 0 || accuracy.delta_ci95.hi < 0
                               : opened < accuracy.top1_ci95.lo || opened > accuracy.top1_ci95.hi;
        if (clear) text.tendency = tendency_of(accuracy.top1, opened, true);
    } else {
        text.change = tr("not compared with float as opened");
    }
    const bool partial = m_document.data() && accuracy.samples < m_document.data()->size();
    if (partial) (change ? text.reference : text.change) += tr("  \u00b7  %1 images").arg(accuracy.samples);
    text.tip = before + tr("Measured on %1 images: %2 to %3 with 95 % confidence; %4 has %5, the difference "
                           "is %6 to %7 points")
                            .arg(accuracy.samples)
                            .arg(percent(accuracy.top1_ci95.lo), percent(accuracy.top1_ci95.hi),
                                 own ? tr("float") : tr("its own float"), percent(accuracy.float_top1),
                                 signed_number(accuracy.delta_ci95.lo * 100, 2),
                                 signed_number(accuracy.delta_ci95.hi * 100, 2));
    if (!change) text.tip += tr(". Measure the network as opened on all images to compare with it");
    if (partial) text.tip += tr(". Stopped once it was decided; F5 with early stopping off runs all images");
    return text;
}

void FiguresStrip::refreshAccuracy() {
    const Measurements::Running& running = m_measurements.running();
    const Design* design = m_document.hasNetwork() ? m_document.currentDesign() : nullptr;
    const bool current = design != nullptr;
    if (!current && running.valid && running.progress.done > 0 && m_document.hasNetwork() &&
        running.version == m_document.version().id && running.plan == m_document.plan()) {
        m_accuracy->show(runningText());
        return;
    }
    if (!current)
        if (const auto estimate = estimateText()) {
            m_accuracy->show(*estimate);
            return;
        }
    if (!design && m_document.hasNetwork()) design = m_document.lastShownDesign();
    if (design) {
        m_accuracy->show(designText(*design, current));
        return;
    }
    FigureText text;
    const QString why = m_document.whyNotMeasurable();
    text.change = !m_document.hasNetwork() ? QString()
                  : m_document.data()      ? tr("not measured")
                                           : tr("no data");
    text.tip = why.isEmpty() ? tr("Press F5 to measure") : why;
    m_accuracy->show(text);
}

FigureText FiguresStrip::costText(double CostBreakdown::*member, const std::string& key, const QString& unit,
                                  const QString& meaning) const {
    const auto& cost = m_document.cost();
    const auto& base = m_document.baselineCost();
    FigureText text;
    const auto& problem = m_document.costProblem();
    text.stale = m_document.costStale() || problem;
    if (!cost) {
        if (problem) {
            text.change = tr("cannot be modelled");
            text.tip = qt(problem->to_line());
        } else if (text.stale) {
            text.change = tr("being modelled");
        }
        return text;
    }
    const double value = (*cost).*member;
    text.value = unit == QStringLiteral("mm\u00b2") ? area_text(*cost)
                 : unit == QLatin1String("B")       ? bytes_text(value)
                                                    : engineering(value, unit);
    text.source = is_exact(*cost, key) ? FigureText::Source::measured : FigureText::Source::estimated;
    text.tip = meaning;
    if (const QString known = confidence_text(*cost, key); !known.isEmpty()) text.tip += '\n' + known;
    if (problem) {
        text.change = tr("cannot be modelled");
        text.tip += '\n' + tr("Of the design before; this one: %1").arg(qt(problem->to_line()));
        return text;
    }
    if (text.stale) text.tip += '\n' + tr("Being modelled again");
    if (base && std::isfinite(value) && std::isfinite((*base).*member)) {
        text.change = relative_change(value, (*base).*member);
        // Of the network as opened, whatever was made of it.
        text.reference = m_document.version().id == 0 ? tr("w8a8") : tr("w8a8 as opened");
        text.tendency = tendency_of(value, (*base).*member, false);
    }
    return text;
}

FigureText FiguresStrip::areaText() const {
    const QString target = qt(m_document.target().name);
    FigureText text = costText(&CostBreakdown::area_mm2, "area", QStringLiteral("mm\u00b2"),
                               tr("Chip area of %1").arg(target));
    const auto& cost = m_document.cost();
    if (!cost || std::isfinite(cost->area_mm2)) return text;
    const std::vector<DeviceUse> uses = device_use(*cost);
    if (uses.empty()) {
        text.value.clear();
        text.source = FigureText::Source::none;
        text.change = tr("not known of this target");
        return text;
    }
    // A share of a device instead of an area: the scarcest resource, and all of them.
    const DeviceUse scarce = scarcest(*cost);
    text.title = tr("Device");
    text.value = percent(scarce.share(), 0);
    text.detail = tr("of usable %1").arg(scarce.name);
    QStringList short_list, lines;
    for (const DeviceUse& use : uses) {
        if (use.taken > 0 && short_list.size() < 3)
            short_list += QStringLiteral("%1\u00a0%2").arg(count_text(std::llround(use.taken)), use.name);
        lines += tr("%1: %2 of %3").arg(use.name).arg(use.taken, 0, 'f', 0).arg(use.available, 0, 'f', 0);
    }
    if (!m_document.costProblem()) text.change = short_list.join(QStringLiteral(", "));
    text.tip = tr("What the design takes of the device that may be filled\n") + lines.join('\n');
    if (const QString known = confidence_text(*cost, "area"); !known.isEmpty()) text.tip += '\n' + known;
    return text;
}

void FiguresStrip::refreshCosts() {
    const QString target = qt(m_document.target().name);
    m_energy->show(costText(&CostBreakdown::energy_j, "energy", QStringLiteral("J"),
                            tr("Modelled energy per image on %1").arg(target)));
    m_latency->show(costText(&CostBreakdown::latency_s, "latency", QStringLiteral("s"),
                             tr("Modelled latency per image on %1").arg(target)));
    m_area->show(areaText());
    m_size->show(costText(&CostBreakdown::model_bytes, "size", QStringLiteral("B"),
                          tr("Weights at their width, biases, scales and zero points")));
}

} // namespace widthwise::gui
