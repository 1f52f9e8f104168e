#include "core/cost/design_table.h"

#include "core/cost/cost_totals.h"
#include "core/cost/estimator.h"
#include "core/cost/legality.h"
#include "core/cost/machine_memo.h"
#include "core/cost/residency.h"

#include <algorithm>
#include <array>

namespace widthwise::cost {
namespace {

constexpr size_t k_most_formats = 32;
constexpr size_t k_most_cells = 1 << 16; ///< of one node: what needs more is priced each time
constexpr size_t k_most_kept = 1 << 22;  ///< cells of all sets of tables: the set used longest ago goes

/// One node at one combination of widths.
struct Cell {
    double cycles = -1; ///< not known yet
    double energy_j = 0, dram_bytes = 0, model_bytes = 0, bops = 0;
};

/// A value that a node's figures depend on: how wide it is stored, and whether it stays on the chip.
struct Operand {
    size_t stored = 0, stays = 0; ///< values; a layer's result stays as what rides along leaves it
    size_t stride = 0;
};

/// A node that costs something: its cell is the sum of strides x positions.
struct Part {
    NodeId node;
    int layer = -1; ///< its choice; -1: none
    size_t weight_stride = 0, activation_stride = 0;
    size_t first_operand = 0, last_operand = 0;
    size_t cells = 1; ///< 0: too many
    bool matrix = false;
};

/// The tables of a machine that was sized for one demand.
struct Sized {
    Demand demand;
    std::unique_ptr<RememberingMachine> machine;
    double area_mm2 = 0;
    std::vector<std::vector<Cell>> cells; ///< by part
};

} // namespace

class DesignTable::State {
public:
    State(GraphPtr graph, HardwareTarget target, Options options, PrecisionPlan base,
          std::vector<NumberFormat> weights, std::vector<NumberFormat> activations)
        : m_graph(std::move(graph))
        , m_target(std::move(target))
        , m_options(std::move(options))
        , m_base(std::move(base))
        , m_weights(std::move(weights))
        , m_activations(std::move(activations)) {}

    Result<void> prepare() {
        if (!adds_up()) {
            auto estimator = Estimator::create(m_graph, m_target, m_options);
            if (!estimator) return forward_error(estimator);
            m_estimator = std::make_unique<Estimator>(std::move(*estimator));
        }
        auto translation = NetworkTranslation::create(*m_graph, m_target, m_options);
        if (!translation) return forward_error(translation);
        m_translation = std::make_unique<const NetworkTranslation>(std::move(*translation));
        m_problem = m_translation->blank();

        if (const ResidencyUse use = residency_use(m_target, m_options);
            use.keep_feature_maps || use.fuse_layers)
            m_planner = std::make_unique<ResidencyPlanner>(*m_graph, m_translation->roles(), m_target,
                                                           m_options.batch);
        prepare_levels();
        const size_t nodes = m_graph->nodes().size(), values = m_graph->values().size();
        m_node_bits.resize(nodes);
        m_widths.precision.resize(nodes);
        m_widths.stored_bits.resize(values);
        m_widths.on_chip.resize(values);
        for (const NodeId id : m_graph->node_ids()) {
            if (m_translation->roles().reads[id.position()]) add_layer(id);
            const auto kind = m_problem.nodes[id.position()].kind;
            if (kind == NodeProblem::Kind::matrix || kind == NodeProblem::Kind::vector) add_part(id);
        }
        for (const Part& part : m_parts) m_set_cells += part.cells;
        if (m_target.sizing == Sizing::to_design)
            for (const Part& part : m_parts) m_demands.emplace_back(part.matrix ? part.cells : 0);
        return {};
    }

    [[nodiscard]] bool adds_up() const { return m_target.kind != TargetKind::fpga_dataflow; }
    [[nodiscard]] const std::vector<NodeId>& layers() const { return m_layers; }

    [[nodiscard]] PrecisionPlan plan(std::span<const WidthChoice> design) const {
        PrecisionPlan plan = m_base;
        for (size_t i = 0; i < m_layers.size(); ++i) {
            const std::string& name = m_graph->node(m_layers[i]).name;
            plan.set(name, chosen(i, design[i]));
        }
        return plan;
    }

