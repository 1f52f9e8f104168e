#pragma once
// Searches of a project file, from their beginning to their end.

#include "core/flow/explore.h"
#include "core/store/project_file.h"

#include <span>

namespace widthwise::flow {

/// What the designs of a search have in common: program version, CPU, model, data, time.
[[nodiscard]] std::string exploration_provenance(const ExploreRequest& request);

/// A new row, "queued"; `version`: the network that is searched, 0: the project's own.
[[nodiscard]] Result<int64_t> begin_exploration(ProjectFile& project, const ExploreRequest& request,
                                                int64_t version, std::string label);
/// The latest search that was made by this very request of this version; nullopt: none.
[[nodiscard]] Result<std::optional<StoredExploration>>
find_exploration(const ProjectFile& project, const ExploreRequest& request, int64_t version);
/// Begins or goes on with the search `id`, whose row tells what became of it: its status, seconds and, at the
/// end, its summary. A finished one is looked at: its row stays, interrupted or not, except that a summary
/// whose designs were deleted since names those that were measured again. Errors: invalid_input for an
/// unknown id or one that was made by another request (what differs is named); as run_exploration.
[[nodiscard]] Result<ExploreOutcome> explore_in_project(ProjectFile& project, int64_t id,
                                                        const ExploreRequest& request,
                                                        const WorkControl& control,
                                                        const ExploreObserver& observer = {});

/// A design of one of several fronts.
struct FrontPlace {
    size_t search = 0, position = 0;
    bool operator==(const FrontPlace&) const = default;
};
/// The front of several fronts, by rising second objective, as the search images have them: report images
/// choose nothing. Searches of one network and equal search images are comparable.
[[nodiscard]] std::vector<FrontPlace> merge_fronts(std::span<const std::vector<FrontDesign>> fronts,
                                                   const std::vector<explore::Metric>& objectives);

} // namespace widthwise::flow
