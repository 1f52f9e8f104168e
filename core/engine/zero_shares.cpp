#include "core/engine/zero_shares.h"

#include "core/engine/batches.h"
#include "core/engine/layout.h"
#include "core/engine/program_lookup.h"
#include "core/engine/representation.h"
#include "core/graph/folding.h"
#include "core/graph/layer_work.h"
#include "core/quant/quantizer.h"

#include <algorithm>
#include <atomic>
#include <deque>
#include <mutex>

namespace widthwise::engine {
namespace {

/// A buffer that some layers read or write, with what was seen in it.
struct Watched {
    BufferId buffer;
    std::atomic<int64_t> zeros = 0, seen = 0;
    [[nodiscard]] double share() const {
        return seen > 0 ? static_cast<double>(zeros) / static_cast<double>(seen) : 0;
    }
};

/// Among the real images of a micro-batch of `all`.
void look(const Batch& batch, size_t all, Watched& watched) {
    const auto images = static_cast<size_t>(batch.count);
    const Executor::Context& context = batch.context;
    size_t per_image = 0;
    int64_t zeros = 0;
    if (context.representation(watched.buffer, 0).element == Element::f32) {
        const auto values = context.f32(watched.buffer);
        per_image = values.size() / all;
        const auto real = values.first(per_image * images);
        zeros = std::count(real.begin(), real.end(), 0.0F);
    } else {
        const auto stored = context.u8(watched.buffer);
        per_image = stored.size() / all;
        for (size_t n = 0; n < images; ++n) {
            const auto own = stored.subspan(n * per_image, per_image);
            const int32_t zero = context.representation(watched.buffer, n).zero_point;
            zeros += std::count(own.begin(), own.end(), static_cast<uint8_t>(zero));
        }
    }
    watched.zeros += zeros;
    watched.seen += static_cast<int64_t>(per_image * images);
}

class ZeroCount {
public:
    ZeroCount(const Graph& graph, const PrecisionPlan& resolved) : m_graph(graph), m_plan(resolved) {}

    Result<std::vector<LayerZeros>> run(const Dataset* data, int64_t samples, const WorkControl& control) {
        for (const Unit& unit : fuse(m_graph))
            if (is_weighted(m_graph, unit.node))
                if (Result<void> ok = add(unit); !ok) return forward_error(ok);
        if (data)
            if (Result<void> ok = count(*data, std::min(samples, data->size()), control); !ok)
                return forward_error(ok);
        return std::move(m_layers);
    }

private:
    Result<void> add(const Unit& unit) {
        const Node& node = m_graph.node(unit.node);
        const FoldedWeights folded = folded_weights(m_graph, unit, m_plan.folds_batch_norm());
        const auto quantized =
            quantize_weights(folded.weights, output_channels(m_graph, node), m_plan.at(node.name).weights);
        if (!quantized) {
            Error error = quantized.error();
            error.where = node.name;
            return tl::unexpected<Error>(std::move(error));
        }
        const auto zeros = std::count(quantized->values.begin(), quantized->values.end(), 0.0F);
        LayerZeros layer;
        layer.layer = node.name;
        layer.weights = static_cast<double>(zeros) / static_cast<double>(quantized->values.size());
        m_layers.push_back(std::move(layer));
        m_units.push_back(unit);
        return {};
    }
    Result<void> count(const Dataset& data, int64_t samples, const WorkControl& control);
    /// Of the value in that form; null where the program holds it nowhere.
    Watched* watch(ValueId value, const Representation* representation);

    const Graph& m_graph;
    const PrecisionPlan& m_plan;
    std::vector<LayerZeros> m_layers;
    std::vector<Unit> m_units; ///< as m_layers
    std::shared_ptr<const Executor> m_executor;
    std::deque<Watched> m_watched;
    std::vector<std::vector<Watched*>> m_by_root; ///< by the buffer that a step writes
};

Watched* ZeroCount::watch(ValueId value, const Representation* representation) {
    const Program& program = m_executor->program();
    const auto buffer = find_buffer(program, value, representation);
    if (!buffer) return nullptr;
    std::vector<Watched*>& here = m_by_root[root(program, *buffer).position()];
    for (Watched* watched : here)
        if (watched->buffer == *buffer) return watched;
    m_watched.emplace_back().buffer = *buffer;
    here.push_back(&m_watched.back());
    return here.back();
}

Result<void> ZeroCount::count(const Dataset& data, int64_t samples, const WorkControl& control) {
    if (samples <= 0) return fail(ErrorCode::invalid_input, "no images to count zeros on", data.name());
    LowerOptions options;
    options.observe_accumulators = true; // no layer hides its output in a residual add
    Result<Program> program = lower(m_graph, m_plan, options);
    if (!program) return forward_error(program);
    auto executor = Executor::create(std::move(*program));
    if (!executor) return forward_error(executor);
    m_executor = std::move(*executor);
    m_by_root.resize(m_executor->program().buffers.size());

    std::vector<std::pair<Watched*, Watched*>> of_layers; // input, output
    for (const Unit& unit : m_units) {
        const Node& node = m_graph.node(unit.node);
        const int64_t channels = extent_of(m_graph.value(node.inputs[0]).shape).channels;
        const Representation read = representation_of(m_plan.at(node.name).activations, 0, channels);
        of_layers.emplace_back(watch(node.inputs[0], &read), watch(unit.output, nullptr));
    }
    const auto all = static_cast<size_t>(m_executor->batch());
    std::mutex mutex;
    int64_t done = 0;
    const auto each = [&](const Batch& batch) -> Result<void> {
        const auto see = [&](BufferId id) {
            for (Watched* watched : m_by_root[id.position()]) look(batch, all, *watched);
        };
        see(m_executor->program().input);
        batch.context.run(see);
        const std::scoped_lock lock(mutex);
        done += batch.count;
        control.report("counting zeros", done, samples);
        return {};
    };
    if (Result<void> ok = for_each_batch(m_graph, m_executor, data, samples, control, each); !ok) return ok;
    for (size_t i = 0; i < m_layers.size(); ++i) {
        const auto& [input, output] = of_layers[i];
        if (input) m_layers[i].inputs = input->share();
        if (output) m_layers[i].outputs = output->share();
    }
    return {};
}

} // namespace

Result<std::vector<LayerZeros>> zero_shares(const GraphPtr& graph, const PrecisionPlan& resolved,
                                            const Dataset* data, int64_t samples,
                                            const WorkControl& control) {
    return ZeroCount(*graph, resolved).run(data, samples, control);
}

} // namespace widthwise::engine
