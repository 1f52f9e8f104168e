#include "core/flow/explore_price.h"

#include "core/cost/design_table.h"
#include "core/cost/estimator.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

namespace widthwise::flow {
namespace {

using explore::Choices;
using explore::Figures;
using explore::Metric;
using explore::Priced;
using explore::Variable;

constexpr size_t k_most_formats = 32; ///< of a design table
constexpr int k_most_sweeps = 20;
constexpr int k_wide_bits = 8;
constexpr std::array k_start_bits = {1, 4, 8, 16};
constexpr int64_t k_most_combinations = int64_t{1} << 40; ///< counted

size_t position_in(std::vector<NumberFormat>& menu, const NumberFormat& format) {
    const auto found = std::ranges::find(menu, format);
    const auto position = static_cast<size_t>(found - menu.begin());
    if (found == menu.end()) menu.push_back(format);
    return position;
}

/// One operand of one layer: the menu's position, by choice of the variable that sets it.
struct Operand {
    std::optional<size_t> variable; ///< nullopt: the same in all designs
    std::vector<size_t> positions;
    [[nodiscard]] uint8_t at(const Choices& choices) const {
        return static_cast<uint8_t>(positions[variable ? choices[*variable] : 0]);
    }
};
struct Layer {
    Operand weights, activations;
};

/// Prices on one choice of hardware.
struct Machine {
    Choices hardware;
    std::string problem; ///< not empty: there is no such target
    std::optional<cost::DesignTable> table;
    std::optional<cost::Estimator> estimator; ///< where more is asked than tables tell
};

} // namespace

class Pricer::State {
public:
    State(GraphPtr graph, explore::Space space, cost::Options options)
        : m_graph(std::move(graph)), m_space(std::move(space)), m_options(std::move(options)) {
        for (size_t v = 0; v < m_space.variables.size(); ++v)
            if (m_space.variables[v].kind == Variable::Kind::hardware) m_hardware.push_back(v);
        make_menu();
    }

    Result<void> check() {
        auto made = make(m_space.target);
        if (!made) return forward_error(made);
        return {};
    }

    Priced price(const Choices& choices) {
        Machine& machine = machine_for(choices);
        if (!machine.problem.empty()) return {{}, machine.problem};
        if (machine.estimator) {
            const auto cost = machine.estimator->at(explore::plan_of(m_space, choices));
            if (!cost) return {{}, cost.error().to_line()};
            return {explore::figures_of(**cost), {}};
        }
        m_design.clear();
        for (const Layer& layer : m_layers)
            m_design.push_back({layer.weights.at(choices), layer.activations.at(choices)});
        const auto totals = machine.table->totals(m_design);
        if (!totals) return {{}, totals.error().to_line()};
        Priced priced;
        Figures& f = priced.figures;
        f[Metric::energy] = totals->energy_j;
        f[Metric::latency] = totals->latency_s;
        f[Metric::area] = totals->area_mm2;
        f[Metric::size] = totals->model_bytes;
        // One layer after another: nothing of the next batch runs beside this one.
        f[Metric::power] = totals->latency_s > 0 ? totals->energy_j / totals->latency_s : 0;
        f[Metric::throughput] =
            totals->latency_s > 0 ? static_cast<double>(m_options.batch) / totals->latency_s : 0;
        return priced;
    }