    Result<CostTotals> totals(std::span<const WidthChoice> design) {
        if (auto valid = check(design); !valid) return forward_error(valid);
        if (m_estimator) return full_estimate(design);
        settle_widths(design);
        auto sized = sized_for(design);
        if (!sized) return forward_error(sized);

        CostTotals totals;
        double cycles = 0;
        for (size_t p = 0; p < m_parts.size(); ++p) {
            const Part& part = m_parts[p];
            Cell* const known = at((*sized)->cells[p], part, choice_of(part, design));
            Cell priced;
            if (!known || known->cycles < 0) {
                auto fresh = price(part, **sized);
                if (!fresh) return forward_error(fresh);
                priced = *fresh;
                if (known) *known = priced;
            }
            const Cell* const cell = known ? known : &priced;
            cycles += cell->cycles;
            totals.energy_j += cell->energy_j;
            totals.dram_bytes += cell->dram_bytes;
            totals.model_bytes += cell->model_bytes;
            totals.bops += cell->bops;
        }
        totals.latency_s = cycles * (*sized)->machine->machine().cycle_s();
        totals.area_mm2 = (*sized)->area_mm2;
        return totals;
    }

private:
    /// The widths that occur, and where each stands among them.
    void prepare_levels() {
        m_otherwise = stored_activation_bits(m_target, m_base.default_precision().activations);
        for (const NumberFormat& format : m_activations)
            m_bits.push_back(stored_activation_bits(m_target, format));
        std::vector<int> levels = m_bits;
        levels.push_back(m_otherwise);
        std::sort(levels.begin(), levels.end());
        levels.erase(std::unique(levels.begin(), levels.end()), levels.end());
        for (size_t i = 0; i < levels.size(); ++i) m_level_of[static_cast<size_t>(levels[i])] = i;
        m_levels = levels.size();
    }

    void add_layer(NodeId id) {
        m_layers.push_back(id);
        const bool weighted = is_weighted(*m_graph, id);
        LayerPrecision precision = m_base.at(m_graph->node(id).name);
        for (const NumberFormat& activations : m_activations) {
            precision.activations = activations;
            for (const NumberFormat& weights : m_weights) {
                if (weighted) precision.weights = weights;
                m_choices.push_back(precision);
            }
        }
    }

    [[nodiscard]] size_t choice_position(size_t layer, WidthChoice choice) const {
        return (layer * m_activations.size() + choice.activations) * m_weights.size() + choice.weights;
    }
    [[nodiscard]] const LayerPrecision& chosen(size_t layer, WidthChoice choice) const {
        return m_choices[choice_position(layer, choice)];
    }

    void settle_widths(std::span<const WidthChoice> design) {
        for (size_t i = 0; i < m_layers.size(); ++i) {
            m_node_bits[m_layers[i].position()] = m_bits[design[i].activations];
            m_widths.precision[m_layers[i].position()] = &chosen(i, design[i]);
        }
        m_translation->stored_widths()(m_node_bits, m_otherwise, m_widths.stored_bits);
        if (!m_planner) return;
        Residency residency = m_planner->plan(m_widths, residency_use(m_target, m_options));
        m_widths.on_chip = std::move(residency.on_chip);
        m_widths.on_chip.resize(m_graph->values().size());
    }

    Result<void> check(std::span<const WidthChoice> design) const {
        const bool known = std::all_of(design.begin(), design.end(), [&](WidthChoice choice) {
            return choice.weights < m_weights.size() && choice.activations < m_activations.size();
        });
        if (known && design.size() == m_layers.size()) return {};
        return fail(ErrorCode::usage, "a design of choices that the table does not have", "design table",
                    "give one choice for each of its layers, of its formats");
    }

    Result<CostTotals> full_estimate(std::span<const WidthChoice> design) {
        const auto cost = m_estimator->at(plan(design));
        if (!cost) return tl::unexpected<Error>(cost.error());
        const CostBreakdown& c = **cost;
        return CostTotals{c.latency_s, c.energy_j, c.area_mm2, c.model_bytes, c.bops, c.dram_bytes};
    }

