#pragma once
// What a search is asked for in the window, as plain values; remembered between sessions and kept in the
// project, so that it can be resumed.

#include "core/flow/explore.h"

#include <QString>

class QSettings;

namespace widthwise::gui {

struct ExplorationSetup {
    std::string algorithm; ///< empty: the default
    int64_t budget = 400;  ///< designs run
    uint64_t seed = 1;
    flow::SpaceOptions space;
    explore::Goals goals;
    /// Images that the search sees, as flow::load_data reads them; empty: those that the window measures on.
    QString data;
    /// Images that the front is measured on again; empty: those that the window measures on or, where the
    /// search sees them, 30 % of them that are held back.
    QString report;
    int64_t limit = 0; ///< search images at most; 0: all
};

/// A snapshot of what is searched: enough to make the same request again.
struct ExplorationWork {
    ExplorationSetup setup;
    int64_t version = 0; ///< of the network
    PrecisionPlan base;
    HardwareTarget target;
    cost::Options cost;
    QString evaluation, calibration; ///< the window's data, by name; empty: none
};

/// "surrogate, 400 on eyeriss".
[[nodiscard]] QString exploration_label(const ExplorationWork& work);

[[nodiscard]] QString metric_title(explore::Metric metric); ///< "energy", "accuracy drop"
/// A unit that figures are typed in, and what it is worth in the metric's own: points, mJ, ms, kB, ...
struct MetricUnit {
    QString text;
    double factor = 1;
};
[[nodiscard]] std::vector<MetricUnit> metric_units(explore::Metric metric);
/// "1.84 mJ", "0.80 pt", "412 k LUT".
[[nodiscard]] QString metric_text(explore::Metric metric, double value);

/// "2, 3, 4, 6, 8" and back. Errors: usage, naming the word that is no width of 1..16.
[[nodiscard]] QString widths_text(const std::vector<int>& widths);
[[nodiscard]] Result<std::vector<int>> widths_from(const QString& text);

void store_setup(const ExplorationSetup& setup, QSettings& settings);
/// What was never stored stays as it is.
void restore_setup(ExplorationSetup& setup, const QSettings& settings);

/// How a search is kept in the project: `provenance`, a document of its own or nothing, with the work under
/// "window". `graph` is of its version. Errors: invalid_input for a document that has no such thing.
[[nodiscard]] std::string work_to_json(const ExplorationWork& work, const std::string& provenance = {});
[[nodiscard]] Result<ExplorationWork> work_from_json(const std::string& text, const Graph& graph);

} // namespace widthwise::gui
