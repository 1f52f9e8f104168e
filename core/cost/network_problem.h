#pragma once
// A graph at a precision plan, translated into what its nodes ask of a machine.

#include "core/cost/graph_roles.h"
#include "core/cost/vector_work.h"
#include "core/design/hardware_target.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace widthwise::cost {

/// What the estimate takes besides graph, plan and target.
struct Options {
    int64_t batch = 1;
    std::map<std::string, Zeros> zeros = {};      ///< by layer; none where nothing is said
    std::map<std::string, Mapping> mappings = {}; ///< by layer: taken as they are instead of a search
    /// Ways to spare DRAM traffic and memory (residency.h). nullopt: as the target does.
    std::optional<bool> keep_feature_maps = std::nullopt;
    bool fuse_layers = false, reorder = false;
    /// cost::estimate fills in CostBreakdown::options.
    bool report_options = false;
    bool operator==(const Options&) const = default;
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
    double weight_bytes = 0, model_bytes = 0; ///< this node's part of CostBreakdown's
    double bops = 0;
};

struct NetworkProblem {
    std::vector<NodeProblem> nodes; ///< of every node of the graph
    std::vector<MatrixProblem> matrices;
    std::vector<VectorWork> vectors;
};

/// A graph prepared for one target and options: all that no precision changes, so that a plan's problems are
/// filled in node by node. Refers to graph, target and options, which outlive it.
class NetworkTranslation {
public:
    /// Errors: usage for a batch below 1; invalid_input for a weighted layer of unknown shape or more work
    /// than can be counted, naming the layer.
    [[nodiscard]] static Result<NetworkTranslation> create(const Graph& graph, const HardwareTarget& target,
                                                           const Options& options);

    [[nodiscard]] const GraphRoles& roles() const { return m_roles; }
    [[nodiscard]] const StoredWidths& stored_widths() const { return m_stored; }
    /// The value in which what the node and those that ride along with it compute leaves.
    [[nodiscard]] ValueId result_of(NodeId node) const;
    /// With every node's kind and position; the widths' part is still to be translated.
    [[nodiscard]] const NetworkProblem& blank() const { return m_blank; }
    /// Fills in `node`'s part. Errors: invalid_input for formats that the target cannot run, naming the
    /// layer; the part is then as it was.
    [[nodiscard]] Result<void> translate(NodeId node, const Widths& widths, NetworkProblem& problem) const;

private:
    NetworkTranslation(const Graph& graph, const HardwareTarget& target, const Options& options);
    [[nodiscard]] Result<void> prepare();
    [[nodiscard]] Result<void> prepare_matrix(NodeId node, NodeProblem& entry);
    void prepare_vector(NodeId node, NodeProblem& entry);
    [[nodiscard]] Result<void> translate_matrix(NodeId node, const Widths& widths, NodeProblem& entry,
                                                MatrixProblem& problem) const;
    /// `constants`: widths of weights and of a left operand that are constant.
    [[nodiscard]] StoredBits stored_bits(NodeId node, const LoopNest& nest, const Widths& widths,
                                         const StoredBits& constants) const;
    void translate_vector(NodeId node, const Widths& widths, NodeProblem& entry, VectorWork& work) const;

    const Graph* m_graph;
    const HardwareTarget* m_target;
    const Options* m_options;
    GraphRoles m_roles;
    StoredWidths m_stored;
    int m_least_bits = 1; ///< that an element takes anywhere: narrower ones make the same problem
    NetworkProblem m_blank;
};

} // namespace widthwise::cost
