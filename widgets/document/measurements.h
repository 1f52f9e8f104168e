#pragma once
// Measures designs in the background, one after the other: snapshot in, running accuracy on the way, and each
// finished evaluation committed to the project file before anyone sees it.

#include "widgets/document/project.h"

#include <QTimer>

#include <set>

namespace widthwise::gui {

class Measurements : public QObject {
    Q_OBJECT
public:
    /// Of the design under way, as far as it got.
    struct Running {
        bool valid = false;
        PrecisionPlan plan;
        qint64 done = 0, right = 0, total = 0;
    };

    Measurements(Document& document, Project& project, QObject* parent = nullptr);
    ~Measurements() override;

    /// Queues the plans that are neither measured nor queued yet.
    void evaluate(const std::vector<PrecisionPlan>& plans);
    void evaluateCurrent();
    /// float, w8a8, w6a6, w4a4, w3a3, w2a2.
    void evaluateUniformSet();
    void cancelAll();

    /// Measure the current plan by itself a moment after the last edit. The newest edit wins.
    void setAutomatic(bool automatic);
    [[nodiscard]] bool automatic() const { return m_automatic; }
    [[nodiscard]] const Running& running() const { return m_running; }
    [[nodiscard]] JobLane& lane() { return m_lane; }

signals:
    void runningChanged();
    void failed(const widthwise::gui::Problem& problem);

private:
    JobId submit(const PrecisionPlan& plan);
    void scheduleAutomatic();
    void runAutomatic();

    Document& m_document;
    Project& m_project;
    bool m_automatic = true;
    QTimer m_debounce;
    JobId m_automatic_job = 0;
    std::map<JobId, PrecisionPlan> m_pending;
    Running m_running;
    std::shared_ptr<flow::Evaluator> m_evaluator; ///< used by the lane's jobs only
    JobLane m_lane{JobLane::AtEnd::cancel};
};

} // namespace widthwise::gui
