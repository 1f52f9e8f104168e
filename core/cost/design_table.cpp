#include "core/cost/design_table.h"

#include "core/cost/cost_totals.h"
#include "core/cost/design_layout.h"
#include "core/cost/estimator.h"
#include "core/cost/machine_memo.h"

#include <algorithm>

namespace widthwise::cost {
namespace {

constexpr size_t k_most_formats = 32;
constexpr size_t k_most_kept = 1 << 22; ///< cells of all sets of tables: the set used longest ago goes

/// One node at one combination of widths.
struct Cell {
    double cycles = -1; ///< not known yet
    double energy_j = 0, dram_bytes = 0, model_bytes = 0, bops = 0;
};

/// The tables of a machine that was sized for one demand.
struct Sized {
    Demand demand;
    std::unique_ptr<RememberingMachine> machine;
    double area_mm2 = 0;
    std::vector<std::vector<Cell>> cells; ///< by part; empty where they would be too many
};

} // namespace

class DesignTable::State {
public:
    State(GraphPtr graph, HardwareTarget target, Options options, PrecisionPlan base)
        : m_graph(std::move(graph))
        , m_target(std::move(target))
        , m_options(std::move(options))
        , m_base(std::move(base)) {}

    Result<void> prepare(const std::vector<NumberFormat>& weights,
                         const std::vector<NumberFormat>& activations) {
        if (!adds_up()) {
            auto estimator = Estimator::create(m_graph, m_target, m_options);
            if (!estimator) return forward_error(estimator);
            m_estimator = std::make_unique<Estimator>(std::move(*estimator));
        }
        auto translation = NetworkTranslation::create(*m_graph, m_target, m_options);
        if (!translation) return forward_error(translation);
        m_translation = std::make_unique<const NetworkTranslation>(std::move(*translation));
        m_problem = m_translation->blank();
        m_layout = std::make_unique<DesignLayout>(*m_graph, m_target, m_options, *m_translation, m_base,
                                                  weights, activations);
        for (const DesignLayout::Part& part : m_layout->parts()) {
            m_set_cells += part.cells;
            if (m_target.sizing == Sizing::to_design) m_demands.emplace_back(part.matrix ? part.cells : 0);
        }
        return {};
    }

    [[nodiscard]] bool adds_up() const { return m_target.kind != TargetKind::fpga_dataflow; }
    [[nodiscard]] const std::vector<NodeId>& layers() const { return m_layout->layers(); }

    [[nodiscard]] PrecisionPlan plan(std::span<const WidthChoice> design) const {
        PrecisionPlan plan = m_base;
        for (size_t i = 0; i < layers().size(); ++i)
            plan.set(m_graph->node(layers()[i]).name, m_layout->chosen(i, design[i]));
        return plan;
    }

    Result<CostTotals> totals(std::span<const WidthChoice> design) {
        if (!m_layout->has(design))
            return fail(ErrorCode::usage, "a design of choices that the table does not have", "design table",
                        "give one choice for each of its layers, of its formats");
        if (m_estimator) return full_estimate(design);
        m_layout->settle(design);
        auto sized = sized_for_design();
        if (!sized) return forward_error(sized);

        CostTotals totals;
        double cycles = 0;
        for (size_t p = 0; p < m_layout->parts().size(); ++p) {
            Cell* const known = at((*sized)->cells[p], p);
            Cell priced;
            if (!known || known->cycles < 0) {
                auto fresh = price(m_layout->parts()[p], **sized);
                if (!fresh) return forward_error(fresh);
                priced = *fresh;
                if (known) *known = priced;
            }
            const Cell& cell = known ? *known : priced;
            cycles += cell.cycles;
            totals.energy_j += cell.energy_j;
            totals.dram_bytes += cell.dram_bytes;
            totals.model_bytes += cell.model_bytes;
            totals.bops += cell.bops;
        }
        totals.latency_s = cycles * (*sized)->machine->machine().cycle_s();
        totals.area_mm2 = (*sized)->area_mm2;
        return totals;
    }

private:
    Result<CostTotals> full_estimate(std::span<const WidthChoice> design) {
        const auto cost = m_estimator->at(plan(design));
        if (!cost) return tl::unexpected<Error>(cost.error());
        const CostBreakdown& c = **cost;
        return CostTotals{c.latency_s, c.energy_j, c.area_mm2, c.model_bytes, c.bops, c.dram_bytes};
    }

