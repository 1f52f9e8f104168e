#include "core/passes/prepare.h"

#include "core/engine/evaluator.h"
#include "core/graph/layer_work.h"
#include "core/passes/adaround_pass.h"
#include "core/passes/output_fidelity.h"

#include <algorithm>
#include <chrono>

namespace widthwise::passes {
namespace {

bool transforms_float(Pass pass) {
    return pass == Pass::equalize || pass == Pass::absorb_bias;
}

bool needs_images(Pass pass) {
    return pass == Pass::reestimate_batch_norm || pass == Pass::adaround || pass == Pass::bias_correction;
}

/// Activation formats that only images can resolve.
bool wants_images(const Graph& graph, const PrecisionPlan& plan) {
    for (const NodeId id : graph.node_ids())
        if (reads_activations(graph, id) && !plan.at(graph.node(id).name).activations.is_resolved())
            return true;
    return false;
}

/// The passes of one plan on one network, in their order.
class Preparation {
public:
    Preparation(const GraphPtr& graph, const PrecisionPlan& plan, const PrepareOptions& options,
                const WorkControl& control)
        : m_float(graph)
        , m_asked(plan)
        , m_options(options)
        , m_control(control)
        , m_images{options.calibration,
                   options.calibration ? std::min(options.samples, options.calibration->size()) : 0} {}

    Result<Prepared> run() {
        m_layers = layers_of(*m_float);
        if (Result<void> ok = rebuild(); !ok) return forward_error(ok);
        if (m_images.data) {
            auto fidelity = OutputFidelity::create(*m_float, m_images, m_control);
            if (!fidelity) return forward_error(fidelity);
            m_fidelity = std::move(*fidelity);
        }
        if (Result<void> ok = resolve(); !ok) return forward_error(ok);
        m_transformed = m_graph;
        for (const Pass pass : m_asked.passes())
            if (Result<void> ok = apply(pass); !ok) return forward_error(ok);
        Prepared prepared{m_graph, with_layers(m_resolved, m_layers), m_statistics, std::move(m_reports)};
        prepared.plan.set_passes({});
        return prepared;
    }

private:
    /// m_graph from the layers' values.
    Result<void> rebuild() {
        Result<GraphPtr> graph = with_values(m_float, with_layers({}, m_layers));
        if (!graph) return forward_error(graph);
        m_graph = std::move(*graph);
        return {};
    }
    /// Statistics and scales of m_graph as the plan asks for them.
    Result<void> resolve() {
        PrecisionPlan open = m_asked;
        open.set_folds_batch_norm(true); // values are folded ones
        m_statistics.reset();
        if (wants_images(*m_graph, open)) {
            auto statistics = engine::calibrate(m_graph, *m_images.data, m_images.samples, m_control,
                                                engine::values_read_by_channel(*m_graph, open));
            if (!statistics) return forward_error(statistics);
            m_statistics = std::make_shared<const engine::Statistics>(std::move(*statistics));
        }
        auto resolved =
            engine::resolve_plan(*m_graph, open, m_statistics ? *m_statistics : engine::Statistics());
        if (!resolved) return forward_error(resolved);
        m_resolved = std::move(*resolved);
        return {};
    }
    Result<std::optional<double>> fidelity() const {
        if (!m_fidelity) return std::optional<double>{};
        return m_fidelity->sqnr_db(*m_graph, m_resolved, m_control);
    }
    Result<void> apply(Pass pass) {
        if (m_control.cancel.cancelled()) return fail(ErrorCode::cancelled, "cancelled");
        if (needs_images(pass) && !m_images.data)
            return fail(ErrorCode::invalid_input,
                        "the pass " + std::string(to_string(pass)) + " needs calibration images", {},
                        "name data to calibrate on");
        auto before = fidelity();
        if (!before) return forward_error(before);
        const auto begin = std::chrono::steady_clock::now();
        auto result = change(pass);
        if (!result) return forward_error(result);
        if (Result<void> ok = rebuild(); !ok) return ok;
        if (transforms_float(pass)) {
            if (Result<void> ok = resolve(); !ok) return ok;
            m_transformed = m_graph;
        }
        const double seconds =
            std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
        auto after = fidelity();
        if (!after) return forward_error(after);
        m_reports.push_back({pass, result->layers, std::move(result->summary), *before, *after, seconds});
        return {};
    }
    Result<PassResult> change(Pass pass) {
        Resolved at{m_graph, m_resolved};
        switch (pass) {
        case Pass::equalize:
            return equalize(*m_float, m_layers);
        case Pass::absorb_bias:
            return absorb_bias(*m_float, m_layers);
        case Pass::reestimate_batch_norm: {
            auto result = reestimate_batch_norm(*m_transformed, at, m_layers, m_images, m_control);
            m_resolved = std::move(at.resolved);
            return result;
        }
        case Pass::adaround: {
            RoundingOptions options;
            options.seed = m_options.seed;
            return round_adaptively(*m_transformed, at, m_layers, m_images, options, m_control);
        }
        case Pass::bias_correction_analytic:
            return correct_bias_analytic(at, m_layers);
        case Pass::bias_correction:
            return correct_bias(*m_transformed, at, m_layers, m_images, m_control);
        }
        return fail(ErrorCode::unsupported, "unknown pass");
    }

    GraphPtr m_float; ///< as given: what outputs are compared with
    PrecisionPlan m_asked;
    PrepareOptions m_options;
    const WorkControl& m_control;
    Images m_images;
    std::vector<Layer> m_layers;
    GraphPtr m_transformed; ///< float, equalized: what layers are compared with
    GraphPtr m_graph;
    PrecisionPlan m_resolved;
    std::shared_ptr<const engine::Statistics> m_statistics;
    std::optional<OutputFidelity> m_fidelity;
    std::vector<PassReport> m_reports;
};

Result<Prepared> without_passes(const GraphPtr& graph, const PrecisionPlan& plan,
                                const PrepareOptions& options, const WorkControl& control,
                                std::shared_ptr<const engine::Statistics> statistics) {
    if (!statistics && wants_images(*graph, plan)) {
        auto measured = engine::calibrate(graph, *options.calibration, options.samples, control,
                                          engine::values_read_by_channel(*graph, plan));
        if (!measured) return forward_error(measured);
        statistics = std::make_shared<const engine::Statistics>(std::move(*measured));
    }
    auto resolved = engine::resolve_plan(*graph, plan, statistics ? *statistics : engine::Statistics());
    if (!resolved) return forward_error(resolved);
    return Prepared{graph, std::move(*resolved), std::move(statistics), {}};
}

} // namespace

Result<Prepared> prepare(const GraphPtr& graph, const PrecisionPlan& plan, const PrepareOptions& options,
                         const WorkControl& control, std::shared_ptr<const engine::Statistics> statistics) {
    if (const NodeId id = graph->first_unsupported(); id.valid())
        return fail(ErrorCode::unsupported,
                    graph->node(id).op_type + " cannot be run: " + graph->node(id).why_unsupported,
                    graph->node(id).name);
    const bool measured = statistics && plan.passes().empty() && plan.values().empty();
    if (!measured) statistics.reset();
    if (!options.calibration && !measured && wants_images(*graph, plan))
        return fail(ErrorCode::invalid_input, "the design leaves ranges open that only images can tell", {},
                    "name data to calibrate on");
    Result<GraphPtr> changed = with_values(graph, plan);
    if (!changed) return forward_error(changed);
    if (plan.passes().empty()) return without_passes(*changed, plan, options, control, std::move(statistics));
    return Preparation(*changed, plan, options, control).run();
}

} // namespace widthwise::passes
