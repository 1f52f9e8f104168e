#include "core/flow/explore_meter.h"

#include "core/flow/evaluator_state.h"

#include <algorithm>

namespace widthwise::flow {

using Engine = engine::IncrementalEngine;

class Meter::Design {
public:
    std::unique_ptr<Engine> own_engine; ///< null: the meter's
    GraphPtr graph;
    Engine::PreparedPtr program;
};

Meter::Meter(const explore::Space& space, MeterOptions options)
    : m_space(space)
    , m_options(std::move(options))
    , m_order(engine::shuffled(*m_options.images, m_options.seed)) {
    m_engine.set_memory_budget(m_options.incremental ? default_memory_budget() : 0);
    m_labelled = engine::gives_classes(*m_options.model.graph) && engine::has_labels(*m_options.images);
}
Meter::~Meter() = default;

Result<std::unique_ptr<Meter>> Meter::create(const explore::Space& space, MeterOptions options,
                                             const WorkControl& control) {
    auto meter = std::make_unique<Meter>(space, std::move(options));
    if (auto ok = meter->prepare(control); !ok) return forward_error(ok);
    return meter;
}

Result<void> Meter::prepare(const WorkControl& control) {
    if (auto ok = check_runnable(m_options.model, *m_options.images); !ok) return ok;
    if (auto fit = check_fit(*m_options.model.graph, *m_options.calibration); !fit) return fit;
    if (m_options.calibration_samples < 1)
        return fail(ErrorCode::usage, "calibration needs at least one image", m_options.calibration->name(),
                    "give --calibrate a number above 0");
    if (m_space.base.passes().empty())
        if (auto ok = resolve_choices(control); !ok) return ok;
    return run_float(control);
}

Result<void> Meter::resolve_choices(const WorkControl& control) {
    auto graph = passes::with_values(m_options.model.graph, m_space.base);
    if (!graph) return forward_error(graph);
    m_graph = std::move(*graph);
    size_t most = 1;
    for (const explore::Variable& variable : m_space.variables)
        if (variable.kind != explore::Variable::Kind::hardware) most = std::max(most, variable.size());
    std::vector<PrecisionPlan> plans;
    std::set<int> by_channel;
    for (size_t k = 0; k < most; ++k) {
        explore::Choices choices;
        for (const explore::Variable& variable : m_space.variables)
            choices.push_back(static_cast<uint8_t>(std::min(k, variable.size() - 1)));
        plans.push_back(explore::plan_of(m_space, choices));
        by_channel.merge(engine::values_read_by_channel(*m_graph, plans.back()));
    }
    const int64_t samples = std::min(m_options.calibration_samples, m_options.calibration->size());
    auto statistics = engine::calibrate(m_graph, *m_options.calibration, samples, control, by_channel);
    if (!statistics) return forward_error(statistics);
    m_statistics = std::make_shared<const engine::Statistics>(std::move(*statistics));
    for (const PrecisionPlan& plan : plans) {
        auto resolved = engine::resolve_plan(*m_graph, plan, *m_statistics);
        if (!resolved) return forward_error(resolved);
        m_resolved.push_back(std::move(*resolved));
    }
    return {};
}

PrecisionPlan Meter::resolved(const explore::Choices& choices) const {
    using Kind = explore::Variable::Kind;
    PrecisionPlan plan = m_resolved.front();
    for (size_t v = 0; v < choices.size(); ++v) {
        const explore::Variable& variable = m_space.variables[v];
        if (choices[v] == 0 || variable.kind == Kind::hardware) continue;
        for (const std::string& layer : variable.layers) {
            const LayerPrecision& chosen = m_resolved[choices[v]].at(layer);
            LayerPrecision precision = plan.at(layer);
            if (variable.kind != Kind::activations) precision.weights = chosen.weights;
            if (variable.kind != Kind::weights) precision.activations = chosen.activations;
            plan.set(layer, std::move(precision));
        }
    }
    return plan;
}

Result<std::shared_ptr<Meter::Design>> Meter::start(const explore::Choices& choices,
                                                    const WorkControl& control) {
    auto design = std::make_shared<Design>();
    PrecisionPlan plan;
    if (m_options.incremental && m_space.base.passes().empty()) {
        design->graph = m_graph;
        plan = resolved(choices);
    } else {
        passes::PrepareOptions options;
        options.calibration = m_options.calibration.get();
        options.samples = m_options.calibration_samples;
        auto prepared =
            passes::prepare(m_options.model.graph, explore::plan_of(m_space, choices), options, control);
        if (!prepared) return forward_error(prepared);
        design->graph = std::move(prepared->graph);
        plan = std::move(prepared->plan);
    }
    if (!m_options.incremental) design->own_engine = std::make_unique<Engine>();
    Engine& engine = design->own_engine ? *design->own_engine : m_engine;
    auto program = engine.prepare(*design->graph, plan, m_order);
    if (!program) return forward_error(program);
    design->program = std::move(*program);
    return design;
}

Result<void> Meter::run(Design& design, int64_t end, explore::Answers& answers, const WorkControl& control) {
    const auto begin = static_cast<int64_t>(answers.size());
    std::vector<int32_t> top1;
    auto ok = predict(design.own_engine ? *design.own_engine : m_engine, *design.program, begin, end, top1,
                      control);
    if (!ok) return ok;
    for (int64_t p = begin; p < end; ++p) {
        const int64_t image = m_order.images[static_cast<size_t>(p)];
        const int64_t wanted =
            m_labelled ? m_options.images->label(image) : m_float_top1[static_cast<size_t>(p)];
        answers.push_back(top1[static_cast<size_t>(p - begin)] == wanted);
    }
    return {};
}

Result<void> Meter::predict(Engine& engine, Engine::Prepared& program, int64_t begin, int64_t end,
                            std::vector<int32_t>& top1, const WorkControl& control) {
    top1.assign(static_cast<size_t>(end - begin), -1);
    const int64_t classes = Engine::output_elements(program).front();
    const auto consume = [&](const engine::OutputBatch& batch) -> Result<void> {
        for (int64_t i = 0; i < batch.count; ++i)
            top1[static_cast<size_t>(batch.first - begin + i)] =
                engine::best_class(batch.outputs.front().subspan(static_cast<size_t>(i * classes),
                                                                 static_cast<size_t>(classes)));
        return {};
    };
    using What = engine::Keep::What;
    const engine::Keep keep{m_options.incremental ? What::repeated : What::nothing, 0, images()};
    return engine.run(program, begin, end, keep, control, consume);
}

Result<void> Meter::run_float(const WorkControl& control) {
    control.report("running the float network", 0, images());
    auto program = m_engine.prepare(*m_options.model.graph, PrecisionPlan(), m_order);
    if (!program) return forward_error(program);
    if (auto ok = predict(m_engine, **program, 0, images(), m_float_top1, control); !ok) return ok;
    for (size_t p = 0; p < m_float_top1.size(); ++p)
        m_reference.push_back(!m_labelled || m_options.images->label(m_order.images[p]) == m_float_top1[p]);
    return {};
}

} // namespace widthwise::flow
