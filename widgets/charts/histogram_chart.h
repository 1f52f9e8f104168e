#pragma once

#include "widgets/document/value_histogram.h"

#include <QWidget>

#include <memory>

namespace widthwise::gui {

/// A tensor's values before and after quantization, or their error; levels as ticks where one quantizer
/// serves the whole tensor. Counts on a logarithmic or a linear scale.
class HistogramChart : public QWidget {
    Q_OBJECT
public:
    enum class Part { values, error };
    enum class Counts { logarithmic, linear };

    explicit HistogramChart(QWidget* parent = nullptr);
    ~HistogramChart() override;
    /// Null or empty: empty axes. A stale histogram is greyed.
    void show(std::shared_ptr<const ValueHistogram> histogram, Part part, Counts counts, bool stale = false);

protected:
    void changeEvent(QEvent* event) override;

private:
    void refresh();
    void refreshCounts(double highest);
    void refreshLegend(bool before, bool after, bool levels);
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

} // namespace widthwise::gui
