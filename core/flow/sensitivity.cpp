// One layer, one width at a time. Images are taken in windows: for each window the baseline leaves its
// activations at the cut points, and every variant starts from the last cut before what it changes. So memory
// holds one window's activations, however many images there are.

#include "core/flow/curvature.h"
#include "core/flow/evaluator_state.h"
#include "core/flow/sequential_test.h"
#include "core/graph/layer_work.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

namespace widthwise::flow {
namespace {

using Engine = engine::IncrementalEngine;

/// One layer's weights or activations at one width.
struct Variant {
    std::string layer;
    bool weights = false;
    int bits = 8;
    PrecisionPlan plan; ///< resolved
    engine::PairedCounts counts;
    double signal = 0, noise = 0, kl = 0, loss = 0;
    int64_t samples = 0;
    bool decided = false;
    Engine::PreparedPtr program; ///< kept for the next window while there is room
};

/// Bytes that compiled variants may take between windows.
constexpr int64_t k_max_program_bytes = int64_t{128} << 20;

int64_t weight_bytes(const engine::Program& program) {
    size_t bytes = 0;
    for (const engine::Step& step : program.steps)
        if (const auto* conv = std::get_if<engine::ConvStep>(&step.operation))
            bytes += conv->weights_q.size() + conv->weights_f32.size() * sizeof(float);
    return static_cast<int64_t>(bytes);
}

/// How far one image's outputs have moved.
struct Moved {
    double signal = 0, noise = 0, kl = 0, loss = 0;
    int32_t top1 = -1;
};

bool ends_in_softmax(const Graph& graph) {
    const NodeId last = graph.producer(graph.outputs().front());
    if (!last.valid() || graph.node(last).op != Op::softmax) return false;
    const auto* attributes = std::get_if<SoftmaxAttributes>(&graph.node(last).attributes);
    return attributes && !attributes->log;
}

class SensitivityRun {
public:
    SensitivityRun(Engine& engine, const SensitivityRequest& request, const DatasetPtr& data,
                   passes::Prepared baseline, int64_t budget, const WorkControl& control)
        : m_engine(engine)
        , m_request(request)
        , m_data(data)
        , m_graph(*baseline.graph)
        , m_baseline(std::move(baseline))
        , m_budget(budget)
        , m_control(control)
        , m_order(engine::shuffled(*data, request.base.seed))
        , m_has_classes(engine::gives_classes(m_graph) && engine::has_labels(*data))
        , m_probabilities(ends_in_softmax(m_graph)) {}

    Result<Sensitivity> run();

private:
    Result<void> make_variants();
    Result<void> run_variant(Variant& variant, int64_t begin, int64_t end);
    [[nodiscard]] std::vector<int64_t> window_ends(const Engine::Prepared& program) const;
    [[nodiscard]] SensitivityEntry entry(const Variant& variant) const;
    [[nodiscard]] int64_t label_at(int64_t position) const {
        return m_data->label(m_order.images[static_cast<size_t>(position)]);
    }
    [[nodiscard]] double loss_of(std::span<const float> scores, int64_t position) const {
        const int64_t label = m_has_classes ? label_at(position) : -1;
        return label < 0 ? 0 : engine::cross_entropy(scores, label, m_probabilities);
    }

