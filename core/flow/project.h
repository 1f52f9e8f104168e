#pragma once
// Between measured values and the project file: the one way in and out, for the window and the command line
// alike.

#include "core/design/cost_breakdown.h"
#include "core/design/evaluation.h"
#include "core/flow/session.h"
#include "core/report/report.h"
#include "core/store/project_file.h"

#include <map>
#include <span>
#include <string>

namespace widthwise::flow {

/// The row to store for a finished evaluation and what it costs; the id is still 0.
[[nodiscard]] StoredEvaluation to_stored(const Evaluation& evaluation, const CostBreakdown& cost,
                                         const Graph& graph);

/// The values of a stored row; `graph` and `network` (the label) are of the version that it measured. Errors:
/// invalid_input when its documents cannot be read, or name layers that `graph` has not.
[[nodiscard]] Result<report::Design> from_stored(const StoredEvaluation& stored, const Graph& graph,
                                                 std::string network = {});

/// The network of a version, with the design that it carries; 0: the project's own, from where it came. Its
/// source is the project's path and "#ID", its name the version's label. Errors: invalid_input for an unknown
/// id, a version whose bytes are no network, a project without a network; as load_model.
[[nodiscard]] Result<Model> load_version(const ProjectFile& project, int64_t id);

/// A project's networks, each loaded when it is first asked for.
class ProjectNetworks {
public:
    /// `project` outlives this.
    explicit ProjectNetworks(const ProjectFile& project) : m_project(project) {}
    /// Errors: as load_version.
    [[nodiscard]] Result<const Model*> at(int64_t version);
    /// A stored row with the network that it measured. Errors: as load_version and from_stored.
    [[nodiscard]] Result<report::Design> design(const StoredEvaluation& stored);

private:
    const ProjectFile& m_project;
    std::map<int64_t, Model> m_models;
};

/// Makes `project` one of this network and data, or checks that it already is: by its own network or by one
/// of its versions. `target_json` and `plan`
/// become the current ones of a new project. Errors: invalid_input when the project belongs to another
/// network.
[[nodiscard]] Result<void> adopt_network(ProjectFile& project, const Model& model, const Dataset& data,
                                         const std::string& calibration, const std::string& target_json,
                                         const PrecisionPlan& plan);

/// The project's designs with these ids (none: all), in id order, without pictures. Opens the networks
/// that were measured to read them. Errors: invalid_input for an empty project, an unknown id (the known ones
/// are named) or a network that is gone.
[[nodiscard]] Result<report::Report> project_report(const ProjectFile& project, std::span<const int64_t> ids);

} // namespace widthwise::flow
