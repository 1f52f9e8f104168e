#pragma once

#include "widgets/document/weight_analysis.h"

#include <QWidget>

#include <memory>

namespace widthwise::gui {

/// A layer's weights before and after quantization, counts on a logarithmic scale; levels as ticks where one
/// quantizer serves the whole tensor.
class WeightChart : public QWidget {
    Q_OBJECT
public:
    explicit WeightChart(QWidget* parent = nullptr);
    ~WeightChart() override;
    /// Null: empty axes.
    void show(std::shared_ptr<const WeightHistogram> histogram);

protected:
    void changeEvent(QEvent* event) override;

private:
    void refresh();
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

} // namespace widthwise::gui
