#pragma once

#include "core/design/cost_breakdown.h"

#include <QWidget>

#include <optional>
#include <vector>

namespace widthwise::gui {

/// Where the area goes: mm² by component or, on an FPGA, how much of the device each resource takes. One
/// line each, the largest first.
class AreaBars : public QWidget {
    Q_OBJECT
public:
    struct Line {
        QString name, value;
        double share = 0; ///< 0..1 of the bar's room; above: it does not fit
        bool too_much = false;
    };
    explicit AreaBars(QWidget* parent = nullptr);
    void show(const std::optional<CostBreakdown>& cost);
    [[nodiscard]] const std::vector<Line>& lines() const { return m_lines; }
    [[nodiscard]] QSize sizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    [[nodiscard]] int lineHeight() const;
    std::vector<Line> m_lines;
    QString m_title, m_nothing;
};

} // namespace widthwise::gui
