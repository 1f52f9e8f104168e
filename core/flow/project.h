#pragma once
// Between measured values and the project file: the one way in and out, for the window and the command line
// alike.

#include "core/design/cost_breakdown.h"
#include "core/design/evaluation.h"
#include "core/flow/session.h"
#include "core/report/report.h"
#include "core/store/project_file.h"

#include <span>
#include <string>

namespace widthwise::flow {

/// The row to store for a finished evaluation and what it costs; the id is still 0.
[[nodiscard]] StoredEvaluation to_stored(const Evaluation& evaluation, const CostBreakdown& cost,
                                         const Graph& graph);

/// The values of a stored row. Errors: invalid_input when its documents cannot be read, or name layers that
/// `graph` has not.
[[nodiscard]] Result<report::Design> from_stored(const StoredEvaluation& stored, const Graph& graph);

/// Makes `project` one of this network and data, or checks that it already is. `target_json` and `plan`
/// become the current ones of a new project. Errors: invalid_input when the project belongs to another
/// network.
[[nodiscard]] Result<void> adopt_network(ProjectFile& project, const Model& model, const Dataset& data,
                                         const std::string& calibration, const std::string& target_json,
                                         const PrecisionPlan& plan);

/// The project's designs with these ids (none: all), in id order, without pictures. Opens the project's
/// network to read them. Errors: invalid_input for an empty project, an unknown id (the known ones are named)
/// or a network that is gone.
[[nodiscard]] Result<report::Report> project_report(const ProjectFile& project, std::span<const int64_t> ids);

} // namespace widthwise::flow
