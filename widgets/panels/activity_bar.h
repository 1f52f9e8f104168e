#pragma once

#include "widgets/jobs/job_lane.h"

#include <QWidget>

#include <functional>
#include <optional>
#include <vector>

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
    /// Whether what runs in a lane can be given up.
    enum class Cancel { possible, no };
    /// What work says of itself that knows better than its lane.
    struct Words {
        QString unit;                ///< of what it counts: "images"
        std::optional<QString> left; ///< "12 s left", "paused"; nullopt: by the lane's pace
    };
    using Tell = std::function<Words()>;
    /// Watched lanes; the first busy one is shown.
    void watch(JobLane& lane, Cancel cancel = Cancel::possible, Tell tell = {});
    void setRestText(const QString& text);
    void refresh();

signals:
    void cancelRequested();

private:
    struct Watched {
        JobLane* lane = nullptr;
        Cancel cancel = Cancel::possible;
        Tell tell;
    };
    std::vector<Watched> m_lanes;
    QLabel* m_text;
    QProgressBar* m_bar;
    QLabel* m_left;
    QToolButton* m_cancel;
    QString m_rest;
};

} // namespace widthwise::gui
