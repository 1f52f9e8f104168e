#include "core/cost/estimator.h"

#include "core/cost/cost_totals.h"
#include "core/cost/fpga_machine.h"
#include "core/cost/legality.h"
#include "core/cost/machine_memo.h"
#include "core/cost/residency.h"

#include <algorithm>

namespace widthwise::cost {

class Estimator::State {
public:
    State(GraphPtr of, HardwareTarget on, Options with)
        : graph(std::move(of)), target(std::move(on)), options(std::move(with)), m_machines(target) {}

    Result<void> prepare() {
        auto translation = NetworkTranslation::create(*graph, target, options);
        if (!translation) return forward_error(translation);
        m_translation = std::make_unique<const NetworkTranslation>(std::move(*translation));
        const size_t nodes = graph->nodes().size(), values = graph->values().size();
        m_problem = m_translation->blank();
        m_precision.resize(nodes);
        m_node_bits.resize(nodes);
        m_widths.precision.resize(nodes);
        m_widths.stored_bits.resize(values);
        m_stored.resize(values);
        m_changed.resize(nodes);
        for (size_t i = 0; i < nodes; ++i) {
            if (m_translation->roles().reads[i]) m_widths.precision[i] = &m_precision[i];
            if (m_problem.nodes[i].kind == NodeProblem::Kind::matrix)
                m_matrix_names.push_back(graph->nodes()[i].name);
            if (m_problem.nodes[i].kind == NodeProblem::Kind::vector)
                m_vector_places.push_back(m_matrix_names.size());
        }
        m_residency =
            std::make_unique<ResidencyPlanner>(*graph, m_translation->roles(), target, options.batch);
        m_use = residency_use(target, options);
        m_widths.on_chip.resize(values);
        if (target.kind == TargetKind::fpga_dataflow) m_widths.on_chip = streamed_values(*graph);

        m_cost.target = target.name;
        m_cost.batch = options.batch;
        m_cost.confidence = target.confidence;
        if (const auto& bandwidth = target.memory.front().bytes_per_cycle)
            m_cost.dram_peak_bytes_per_s = *bandwidth * target.clock_hz;
        m_cost.layers.resize(nodes);
        for (size_t i = 0; i < nodes; ++i) m_cost.layers[i].layer = graph->nodes()[i].name;
        return {};
    }

    Result<const CostBreakdown*> at(const PrecisionPlan& plan) {
        const bool from_start = !m_current;
        m_current = false; // until everything has gone well
        std::fill(m_changed.begin(), m_changed.end(), from_start);
        read(plan);
        settle_residency();
        if (auto done = translate(); !done) return forward_error(done);
        if (auto done = price(from_start); !done) return forward_error(done);
        m_current = true;
        return &m_cost;
    }

    void use(const ResidencyUse& residency) {
        m_use = residency;
        m_settled = false;
    }

    const GraphPtr graph;
    const HardwareTarget target;
    const Options options;

private:
    /// Marks the nodes whose widths, or whose operands' stored widths, are no longer the last plan's.
    void read(const PrecisionPlan& plan) {
        for (size_t i = 0; i < m_precision.size(); ++i) {
            if (!m_widths.precision[i]) continue;
            const LayerPrecision& now = plan.at(graph->nodes()[i].name);
            if (now == m_precision[i] && !m_changed[i]) continue;
            m_precision[i] = now;
            m_node_bits[i] = stored_activation_bits(target, now.activations);
            m_changed[i] = true;
        }
        const int otherwise = stored_activation_bits(target, plan.default_precision().activations);
        m_translation->stored_widths()(m_node_bits, otherwise, m_stored);
        for (size_t v = 0; v < m_stored.size(); ++v)
            if (m_stored[v] != m_widths.stored_bits[v]) touch(ValueId{static_cast<int>(v)});
        m_widths.stored_bits = m_stored;
    }

    /// What stays on the chip depends on all widths.
    void settle_residency() {
        const bool any = std::find(m_changed.begin(), m_changed.end(), true) != m_changed.end();
        if (!any && m_settled) return;
        Residency residency = m_residency->plan(m_widths, m_use);
        m_settled = true;
        m_cost.peak_activation_bytes = residency.peak_activation_bits / 8;
        m_resident_bytes = residency.resident_bits / 8;
        if (target.kind == TargetKind::fpga_dataflow) return; // its units stream
        for (size_t v = 0; v < residency.on_chip.size(); ++v)
            if (residency.on_chip[v] != m_widths.on_chip[v]) touch(ValueId{static_cast<int>(v)});
        m_widths.on_chip = std::move(residency.on_chip);
    }

    /// The nodes that write and read `value`.
    void touch(ValueId value) {
        if (const NodeId producer = graph->producer(value); producer.valid()) {
            m_changed[producer.position()] = true;
            const NodeId head = m_translation->roles().fused_into[producer.position()];
            if (head.valid()) m_changed[head.position()] = true;
        }
        for (const NodeId reader : graph->consumers(value)) m_changed[reader.position()] = true;
    }

    Result<void> translate() {
        for (size_t i = 0; i < m_changed.size(); ++i) {
            if (!m_changed[i]) continue;
            if (auto done = m_translation->translate(NodeId{static_cast<int>(i)}, m_widths, m_problem); !done)
                return done;
        }
        return {};
    }