    void add_part(NodeId id) {
        Part part;
        part.node = id;
        part.matrix = m_problem.nodes[id.position()].kind == NodeProblem::Kind::matrix;
        size_t stride = 1;
        if (m_translation->roles().reads[id.position()]) {
            part.layer = static_cast<int>(m_layers.size()) - 1;
            part.activation_stride = stride;
            stride *= m_activations.size();
            if (is_weighted(*m_graph, id)) {
                part.weight_stride = stride;
                stride *= m_weights.size();
            }
        }
        std::vector<ValueId> values = m_graph->node(id).inputs;
        values.push_back(m_graph->node(id).output());
        std::sort(values.begin(), values.end());
        values.erase(std::unique(values.begin(), values.end()), values.end());
        part.first_operand = m_operands.size();
        for (const ValueId value : values) {
            if (m_graph->value(value).constant) continue;
            // What this node alone reads is stored as it reads it.
            if (!m_planner && m_translation->stored_widths().sole_reader(value) == id) continue;
            const bool result = value == m_graph->node(id).output() && is_matrix(m_graph->node(id).op);
            m_operands.push_back({value.position(),
                                  result ? m_translation->result_of(id).position() : value.position(),
                                  stride});
            stride = std::min(stride * m_levels * (m_planner ? 2 : 1), k_most_cells + 1);
        }
        part.last_operand = m_operands.size();
        part.cells = stride <= k_most_cells ? stride : 0;
        m_parts.push_back(part);
    }

    [[nodiscard]] static WidthChoice choice_of(const Part& part, std::span<const WidthChoice> design) {
        return part.layer < 0 ? WidthChoice{} : design[static_cast<size_t>(part.layer)];
    }

    [[nodiscard]] size_t position(const Part& part, WidthChoice choice) const {
        size_t position = part.activation_stride * choice.activations + part.weight_stride * choice.weights;
        for (size_t i = part.first_operand; i < part.last_operand; ++i) {
            const Operand& operand = m_operands[i];
            const size_t level = m_level_of[static_cast<size_t>(m_widths.stored_bits[operand.stored])];
            position += operand.stride * (m_widths.on_chip[operand.stays] ? level + m_levels : level);
        }
        return position;
    }

    /// The cell's place in a table of the part's; null where there is none.
    template <typename T> T* at(std::vector<T>& table, const Part& part, WidthChoice choice) const {
        return table.empty() ? nullptr : &table[position(part, choice)];
    }

    /// What the whole design asks of a machine that is built for it.
    Result<Demand> demand_of(std::span<const WidthChoice> design) {
        Demand demand;
        for (size_t p = 0; p < m_demands.size(); ++p) {
            const Part& part = m_parts[p];
            if (!part.matrix) continue;
            uint32_t* const known = at(m_demands[p], part, choice_of(part, design));
            if (known && *known > 0) {
                demand.add(m_unique_demands[*known - 1]);
                continue;
            }
            if (auto done = m_translation->translate(part.node, m_widths, m_problem); !done)
                return forward_error(done);
            Demand fresh;
            fresh.add(m_problem.matrices[m_problem.nodes[part.node.position()].position]);
            demand.add(fresh);
            if (known) *known = remember(fresh);
        }
        return demand;
    }

    /// Its number from 1 on; few demands differ, so that they stay close at hand.
    uint32_t remember(const Demand& demand) {
        const auto found = std::find(m_unique_demands.begin(), m_unique_demands.end(), demand);
        if (found != m_unique_demands.end())
            return static_cast<uint32_t>(found - m_unique_demands.begin()) + 1;
        m_unique_demands.push_back(demand);
        return static_cast<uint32_t>(m_unique_demands.size());
    }

    Result<Sized*> sized_for(std::span<const WidthChoice> design) {
        const auto demand = demand_of(design);
        if (!demand) return tl::unexpected<Error>(demand.error());
        auto found = std::find_if(m_sizes.begin(), m_sizes.end(),
                                  [&](const auto& sized) { return sized->demand == *demand; });
        if (found == m_sizes.end()) {
            auto made = make_sized(*demand);
            if (!made) return forward_error(made);
            if (m_sizes.size() > 1 && m_sizes.size() * m_set_cells >= k_most_kept) m_sizes.pop_back();
            m_sizes.push_back(std::move(*made));
            found = m_sizes.end() - 1;
        }
        if (found != m_sizes.begin()) std::rotate(m_sizes.begin(), found, found + 1);
        return m_sizes.front().get();
    }

    Result<std::unique_ptr<Sized>> make_sized(const Demand& demand) {
        for (const Part& part : m_parts)
            if (auto done = m_translation->translate(part.node, m_widths, m_problem); !done)
                return forward_error(done);
        auto machine = make_machine(m_target, m_problem.matrices,
                                    {.vectors = m_problem.vectors, .batch = m_options.batch});
        if (!machine) return forward_error(machine);
        auto sized = std::make_unique<Sized>();
        sized->demand = demand;
        sized->machine = std::make_unique<RememberingMachine>(std::move(*machine));
        sized->area_mm2 = area_of(*sized->machine);
        for (const Part& part : m_parts) sized->cells.emplace_back(part.cells);
        return sized;
    }

