#include "core/engine/diagnostics.h"

#include "core/base/worker_pool.h"
#include "core/engine/batches.h"
#include "core/engine/layer_probe.h"
#include "core/engine/layer_weights.h"
#include "core/engine/layout.h"
#include "core/engine/program_lookup.h"
#include "core/graph/folding.h"
#include "core/graph/layer_work.h"

#include <algorithm>
#include <atomic>

namespace widthwise::engine {
namespace {

constexpr size_t k_most_levels = 256;

/// A layer in both networks and what is gathered about it.
struct Layer {
    Unit unit;
    std::optional<Unit> reference; ///< nullopt: not there, or of another shape
    LayerReport report;
    std::unique_ptr<TensorProbe> output, input;
    size_t output_sums = 0, input_sums = 0; ///< where their sums begin in the batch's
    std::vector<ClipCounter> clips;         ///< one per activation input
    std::atomic<int64_t> clipped = 0, read = 0;
    std::mutex sums_mutex;
    std::optional<SumRange> sums;
    std::vector<int32_t> code_shift;
};

enum class What { output, input, sums };

/// What is taken from a buffer of the quantized program when the step that fills it has run.
struct Watch {
    What what = What::output;
    size_t layer = 0;
    size_t input = 0; ///< number among the activation inputs
    BufferId buffer;
    size_t slot = 0; ///< of the float values to compare with
};
using Watches = std::vector<std::vector<Watch>>; ///< by the buffer that a step writes

std::vector<ValueId> activation_inputs(const Graph& graph, NodeId id) {
    std::vector<ValueId> inputs;
    for (const ValueId input : graph.node(id).inputs)
        if (!graph.value(input).constant) inputs.push_back(input);
    return inputs;
}

bool has_channel_axis(const Shape& shape) {
    return shape.rank() == 2 || shape.rank() == 4;
}

class Diagnosis {
public:
    Diagnosis(const GraphPtr& graph, const GraphPtr& reference, const PrecisionPlan& resolved)
        : m_graph(*graph), m_reference(*reference), m_plan(resolved) {}
    Result<std::vector<LayerReport>> run(const Dataset& data, int64_t samples, const WorkControl& control);

private:
    Result<void> compile();
    void find_layers();
    void watch_output(size_t layer);
    void watch_inputs(size_t layer);
    void watch_sums();
    Result<void> report_weights_of(Layer& layer);
    /// Where the float values of a reference value are kept while a batch runs; nullopt: it has no buffer.
    std::optional<size_t> slot_of(ValueId value);
    void run_batch(const Batch& batch, Executor::Context& floats, OrderedSums& sums);
    void look(const Watch& watch, const Batch& batch, std::span<const std::vector<float>> slots,
              std::span<FidelitySums> sums);
    void finish(const std::vector<FidelitySums>& sums);