    Result<void> price(bool from_start) {
        const bool any = std::find(m_changed.begin(), m_changed.end(), true) != m_changed.end();
        if (!any) return {};
        auto machine = m_machines.at(m_problem.matrices,
                                     {m_problem.vectors, options.batch, m_matrix_names, m_vector_places});
        if (!machine) return forward_error(machine);
        const bool other_machine =
            from_start || *machine != m_machine || target.kind == TargetKind::fpga_dataflow;
        m_machine = *machine;
        m_cost.weight_bytes = m_cost.model_bytes = m_cost.bops = 0;
        for (size_t i = 0; i < m_changed.size(); ++i) {
            const NodeProblem& node = m_problem.nodes[i];
            m_cost.weight_bytes += node.weight_bytes;
            m_cost.model_bytes += node.model_bytes;
            m_cost.bops += node.bops;
            if (!m_changed[i] && !other_machine) continue;
            if (auto done = price(node, m_cost.layers[i]); !done) return done;
        }
        set_totals(m_cost, m_machine->machine());
        m_cost.on_chip_bytes = std::max(m_cost.on_chip_bytes, m_resident_bytes);
        if (other_machine) set_area(m_cost, m_machine->machine(), m_machine->area(), target);
        return {};
    }

    Result<void> price(const NodeProblem& node, LayerCost& layer) {
        const Machine& machine = m_machine->machine();
        layer.weight_bits = layer.run_weight_bits = node.weight_bits;
        layer.activation_bits = layer.run_activation_bits = node.activation_bits;
        switch (node.kind) {
        case NodeProblem::Kind::matrix:
            return price_matrix(node, layer);
        case NodeProblem::Kind::vector: {
            const VectorWork& work = m_problem.vectors[node.position];
            copy_figures(machine.vector_at(node.position, work), machine, layer);
            layer.resources = machine.vector_resources(node.position);
            break;
        }
        case NodeProblem::Kind::free: // may have moved data at the last plan's widths
            copy_figures({}, machine, layer);
            layer.resources.reset();
            break;
        case NodeProblem::Kind::fused:
        case NodeProblem::Kind::unpriced:
            break;
        }
        layer.mapping = node.note;
        return {};
    }

    Result<void> price_matrix(const NodeProblem& node, LayerCost& layer) {
        const MatrixProblem& problem = m_problem.matrices[node.position];
        layer.macs = static_cast<int64_t>(problem.macs());
        layer.run_weight_bits = problem.operands.weights.bits;
        layer.run_activation_bits = problem.operands.activations.bits;
        layer.fallback = node.note;
        const auto given = options.mappings.find(layer.layer);
        const Mapping* mapping = given == options.mappings.end() ? nullptr : &given->second;
        if (target.kind == TargetKind::fpga_dataflow) { // equal layers may have unequal units
            auto own = m_machine->machine().matrix_at(node.position, problem, mapping);
            return own ? copy_result(*own, layer) : failed(std::move(own.error()), layer);
        }
        auto result = m_machine->matrix(problem, mapping);
        return result ? copy_result(**result, layer) : failed(std::move(result.error()), layer);
    }

    Result<void> copy_result(const MatrixResult& result, LayerCost& layer) const {
        copy_figures(result.figures, m_machine->machine(), layer);
        layer.mapping = result.mapping;
        layer.nest = result.nest;
        layer.resources = result.resources;
        layer.pe = result.pe;
        layer.simd = result.simd;
        return {};
    }

    static tl::unexpected<Error> failed(Error error, const LayerCost& layer) {
        error.where = "layer '" + layer.layer + "'";
        return tl::unexpected<Error>(std::move(error));
    }

    std::unique_ptr<const NetworkTranslation> m_translation;
    std::unique_ptr<ResidencyPlanner> m_residency;
    ResidencyUse m_use;
    double m_resident_bytes = 0;
    bool m_settled = false; ///< what stays on the chip is that of the last plan and m_use
    std::vector<std::string_view> m_matrix_names;
    std::vector<size_t> m_vector_places; ///< matrix layers before each
    MachineMemo m_machines;
    // At the last plan:
    bool m_current = false;
    std::vector<LayerPrecision> m_precision; ///< of nodes that read activations
    std::vector<int> m_node_bits;
    Widths m_widths;
    NetworkProblem m_problem;
    RememberingMachine* m_machine = nullptr;
    CostBreakdown m_cost;
    // Scratch:
    std::vector<int> m_stored;
    std::vector<char> m_changed;
};

Estimator::Estimator(std::unique_ptr<State> state) : m_state(std::move(state)) {}
Estimator::Estimator(Estimator&&) noexcept = default;
Estimator& Estimator::operator=(Estimator&&) noexcept = default;
Estimator::~Estimator() = default;

Result<Estimator> Estimator::create(GraphPtr graph, HardwareTarget target, Options options) {
    auto state = std::make_unique<State>(std::move(graph), std::move(target), std::move(options));
    if (auto done = state->prepare(); !done) return forward_error(done);
    return Estimator(std::move(state));
}

Result<const CostBreakdown*> Estimator::at(const PrecisionPlan& plan) {
    return m_state->at(plan);
}

Result<CostBreakdown> Estimator::estimate(const PrecisionPlan& plan) {
    const auto cost = m_state->at(plan);
    if (!cost) return tl::unexpected<Error>(cost.error());
    return **cost;
}

void Estimator::use(const ResidencyUse& residency) {
    m_state->use(residency);
}

const Graph& Estimator::graph() const {
    return *m_state->graph;
}

const HardwareTarget& Estimator::target() const {
    return m_state->target;
}

const Options& Estimator::options() const {
    return m_state->options;
}

} // namespace widthwise::cost
