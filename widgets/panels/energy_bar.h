#pragma once

#include "core/design/cost_breakdown.h"

#include <QWidget>

#include <optional>

namespace widthwise::gui {

/// One layer's energy, split by where it goes; the tooltip has the numbers.
class EnergyBar : public QWidget {
    Q_OBJECT
public:
    explicit EnergyBar(QWidget* parent = nullptr);
    void show(const std::optional<EnergyBreakdown>& energy);
    [[nodiscard]] QSize sizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    std::optional<EnergyBreakdown> m_energy;
};

} // namespace widthwise::gui