    Pricer::Found best_found(const explore::Goals& goals) {
        std::vector<Reach> reaches;
        for (const explore::Constraint& constraint : goals.constraints)
            if (constraint.metric != Metric::drop) reaches.push_back({constraint.metric, INFINITY, {}});
        Pricer::Found found;
        bool any = reaches.empty();
        for (const Choices& hardware : hardware_to_try()) {
            const std::vector<Choices> starts = uniform_designs(hardware);
            for (const Choices& start : starts) {
                const std::string problem = price(start).problem;
                any = any || problem.empty();
                if (found.problem.empty()) found.problem = problem;
            }
            for (Reach& reach : reaches) descend_from_best(reach, starts, false);
            if (keeps_all(goals, reaches, found.best)) break;
        }
        // Hardware between what was tried.
        for (Reach& reach : reaches)
            if (!reach.at.empty() && !m_hardware.empty()) descend_from_best(reach, {Choices(reach.at)}, true);
        keeps_all(goals, reaches, found.best);
        if (any) found.problem.clear();
        return found;
    }

private:
    /// Every format that any layer of any design has.
    void make_menu() {
        const Choices first(m_space.variables.size(), 0);
        const PrecisionPlan plan = explore::plan_of(m_space, first);
        for (const NodeId id : m_graph->node_ids()) {
            const std::string& name = m_graph->node(id).name;
            const auto operand = [&](bool weights) {
                Operand made;
                auto& menu = weights ? m_weights : m_activations;
                for (size_t v = 0; v < m_space.variables.size(); ++v) {
                    const Variable& variable = m_space.variables[v];
                    const bool sets =
                        variable.kind == Variable::Kind::both ||
                        variable.kind == (weights ? Variable::Kind::weights : Variable::Kind::activations);
                    if (!sets || std::ranges::find(variable.layers, name) == variable.layers.end()) continue;
                    made.variable = v;
                    const bool second = variable.kind == Variable::Kind::both && !weights;
                    for (const NumberFormat& f : second ? variable.activation_formats : variable.formats)
                        made.positions.push_back(position_in(menu, f));
                    return made;
                }
                const LayerPrecision& precision = plan.at(name);
                made.positions = {position_in(menu, weights ? precision.weights : precision.activations)};
                return made;
            };
            m_of_node.push_back({operand(true), operand(false)});
        }
    }

    Result<Machine> make(const HardwareTarget& target) {
        Machine machine;
        if (target.kind == TargetKind::fpga_dataflow || target.fpga || m_weights.size() > k_most_formats ||
            m_activations.size() > k_most_formats) {
            auto made = cost::Estimator::create(m_graph, target, m_options);
            if (!made) return forward_error(made);
            machine.estimator = std::move(*made);
            return machine;
        }
        auto made =
            cost::DesignTable::create(m_graph, target, m_options, m_space.base, m_weights, m_activations);
        if (!made) return forward_error(made);
        if (m_layers.empty())
            for (const NodeId id : made->layers()) m_layers.push_back(m_of_node[id.position()]);
        machine.table = std::move(*made);
        return machine;
    }

    Machine& machine_for(const Choices& choices) {
        Choices hardware;
        for (const size_t v : m_hardware) hardware.push_back(choices[v]);
        auto found = std::ranges::find(m_machines, hardware, &Machine::hardware);
        if (found == m_machines.end()) {
            if (m_machines.size() >= k_most_machines) m_machines.pop_back();
            Machine machine;
            if (auto target = explore::target_of(m_space, choices); !target)
                machine.problem = target.error().to_line();
            else if (auto made = make(*target); !made)
                machine.problem = made.error().to_line();
            else
                machine = std::move(*made);
            machine.hardware = std::move(hardware);
            m_machines.push_back(std::move(machine));
            found = m_machines.end() - 1;
        }
        std::rotate(m_machines.begin(), found, found + 1); // latest used first
        return m_machines.front();
    }

    [[nodiscard]] double loss(Metric metric, const Choices& choices) {
        const Priced priced = price(choices);
        const double value = priced.problem.empty() ? priced.figures.loss(metric) : NAN;
        return std::isfinite(value) ? value : INFINITY;
    }

    /// The best that was found of a metric, and where.
    struct Reach {
        Metric metric;
        double loss;
        Choices at;
    };

