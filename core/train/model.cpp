#include "core/train/model.h"

#include "core/graph/folding.h"
#include "core/passes/prepare.h"

namespace widthwise::train {

Result<GraphPtr> fold_batch_norms(const GraphPtr& graph) {
    PrecisionPlan values;
    for (const Unit& unit : fuse(*graph)) {
        const Node& node = graph->node(unit.node);
        if (!unit.batch_norm.valid() || (node.op != Op::conv && node.op != Op::gemm)) continue;
        FoldedWeights folded = folded_weights(*graph, unit);
        values.set_values(node.name, std::make_shared<const LayerValues>(
                                         LayerValues{std::move(folded.weights), std::move(folded.bias), {}}));
    }
    return passes::with_values(graph, values);
}

namespace {

bool is_within(Slice slice, size_t place) {
    const auto at = static_cast<int64_t>(place);
    return at >= slice.offset && at < slice.offset + slice.size;
}

} // namespace

Result<std::unique_ptr<Model>> Model::create(GraphPtr graph, const Options& options) {
    if (options.qat) {
        Result<GraphPtr> changed = passes::with_values(graph, options.qat->plan);
        if (changed && options.qat->plan.folds_batch_norm()) changed = fold_batch_norms(*changed);
        if (!changed) return forward_error(changed);
        graph = std::move(*changed);
    }
    Result<TrainingScope> scope = training_scope(*graph);
    if (!scope) return forward_error(scope);
    std::unique_ptr<Model> model(new Model(std::move(graph), std::move(*scope)));
    if (options.qat) {
        Result<Quantization> made = Quantization::create(*model->graph, *options.qat, model->layout);
        if (!made) return forward_error(made);
        model->quantization = std::move(*made);
    }
    model->trained = model->layout.read_trained(*model->graph);
    model->running = model->layout.read_statistics(*model->graph);
    model->quantization.initialize(model->trained);
    model->transform = WeightTransform(model->layout, model->quantization, model->trained, options.preserve);
    model->effective.resize(model->trained.size());
    model->update_effective();
    return model;
}

std::string Model::layer_of(size_t place) const {
    const auto holds = [&](Slice slice) { return is_within(slice, place); };
    for (const Node& node : graph->nodes()) {
        const size_t end = node.op == Op::batch_norm ? 3 : node.inputs.size();
        const bool learned = node.op == Op::conv || node.op == Op::conv_transpose || node.op == Op::gemm ||
                             node.op == Op::batch_norm;
        for (size_t i = 1; learned && i < end; ++i)
            if (graph->value(node.inputs[i]).constant && holds(layout.trained(node.inputs[i])))
                return node.name;
    }
    for (const WeightQuantizer& quantizer : quantization.weights())
        if (holds(quantizer.learned)) return graph->node(quantizer.node).name + " (scales of weights)";
    for (const NodeId id : graph->node_ids())
        for (size_t i = 0; i < graph->node(id).inputs.size(); ++i)
            if (const int reader = quantization.reader(id, i);
                reader >= 0 && holds(quantization.activations()[static_cast<size_t>(reader)].learned))
                return graph->node(id).name + " (scales of its input)";
    return {};
}

NodeId Model::layer_of_statistic(size_t place) const {
    for (const NodeId id : graph->node_ids()) {
        const Node& node = graph->node(id);
        for (size_t i = 3; node.op == Op::batch_norm && i < node.inputs.size(); ++i)
            if (graph->value(node.inputs[i]).constant && is_within(layout.statistics(node.inputs[i]), place))
                return id;
    }
    return {};
}

} // namespace widthwise::train
