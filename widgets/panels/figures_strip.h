#pragma once

#include "widgets/document/measurements.h"

#include <QWidget>

namespace widthwise::gui {

class AccuracyEstimates;
class Figure;
struct FigureText;

/// The figures that the eye lands on: accuracy, energy, latency, area, size.
class FiguresStrip : public QWidget {
    Q_OBJECT
public:
    FiguresStrip(Document& document, Measurements& measurements, QWidget* parent = nullptr);
    /// What to show of designs that are not measured.
    void setEstimates(const AccuracyEstimates& estimates);

private:
    void refreshAccuracy();
    [[nodiscard]] FigureText runningText() const;
    /// nullopt: there is no estimate.
    [[nodiscard]] std::optional<FigureText> estimateText() const;
    [[nodiscard]] FigureText designText(const Design& design, bool current) const;
    void refreshCosts();
    [[nodiscard]] FigureText costText(double CostBreakdown::*member, const std::string& key,
                                      const QString& unit, const QString& meaning) const;
    [[nodiscard]] FigureText areaText() const;

    Document& m_document;
    Measurements& m_measurements;
    const AccuracyEstimates* m_estimates = nullptr;
    Figure *m_accuracy, *m_energy, *m_latency, *m_area, *m_size;
};

} // namespace widthwise::gui