    const Graph& m_graph;
    const Graph& m_reference;
    const PrecisionPlan& m_plan;
    std::shared_ptr<const Executor> m_float, m_quantized;
    std::vector<std::unique_ptr<Layer>> m_layers;
    Watches m_watches;
    std::vector<std::vector<std::pair<BufferId, size_t>>> m_copies; ///< of the float program, as m_watches
    std::vector<std::pair<ValueId, size_t>> m_slots;
    size_t m_sums = 0; ///< of all layers
};

Result<void> Diagnosis::compile() {
    Result<Program> real = lower(m_reference, PrecisionPlan());
    if (!real) return forward_error(real);
    LowerOptions options;
    options.observe_accumulators = true;
    Result<Program> quantized = lower(m_graph, m_plan, options);
    if (!quantized) return forward_error(quantized);
    // The same images in both.
    const int batch = Executor::choose_batch(*real);
    auto float_executor = Executor::create(std::move(*real), batch);
    if (!float_executor) return forward_error(float_executor);
    auto quantized_executor = Executor::create(std::move(*quantized), batch);
    if (!quantized_executor) return forward_error(quantized_executor);
    m_float = std::move(*float_executor);
    m_quantized = std::move(*quantized_executor);
    m_watches.resize(m_quantized->program().buffers.size());
    m_copies.resize(m_float->program().buffers.size());
    return {};
}

void Diagnosis::find_layers() {
    const std::vector<Unit> reference = fuse(m_reference);
    for (const Unit& unit : fuse(m_graph)) {
        if (!is_weighted(m_graph, unit.node) && !reads_activations(m_graph, unit.node)) continue;
        auto layer = std::make_unique<Layer>();
        const std::string& name = m_graph.node(unit.node).name;
        layer->unit = unit;
        layer->report.layer = name;
        for (const Unit& other : reference)
            if (m_reference.node(other.node).name == name &&
                m_reference.value(other.output).shape == m_graph.value(unit.output).shape)
                layer->reference = other;
        m_layers.push_back(std::move(layer));
    }
}

std::optional<size_t> Diagnosis::slot_of(ValueId value) {
    for (const auto& [known, slot] : m_slots)
        if (known == value) return slot;
    const Representation real;
    const auto buffer = find_buffer(m_float->program(), value, &real);
    if (!buffer) return std::nullopt;
    const size_t slot = m_slots.size();
    m_slots.emplace_back(value, slot);
    m_copies[root(m_float->program(), *buffer).position()].emplace_back(*buffer, slot);
    return slot;
}

void Diagnosis::watch_output(size_t index) {
    Layer& layer = *m_layers[index];
    const auto buffer = find_buffer(m_quantized->program(), layer.unit.output);
    const auto slot = layer.reference && buffer ? slot_of(layer.reference->output) : std::nullopt;
    if (!slot) return;
    const Shape& shape = m_graph.value(layer.unit.output).shape;
    const bool channels = has_channel_axis(shape);
    layer.output = std::make_unique<TensorProbe>(channels ? extent_of(shape).channels : 1, channels);
    layer.output_sums = m_sums;
    m_sums += layer.output->channels();
    m_watches[root(m_quantized->program(), *buffer).position()].push_back(
        {What::output, index, 0, *buffer, *slot});
}

void Diagnosis::watch_inputs(size_t index) {
    Layer& layer = *m_layers[index];
    if (!layer.reference) return;
    const auto inputs = activation_inputs(m_graph, layer.unit.node);
    const auto references = activation_inputs(m_reference, layer.reference->node);
    const NumberFormat& format = m_plan.at(layer.report.layer).activations;
    layer.input = std::make_unique<TensorProbe>(1, false);
    layer.input_sums = m_sums++;
    for (size_t i = 0; i < inputs.size(); ++i) {
        const Shape& shape = m_graph.value(inputs[i]).shape;
        const int64_t channels = extent_of(shape).channels;
        layer.clips.emplace_back(format, i, channels);
        const Representation r = representation_of(format, i, channels);
        const auto buffer = find_buffer(m_quantized->program(), inputs[i], &r);
        if (!buffer || i >= references.size() || m_reference.value(references[i]).shape != shape) continue;
        const auto slot = slot_of(references[i]);
        if (!slot) continue;
        m_watches[root(m_quantized->program(), *buffer).position()].push_back(
            {What::input, index, i, *buffer, *slot});
    }
    if (format.is_quantized() && !format.is_dynamic() && format.scale.size() <= 1)
        layer.report.input_levels = Quantizer(format, 0).levels(k_most_levels);
}

void Diagnosis::watch_sums() {
    for (const Step& step : m_quantized->program().steps) {
        const auto* requantize = std::get_if<RequantizeStep>(&step.operation);
        if (!requantize) continue;
        for (size_t i = 0; i < m_layers.size(); ++i) {
            if (m_layers[i]->report.layer != step.node) continue;
            m_layers[i]->sums.emplace();
            m_layers[i]->code_shift = requantize->code_shift;
            m_watches[requantize->in.position()].push_back({What::sums, i, 0, requantize->in, 0});
        }
    }
}

Result<void> Diagnosis::report_weights_of(Layer& layer) {
    const NumberFormat& format = m_plan.at(layer.report.layer).weights;
    if (!is_weighted(m_graph, layer.unit.node) || !format.is_quantized()) return {};
    const bool fold = m_plan.folds_batch_norm();
    const FoldedWeights own = folded_weights(m_graph, layer.unit, fold);
    std::vector<float> before = own.weights;
    if (layer.reference && is_weighted(m_reference, layer.reference->node)) {
        // What passes left has its BatchNormalization inside.
        FoldedWeights original =
            folded_weights(m_reference, *layer.reference, fold || !layer.unit.batch_norm.valid());
        if (original.weights.size() == before.size()) before = std::move(original.weights);
    }
    Result<void> done = report_weights(
        before, own.weights, output_channels(m_graph, m_graph.node(layer.unit.node)), format, layer.report);
    if (!done) done.error().where = layer.report.layer;
    return done;
}

void Diagnosis::look(const Watch& watch, const Batch& batch, std::span<const std::vector<float>> slots,
                     std::span<FidelitySums> sums) {
    Layer& layer = *m_layers[watch.layer];
    const auto images = static_cast<size_t>(batch.count), all = static_cast<size_t>(m_quantized->batch());
    if (watch.what == What::sums) {
        const auto values = batch.context.s32(watch.buffer);
        SumRange range;
        range.add(values.first(values.size() / all * images), layer.code_shift);
        const std::scoped_lock lock(layer.sums_mutex);
        layer.sums->lo = std::min(layer.sums->lo, range.lo);
        layer.sums->hi = std::max(layer.sums->hi, range.hi);
        return;
    }
    const std::vector<float>& before = slots[watch.slot];
    std::vector<float> after;
    read_real(batch.context, watch.buffer, all, images, after);
    if (watch.what == What::output) {
        layer.output->add(before, after, sums.subspan(layer.output_sums, layer.output->channels()));
        return;
    }
    layer.input->add(before, after, sums.subspan(layer.input_sums, 1));
    layer.clipped += layer.clips[watch.input].count(before);
    layer.read += static_cast<int64_t>(before.size());
}

void Diagnosis::run_batch(const Batch& batch, Executor::Context& floats, OrderedSums& ordered) {
    const auto images = static_cast<size_t>(batch.count), all = static_cast<size_t>(m_float->batch());
    const std::span<const float> input = batch.context.input();
    std::copy(input.begin(), input.end(), floats.input().begin());
    std::vector<std::vector<float>> slots(m_slots.size());
    const auto copy = [&](BufferId id) {
        for (const auto& [buffer, slot] : m_copies[id.position()])
            read_real(floats, buffer, all, images, slots[slot]);
    };
    copy(m_float->program().input);
    floats.run(copy);
    std::vector<FidelitySums> sums(m_sums);
    const auto compare = [&](BufferId id) {
        for (const Watch& watch : m_watches[id.position()]) look(watch, batch, slots, sums);
    };
    compare(m_quantized->program().input);
    batch.context.run(compare);
    ordered.add(batch.first / m_quantized->batch(), std::move(sums));
}

void Diagnosis::finish(const std::vector<FidelitySums>& sums) {
    for (const auto& layer : m_layers) {
        LayerReport& report = layer->report;
        if (layer->output) {
            const auto own = std::span(sums).subspan(layer->output_sums, layer->output->channels());
            report.output = layer->output->overall(own);
            report.output_channels = layer->output->by_channel(own);
            layer->output->write(report.output_before, report.output_after, report.output_error);
        }
        if (layer->input) layer->input->write(report.input_before, report.input_after, report.input_error);
        if (layer->read > 0)
            report.input_clipped = static_cast<double>(layer->clipped) / static_cast<double>(layer->read);
        if (layer->sums) report.observed_accumulator_bits = signed_bits(layer->sums->lo, layer->sums->hi);
    }
}

Result<std::vector<LayerReport>> Diagnosis::run(const Dataset& data, int64_t samples,
                                                const WorkControl& control) {
    samples = std::min(samples, data.size());
    if (samples <= 0) return fail(ErrorCode::invalid_input, "no images to diagnose on", data.name());
    if (Result<void> compiled = compile(); !compiled) return forward_error(compiled);
    find_layers();
    for (size_t i = 0; i < m_layers.size(); ++i) {
        watch_output(i);
        watch_inputs(i);
        if (Result<void> done = report_weights_of(*m_layers[i]); !done) return forward_error(done);
    }
    watch_sums();

    OrderedSums ordered(m_sums);
    std::vector<std::unique_ptr<Executor::Context>> floats(
        static_cast<size_t>(control.threads > 0 ? control.threads : default_thread_count()));
    std::mutex mutex;
    int64_t done = 0;
    const auto each = [&](const Batch& batch) -> Result<void> {
        auto& context = floats[static_cast<size_t>(batch.worker)];
        if (!context) context = std::make_unique<Executor::Context>(m_float);
        run_batch(batch, *context, ordered);
        const std::scoped_lock lock(mutex);
        done += batch.count;
        control.report("diagnosing", done, samples);
        return {};
    };
    if (Result<void> ok = for_each_batch(m_graph, m_quantized, data, samples, control, each); !ok)
        return forward_error(ok);
    finish(ordered.total());
    std::vector<LayerReport> reports;
    for (const auto& layer : m_layers) reports.push_back(std::move(layer->report));
    return reports;
}

} // namespace

Result<std::vector<LayerReport>> layer_reports(const GraphPtr& graph, const GraphPtr& reference,
                                               const PrecisionPlan& resolved, const Dataset& data,
                                               int64_t samples, const WorkControl& control) {
    return Diagnosis(graph, reference, resolved).run(data, samples, control);
}

} // namespace widthwise::engine