    Engine& m_engine;
    const SensitivityRequest& m_request;
    DatasetPtr m_data;
    const Graph& m_graph;
    passes::Prepared m_baseline;
    int64_t m_budget;
    const WorkControl& m_control;
    engine::ImageOrder m_order;
    bool m_has_classes, m_probabilities;
    std::vector<Variant> m_variants;
    std::vector<int64_t> m_elements;           ///< of each output
    std::vector<std::vector<float>> m_outputs; ///< the baseline's, of the window, by output
    std::vector<int32_t> m_top1;
    std::vector<double> m_loss; ///< the baseline's, of the window
    double m_loss_sum = 0;
    int64_t m_right = 0, m_labelled = 0, m_baseline_run = 0, m_evaluations = 0, m_work_done = 0,
            m_program_bytes = 0;
};

Result<void> SensitivityRun::make_variants() {
    const engine::Statistics none;
    const engine::Statistics& statistics = m_baseline.statistics ? *m_baseline.statistics : none;
    const auto add = [&](const std::string& layer, bool weights, int bits) -> Result<void> {
        LayerPrecision precision = m_baseline.plan.at(layer);
        (weights ? precision.weights : precision.activations) =
            weights ? m_request.weight_format(bits) : m_request.activation_format(bits);
        PrecisionPlan plan = m_baseline.plan;
        plan.set(layer, precision);
        auto resolved = engine::resolve_plan(m_graph, plan, statistics);
        if (!resolved) return forward_error(resolved);
        m_variants.push_back({layer, weights, bits, std::move(*resolved), {}, 0, 0, 0, 0, 0, false, {}});
        return {};
    };
    const auto wanted = [&](const std::string& layer) {
        return m_request.layers.empty() ||
               std::ranges::find(m_request.layers, layer) != m_request.layers.end();
    };
    for (const NodeId id : m_graph.node_ids())
        for (const bool weights : {true, false}) {
            if (!wanted(m_graph.node(id).name)) continue;
            if (weights ? !is_weighted(m_graph, id) : !reads_activations(m_graph, id)) continue;
            for (const int bits : m_request.widths)
                if (auto ok = add(m_graph.node(id).name, weights, bits); !ok) return ok;
        }
    return {};
}

/// Looks of the early stop, and as many images at once as leave room for the activations at all cut points.
std::vector<int64_t> SensitivityRun::window_ends(const Engine::Prepared& program) const {
    const int64_t total = m_order.size();
    int64_t kept = 0, outputs = 0;
    for (const engine::Step& step : Engine::program(program).steps)
        kept += Engine::bytes_per_image(program, engine::writes(step.operation));
    for (const int64_t n : m_elements) outputs += n * static_cast<int64_t>(sizeof(float));
    // A short window costs a lowering of every variant: rather fewer cut points than that.
    constexpr int64_t k_least = 512;
    const auto fit = [](int64_t bytes, int64_t each) { return bytes / std::max<int64_t>(each, 1) / 16 * 16; };
    int64_t most = m_budget > 0 ? std::max(k_least, fit(m_budget, kept)) : total;
    most = std::max<int64_t>(16, std::min(most, fit(Reference::k_max_output_bytes, outputs)));
    std::vector<int64_t> wanted{total};
    if (m_request.decide_within) wanted = SequentialTest(total, *m_request.decide_within).looks();
    std::vector<int64_t> ends;
    int64_t at = 0;
    for (const int64_t end : wanted)
        while (at < end) ends.push_back(at = std::min(end, at + most));
    return ends;
}

Result<Sensitivity> SensitivityRun::run() {
    const auto started = std::chrono::steady_clock::now();
    if (m_request.decide_within && !m_has_classes)
        return fail(ErrorCode::usage, "an accuracy to decide on needs labels and classes", m_data->name(),
                    "run all images");
    if (auto ok = make_variants(); !ok) return forward_error(ok);
    auto baseline = m_engine.prepare(m_graph, m_baseline.plan, m_order);
    if (!baseline) return forward_error(baseline);
    m_elements = Engine::output_elements(**baseline);
    m_outputs.resize(m_elements.size());
    int64_t begin = 0;
    for (const int64_t end : window_ends(**baseline)) {
        if (std::ranges::all_of(m_variants, &Variant::decided)) break;
        m_engine.drop_kept(**baseline);
        const engine::Keep keep{engine::Keep::What::everything, begin, end};
        m_top1.assign(static_cast<size_t>(end - begin), -1);
        m_loss.assign(m_top1.size(), 0);
        for (size_t o = 0; o < m_elements.size(); ++o)
            m_outputs[o].resize(static_cast<size_t>((end - begin) * m_elements[o]));
        const auto consume = [&](const engine::OutputBatch& batch) -> Result<void> {
            for (size_t o = 0; o < m_elements.size(); ++o)
                std::ranges::copy(batch.outputs[o],
                                  m_outputs[o].begin() + (batch.first - begin) * m_elements[o]);
            for (int64_t i = 0; i < batch.count; ++i) {
                const auto at = static_cast<size_t>(batch.first - begin + i);
                const auto scores = batch.outputs.front().subspan(static_cast<size_t>(i * m_elements.front()),
                                                                  static_cast<size_t>(m_elements.front()));
                m_top1[at] = engine::best_class(scores);
                m_loss[at] = loss_of(scores, batch.first + i);
            }
            return {};
        };
        if (auto ok = m_engine.run(**baseline, begin, end, keep, m_control, consume); !ok)
            return forward_error(ok);
        for (int64_t i = begin; i < end; ++i) {
            m_right += m_top1[static_cast<size_t>(i - begin)] == label_at(i);
            m_loss_sum += m_loss[static_cast<size_t>(i - begin)];
            m_labelled += label_at(i) >= 0;
        }
        m_baseline_run = end;
        for (Variant& variant : m_variants)
            if (!variant.decided)
                if (auto ok = run_variant(variant, begin, end); !ok) return forward_error(ok);
        begin = end;
    }
    m_engine.drop_kept(**baseline);

    Sensitivity result;
    result.samples = m_baseline_run;
    if (m_has_classes) {
        result.baseline_top1 = static_cast<double>(m_right) / static_cast<double>(m_baseline_run);
        result.baseline_loss_nat = m_loss_sum / static_cast<double>(m_labelled);
    }
    for (const Variant& variant : m_variants) {
        if (result.layers.empty() || result.layers.back().layer != variant.layer)
            result.layers.emplace_back().layer = variant.layer;
        (variant.weights ? result.layers.back().weights : result.layers.back().activations)
            .push_back(entry(variant));
    }
    result.evaluations = m_evaluations;
    result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
    return result;
}

Result<void> SensitivityRun::run_variant(Variant& variant, int64_t begin, int64_t end) {
    Engine::PreparedPtr program = variant.program;
    if (!program) {
        auto made = m_engine.prepare(m_graph, variant.plan, m_order);
        if (!made) return forward_error(made);
        program = std::move(*made);
    }
    std::vector<Moved> moved(static_cast<size_t>(end - begin));
    const auto consume = [&](const engine::OutputBatch& batch) -> Result<void> {
        for (int64_t i = 0; i < batch.count; ++i) {
            const int64_t at = batch.first - begin + i;
            Moved& m = moved[static_cast<size_t>(at)];
            for (size_t o = 0; o < m_elements.size(); ++o) {
                const auto row = [&](std::span<const float> all, int64_t image) {
                    return all.subspan(static_cast<size_t>(image * m_elements[o]),
                                       static_cast<size_t>(m_elements[o]));
                };
                const auto before = row(m_outputs[o], at), after = row(batch.outputs[o], i);
                for (size_t k = 0; k < before.size(); ++k) {
                    const double x = static_cast<double>(before[k]), e = static_cast<double>(after[k]) - x;
                    m.signal += x * x;
                    m.noise += e * e;
                }
                if (o > 0) continue;
                m.top1 = engine::best_class(after);
                m.loss = loss_of(after, batch.first + i);
                if (engine::gives_classes(m_graph))
                    m.kl = engine::kl_divergence(before, after, m_probabilities);
            }
        }
        return {};
    };
    if (auto ok = m_engine.run(*program, begin, end, {}, m_control, consume); !ok) return ok;
    for (int64_t i = begin; i < end; ++i) { // in order: the sums do not depend on threads
        const Moved& m = moved[static_cast<size_t>(i - begin)];
        variant.signal += m.signal;
        variant.noise += m.noise;
        variant.kl += m.kl;
        variant.loss += m.loss;
        if (m_has_classes)
            variant.counts.add(label_at(i), m.top1, m_top1[static_cast<size_t>(i - begin)], false);
    }
    if (variant.samples == 0) ++m_evaluations;
    variant.samples = end;
    if (m_request.decide_within) {
        const SequentialTest test(m_order.size(), *m_request.decide_within);
        if (std::ranges::find(test.looks(), end) != test.looks().end())
            variant.decided = test.decide(variant.counts, end == m_order.size()).has_value();
    }
    // Twice: what runs is a copy of the part that has to.
    const int64_t bytes = 2 * weight_bytes(Engine::program(*program));
    const bool last = variant.decided || end == m_order.size();
    if (variant.program && last) {
        m_program_bytes -= bytes;
        variant.program.reset();
    } else if (!variant.program && !last && m_program_bytes + bytes <= k_max_program_bytes) {
        m_program_bytes += bytes;
        variant.program = std::move(program);
    }
    m_work_done += end - begin;
    m_control.report("measuring sensitivity", m_work_done,
                     m_order.size() * static_cast<int64_t>(m_variants.size()));
    return {};
}

SensitivityEntry SensitivityRun::entry(const Variant& variant) const {
    SensitivityEntry e;
    e.bits = variant.bits;
    e.samples = variant.samples;
    if (m_has_classes) {
        const Accuracy accuracy = variant.counts.accuracy(0);
        e.top1 = accuracy.top1;
        e.delta_ci95 = accuracy.delta_ci95;
        e.loss_nat = variant.loss / static_cast<double>(accuracy.samples);
    }
    e.sqnr_db = variant.noise == 0 ? std::numeric_limits<double>::infinity()
                                   : 10 * std::log10(variant.signal / variant.noise);
    if (engine::gives_classes(m_graph)) e.kl_nat = variant.kl / static_cast<double>(variant.samples);
    return e;
}

} // namespace

Result<Sensitivity> Evaluator::sensitivity(const SensitivityRequest& request, const WorkControl& control) {
    if (auto ok = Impl::check(request.base); !ok) return forward_error(ok);
    if (request.widths.empty())
        return fail(ErrorCode::usage, "no width to try", "--widths", "give some, such as 2,4,8");
    for (const int bits : request.widths)
        if (!is_integer_width(bits))
            return fail(ErrorCode::usage, std::to_string(bits) + " is no width", "--widths",
                        "integers of 1 to 16 bits, or 32");
    auto data = limited_data(request.base);
    if (!data) return forward_error(data);
    auto prepared = m_impl->prepare(request.base, control);
    if (!prepared) return forward_error(prepared);
    if (!prepared->statistics) { // other layers may need none; each in its turn does
        auto statistics = m_impl->statistics_of(request.base, *prepared, control);
        if (!statistics) return forward_error(statistics);
        prepared->statistics = std::move(*statistics);
    }
    std::optional<train::Curvature> curvature;
    if (request.traces) {
        auto traces = curvature_of(*prepared, **data, *request.traces, control);
        if (!traces) return forward_error(traces);
        curvature = std::move(*traces);
    }
    auto sensitivity =
        SensitivityRun(m_impl->engine, request, *data, *prepared, m_impl->engine.memory_budget(), control)
            .run();
    if (!sensitivity || !curvature) return sensitivity;
    sensitivity->seconds += curvature->seconds;
    if (auto ok = add_curvature(*curvature, *prepared, request.weight_format, *sensitivity); !ok)
        return forward_error(ok);
    return sensitivity;
}

} // namespace widthwise::flow
