// Defaults of training runs, all in one place.
#include "core/flow/training.h"
#include "core/graph/layer_work.h"

namespace widthwise::flow {

double recommended_rate(train::OptimizerType optimizer, bool pretrained) {
    if (optimizer == train::OptimizerType::adam) return pretrained ? 5e-4 : 5e-3;
    return pretrained ? 1e-3 : 0.1;
}

train::Options recommended_options(bool qat, bool pretrained) {
    train::Options options; // a float network from random weights
    // Networks whose BatchNormalization is folded away have gradients of all sizes: SGD at 0.001 already
    // spoils resnet20, which Adam trains to any bits (as it does networks that kept theirs). And weights that
    // flip between few levels want steps of one size (Hubara et al. 2016 train with Adam, too).
    if (pretrained || qat) options.optimizer = train::OptimizerType::adam;
    if (pretrained) options.schedule = train::Schedule::cosine;
    options.learning_rate = recommended_rate(options.optimizer, pretrained);
    if (!qat) return options;
    // Few bits regularize by themselves (LSQ, Esser et al. 2020, decays less at 3 and 2 bits; from memory).
    options.weight_decay = 1e-4;
    // Running statistics lag behind weights that jump between levels (Nagel et al. 2022, Overcoming
    // Oscillations in Quantization-Aware Training; from memory).
    options.reestimate_images = 1024;
    // The same oscillations average out.
    options.weight_average = 0.998;
    return options;
}

train::MetaOptions recommended_meta_options(const Graph& graph) {
    const auto with_least_error = [](NumberFormat format) {
        format.range.type = RangeRuleType::mse;
        return format;
    };
    const LayerPrecision wide{weight_integer(8), with_least_error(activation_integer(8)), {}};
    train::MetaOptions options;
    train::PlanFamily& family = options.family;
    family.base =
        PrecisionPlan({with_least_error(weight_integer(4)), with_least_error(activation_integer(4)), {}});
    std::vector<std::string> weighted;
    for (const NodeId id : graph.node_ids()) {
        const std::string& name = graph.node(id).name;
        if (is_weighted(graph, id))
            weighted.push_back(name);
        else if (reads_activations(graph, id))
            family.base.set(name, wide);
    }
    if (!weighted.empty()) family.fixed = {weighted.front()};
    if (weighted.size() > 1) family.fixed.push_back(weighted.back());
    for (const std::string& name : family.fixed) family.base.set(name, wide);
    options.inner_steps = 8;
    options.tasks_each = 1;
    options.inner.learning_rate = 0.03;
    options.inner.weight_decay = 0;
    options.inner.schedule = train::Schedule::constant;
    return options;
}

} // namespace widthwise::flow
