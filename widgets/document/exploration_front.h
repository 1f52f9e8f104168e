#pragma once
// The front of one search, or of several together, under the limits that the user plays with: answered from
// what was measured, without running anything.

#include "widgets/document/exploration_run.h"

namespace widthwise::gui {

struct FrontEntry {
    int64_t run = 0;
    size_t outcome = 0; ///< position in the run's outcomes
    explore::Choices choices;
    explore::Figures figures; ///< drop on the search images
    /// On the report images; nullopt: not measured there (yet).
    std::optional<flow::FrontDesign> confirmed;
    bool knee = false;
    bool cheapest = false; ///< of those within 1 point of float

    /// On the report images where it was measured there.
    [[nodiscard]] double drop() const;
};

/// Within 1 point of float by the paired interval of the report images; nullopt: undecided, or not measured
/// there.
[[nodiscard]] std::optional<bool> within_one_point(const FrontEntry& entry);

/// By rising second objective of `goals`.
[[nodiscard]] std::vector<FrontEntry> front_entries(const std::vector<const ExplorationRun*>& runs,
                                                    const explore::Goals& goals);

/// Why these runs cannot be put on one front; empty: they can.
[[nodiscard]] QString why_not_one_front(const std::vector<const ExplorationRun*>& runs);

} // namespace widthwise::gui
