#include "core/train/hessian.h"

#include "core/base/rng.h"
#include "core/base/worker_pool.h"
#include "core/engine/image_order.h"
#include "core/graph/layer_work.h"
#include "core/train/finite.h"
#include "core/train/model.h"
#include "core/train/shards.h"
#include "core/train/tape.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <vector>

namespace widthwise::train {
namespace {

constexpr int k_round = 8; // probes between two looks at their spread

struct Block {
    std::string layer;
    Slice weights;
};

/// `direction` = B u of each image, u random signs of its own for each probe.
void draw(const std::vector<double>& roots, size_t classes, uint64_t seed, int64_t first_image, int probe,
          std::span<float> direction) {
    for (size_t image = 0; image * classes < roots.size(); ++image) {
        const auto place = (static_cast<uint64_t>(probe) << 32U) + static_cast<uint64_t>(first_image) + image;
        Rng rng = Rng::stream(seed, place);
        const std::span root = std::span(roots).subspan(image * classes, classes);
        const std::span out = direction.subspan(image * classes, classes);
        double sum = 0;
        std::vector<double> signed_roots(classes);
        for (size_t c = 0; c < classes; ++c) {
            signed_roots[c] = (rng.next() >> 63U) != 0 ? root[c] : -root[c];
            sum += signed_roots[c];
        }
        for (size_t c = 0; c < classes; ++c)
            out[c] = static_cast<float>(signed_roots[c] - root[c] * root[c] * sum);
    }
}

/// Square roots of the softmax's probabilities.
std::vector<double> probability_roots(std::span<const float> logits, size_t classes) {
    std::vector<double> roots(logits.size());
    for (size_t at = 0; at < logits.size(); at += classes) {
        const auto scores = logits.subspan(at, classes);
        const double highest = *std::ranges::max_element(scores);
        double total = 0;
        for (size_t c = 0; c < classes; ++c) {
            roots[at + c] = std::exp(static_cast<double>(scores[c]) - highest);
            total += roots[at + c];
        }
        for (size_t c = 0; c < classes; ++c) roots[at + c] = std::sqrt(roots[at + c] / total);
    }
    return roots;
}

class TraceRun {
public:
    TraceRun(const Dataset& data, const HessianOptions& options, const WorkControl& control)
        : m_data(data)
        , m_options(options)
        , m_control(control)
        , m_order(engine::shuffled(data, options.seed)) {}

    Result<void> prepare(const GraphPtr& graph);
    Result<Curvature> run();

private:
    struct Worker {
        std::unique_ptr<Tape> tape;
        std::vector<float> gradients, direction;
    };
    Result<void> check() const;
    /// m_squares of one shard and these probes.
    Result<void> run_shard(int64_t shard, int first_probe, int probes, Worker& worker);
    Result<void> find_divergence(Worker& worker, std::span<const float> direction) const;
    [[nodiscard]] LayerCurvature curvature(size_t block) const;

