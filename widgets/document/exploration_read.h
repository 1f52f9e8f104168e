#pragma once
// Searches of earlier sessions as the project file has them, and designs explained.

#include "widgets/document/exploration.h"
#include "widgets/document/project_store.h"

namespace widthwise::gui {

struct ReadExploration {
    std::shared_ptr<const explore::Space> space;
    std::vector<explore::Outcome> outcomes;
    std::vector<flow::CoursePoint> course;
    std::vector<flow::FrontDesign> front; ///< as far as the report images confirmed it
    std::optional<double> float_top1;     ///< on the search images
    std::optional<double> report_hypervolume;
};

/// Errors: as make_space, the log and the project file; cancelled.
[[nodiscard]] Result<ReadExploration> read_exploration(int64_t stored_id, const ExplorationWork& work,
                                                       const flow::Model& model, ProjectStore& store,
                                                       const ExplorationBackend& backend,
                                                       const WorkControl& control);

/// The newest one of this version; nullopt: none, or unreadable.
[[nodiscard]] std::optional<Sensitivity> newest_sensitivity(ProjectStore& store, int64_t version);

/// Against w8a8, or the widest that the space has, on the target as it was; what a layer pays in noise is
/// told where the project has sensitivities of this version. Errors: as cost::estimate.
[[nodiscard]] Result<ExplorationMoves> explain_design(const Graph& graph, const explore::Space& space,
                                                      const cost::Options& options,
                                                      const explore::Choices& choices, int64_t version,
                                                      ProjectStore* store);

} // namespace widthwise::gui
