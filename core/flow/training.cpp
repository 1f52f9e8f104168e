#include "core/flow/training.h"

#include "core/base/hash.h"
#include "core/engine/scores.h"
#include "core/graph/folding.h"
#include "core/graph/layer_work.h"
#include "core/passes/prepare.h"
#include "core/train/sampler.h"
#include "core/train/trainability.h"

#include <algorithm>
#include <utility>

namespace widthwise::flow {
namespace {

using train::BatchNormMode;

/// Scales that are given were made for weights as the design folds them.
bool has_weight_scales(const Graph& graph, const PrecisionPlan& plan) {
    return std::ranges::any_of(graph.node_ids(), [&](NodeId id) {
        const NumberFormat& format = plan.at(graph.node(id).name).weights;
        const bool has_numbers = !format.scale.empty() || !format.codebook.empty();
        return is_weighted(graph, id) && format.is_quantized() && has_numbers;
    });
}

/// What becomes of BatchNormalization is open where the design has neither weights' scales nor passes, which
/// work on folded weights.
PrecisionPlan with_batch_norm(const Graph& graph, PrecisionPlan plan, BatchNormMode mode) {
    if (plan.passes().empty() && plan.values().empty() && !has_weight_scales(graph, plan))
        plan.set_folds_batch_norm(mode == BatchNormMode::fold);
    return plan;
}

/// Where scales are learned, a format's default range rule only says where learning starts. At few bits the
/// extremes are a bad start: they leave most values two or three levels. Rules that were chosen stand.
void start_from_least_error(NumberFormat& format, RangeRuleType usual, train::ScaleLearning learning) {
    constexpr int few_bits = 4;
    if (learning != train::ScaleLearning::fixed && format.type == FormatType::integer &&
        format.bits <= few_bits && !format.is_resolved() && format.range.type == usual)
        format.range.type = RangeRuleType::mse;
}

PrecisionPlan with_learnable_ranges(const TrainingRequest& request, const PrecisionPlan& design) {
    PrecisionPlan plan = design;
    const Graph& graph = *request.model.graph;
    for (const NodeId id : graph.node_ids()) {
        if (!is_weighted(graph, id) && !reads_activations(graph, id)) continue;
        const std::string& name = graph.node(id).name;
        LayerPrecision precision = plan.at(name);
        start_from_least_error(precision.weights, RangeRuleType::minmax, request.weight_scales);
        start_from_least_error(precision.activations, RangeRuleType::percentile, request.activation_scales);
        if (precision != plan.at(name)) plan.set(name, std::move(precision));
    }
    return plan;
}

/// Identifies what has no file yet: every number of the network and the design.
std::string fingerprint(const Graph& graph, const std::optional<PrecisionPlan>& design) {
    Sha256 hash;
    for (const Node& node : graph.nodes()) {
        hash.update(node.name);
        for (const ValueId id : node.inputs)
            if (const TensorPtr& constant = graph.value(id).constant) hash.update(constant->bytes());
    }
    if (design) hash.update(plan_to_json(*design));
    return hash.finish();
}

Model with_graph(Model model, GraphPtr graph, std::optional<PrecisionPlan> design) {
    model.graph = std::move(graph);
    model.carried_design = std::move(design);
    model.scales = nullptr;
    model.trained = true;
    model.hash = fingerprint(*model.graph, model.carried_design);
    return model;
}

Result<void> check_model(const Model& model, const Dataset& data) {
    if (model.topology)
        return fail(ErrorCode::unsupported, "a topology has layers but no network to train", model.source,
                    "name an .onnx file or zoo:NAME");
    return check_fit(*model.graph, data);
}

const Model& reference_of(const TrainingRequest& request) {
    return request.reference ? *request.reference : request.model;
}

/// Measures networks on the validation data, against the reference; where that one knows nothing yet, against
/// the float weights of the result.
class Measurement {
public:
    Measurement(const TrainingRequest& request, DatasetPtr validation, const WorkControl& control)
        : m_request(request), m_validation(std::move(validation)), m_control(control) {}

    /// nullopt: there is nothing to measure on.
    Result<std::optional<Accuracy>> measure(const Model& model, const PrecisionPlan& plan) {
        if (!m_validation) return std::optional<Accuracy>();
        if (m_reference.empty()) {
            const Model& trained = reference_of(m_request);
            auto reference = run(trained.trained ? trained : model, {});
            if (!reference) return forward_error(reference);
            m_reference = std::move(reference->predictions.top1);
        }
        auto outcome = run(model, plan);
        if (!outcome) return forward_error(outcome);
        const engine::Predictions& predicted = outcome->predictions;
        engine::PairedCounts counts;
        for (size_t i = 0; i < predicted.top1.size(); ++i)
            counts.add(m_validation->label(static_cast<int64_t>(i)), predicted.top1[i], m_reference[i],
                       predicted.in_top5[i] != 0);
        return std::optional<Accuracy>(counts.accuracy(predicted.classes));
    }

private:
    Result<EvaluationOutcome> run(const Model& model, const PrecisionPlan& plan) {
        EvaluationRequest request;
        request.model = model;
        request.data = m_validation;
        request.plan = plan;
        return m_evaluator.evaluate(request, m_control);
    }

