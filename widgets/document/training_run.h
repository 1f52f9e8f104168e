#pragma once
// A training run as the window follows it: its curves, how far it is, and what came of it.

#include "core/store/project_file.h"
#include "core/train/trainer.h"

#include <QString>

#include <cstdint>
#include <optional>
#include <vector>

namespace widthwise::gui {

/// Values of successive steps in bounded memory: each kept point is the mean of as many steps as it takes.
class DecimatedCurve {
public:
    static constexpr size_t k_most = 512;

    void add(double value);
    /// The points, the last one of the steps that do not fill a whole one yet; x is the step in its middle,
    /// counted from 1.
    struct Point {
        double step = 0, value = 0;
    };
    [[nodiscard]] std::vector<Point> points() const;
    [[nodiscard]] bool empty() const { return m_count == 0; }

private:
    std::vector<double> m_means;
    int64_t m_stride = 1; ///< steps a point
    int64_t m_count = 0;
    double m_sum = 0; ///< of the steps behind the last whole point
    int64_t m_summed = 0;
};

struct TrainingRun {
    enum class Status { waiting, running, paused, finished, cancelled, failed };

    int64_t id = 0;        ///< of this window
    int64_t stored_id = 0; ///< in the project file; 0: not there
    int64_t parent = 0;    ///< version that it started from
    int64_t version = 0;   ///< that it made; 0: none
    QString label, kind;   ///< kind: as StoredRun has it
    Status status = Status::waiting;
    QString problem; ///< why it failed
    std::string options_json;
    QString created;

    DecimatedCurve loss; ///< by step
    std::vector<train::Epoch> epochs;
    train::StepReport last; ///< the newest step
    double seconds = 0;     ///< at work, without pauses
    bool validated = false; ///< epochs have a validation accuracy
    bool shown = true;      ///< in the charts
    /// Top-1 of the network as it was and as it became, 0..1, by the engine; nullopt: not measured, or of an
    /// earlier session.
    std::optional<double> before, after;

    [[nodiscard]] bool active() const {
        return status == Status::waiting || status == Status::running || status == Status::paused;
    }
    /// 0..1: of the validation images, else of the training images; nullopt: no epoch is done.
    [[nodiscard]] std::optional<double> best_top1() const;
    /// The newest epoch's, or while the first one runs the newest step's; nullopt: nothing yet.
    [[nodiscard]] std::optional<double> loss_now() const;
    /// It was measured, and found worse than what it began with.
    [[nodiscard]] bool worse() const { return before && after && *after < *before; }
    /// Seconds; negative: unknown.
    [[nodiscard]] double remaining_s() const;
};

/// The row that keeps a run, and the run of a row: with its epochs, without its steps.
[[nodiscard]] StoredRun to_stored(const TrainingRun& run);
[[nodiscard]] TrainingRun from_stored(const StoredRun& stored);

[[nodiscard]] QString status_text(const TrainingRun& run);

} // namespace widthwise::gui