    [[nodiscard]] double area_of(const RememberingMachine& machine) const {
        CostBreakdown cost;
        set_area(cost, machine.machine(), machine.area(), m_target);
        return cost.area_mm2;
    }

    Result<Cell> price(const Part& part, Sized& sized) {
        if (auto done = m_translation->translate(part.node, m_widths, m_problem); !done)
            return forward_error(done);
        const NodeProblem& entry = m_problem.nodes[part.node.position()];
        Cell cell{0, 0, 0, entry.model_bytes, entry.bops};
        const auto add = [&](const LayerFigures& figures) {
            cell.cycles = static_cast<double>(figures.cycles);
            cell.energy_j = figures.energy.total_j();
            cell.dram_bytes = figures.dram_bytes;
        };
        if (entry.kind == NodeProblem::Kind::vector)
            add(sized.machine->machine().vector(m_problem.vectors[entry.position]));
        if (entry.kind != NodeProblem::Kind::matrix) return cell;

        const std::string& name = m_graph->node(part.node).name;
        const auto given = m_options.mappings.find(name);
        auto result = sized.machine->matrix(m_problem.matrices[entry.position],
                                            given == m_options.mappings.end() ? nullptr : &given->second);
        if (!result) {
            result.error().where = "layer '" + name + "'";
            return forward_error(result);
        }
        add((*result)->figures);
        return cell;
    }

    const GraphPtr m_graph;
    const HardwareTarget m_target;
    const Options m_options;
    const PrecisionPlan m_base;
    const std::vector<NumberFormat> m_weights, m_activations;
    std::unique_ptr<Estimator> m_estimator; ///< where nothing adds up
    std::unique_ptr<const NetworkTranslation> m_translation;
    std::vector<NodeId> m_layers;
    std::vector<LayerPrecision> m_choices; ///< by layer, activations, weights
    std::vector<Part> m_parts;
    std::vector<Operand> m_operands;
    /// By part and cell, numbers of m_unique_demands, 0: not known yet; empty where the machine is one for
    /// all designs.
    std::vector<std::vector<uint32_t>> m_demands;
    std::vector<Demand> m_unique_demands;
    size_t m_set_cells = 0;              ///< of one set of tables
    std::vector<int> m_bits;             ///< stored, of each activation format
    std::array<size_t, 33> m_level_of{}; ///< stored bits -> position among the widths that occur
    size_t m_levels = 0;
    int m_otherwise = 0;
    std::vector<std::unique_ptr<Sized>> m_sizes; ///< latest used first
    std::unique_ptr<ResidencyPlanner> m_planner; ///< null where nothing stays on the chip
    // At the last design:
    std::vector<int> m_node_bits;
    Widths m_widths;
    NetworkProblem m_problem;
};

DesignTable::DesignTable(std::unique_ptr<State> state) : m_state(std::move(state)) {}
DesignTable::DesignTable(DesignTable&&) noexcept = default;
DesignTable& DesignTable::operator=(DesignTable&&) noexcept = default;
DesignTable::~DesignTable() = default;

Result<DesignTable> DesignTable::create(GraphPtr graph, HardwareTarget target, Options options,
                                        PrecisionPlan base, std::vector<NumberFormat> weights,
                                        std::vector<NumberFormat> activations) {
    for (const auto* formats : {&weights, &activations})
        if (formats->empty() || formats->size() > k_most_formats)
            return fail(ErrorCode::usage, std::to_string(formats->size()) + " formats to choose from",
                        "design table", "give 1 to 32");
    auto state = std::make_unique<State>(std::move(graph), std::move(target), std::move(options),
                                         std::move(base), std::move(weights), std::move(activations));
    if (auto done = state->prepare(); !done) return forward_error(done);
    return DesignTable(std::move(state));
}

const std::vector<NodeId>& DesignTable::layers() const {
    return m_state->layers();
}

bool DesignTable::adds_up() const {
    return m_state->adds_up();
}

PrecisionPlan DesignTable::plan(std::span<const WidthChoice> design) const {
    return m_state->plan(design);
}

Result<CostTotals> DesignTable::totals(std::span<const WidthChoice> design) {
    return m_state->totals(design);
}

} // namespace widthwise::cost
