#pragma once

#include "widgets/charts/heat_map.h"

#include <QWidget>

namespace widthwise::gui {

/// What a heat map's colours say: a bar with ticks, and the words above it.
class HeatLegend : public QWidget {
    Q_OBJECT
public:
    explicit HeatLegend(QWidget* parent = nullptr);
    void setContent(const QString& words, std::vector<HeatMapContent::Tick> ticks);
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QString m_words;
    std::vector<HeatMapContent::Tick> m_ticks;
};

} // namespace widthwise::gui
