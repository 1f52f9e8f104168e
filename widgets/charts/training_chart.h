#pragma once
// Loss and accuracy of training runs over their epochs, several runs over each other.

#include "widgets/charts/training_curves.h"

#include <QWidget>

#include <memory>

namespace widthwise::gui {

class TrainingChart : public QWidget {
    Q_OBJECT
public:
    enum class Quantity { loss, accuracy };

    explicit TrainingChart(Quantity quantity, QWidget* parent = nullptr);
    ~TrainingChart() override;
    void show(const TrainingCurves& curves);
    /// Points drawn, over all runs.
    [[nodiscard]] int pointCount() const;
    /// Where the axes end.
    [[nodiscard]] double xEnd() const;
    [[nodiscard]] double yEnd() const;

protected:
    void changeEvent(QEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    void refresh();
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

} // namespace widthwise::gui