    /// The design's entry in a table of part `part`; null where there is none.
    template <typename T> T* at(std::vector<T>& table, size_t part) const {
        return table.empty() ? nullptr : &table[m_layout->cell(part)];
    }

    Result<void> translate(const DesignLayout::Part& part) {
        return m_translation->translate(part.node, m_layout->widths(), m_problem);
    }

    /// What the whole design asks of a machine that is built for it.
    Result<Demand> demand_of_design() {
        Demand demand;
        for (size_t p = 0; p < m_demands.size(); ++p) {
            const DesignLayout::Part& part = m_layout->parts()[p];
            if (!part.matrix) continue;
            uint32_t* const known = at(m_demands[p], p);
            if (known && *known > 0) {
                demand.add(m_unique_demands[*known - 1]);
                continue;
            }
            if (auto done = translate(part); !done) return forward_error(done);
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

    Result<Sized*> sized_for_design() {
        const auto demand = demand_of_design();
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
        for (const DesignLayout::Part& part : m_layout->parts())
            if (auto done = translate(part); !done) return forward_error(done);
        auto machine = make_machine(m_target, m_problem.matrices,
                                    {.vectors = m_problem.vectors, .batch = m_options.batch});
        if (!machine) return forward_error(machine);
        auto sized = std::make_unique<Sized>();
        sized->demand = demand;
        sized->machine = std::make_unique<RememberingMachine>(std::move(*machine));
        CostBreakdown cost;
        set_area(cost, sized->machine->machine(), sized->machine->area(), m_target);
        sized->area_mm2 = cost.area_mm2;
        for (const DesignLayout::Part& part : m_layout->parts()) sized->cells.emplace_back(part.cells);
        return sized;
    }

    Result<Cell> price(const DesignLayout::Part& part, Sized& sized) {
        if (auto done = translate(part); !done) return forward_error(done);
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
    std::unique_ptr<Estimator> m_estimator; ///< where nothing adds up
    std::unique_ptr<const NetworkTranslation> m_translation;
    std::unique_ptr<DesignLayout> m_layout;
    /// By part and cell, numbers of m_unique_demands, 0: not known yet; empty where the machine is one for
    /// all designs.
    std::vector<std::vector<uint32_t>> m_demands;
    std::vector<Demand> m_unique_demands;
    std::vector<std::unique_ptr<Sized>> m_sizes; ///< latest used first
    size_t m_set_cells = 0;                      ///< of one set of tables
    NetworkProblem m_problem;                    ///< scratch
};

DesignTable::DesignTable(std::unique_ptr<State> state) : m_state(std::move(state)) {}
DesignTable::DesignTable(DesignTable&&) noexcept = default;
DesignTable& DesignTable::operator=(DesignTable&&) noexcept = default;
DesignTable::~DesignTable() = default;

Result<DesignTable> DesignTable::create(GraphPtr graph, HardwareTarget target, Options options,
                                        PrecisionPlan base, const std::vector<NumberFormat>& weights,
                                        const std::vector<NumberFormat>& activations) {
    for (const auto* formats : {&weights, &activations})
        if (formats->empty() || formats->size() > k_most_formats)
            return fail(ErrorCode::usage, std::to_string(formats->size()) + " formats to choose from",
                        "design table", "give 1 to 32");
    auto state =
        std::make_unique<State>(std::move(graph), std::move(target), std::move(options), std::move(base));
    if (auto done = state->prepare(weights, activations); !done) return forward_error(done);
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
