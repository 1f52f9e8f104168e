#pragma once

#include "widgets/jobs/job_lane.h"

#include <QWidget>

class QLabel;
class QProgressBar;
class QToolButton;

namespace widthwise::gui {

/// The one place for long work: what, how far, time left, cancel. At rest it says what the figures rest on.
/// It keeps its height, so that nothing jumps when work begins.
class ActivityBar : public QWidget {
    Q_OBJECT
public:
    explicit ActivityBar(QWidget* parent = nullptr);
    /// Watched lanes; the first busy one is shown, `quiet` ones only after a moment.
    void watch(JobLane& lane);
    void setRestText(const QString& text);

signals:
    void cancelRequested();

private:
    void refresh();
    std::vector<JobLane*> m_lanes;
    QLabel* m_text;
    QProgressBar* m_bar;
    QLabel* m_left;
    QToolButton* m_cancel;
    QString m_rest;
};

} // namespace widthwise::gui
