#pragma once
// The roofline: what each layer reaches against what the target could give at that layer's reuse.

#include "widgets/charts/layer_chart.h"

#include <QString>

#include <memory>
#include <optional>
#include <vector>

namespace widthwise::gui {

struct RooflinePoint {
    QString label;
    /// MAC per byte of external memory; nullopt: nothing crosses that boundary, drawn just inside the right
    /// edge.
    std::optional<double> intensity;
    double achieved = 0; ///< MAC/s
    enum class BoundBy { compute, memory, launch } bound = BoundBy::compute;
    QString tip;
};
struct Roof {
    QString name;
    double macs_per_s = 0;
};
struct Roofline {
    std::vector<Roof> roofs;           ///< any order
    std::optional<double> bytes_per_s; ///< of the external memory; nullopt: unbounded
    QString memory;                    ///< its name
    std::vector<RooflinePoint> points;
    bool stale = false;
};

/// Log-log chart; a click or the arrow keys choose a point.
class RooflineView : public LayerChart {
    Q_OBJECT
public:
    explicit RooflineView(QWidget* parent = nullptr);
    ~RooflineView() override;
    void show(Roofline roofline);
    [[nodiscard]] const Roofline& roofline() const;

protected:
    void paintMarks(QPainter& painter) const override;
    [[nodiscard]] QStringList labels() const override;
    [[nodiscard]] std::optional<QPointF> placeOf(const QString& label) const override;
    [[nodiscard]] QString labelAt(const QPointF& position) const override;
    [[nodiscard]] QString tipOf(const QString& label) const override;
    void refresh() override;

private:
    [[nodiscard]] const RooflinePoint* find(const QString& label) const;
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

} // namespace widthwise::gui
