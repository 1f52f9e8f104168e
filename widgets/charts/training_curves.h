#pragma once
// What the charts of training show, as plain values.

#include <QPalette>
#include <QPointF>
#include <QString>

#include <cstdint>
#include <vector>

namespace widthwise::gui {

struct TrainingCurve {
    int64_t id = 0;
    QString label;
    int style = 0;                   ///< see run_style()
    std::vector<QPointF> loss;       ///< by epoch (fractions of it for steps), nats
    std::vector<QPointF> smooth;     ///< the same as a running mean; drawn over it
    std::vector<QPointF> validation; ///< by epoch, 0..1; drawn with a mark each
    std::vector<QPointF> training;   ///< by epoch, 0..1; drawn thin
};

struct TrainingCurves {
    std::vector<TrainingCurve> runs;
    bool in_steps = false; ///< x counts optimizer steps: no run has a whole epoch
    double length = 0;     ///< of the longest run, as far as it shall go
};

/// Runs are told apart by colour, and by dashes once the colours are used up.
struct RunStyle {
    QColor colour;
    Qt::PenStyle dashes = Qt::SolidLine;
};
[[nodiscard]] RunStyle run_style(int style, const QPalette& palette);

/// The value below which `share` (0..1) of the finite y lie; 0 without any.
[[nodiscard]] double quantile(const std::vector<QPointF>& points, double share);
/// Where an axis of losses ends: at the largest, unless that is an outlier (five times the 95 % quantile),
/// then at twice that quantile.
[[nodiscard]] double loss_bound(const std::vector<QPointF>& points);

/// An exponential mean over about a fortieth of the points, free of the start's bias; of few points: none.
/// Outliers count as ten times the 95 % quantile at most.
[[nodiscard]] std::vector<QPointF> running_mean(const std::vector<QPointF>& points);

} // namespace widthwise::gui
