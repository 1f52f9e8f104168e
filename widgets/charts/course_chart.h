#pragma once
// How far searches have come: hypervolume of the front over the designs run, several searches over each
// other.

#include <QPointF>
#include <QString>
#include <QWidget>

#include <cstdint>
#include <memory>
#include <vector>

namespace widthwise::gui {

struct CourseCurve {
    int64_t id = 0;
    QString label;
    int style = 0; ///< see run_style()
    /// (designs run, hypervolume), rising in x.
    std::vector<QPointF> points;
};
struct Courses {
    std::vector<CourseCurve> runs;
    double length = 0; ///< designs that the longest run may take
};

class CourseChart : public QWidget {
    Q_OBJECT
public:
    explicit CourseChart(QWidget* parent = nullptr);
    ~CourseChart() override;
    void show(Courses courses);
    /// Points drawn, over all runs: steps only, however many designs there are.
    [[nodiscard]] int pointCount() const;

protected:
    void changeEvent(QEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    void refresh();
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

/// The corners of the staircase that (x, y) describes: a level holds until the next point that differs.
[[nodiscard]] std::vector<QPointF> staircase(const std::vector<QPointF>& points);

} // namespace widthwise::gui
