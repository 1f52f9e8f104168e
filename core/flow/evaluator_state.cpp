#include "core/flow/evaluator_state.h"

#include "core/graph/layer_work.h"

#include <algorithm>

namespace widthwise::flow {
namespace {

/// Weights tell their own range; only activations whose range is still open need images.
bool needs_statistics(const Graph& graph, const PrecisionPlan& plan) {
    return std::ranges::any_of(graph.node_ids(), [&](NodeId id) {
        return reads_activations(graph, id) && !plan.at(graph.node(id).name).activations.is_resolved();
    });
}

const DatasetPtr& calibration_data(const EvaluationRequest& request) {
    return request.calibration ? request.calibration : request.data;
}

} // namespace

int64_t Reference::bytes_per_image() const {
    int64_t bytes = 0;
    for (const int64_t n : elements) bytes += n * static_cast<int64_t>(sizeof(float));
    return bytes;
}

Result<DatasetPtr> limited_data(const EvaluationRequest& request) {
    if (request.limit < 0)
        return fail(ErrorCode::usage, "the limit is negative", "--limit", "0 means all images");
    return request.limit > 0 ? first_images(request.data, request.limit) : request.data;
}

Result<void> check_runnable(const Model& model, const Dataset& data) {
    const Graph& graph = *model.graph;
    if (model.topology)
        return fail(ErrorCode::unsupported, "a topology has layers but no network to run", model.source,
                    "use cost");
    if (const NodeId bad = graph.first_unsupported(); bad.valid()) {
        const Node& node = graph.node(bad);
        const bool names_op = node.why_unsupported.find(node.op_type) != std::string::npos;
        return fail(ErrorCode::unsupported, (names_op ? "" : node.op_type + ": ") + node.why_unsupported,
                    model.source + ": " + node.name, "inspect shows the rest of the network");
    }
    auto fit = check_fit(graph, data);
    if (!fit && fit.error().where.empty()) fit.error().where = model.source;
    return fit;
}

Result<StatisticsPtr> Evaluator::Impl::calibrate(const EvaluationRequest& request,
                                                 const std::set<int>& by_channel,
                                                 const WorkControl& control) {
    const DatasetPtr& data = calibration_data(request);
    const int64_t samples = std::min(request.calibration_samples, data->size());
    if (samples < 1)
        return fail(ErrorCode::usage, "calibration needs at least one image", data->name(),
                    "give --calibrate a number above 0");
    const StatisticsKey key{request.model.hash, data->hash(), samples, by_channel};
    if (const auto found = statistics.find(key); found != statistics.end()) return found->second;
    if (request.calibration)
        if (auto fit = check_fit(*request.model.graph, *data); !fit) return forward_error(fit);
    auto measured = engine::calibrate(request.model.graph, *data, samples, control, by_channel);
    if (!measured) return forward_error(measured);
    return statistics[key] = std::make_shared<const engine::Statistics>(std::move(*measured));
}

Result<passes::Prepared> Evaluator::Impl::prepare(const EvaluationRequest& request,
                                                  const WorkControl& control) {
    const GraphPtr& graph = request.model.graph;
    const DatasetPtr& data = calibration_data(request);
    const bool changes = !request.plan.passes().empty() || !request.plan.values().empty();
    const bool open = needs_statistics(*graph, request.plan);
    if ((open || !request.plan.passes().empty()) && request.calibration_samples < 1)
        return fail(ErrorCode::usage, "calibration needs at least one image", data->name(),
                    "give --calibrate a number above 0");
    for (const Passed& p : passed)
        if (changes && p.model == request.model.hash && p.data == data->hash() &&
            p.samples == request.calibration_samples && p.plan == request.plan)
            return p.prepared;

    StatisticsPtr measured;
    if (open && !changes) {
        auto found = calibrate(request, engine::values_read_by_channel(*graph, request.plan), control);
        if (!found) return forward_error(found);
        measured = std::move(*found);
    } else if (request.calibration) {
        if (auto fit = check_fit(*graph, *data); !fit) return forward_error(fit);
    }
    passes::PrepareOptions options;
    options.calibration = data.get();
    options.samples = request.calibration_samples;
    if (!changes) {
        memo.use(graph, measured, request.plan.folds_batch_norm());
        auto prepared =
            passes::prepare(graph, memo.with_known(request.plan), options, control, std::move(measured));
        if (prepared) memo.learn(request.plan, prepared->plan);
        return prepared;
    }
    auto prepared = passes::prepare(graph, request.plan, options, control);
    if (prepared) {
        passed.push_back(
            {request.model.hash, data->hash(), request.calibration_samples, request.plan, *prepared});
        if (passed.size() > k_max_passed) passed.pop_front();
    }
    return prepared;
}

Result<StatisticsPtr> Evaluator::Impl::statistics_of(const EvaluationRequest& request,
                                                     const passes::Prepared& prepared,
                                                     const WorkControl& control) {
    if (prepared.graph == request.model.graph) return calibrate(request, {}, control);
    const DatasetPtr& data = calibration_data(request);
    auto measured = engine::calibrate(prepared.graph, *data, request.calibration_samples, control);
    if (!measured) return forward_error(measured);
    return std::make_shared<const engine::Statistics>(std::move(*measured));
}

CalibrationInfo Evaluator::Impl::calibration_info(const EvaluationRequest& request,
                                                  const passes::Prepared& prepared) {
    if (!prepared.statistics) return {};
    const Dataset& source = *calibration_data(request);
    return {source.name(), source.hash(), prepared.statistics->samples,
            source.hash() == request.data->hash()};
}

Result<std::shared_ptr<Reference>> Evaluator::Impl::reference(const EvaluationRequest& request,
                                                              const DatasetPtr& data) {
    const ReferenceKey key{request.model.hash, data->hash(), data->size(), request.seed};
    if (const auto found = references.find(key); found != references.end()) return found->second;
    auto made = std::make_shared<Reference>();
    made->data = data;
    made->order = engine::shuffled(*data, request.seed);
    auto program = engine.prepare(*request.model.graph, PrecisionPlan(), made->order);
    if (!program) return forward_error(program);
    made->elements = engine::IncrementalEngine::output_elements(**program);
    made->program = std::move(*program);
    made->has_classes = engine::gives_classes(*request.model.graph) && engine::has_labels(*data);
    made->top1.assign(static_cast<size_t>(data->size()), -1);
    if (data->size() <= Reference::k_max_output_bytes / std::max<int64_t>(made->bytes_per_image(), 1))
        for (const int64_t n : made->elements)
            made->outputs.emplace_back(static_cast<size_t>(n * data->size()));
    // A session sees a handful of networks and data sets.
    if (references.size() >= k_max_references) references.clear();
    return references[key] = std::move(made);
}

} // namespace widthwise::flow
