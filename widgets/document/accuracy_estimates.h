#pragma once
// The live estimate: what accuracy the present design probably has before it is measured. Fitted in the
// background to the project's sensitivities and to all that was measured of the version that is shown.

#include "core/flow/accuracy_estimate.h"
#include "widgets/document/exploration.h"

#include <QTimer>

namespace widthwise::gui {

class AccuracyEstimates : public QObject {
    Q_OBJECT
public:
    AccuracyEstimates(Document& document, Project& project, Exploration& exploration,
                      QObject* parent = nullptr);
    /// There are other sensitivities, or other measured designs.
    void refitSoon() { m_soon.start(); }

    struct Estimate {
        double top1 = 0;    ///< 0..1
        double drop = 0;    ///< against float
        double sigma = 0;   ///< standard deviation of both
        size_t designs = 0; ///< measured ones that it rests on, besides the sensitivities
    };
    /// Of the current design; nullopt: no sensitivities of this version, or nothing measured that tells what
    /// float has.
    [[nodiscard]] std::optional<Estimate> current() const;

signals:
    void changed();

private:
    void fit();
    [[nodiscard]] std::optional<double> floatTop1() const;

    Document& m_document;
    Project& m_project;
    Exploration& m_exploration;
    std::shared_ptr<const flow::AccuracyEstimator> m_estimator; ///< of m_version; null: none
    int64_t m_version = 0;
    QTimer m_soon; ///< several designs at once are one fit
    JobLane m_lane{JobLane::AtEnd::cancel};
};

} // namespace widthwise::gui
