#include "widgets/panels/figures_strip.h"

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

void FiguresStrip::refreshAccuracy() {
    FigureText text;
    const Measurements::Running& running = m_measurements.running();
    const Design* design = m_document.hasNetwork() ? m_document.currentDesign() : nullptr;
    const bool current = design != nullptr;
    if (!current && running.valid && running.done > 0 && m_document.hasNetwork() &&
        running.plan == m_document.plan()) {
        const Interval interval = wilson_interval(running.right, running.done);
        text.value = percent(static_cast<double>(running.right) / static_cast<double>(running.done));
        text.detail = plus_minus(interval);
        text.source = FigureText::Source::estimated;
        text.change = tr("%1 of %2 images").arg(running.done).arg(running.total);
        text.tip = tr("Being measured");
        m_accuracy->show(text);
        return;
    }
    if (!design && m_document.hasNetwork()) design = m_document.lastShownDesign();
    if (design) {
        const Accuracy& accuracy = design->evaluation.accuracy;
        text.value = percent(accuracy.top1);
        text.detail = plus_minus(accuracy.top1_ci95);
        text.change = change_in_points(accuracy.delta_top1);
        text.reference = tr("float");
        text.source = FigureText::Source::measured;
        text.stale = !current;
        // A difference that the images cannot tell from none is neither better nor worse.
        if (accuracy.delta_ci95.lo > 0 || accuracy.delta_ci95.hi < 0)
            text.tendency = tendency_of(accuracy.top1, accuracy.float_top1, true);
        text.tip =
            (current ? tr("Measured on %1 images: %2 to %3 with 95 % confidence; float has %4")
                     : tr("Of the design shown before, not of this one (%1 images: %2 to %3; float has %4)"))
                .arg(accuracy.samples)
                .arg(percent(accuracy.top1_ci95.lo), percent(accuracy.top1_ci95.hi),
                     percent(accuracy.float_top1));
    } else {
        const QString why = m_document.whyNotMeasurable();
        text.change = !m_document.hasNetwork() ? QString()
                      : m_document.data()      ? tr("not measured")
                                               : tr("no data");
        text.tip = why.isEmpty() ? tr("Press F5 to measure") : why;
    }
    m_accuracy->show(text);
}

void FiguresStrip::refreshCosts() {
    const auto& cost = m_document.cost();
    const auto& base = m_document.baselineCost();
    const auto show = [&](Figure* figure, double CostBreakdown::*member, const QString& unit,
                          const QString& tip) {
        FigureText text;
        if (cost) {
            const double value = (*cost).*member;
            text.value = unit == QStringLiteral("mm\u00b2")
                             ? significant(value) + QStringLiteral("\u00a0mm\u00b2")
                         : unit == QLatin1String("B") ? bytes_text(value)
                                                      : engineering(value, unit);
            text.source = FigureText::Source::estimated;
            text.tip = tip;
            if (base) {
                text.change = relative_change(value, (*base).*member);
                text.reference = tr("w8a8");
                text.tendency = tendency_of(value, (*base).*member, false);
            }
        } else if (const auto& problem = m_document.costProblem()) {
            text.change = tr("cannot be modelled");
            text.tip = qt(problem->to_line());
        }
        figure->show(text);
    };
    const QString target = qt(m_document.target().name);
    show(m_energy, &CostBreakdown::energy_j, QStringLiteral("J"),
         tr("Modelled energy per image on %1").arg(target));
    show(m_latency, &CostBreakdown::latency_s, QStringLiteral("s"),
         tr("Modelled latency per image on %1").arg(target));
    show(m_area, &CostBreakdown::area_mm2, QStringLiteral("mm\u00b2"),
         tr("Modelled chip area of %1").arg(target));
    show(m_size, &CostBreakdown::model_bytes, QStringLiteral("B"),
         tr("Weights at their width, biases, scales and zero points"));
}

} // namespace widthwise::gui