    const Dataset& m_data;
    const HessianOptions& m_options;
    const WorkControl& m_control;
    engine::ImageOrder m_order;
    std::unique_ptr<Model> m_model;
    std::vector<Block> m_blocks;
    std::vector<Worker> m_workers;
    int64_t m_images = 0, m_shards = 0;        ///< of a shard; of these
    std::vector<double> m_squares;             ///< of one round: shards x probes x blocks, squared gradients
    std::vector<std::vector<double>> m_traces; ///< by block, one for each probe
};

Result<void> TraceRun::check() const {
    if (m_options.samples < 1)
        return fail(ErrorCode::usage, "no images to take traces of", "Hessian traces", "ask for some");
    if (m_options.probes < 2)
        return fail(ErrorCode::usage, "traces need two probes or more to know their error", "Hessian traces",
                    "ask for 32");
    if (!(m_options.tolerance >= 0))
        return fail(ErrorCode::usage, "the tolerance is negative or no number", "Hessian traces");
    if (m_data.size() < 1) return fail(ErrorCode::invalid_input, "there are no images", m_data.name());
    const auto [channels, height, width] = m_data.image_shape();
    const Shape image =
        m_data.network_is_nhwc() ? Shape{1, height, width, channels} : Shape{1, channels, height, width};
    const Shape& wanted = m_model->graph->value(m_model->scope.input).shape;
    if (image != wanted)
        return fail(ErrorCode::invalid_input,
                    "the images are " + image.to_string() + " but the network reads " + wanted.to_string(),
                    m_data.name(), "resize or crop in the dataset card");
    return {};
}

Result<void> TraceRun::prepare(const GraphPtr& graph) {
    auto model = Model::create(graph, Options{});
    if (!model) return forward_error(model);
    m_model = std::move(*model);
    if (Result<void> ok = check(); !ok) return ok;
    for (const NodeId id : m_model->scope.nodes)
        if (is_weighted(*m_model->graph, id)) {
            const Node& node = m_model->graph->node(id);
            m_blocks.push_back({node.name, m_model->layout.trained(node.inputs[1])});
        }
    const int64_t samples = std::min(m_options.samples, m_data.size());
    m_images = shard_size(samples);
    m_shards = samples / m_images;
    m_traces.resize(m_blocks.size());

    const int threads = m_control.threads > 0 ? m_control.threads : default_thread_count();
    m_workers.resize(static_cast<size_t>(std::min<int64_t>(threads, m_shards)));
    TapeOptions options;
    options.batch = m_images;
    options.mode = TapeMode::frozen;
    options.nhwc_network = m_data.network_is_nhwc();
    return parallel_for(std::ssize(m_workers), threads, [&](int64_t item, int) -> Result<void> {
        const SingleThreadedKernels single;
        auto tape = Tape::create(*m_model->graph, m_model->scope, m_model->layout, options);
        if (!tape) return forward_error(tape);
        Worker& worker = m_workers[static_cast<size_t>(item)];
        worker.tape = std::move(*tape);
        worker.gradients.resize(m_model->trained.size());
        worker.direction.resize(worker.tape->logits().size());
        return {};
    });
}

Result<void> TraceRun::find_divergence(Worker& worker, std::span<const float> direction) const {
    auto found = worker.tape->find_non_finite(m_model->effective, m_model->running, direction);
    if (!found) return forward_error(found);
    const std::string what = direction.empty() ? "the activations are" : "the gradients are";
    return fail(ErrorCode::failed, what + " not finite",
                *found ? "layer " + (*found)->node : m_model->graph->name(),
                "no curvature can be measured with these weights on these images");
}

Result<void> TraceRun::run_shard(int64_t shard, int first_probe, int probes, Worker& worker) {
    const SingleThreadedKernels single;
    Tape& tape = *worker.tape;
    const int64_t first = shard * m_images;
    const size_t size = tape.input().size() / static_cast<size_t>(m_images);
    for (int64_t i = 0; i < m_images; ++i) {
        Result<void> read = m_data.read(m_order.images[static_cast<size_t>(first + i)],
                                        tape.input().subspan(static_cast<size_t>(i) * size, size));
        if (!read) return read;
    }
    if (Result<void> ran = tape.forward(m_model->effective, m_model->running, {}); !ran) return ran;
    if (!are_finite(tape.logits())) return find_divergence(worker, {});
    const auto classes = static_cast<size_t>(m_model->scope.classes);
    const std::vector<double> roots = probability_roots(tape.logits(), classes);
    for (int probe = 0; probe < probes; ++probe) {
        if (m_control.cancel.cancelled()) return fail(ErrorCode::cancelled, "Hessian traces were cancelled");
        draw(roots, classes, m_options.seed, first, first_probe + probe, worker.direction);
        std::ranges::fill(worker.gradients, 0.0F);
        Result<void> done = tape.backward(m_model->effective, worker.direction, worker.gradients);
        if (!done) return done;
        const size_t row =
            (static_cast<size_t>(shard) * k_round + static_cast<size_t>(probe)) * m_blocks.size();
        for (size_t b = 0; b < m_blocks.size(); ++b) {
            double squares = 0;
            for (const float g : m_blocks[b].weights.of(std::span<const float>(worker.gradients)))
                squares += static_cast<double>(g) * static_cast<double>(g);
            if (!std::isfinite(squares)) return find_divergence(worker, worker.direction);
            m_squares[row + b] = squares;
        }
    }
    return {};
}

/// Mean over probes, and its standard error.
LayerCurvature TraceRun::curvature(size_t block) const {
    const std::vector<double>& traces = m_traces[block];
    const auto n = static_cast<double>(traces.size());
    LayerCurvature result;
    for (const double t : traces) result.trace += t / n;
    double spread = 0;
    for (const double t : traces) spread += (t - result.trace) * (t - result.trace);
    result.trace_error = std::sqrt(spread / (n * (n - 1)));
    result.weights = m_blocks[block].weights.size;
    return result;
}

Result<Curvature> TraceRun::run() {
    const auto started = std::chrono::steady_clock::now();
    const auto shards = static_cast<size_t>(m_shards);
    m_squares.resize(shards * k_round * m_blocks.size());
    Curvature result;
    result.samples = m_shards * m_images;
    bool precise = false;
    while (result.probes < m_options.probes && !precise) {
        const int probes = std::min(k_round, m_options.probes - result.probes);
        m_control.report("estimating curvature", result.probes, m_options.probes);
        Result<void> done =
            parallel_for(m_shards, static_cast<int>(m_workers.size()), [&](int64_t shard, int worker) {
                return run_shard(shard, result.probes, probes, m_workers[static_cast<size_t>(worker)]);
            });
        if (!done) return forward_error(done);
        for (size_t b = 0; b < m_blocks.size(); ++b)
            for (size_t p = 0; p < static_cast<size_t>(probes); ++p) {
                double sum = 0; // in the shards' order
                for (size_t s = 0; s < shards; ++s) sum += m_squares[(s * k_round + p) * m_blocks.size() + b];
                m_traces[b].push_back(sum / static_cast<double>(result.samples));
            }
        result.probes += probes;
        precise = m_options.tolerance > 0;
        for (size_t b = 0; b < m_blocks.size() && precise; ++b) {
            const LayerCurvature layer = curvature(b);
            precise = layer.trace_error <= m_options.tolerance * layer.trace;
        }
    }
    m_control.report("estimating curvature", m_options.probes, m_options.probes);
    for (size_t b = 0; b < m_blocks.size(); ++b) result.layers[m_blocks[b].layer] = curvature(b);
    result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
    return result;
}

} // namespace

Result<Curvature> hessian_traces(const GraphPtr& graph, const Dataset& data, const HessianOptions& options,
                                 const WorkControl& control) {
    TraceRun run(data, options, control);
    if (Result<void> ready = run.prepare(graph); !ready) return forward_error(ready);
    return run.run();
}

} // namespace widthwise::train
