#pragma once
// Where a design's layers stand in dense tables: for each node that costs something, all that its figures
// depend on (its own formats, how wide its operands are stored, which of them stay on the chip) as one
// number.

#include "core/cost/design_table.h"
#include "core/cost/network_problem.h"
#include "core/cost/residency.h"

#include <array>

namespace widthwise::cost {

class DesignLayout {
public:
    /// A node that costs something.
    struct Part {
        NodeId node;
        bool matrix = false;
        size_t cells = 1; ///< of its table; 0: too many for one
    private:
        friend class DesignLayout;
        int layer = -1; ///< its choice; -1: none
        size_t weight_stride = 0, activation_stride = 0;
        size_t first_operand = 0, last_operand = 0;
    };

    /// Graph, target, options and translation outlive it.
    DesignLayout(const Graph& graph, const HardwareTarget& target, const Options& options,
                 const NetworkTranslation& translation, const PrecisionPlan& base,
                 const std::vector<NumberFormat>& weights, const std::vector<NumberFormat>& activations);

    /// The nodes that get a choice, in the graph's order.
    [[nodiscard]] const std::vector<NodeId>& layers() const { return m_layers; }
    [[nodiscard]] const std::vector<Part>& parts() const { return m_parts; }
    [[nodiscard]] bool has(std::span<const WidthChoice> design) const;
    [[nodiscard]] const LayerPrecision& chosen(size_t layer, WidthChoice choice) const;

    /// Takes up a design that it has().
    void settle(std::span<const WidthChoice> design);
    [[nodiscard]] const Widths& widths() const { return m_widths; }
    /// Of part `part`, below its cells where it has any.
    [[nodiscard]] size_t cell(size_t part) const { return m_cells[part]; }

private:
    /// A value that a node's figures depend on.
    struct Operand {
        size_t stored = 0, stays = 0; ///< values; a layer's result stays as what rides along leaves it
        size_t stride = 0;
    };

    void add_layer(NodeId node, const PrecisionPlan& base, const std::vector<NumberFormat>& weights,
                   const std::vector<NumberFormat>& activations);
    void add_part(NodeId node);
    /// Every map that could stay does, whatever the formats: at the widest activations with each of the
    /// weights' there is room for all, and narrower ones need less.
    [[nodiscard]] bool all_maps_stay(const HardwareTarget& target, const Options& options);
    /// The formats of a design, and how wide it stores what.
    void take(std::span<const WidthChoice> design);
    [[nodiscard]] size_t cell_of(const Part& part, std::span<const WidthChoice> design) const;

    const Graph* m_graph;
    const NetworkTranslation* m_translation;
    size_t m_weights, m_activations; ///< formats to choose from
    ResidencyUse m_use;
    std::unique_ptr<ResidencyPlanner> m_planner; ///< null where what stays on the chip is settled
    std::vector<int> m_bits;                     ///< stored, of each activation format
    int m_otherwise = 0;                         ///< stored, of the default
    std::array<size_t, 33> m_level_of{};         ///< stored bits -> position among those that occur
    size_t m_levels = 0;
    std::vector<NodeId> m_layers;
    std::vector<LayerPrecision> m_choices; ///< by layer, activations, weights
    std::vector<Part> m_parts;
    std::vector<Operand> m_operands;
    // At the last design:
    std::vector<int> m_node_bits;
    Widths m_widths;
    std::vector<size_t> m_cells; ///< by part
};

} // namespace widthwise::cost
