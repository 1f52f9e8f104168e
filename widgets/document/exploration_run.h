#pragma once
// A search as the window follows it: what it looked at, how far it is, and what came of it.

#include "core/store/project_file.h"
#include "widgets/document/exploration_setup.h"

#include <QString>

#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace widthwise::gui {

struct ExplorationRun {
    /// `interrupted`: the program ended while it ran; it can be resumed, as can a cancelled one.
    enum class Status { waiting, running, paused, finished, cancelled, interrupted, failed };

    int64_t id = 0;        ///< of this window
    int64_t stored_id = 0; ///< in the project file; 0: not there
    int64_t version = 0;   ///< of the network that is searched
    QString label, created;
    Status status = Status::waiting;
    QString problem; ///< why it failed
    bool shown = true;

    /// Null: it was not asked for in a window, and its designs cannot be told.
    std::shared_ptr<const ExplorationWork> work;
    std::shared_ptr<const explore::Space> space; ///< null: not made yet

    std::vector<explore::Outcome> outcomes; ///< by number
    std::vector<flow::CoursePoint> course;  ///< one each; of an earlier session empty or shorter
    std::vector<size_t> front;              ///< of `outcomes`, by rising second objective
    std::vector<flow::FrontDesign> report;  ///< the front on the report images, as far as it is measured
    std::optional<double> report_hypervolume;
    std::optional<double> float_top1; ///< on the search images
    int64_t measured = 0, screened = 0, rejected = 0;
    std::map<QString, int> reasons; ///< of those left and rejected, by kind of reason
    double seconds = 0;             ///< at work, over all sittings
    double sitting_s = 0;           ///< at work in this one
    /// From where this sitting's pace is told: its first news, for sensitivities come before, and what
    /// earlier sittings concluded comes at once.
    size_t paced_from = 0;
    double paced_from_s = -1; ///< negative: no news yet

    [[nodiscard]] bool active() const {
        return status == Status::waiting || status == Status::running || status == Status::paused;
    }
    [[nodiscard]] bool resumable() const {
        return (status == Status::cancelled || status == Status::interrupted) && work && stored_id != 0;
    }
    /// Designs run, of `budget`.
    [[nodiscard]] int64_t evaluations() const { return measured + screened; }
    [[nodiscard]] int64_t budget() const { return work ? work->setup.budget : 0; }
    /// Of this sitting; negative: not known yet.
    [[nodiscard]] double per_second() const;
    /// Seconds; negative: unknown.
    [[nodiscard]] double remaining_s() const;
    /// On the search images, so far; NaN: none.
    [[nodiscard]] double hypervolume() const;
    /// The front design that was confirmed with these choices; null: none.
    [[nodiscard]] const flow::FrontDesign* confirmed(const explore::Choices& choices) const;

    /// Takes what was concluded: outcomes, counts, reasons and front.
    void add(std::vector<explore::Outcome> news);
};

/// The front grown by outcomes[from..]: equal to explore::front_of over all of them.
[[nodiscard]] std::vector<size_t> grown_front(const std::vector<explore::Outcome>& outcomes,
                                              const std::vector<size_t>& front, size_t from,
                                              const explore::Goals& goals);

/// A reason without its figures: "energy … is above the limit of …".
[[nodiscard]] QString kind_of_reason(const explore::Outcome& outcome);

/// As flow names it: "w4a6 mixed, array.rows=8".
[[nodiscard]] QString design_label(const explore::Space& space, const explore::Choices& choices,
                                   const Graph& graph);

/// The row that keeps a run, less what its request decides.
[[nodiscard]] StoredExploration to_stored(const ExplorationRun& run);
/// The run of a row, without its candidates; `graph` is of its version, null: gone.
[[nodiscard]] ExplorationRun from_stored(const StoredExploration& stored, const Graph* graph);

[[nodiscard]] QString status_text(const ExplorationRun& run);

} // namespace widthwise::gui
