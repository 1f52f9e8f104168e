#include "core/flow/session.h"
#include "core/graph/layer_work.h"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <map>
#include <utility>

namespace widthwise::flow {
namespace {

std::string now_utc() {
    const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
    std::tm parts{};
    ::gmtime_r(&now, &parts);
    char text[sizeof "2000-01-01T00:00:00Z"] = {};
    const size_t length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return {text, length};
}

/// Weights tell their own range; only activations whose range is still open need images.
bool needs_statistics(const Graph& graph, const PrecisionPlan& plan) {
    return std::ranges::any_of(graph.node_ids(), [&](NodeId id) {
        return reads_activations(graph, id) && !plan.at(graph.node(id).name).activations.is_resolved();
    });
}

struct Key {
    std::string model, data;
    int64_t samples = 0;
    auto operator<=>(const Key&) const = default;
};

using PredictionsPtr = std::shared_ptr<const engine::Predictions>;
using BatchFn = std::function<void(int64_t done, int64_t right, int64_t total)>;

int64_t count_right(const Dataset& data, const engine::Predictions& predictions) {
    int64_t right = 0;
    for (size_t i = 0; i < predictions.top1.size(); ++i)
        right += predictions.top1[i] == data.label(static_cast<int64_t>(i));
    return right;
}

} // namespace

struct Evaluator::Impl {
    // Small: N predictions, and histograms of fixed size; a session sees a handful of networks and data sets.
    std::map<Key, PredictionsPtr> references;
    std::map<Key, std::shared_ptr<const engine::Statistics>> statistics;

    /// The float run over `data`; on_batch hears of it either way.
    Result<PredictionsPtr> reference(const EvaluationRequest& request, const Dataset& data,
                                     const engine::RunOptions& options, const WorkControl& control);
    Result<std::shared_ptr<const engine::Statistics>> calibrate(const EvaluationRequest& request,
                                                                const WorkControl& control);
};

Result<PredictionsPtr> Evaluator::Impl::reference(const EvaluationRequest& request, const Dataset& data,
                                                  const engine::RunOptions& options,
                                                  const WorkControl& control) {
    const Key key{request.model.hash, request.data->hash(), data.size()};
    if (const auto found = references.find(key); found != references.end() && !options.keep_logits) {
        if (options.on_batch) options.on_batch(data.size(), count_right(data, *found->second), data.size());
        return found->second;
    }
    auto predictions = engine::predict(request.model.graph, PrecisionPlan(), data, options, control);
    if (!predictions) return forward_error(predictions);
    auto kept = std::make_shared<engine::Predictions>(*predictions);
    kept->logits = {};
    references[key] = std::move(kept);
    return std::make_shared<const engine::Predictions>(std::move(*predictions));
}

Result<std::shared_ptr<const engine::Statistics>> Evaluator::Impl::calibrate(const EvaluationRequest& request,
                                                                             const WorkControl& control) {
    const DatasetPtr& data = request.calibration ? request.calibration : request.data;
    const int64_t samples = std::min(request.calibration_samples, data->size());
    if (samples < 1)
        return fail(ErrorCode::usage, "calibration needs at least one image", data->name(),
                    "give --calibrate a number above 0");
    const Key key{request.model.hash, data->hash(), samples};
    if (const auto found = statistics.find(key); found != statistics.end()) return found->second;
    if (request.calibration)
        if (auto fit = check_fit(*request.model.graph, *data); !fit) return forward_error(fit);
    auto measured = engine::calibrate(request.model.graph, *data, samples, control);
    if (!measured) return forward_error(measured);
    return statistics[key] = std::make_shared<const engine::Statistics>(std::move(*measured));
}

Evaluator::Evaluator() : m_impl(std::make_unique<Impl>()) {}
Evaluator::~Evaluator() = default;

Result<std::shared_ptr<const engine::Statistics>> Evaluator::statistics(const EvaluationRequest& request,
                                                                        const WorkControl& control) {
    if (auto fit = check_fit(*request.model.graph, *request.data); !fit) return forward_error(fit);
    return m_impl->calibrate(request, control);
}

Result<EvaluationOutcome> Evaluator::evaluate(const EvaluationRequest& request, const WorkControl& control,
                                              const BatchFn& on_batch) {
    const GraphPtr& graph = request.model.graph;
    if (request.model.topology)
        return fail(ErrorCode::unsupported, "a topology has layers but no network to run",
                    request.model.source, "use cost");
    if (const NodeId bad = graph->first_unsupported(); bad.valid()) {
        const Node& node = graph->node(bad);
        const bool names_op = node.why_unsupported.find(node.op_type) != std::string::npos;
        return fail(ErrorCode::unsupported, (names_op ? "" : node.op_type + ": ") + node.why_unsupported,
                    request.model.source + ": " + node.name, "inspect shows the rest of the network");
    }
    if (auto fit = check_fit(*graph, *request.data); !fit) {
        if (fit.error().where.empty()) fit.error().where = request.model.source;
        return forward_error(fit);
    }
    if (request.limit < 0)
        return fail(ErrorCode::usage, "the limit is negative", "--limit", "0 means all images");
    const DatasetPtr data = request.limit > 0 ? first_images(request.data, request.limit) : request.data;

    // A float design is its own reference: one run.
    const bool is_float = request.plan.is_float();
    engine::RunOptions options;
    options.keep_logits = request.keep_logits;
    options.on_batch = on_batch;
    auto reference = m_impl->reference(request, *data, is_float ? options : engine::RunOptions(), control);
    if (!reference) return forward_error(reference);

    EvaluationOutcome outcome;
    Evaluation& evaluation = outcome.evaluation;
    evaluation.plan = request.plan;
    CalibrationInfo calibration;
    std::shared_ptr<const engine::Statistics> statistics = std::make_shared<const engine::Statistics>();
    if (needs_statistics(*graph, request.plan)) {
        auto measured = m_impl->calibrate(request, control);
        if (!measured) return forward_error(measured);
        statistics = *measured;
        const Dataset& source = request.calibration ? *request.calibration : *request.data;
        calibration = {source.name(), source.hash(), statistics->samples,
                       source.hash() == request.data->hash()};
    }
    auto resolved = engine::resolve_plan(*graph, request.plan, *statistics);
    if (!resolved) return forward_error(resolved);
    evaluation.resolved = std::move(*resolved);

    if (is_float) {
        outcome.predictions = **reference;
    } else {
        auto predictions = engine::predict(graph, evaluation.resolved, *data, options, control);
        if (!predictions) return forward_error(predictions);
        outcome.predictions = std::move(*predictions);
    }
    evaluation.accuracy = engine::compare(*data, outcome.predictions, **reference);
    auto layers =
        engine::diagnose(*graph, evaluation.resolved, statistics->samples > 0 ? statistics.get() : nullptr);
    if (!layers) return forward_error(layers);
    evaluation.layers = std::move(*layers);

    evaluation.seconds = outcome.predictions.seconds;
    if (evaluation.seconds > 0)
        evaluation.images_per_second = static_cast<double>(data->size()) / evaluation.seconds;
    Provenance& provenance = evaluation.provenance;
    provenance.model = request.model.source;
    provenance.model_hash = request.model.hash;
    provenance.data = request.data->name();
    provenance.data_hash = request.data->hash();
    provenance.preprocessing = request.data->preprocessing();
    provenance.calibration = std::move(calibration);
    provenance.program_version = program_version();
    provenance.cpu_isa = engine::cpu_isa();
    provenance.created_utc = now_utc();
    return outcome;
}

} // namespace widthwise::flow
