#pragma once
// A graph at a precision plan, translated into what its nodes ask of a machine.

#include "core/cost/graph_roles.h"
#include "core/cost/vector_work.h"
#include "core/design/hardware_target.h"

#include <map>
#include <string>
#include <vector>

namespace widthwise::cost {

/// What the estimate takes besides graph, plan and target.
struct Options {
    int64_t batch = 1;
    std::map<std::string, Zeros> zeros = {};      ///< by layer; none where nothing is said
    std::map<std::string, Mapping> mappings = {}; ///< by layer: taken as they are instead of a search
};

/// One node's part.
struct NodeProblem {
    enum class Kind {
        matrix,   ///< `position` in NetworkProblem::matrices
        vector,   ///< `position` in NetworkProblem::vectors
        fused,    ///< rides along in another node
        free,     ///< no data moves
        unpriced, ///< its shape is unknown or its operator has no model: `note` says which
    };
    Kind kind = Kind::free;
    size_t position = 0;
    int weight_bits = 0, activation_bits = 0; ///< as the design asks
    std::string note;                         ///< fallback of a matrix layer, line of the others
};

struct NetworkProblem {
    std::vector<NodeProblem> nodes; ///< of every node of the graph
    std::vector<MatrixProblem> matrices;
    std::vector<VectorWork> vectors;
    double weight_bytes = 0, model_bytes = 0; ///< as CostBreakdown's
    double bops = 0;
};

/// `on_chip`: per value of the graph, whether it stays in the innermost shared memory between the layers that
/// write and read it; empty: none does. Errors: invalid_input for a weighted layer of unknown shape, more
/// work than can be counted, or formats that the target cannot run, naming the layer.
[[nodiscard]] Result<NetworkProblem> network_problem(const Graph& graph, const PrecisionPlan& plan,
                                                     const HardwareTarget& target, const Options& options,
                                                     const std::vector<bool>& on_chip = {});

} // namespace widthwise::cost