    const TrainingRequest& m_request;
    DatasetPtr m_validation;
    const WorkControl& m_control;
    Evaluator m_evaluator;
    std::vector<int32_t> m_reference; ///< the float network's classes
};

/// Images to train on and to measure on.
struct Images {
    DatasetPtr training, validation;
};

Result<Images> images_of(const TrainingRequest& request) {
    Images images{request.data, request.validation};
    const double share = request.options.validation_split;
    if (!images.validation && share > 0) {
        if (request.data->size() < 2)
            return fail(ErrorCode::invalid_input, "a single image cannot be split", request.data->name(),
                        "give more images or no validation split");
        train::Split split = train::split(*request.data, share, request.options.seed);
        images = {std::move(split.training), std::move(split.held_out)};
    }
    if (!images.validation) return images;
    if (auto fit = check_fit(*request.model.graph, *images.validation); !fit) return forward_error(fit);
    if (!engine::has_labels(*images.validation))
        return fail(ErrorCode::invalid_input, "the validation data have no labels", images.validation->name(),
                    "name data with labels");
    return images;
}

/// The network and the resolved design that training starts from; of a float run the network as it is.
struct Start {
    Model model;
    std::optional<PrecisionPlan> plan;
};

Result<Start> start_of(const TrainingRequest& request, const Dataset& training, const WorkControl& control) {
    Model model = request.model;
    model.carried_design.reset();
    if (!request.design) return Start{std::move(model), std::nullopt};
    const auto& scales = request.scales ? request.scales : request.model.scales;
    PrecisionPlan plan = with_batch_norm(*model.graph, *request.design, request.batch_norm);
    if (scales && !plan.folds_batch_norm()) plan = scales->resolve(plan);
    plan = with_learnable_ranges(request, plan);
    passes::PrepareOptions options;
    options.calibration = request.calibration ? request.calibration.get() : &training;
    options.samples = std::min(request.calibration_samples, options.calibration->size());
    options.seed = request.options.seed;
    if (options.samples < 1)
        return fail(ErrorCode::usage, "calibration needs at least one image", options.calibration->name(),
                    "give --calibrate a number above 0");
    if (request.calibration)
        if (auto fit = check_fit(*model.graph, *request.calibration); !fit) return forward_error(fit);
    auto prepared = passes::prepare(model.graph, plan, options, control);
    if (!prepared) return forward_error(prepared);
    plan = passes::without_values(std::move(prepared->plan));
    return Start{with_graph(std::move(model), std::move(prepared->graph), plan), plan};
}

} // namespace

Result<TrainingOutcome> train_network(const TrainingRequest& request, const WorkControl& control,
                                      const train::Observer& observer) {
    if (auto ok = check_model(request.model, *request.data); !ok) return forward_error(ok);
    train::Options options = request.options;
    options.qat.reset();
    auto images = images_of(request);
    if (!images) return forward_error(images);
    options.validation_split = 0;
    if (request.design)
        options.qat = train::QatOptions{*request.design, request.weight_scales, request.activation_scales};
    // Before the work, not after it. The design's passes are applied before training sees it.
    if (options.qat) options.qat->plan.set_passes({});
    if (auto ok = train::validate(options); !ok) return forward_error(ok);
    if (auto scope = train::training_scope(*request.model.graph); !scope) return forward_error(scope);
    auto start = start_of(request, *images->training, control);
    if (!start) return forward_error(start);
    if (start->plan) options.qat->plan = *start->plan;

    Measurement measurement(request, images->validation, control);
    std::optional<Accuracy> before, from;
    if (request.model.trained) {
        auto reference = measurement.measure(reference_of(request), {});
        if (!reference) return forward_error(reference);
        from = *reference;
        auto untouched = measurement.measure(start->model, start->plan.value_or(PrecisionPlan()));
        if (!untouched) return forward_error(untouched);
        before = *untouched;
    }
    auto trained = train::train(start->model.graph, *images->training, images->validation.get(), options,
                                control, observer);
    if (!trained) return forward_error(trained);
    Model model = with_graph(start->model, trained->graph,
                             request.design ? std::optional(trained->plan) : std::nullopt);
    auto after = measurement.measure(model, model.carried_design.value_or(PrecisionPlan()));
    if (!after) return forward_error(after);
    return TrainingOutcome{std::move(model), std::move(*trained), before, request.design ? from : *after,
                           *after};
}

Result<MetaResult> meta_train_network(const MetaRequest& request, const WorkControl& control,
                                      const train::Observer& observer) {
    if (auto ok = check_model(request.model, *request.data); !ok) return forward_error(ok);
    const GraphPtr& graph = request.model.graph;
    if (auto ok = train::validate(request.options.family, *graph); !ok) return forward_error(ok);
    const Dataset& data = request.calibration ? *request.calibration : *request.data;
    if (request.calibration)
        if (auto fit = check_fit(*graph, data); !fit) return forward_error(fit);
    auto statistics =
        engine::calibrate(graph, data, std::min(request.calibration_samples, data.size()), control);
    if (!statistics) return forward_error(statistics);
    auto scales = train::calibrated_scales(*graph, request.options.family, *statistics);
    if (!scales) return forward_error(scales);
    auto outcome = train::meta_train(graph, *scales, *request.data, request.options, control, observer);
    if (!outcome) return forward_error(outcome);
    MetaResult result;
    result.model = with_graph(request.model, std::move(outcome->graph), std::nullopt);
    result.scales = std::make_shared<const ScaleTable>(std::move(outcome->scales));
    result.model.scales = result.scales;
    result.losses = std::move(outcome->losses);
    return result;
}

} // namespace widthwise::flow
