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
        int64_t version = 0; ///< of the network
        PrecisionPlan plan;
        flow::RunningAccuracy progress;
    };

    Measurements(Document& document, Project& project, QObject* parent = nullptr);
    ~Measurements() override;

    /// Queues the plans that are neither measured nor queued yet, with the network that is shown.
    void evaluate(const std::vector<PrecisionPlan>& plans);
    void evaluateCurrent();
    /// float, w8a8, w6a6, w4a4, w3a3, w2a2.
    void evaluateUniformSet();
    void cancelAll();

    /// Stop each measurement once it is decided whether top-1 lies within this of float; nullopt: run all
    /// images.
    void setDecideWithin(std::optional<double> points) { m_decide_within = points; }
    [[nodiscard]] std::optional<double> decideWithin() const { return m_decide_within; }

    /// The current network and data with this plan.
    [[nodiscard]] flow::EvaluationRequest requestFor(const PrecisionPlan& plan) const;
    /// To be used by jobs of lane() only, which run one at a time.
    [[nodiscard]] std::shared_ptr<flow::Evaluator> evaluator() const { return m_evaluator; }
    /// The current design as a network file.
    void exportNetwork(const QString& path, flow::Evaluator::ExportForm form);

    /// Measure the current plan by itself a moment after the last edit. The newest edit wins.
    void setAutomatic(bool automatic);
    [[nodiscard]] bool automatic() const { return m_automatic; }
    [[nodiscard]] const Running& running() const { return m_running; }
    [[nodiscard]] JobLane& lane() { return m_lane; }

signals:
    void runningChanged();
    void failed(const widthwise::gui::Problem& problem);
    void networkExported(const QString& path);

private:
    [[nodiscard]] bool isMeasured(const PrecisionPlan& plan) const;
    JobId submit(const PrecisionPlan& plan);
    void scheduleAutomatic();
    void runAutomatic();

    Document& m_document;
    Project& m_project;
    bool m_automatic = true;
    std::optional<double> m_decide_within;
    QTimer m_debounce;
    JobId m_automatic_job = 0;
    struct Pending {
        int64_t version = 0;
        PrecisionPlan plan;
        bool operator==(const Pending&) const = default;
    };
    /// The network that is shown with this plan.
    [[nodiscard]] Pending pendingOf(const PrecisionPlan& plan) const;
    [[nodiscard]] std::map<JobId, Pending>::const_iterator queued(const PrecisionPlan& plan) const;
    std::map<JobId, Pending> m_pending;
    Running m_running;
    std::shared_ptr<flow::Evaluator> m_evaluator; ///< used by the lane's jobs only
    JobLane m_lane{JobLane::AtEnd::cancel};
};

} // namespace widthwise::gui
