#pragma once
// Search as users ask for it: a network, images, a target and goals in; a front of measured designs out.
//
// Every conclusion (a design measured, screened or rejected) goes to the log as it is reached, before the
// algorithm is told of it, in an order that depends on what was asked only: designs of one question that
// begin alike are run one after another. A search is a function of its request, so a log that already knows
// the first answers resumes it: it asks the same questions and reads those answers there.

#include "core/cost/cost_model.h"
#include "core/explore/algorithm.h"
#include "core/explore/decision.h"
#include "core/explore/racing.h"
#include "core/explore/surrogate.h"
#include "core/flow/session.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace widthwise::flow {

/// A target parameter to be searched beside the widths.
struct HardwareVariable {
    std::string key;                 ///< target_parameter.h
    std::vector<std::string> values; ///< JSON texts; empty: the suggestions of target_parameters()
};

struct SpaceOptions {
    std::vector<int> weight_widths = {2, 3, 4, 6, 8};
    std::vector<int> activation_widths = {2, 3, 4, 6, 8};
    /// Other formats besides ("ternary", "log4", "e4m3" as parse_bits has them), for weights.
    std::vector<std::string> weight_formats = {}, activation_formats = {};
    std::vector<std::string> frozen = {}; ///< globs: layers that keep the base plan's precision
    bool tie_operands = false;            ///< one width for a layer's weights and activations
    /// Integers of up to 4 bits take the range with the least squared error (weights and activations).
    bool least_error_for_few_bits = true;
    std::vector<HardwareVariable> hardware = {};
};

/// One variable per searchable layer and operand (additions and pools have activations only: what they read
/// at 8 bits has to be stored at 8 bits, whatever the convolutions around them take), then the hardware's.
/// Widths that the target cannot take are left out. Errors: usage for unknown formats, globs that match
/// nothing, hardware keys or values that the target refuses; invalid_input when nothing is left to choose.
[[nodiscard]] Result<explore::Space> make_space(const Graph& graph, const PrecisionPlan& base,
                                                const HardwareTarget& target, const SpaceOptions& options);

struct ExploreRequest {
    Model model;
    DatasetPtr data;        ///< of which the search sees the search images
    DatasetPtr report_data; ///< null, or the same images as `data`: `data` is split 70 : 30 by the seed
    DatasetPtr calibration; ///< null: the first search images
    int64_t calibration_samples = 256;
    int64_t limit = 0; ///< search images at most, drawn by the seed; 0: all
    explore::Space space;
    cost::Options cost;
    explore::Goals goals;
    std::string algorithm; ///< empty: the default
    int64_t budget = 400;  ///< designs run
    uint64_t seed = 1;
    std::vector<PrecisionPlan>
        start; ///< designs to begin with besides w8a8; those outside the space are left out
    int64_t sensitivity_samples = 256; ///< search images for the sensitivities that the algorithm starts from
    /// Few images first, all of them only for what seems to be on the front when the search is over
    /// (racing.h). Off, or where the budget covers the whole space: every design on all images.
    bool screen = true;
    bool incremental = true; ///< designs share what they have in common; off only to measure what it gains
};

/// A conclusion as the log keeps it. A design comes twice when it is completed.
struct Candidate {
    int64_t number = 0;
    explore::Outcome outcome;
    explore::Answers answers; ///< of the images run
    double seconds = 0;       ///< of search up to here, over all sittings
};

