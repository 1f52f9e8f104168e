#pragma once

#include "widgets/charts/design_space.h"

#include <QWidget>

#include <functional>
#include <memory>

class QComboBox;

namespace widthwise::gui {

/// Accuracy against a cost, every measured design a point, every candidate of a search a dot; a click shows
/// which one it is, a double click asks for its design.
class DesignSpaceView : public QWidget {
    Q_OBJECT
public:
    explicit DesignSpaceView(QWidget* parent = nullptr);
    ~DesignSpaceView() override;

    /// The axis and the error bars are this widget's own; those in `space` are ignored.
    void show(DesignSpace space);
    /// Without title and choice of intervals, for narrow places.
    void setCompact();
    /// Labels of candidates, asked for when one is pointed at.
    void setCandidateText(std::function<QString(int64_t id)> text);
    /// Rings this point or candidate; 0: none.
    void setShown(int64_t id);
    [[nodiscard]] CostAxis axis() const;
    /// In this widget's coordinates; nullopt-like (-1, -1) for an unknown id.
    [[nodiscard]] QPoint positionOf(int64_t id) const;

signals:
    void designShown(qint64 id);
    void designChosen(qint64 id);

protected:
    void changeEvent(QEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void refresh();
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

} // namespace widthwise::gui