    /// Choices of the hardware variables alone: the base target's, then all, or some spread over them.
    [[nodiscard]] std::vector<Choices> hardware_to_try() const {
        const Choices base = explore::uniform_choices(m_space, k_wide_bits, k_wide_bits);
        std::vector<Choices> list{{}};
        int64_t all = 1;
        for (const size_t v : m_hardware) {
            list.front().push_back(base[v]);
            all = std::min(all * static_cast<int64_t>(m_space.variables[v].size()), k_most_combinations);
        }
        const bool slow = m_space.target.kind == TargetKind::fpga_dataflow || m_space.target.fpga;
        const int64_t tried = std::min(all, slow ? Pricer::k_most_slow_hardware : Pricer::k_most_hardware);
        for (int64_t i = 0; i < tried && !m_hardware.empty(); ++i) {
            int64_t index = i * (all / tried);
            Choices choices;
            for (const size_t v : m_hardware) {
                const auto size = static_cast<int64_t>(m_space.variables[v].size());
                choices.push_back(static_cast<uint8_t>(index % size));
                index /= size;
            }
            if (choices != list.front()) list.push_back(std::move(choices));
        }
        return list;
    }

    /// Pairs of widths: narrow ones, or equal ones, may be what the target cannot run.
    [[nodiscard]] std::vector<Choices> uniform_designs(const Choices& hardware) const {
        std::vector<Choices> designs;
        for (const int weights : k_start_bits)
            for (const int activations : k_start_bits) {
                Choices design = explore::uniform_choices(m_space, weights, activations);
                for (size_t i = 0; i < m_hardware.size(); ++i) design[m_hardware[i]] = hardware[i];
                if (std::ranges::find(designs, design) == designs.end()) designs.push_back(std::move(design));
            }
        return designs;
    }

    void descend_from_best(Reach& reach, const std::vector<Choices>& starts, bool with_hardware) {
        const auto loss_of = [&](const Choices& choices) { return loss(reach.metric, choices); };
        Choices at = *std::ranges::min_element(starts, {}, loss_of);
        const double least = descend(reach.metric, at, with_hardware);
        if (!(least < reach.loss)) return;
        reach.loss = least;
        reach.at = std::move(at);
    }

    /// Fills in `best`.
    static bool keeps_all(const explore::Goals& goals, const std::vector<Reach>& reaches, Figures& best) {
        bool all = true;
        for (const Reach& reach : reaches) {
            if (std::isfinite(reach.loss))
                best[reach.metric] = explore::larger_is_better(reach.metric) ? -reach.loss : reach.loss;
        }
        for (const explore::Constraint& constraint : goals.constraints)
            all = all && explore::violation(constraint, best) == 0;
        return all;
    }

    double descend(Metric metric, Choices& at, bool with_hardware) {
        double best = loss(metric, at);
        bool better = true;
        for (int sweep = 0; better && sweep < k_most_sweeps; ++sweep) {
            better = false;
            for (size_t v = 0; v < at.size(); ++v) {
                const Variable& variable = m_space.variables[v];
                if (!with_hardware && variable.kind == Variable::Kind::hardware) continue;
                for (size_t c = 0; c < variable.size(); ++c) {
                    Choices other = at;
                    other[v] = static_cast<uint8_t>(c);
                    const double value = loss(metric, other);
                    if (!(value < best)) continue;
                    best = value;
                    at = std::move(other);
                    better = true;
                }
            }
        }
        return best;
    }

    const GraphPtr m_graph;
    const explore::Space m_space;
    const cost::Options m_options;
    std::vector<size_t> m_hardware;                     ///< variables
    std::vector<NumberFormat> m_weights, m_activations; ///< the menu
    std::vector<Layer> m_of_node, m_layers;             ///< all nodes; those of a table
    std::vector<Machine> m_machines;
    std::vector<cost::WidthChoice> m_design; ///< scratch
};

Pricer::Pricer(std::unique_ptr<State> state) : m_state(std::move(state)) {}
Pricer::~Pricer() = default;

Result<std::shared_ptr<Pricer>> Pricer::create(GraphPtr graph, explore::Space space, cost::Options options) {
    auto state = std::make_unique<State>(std::move(graph), std::move(space), std::move(options));
    if (auto ok = state->check(); !ok) return forward_error(ok);
    return std::shared_ptr<Pricer>(new Pricer(std::move(state)));
}

Priced Pricer::price(const Choices& choices) {
    return m_state->price(choices);
}

Pricer::Found Pricer::best_found(const explore::Goals& goals) {
    return m_state->best_found(goals);
}

} // namespace widthwise::flow