/// Where a search writes and looks up what it concluded.
class ExploreLog {
public:
    virtual ~ExploreLog() = default;
    /// Spent on it so far, where more is known than the last conclusion says.
    [[nodiscard]] virtual double seconds() const { return 0; }
    /// What is already known, by number, without gaps. Asked once, at the start.
    [[nodiscard]] virtual Result<std::vector<Candidate>> known() = 0;
    /// Committed when it returns.
    [[nodiscard]] virtual Result<void> add(const Candidate& candidate) = 0;
    /// A front design measured on the report images; gives the id that names it from now on. Asked for the
    /// same choices again (resumed), it gives the same id.
    [[nodiscard]] virtual Result<int64_t> add_front(const explore::Choices& choices,
                                                    const EvaluationOutcome& report,
                                                    const CostBreakdown& cost) = 0;
    /// A sensitivity asked for with the same request before; nullopt: none.
    [[nodiscard]] virtual Result<std::optional<Sensitivity>> sensitivity(const std::string& request_json) = 0;
    [[nodiscard]] virtual Result<void> add_sensitivity(const std::string& request_json,
                                                       const Sensitivity& sensitivity) = 0;
};

struct FrontDesign {
    int64_t design_id = 0; ///< the log's
    explore::Choices choices;
    PrecisionPlan plan;
    explore::Figures figures; ///< costs; drop on the search images
    double top1 = 0;          ///< on the search images
    Accuracy report;          ///< on the report images; agreement networks: samples 0
    double report_top1 = 0;   ///< or agreement with float
    /// Paired, on the report images: within one point of float? nullopt: not decided at 95 %.
    std::optional<bool> within_one_point;
    bool knee = false;
};

/// Hypervolume and best figures after each conclusion, on search images: what a chart of the search's course
/// shows. At the end, when the front is completed on all images, it may fall: what seemed best on some images
/// was in part lucky there.
struct CoursePoint {
    int64_t evaluations = 0;
    double seconds = 0;
    double hypervolume = 0; ///< of (drop / 0.2, energy / energy of w8a8), reference (1, 1)
};

struct ExploreOutcome {
    std::vector<FrontDesign> front; ///< by rising second objective
    double hypervolume = 0;         ///< of the front with the drops on the report images, as above
    double search_hypervolume = 0;  ///< the same on the search images
    std::vector<CoursePoint> course;
    int64_t evaluations = 0; ///< designs run, each once; sensitivity entries not counted
    int64_t measured = 0, screened = 0, rejected = 0;
    int64_t sensitivity_evaluations = 0;
    int64_t images_run = 0; ///< by the search, of all designs
    int64_t search_images = 0, report_images = 0;
    double float_top1 = 0, report_float_top1 = 0;
    explore::Figures baseline;      ///< w8a8 on the base target, or the widest design that it can run
    std::string baseline_label;     ///< "w8a8"
    double seconds = 0;             ///< over all sittings
    bool cancelled = false;         ///< the front is that of what was finished
    std::string nothing_feasible;   ///< why the front is empty, with the nearest design
    std::string ended_early;        ///< why it ended before its budget was spent
    std::vector<std::string> notes; ///< what a reader of the figures has to know besides
};

struct ExploreObserver {
    /// After each conclusion, those of earlier sittings again included, on the working thread; blocking here
    /// pauses the search.
    std::function<void(const Candidate&, const CoursePoint&)> on_candidate;
    std::function<void(const FrontDesign&)> on_front; ///< as the report images confirm it
};

/// Errors: as the space's, goals', evaluator's; invalid_input naming the tightest constraint when no design
/// can keep the goals. Cancelled work gives the outcome of what was finished (front measured if it can be
/// done: no), with `cancelled` set.
[[nodiscard]] Result<ExploreOutcome> run_exploration(const ExploreRequest& request, ExploreLog& log,
                                                     const WorkControl& control,
                                                     const ExploreObserver& observer = {});

/// The sensitivities that a search of this request starts from: from the log, or measured and written there.
/// Images are drawn by the seed; all else stands at the space's 8-bit design, widths as the space writes
/// them.
[[nodiscard]] Result<Sensitivity> explore_sensitivity(const ExploreRequest& request, ExploreLog& log,
                                                      const WorkControl& control);

/// All that decides a search's result, as one document: a log of another request is refused by it.
[[nodiscard]] std::string request_to_json(const ExploreRequest& request);

} // namespace widthwise::flow
