#pragma once
// The project file: SQLite in WAL mode. What was stored survives kill -9. The only room that sees sqlite.

#include "core/base/result.h"
#include "core/quant/number_format.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace widthwise {

struct StoredNetwork {
    std::string path; ///< as the user gave it: a file (absolute), "demo" or "zoo:NAME"
    std::string hash;
    std::string data, data_hash; ///< evaluation data; empty: none yet
    std::string calibration_data;
    std::string target_json;       ///< the target in use
    std::string current_plan_json; ///< the design being edited (widthwise-design/1)
};

/// A finished evaluation of one design; the JSON columns are documents of core/design.
struct StoredEvaluation {
    int64_t id = 0; ///< assigned by add_evaluation
    std::string label;
    std::string plan_json;       ///< as asked
    std::string resolved_json;   ///< with scales
    std::string evaluation_json; ///< accuracy, layers, provenance
    std::string cost_json;       ///< of the target named in it
    double top1 = 0;
    double energy_j = 0, latency_s = 0, area_mm2 = 0, model_bytes = 0;
    std::string created_utc;
    int64_t version = 0; ///< the network that was measured: a StoredVersion, 0: the project's own
};

/// A network that the project itself holds: trained, compressed or adapted from another one.
struct StoredVersion {
    int64_t id = 0;          ///< assigned by add_version
    int64_t parent = 0;      ///< the version it came from; 0: the network that the project was made with
    std::string label;       ///< "QAT w3a3, 10 epochs"
    std::string kind;        ///< "train", "qat", "meta", "adapt", "compress"
    std::string recipe_json; ///< options, data, seed: what it takes to make it again; shown as it is
    std::string plan_json;   ///< the design it came with (widthwise-design/1); empty: none
    std::string created_utc;
};

/// A training run, finished or not: its curves outlive it.
struct StoredRun {
    int64_t id = 0;      ///< assigned by add_run
    int64_t parent = 0;  ///< version that it started from
    int64_t version = 0; ///< that it made; 0: none (yet)
    std::string label, kind, options_json;
    std::string epochs_json; ///< [{"loss", "train_top1", "validation_top1", "seconds"}]
    std::string status;      ///< "running", "finished", "cancelled", "failed: why"
    std::string created_utc;
};

/// What sensitivity() found, with what it was asked.
struct StoredSensitivity {
    int64_t id = 0;               ///< assigned by add_sensitivity
    int64_t version = 0;          ///< the network; 0: the project's own
    std::string request_json;     ///< data, plan, widths, images, seed: equal requests, equal answers
    std::string sensitivity_json; ///< core/design/json.h
    std::string created_utc;
};

/// A search, finished or not.
struct StoredExploration {
    int64_t id = 0;      ///< assigned by add_exploration
    int64_t version = 0; ///< the network that is searched
    std::string label;
    std::string request_json;    ///< all that decides the result: space, goals, algorithm, budget, seed, data
    std::string provenance_json; ///< of all its candidates
    std::string status;          ///< "queued", "running", "finished", "cancelled", "failed: why"
    std::string summary_json;    ///< of a finished one: front, hypervolume, its course; empty before
    double seconds = 0;          ///< of work so far, over all sittings
    std::string created_utc;
};

/// A design that a search has looked at, in the order in which the search was told.
struct StoredCandidate {
    int64_t exploration = 0;
    std::string stage;   ///< "search", "report"
    int64_t number = 0;  ///< 0, 1, ... within exploration and stage, without gaps
    std::string choices; ///< "3,0,4"
    std::string verdict, reason;
    std::string figures_json;
    int64_t samples = 0;
    std::string answers;    ///< bytes: one bit an image in the order of running, lowest bit first
    double seconds = 0;     ///< of search up to here, over all sittings
    int64_t evaluation = 0; ///< of the front: its row among the evaluations; 0: none
};

class ProjectFile {
public:
    /// Opens or creates. Errors: invalid_input (not a project; made by a newer version: which), io (read-only
    /// folder, full disk).
    static Result<std::unique_ptr<ProjectFile>> open(const std::filesystem::path& path);
    ~ProjectFile();
    ProjectFile(const ProjectFile&) = delete;
    ProjectFile& operator=(const ProjectFile&) = delete;

    [[nodiscard]] const std::filesystem::path& path() const;
    [[nodiscard]] Result<std::optional<StoredNetwork>> network() const;
    Result<void> set_network(const StoredNetwork& network);
    /// Committed (fsynced) when it returns; gives the new id.
    Result<int64_t> add_evaluation(const StoredEvaluation& evaluation);
    /// In id order.
    [[nodiscard]] Result<std::vector<StoredEvaluation>> evaluations() const;
    Result<void> remove_evaluation(int64_t id);

    /// `onnx`: the network's file, its bytes. Committed when it returns; gives the new id.
    Result<int64_t> add_version(const StoredVersion& version, std::string_view onnx);
    /// In id order, without the networks.
    [[nodiscard]] Result<std::vector<StoredVersion>> versions() const;
    /// A version's file. Errors: invalid_input for an unknown id.
    [[nodiscard]] Result<std::string> version_onnx(int64_t id) const;
    /// The version that the project opens with; 0: the project's own network.
    [[nodiscard]] Result<int64_t> current_version() const;
    Result<void> set_current_version(int64_t id);

    Result<int64_t> add_run(const StoredRun& run);
    /// Replaces the row with the run's id.
    Result<void> update_run(const StoredRun& run);
    [[nodiscard]] Result<std::vector<StoredRun>> runs() const;

    Result<int64_t> add_sensitivity(const StoredSensitivity& sensitivity);
    [[nodiscard]] Result<std::vector<StoredSensitivity>> sensitivities() const;

    Result<int64_t> add_exploration(const StoredExploration& exploration);
    /// Replaces the row with its id.
    Result<void> update_exploration(const StoredExploration& exploration);
    [[nodiscard]] Result<std::vector<StoredExploration>> explorations() const;
    /// With its candidates.
    Result<void> remove_exploration(int64_t id);
    /// Committed when it returns. Errors: invalid_input for a number that does not follow the last one of its
    /// stage, an unknown exploration or evaluation.
    Result<void> add_candidate(const StoredCandidate& candidate);
    /// For a candidate whose evaluation was removed and made again. Errors: invalid_input for an unknown
    /// candidate or evaluation.
    Result<void> set_candidate_evaluation(int64_t exploration, std::string_view stage, int64_t number,
                                          int64_t evaluation);
    /// Of one exploration and stage, by number; none of an unknown one. Errors: invalid_input for a gap.
    [[nodiscard]] Result<std::vector<StoredCandidate>> candidates(int64_t exploration,
                                                                  std::string_view stage) const;

    /// A consistent copy (SQLite backup), replacing `target` only when complete.
    Result<void> save_copy(const std::filesystem::path& target) const;

private:
    ProjectFile();
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

} // namespace widthwise
