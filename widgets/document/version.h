#pragma once
// A network of the project: the one that it was made with, or what training or compression made of one.

#include "core/flow/session.h"
#include "core/train/options.h"

#include <QString>

#include <optional>

namespace widthwise::gui {

struct Version {
    int64_t id = 0;     ///< 0: the network that the project was made with; negative: in memory only
    int64_t parent = 0; ///< the version that it was made from
    QString label;      ///< "QAT w4a4, 5 epochs"
    QString kind;       ///< "train", "qat", "meta", "adapt", "compress"; empty for the project's own
    QString recipe;     ///< what it takes to make it again, as JSON
    QString created;    ///< ISO 8601
    flow::Model model;
    PrecisionPlan plan; ///< the design to begin with, in canonical form
    /// What the network brings with it, in canonical form; nullopt: nothing.
    std::optional<PrecisionPlan> carried;
    /// What compression made of it and fine-tuning shall leave so, its own and its ancestors'.
    train::Preserve preserve;
};

} // namespace widthwise::gui
