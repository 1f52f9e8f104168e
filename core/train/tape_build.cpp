// Lowering a graph to operations, forward and backward.

#include "core/train/tape_impl.h"

#include <algorithm>

namespace widthwise::train {
namespace {

/// add that make_add() can do; everything else is broadcast.
bool adds_alike(const Graph& graph, const Node& node) {
    return node.op == Op::add && std::ranges::all_of(node.inputs, [&](ValueId id) {
               return !graph.value(id).constant && graph.value(id).shape == graph.value(node.output()).shape;
           });
}

TrainOpPtr make_op(const OpSite& site) {
    switch (site.node.op) {
    case Op::conv:
    case Op::conv_transpose:
        return make_convolution(site);
    case Op::gemm:
        return make_fully_connected(site);
    case Op::batch_norm:
        return make_batch_norm(site);
    case Op::lrn:
        return make_lrn(site);
    case Op::relu:
    case Op::leaky_relu:
    case Op::clip:
    case Op::sigmoid:
    case Op::tanh:
    case Op::function:
        return make_eltwise(site);
    case Op::max_pool:
    case Op::average_pool:
    case Op::global_average_pool:
    case Op::reduce_mean:
        return make_pool(site);
    case Op::add:
    case Op::sub:
    case Op::mul:
    case Op::div:
        return adds_alike(site.graph, site.node) ? make_add(site) : make_broadcast(site);
    default:
        return make_rearrange(site); // training_scope() let nothing else pass
    }
}

/// Nodes that are computed together: each pass over memory less counts.
struct Fusion {
    NodeId last;
    NodeId add; ///< the one that adds a residual to a BatchNormalization's output
    Clamp clamp;
};

class Fuser {
public:
    Fuser(const Graph& graph, const TrainingScope& scope, const Quantization* quantization)
        : m_graph(graph), m_scope(scope), m_quantization(quantization) {}

    /// `ready(value)`: it is computed before `first`.
    template <typename Ready> [[nodiscard]] Fusion from(NodeId first, Ready ready) const {
        Fusion fusion{first, {}, {}};
        const Node& node = m_graph.node(first);
        if (node.op == Op::batch_norm) {
            const NodeId add = only_reader(first);
            if (add.valid() && adds_alike(m_graph, m_graph.node(add)) && ready(residual(add, first)))
                fusion.last = fusion.add = add;
        } else if (!adds_alike(m_graph, node)) {
            return fusion;
        }
        const NodeId activity = only_reader(fusion.last);
        if (!activity.valid()) return fusion;
        const Op op = m_graph.node(activity).op;
        if (op != Op::relu && op != Op::clip) return fusion;
        const Clamp clamp = clamp_of(m_graph.node(activity));
        if (clamp.lo > 0 || clamp.hi < 0) return fusion; // paddings of blocked layouts must stay 0
        fusion.clamp = clamp;
        fusion.last = activity;
        return fusion;
    }
    /// What `add` adds to the output of `node`.
    [[nodiscard]] ValueId residual(NodeId add, NodeId node) const {
        return m_graph.node(add).inputs[residual_index(add, node)];
    }
    [[nodiscard]] size_t residual_index(NodeId add, NodeId node) const {
        return m_graph.node(add).inputs[0] == m_graph.node(node).output() ? 1 : 0;
    }

private:
    /// The node that alone reads the output, and as it comes.
    [[nodiscard]] NodeId only_reader(NodeId id) const {
        const ValueId value = m_graph.node(id).output();
        const std::vector<NodeId>& readers = m_graph.consumers(value);
        if (value == m_scope.logits || readers.size() != 1) return {};
        const std::vector<ValueId>& read = m_graph.node(readers.front()).inputs;
        const auto index = static_cast<size_t>(std::ranges::find(read, value) - read.begin());
        if (m_quantization && m_quantization->reader(readers.front(), index) >= 0) return {};
        return readers.front();
    }

    const Graph& m_graph;
    const TrainingScope& m_scope;
    const Quantization* m_quantization;
};

bool has_weights(const Node& node) {
    return node.op == Op::conv || node.op == Op::conv_transpose || node.op == Op::gemm;
}

} // namespace

void Tape::Impl::build(const Graph& graph, const TrainingScope& scope, const ParameterLayout& layout,
                       const TapeOptions& options) {
    trained_size = static_cast<size_t>(layout.trained_size());
    statistics_size = static_cast<size_t>(layout.statistics_size());
    build_forward(graph, scope, layout, options);
    to_dense_logits = Converted(dnnl, logits->data, dense_desc(logits->dims()));
    if (options.mode != TapeMode::evaluation) build_backward(options);
}

void Tape::Impl::build_forward(const Graph& graph, const TrainingScope& scope, const ParameterLayout& layout,
                               const TapeOptions& options) {
    activations.resize(graph.values().size());
    input = &activations[scope.input.position()];
    logits = &activations[scope.logits.position()];
    Memory::dims input_dims = graph.value(scope.input).shape.dims();
    input_dims[0] = options.batch;
    at = graph.value(scope.input).name;
    input->data = dnnl.allocate(f32_desc(input_dims, options.nhwc_network ? Tag::nchw : Tag::nhwc));
    input->needs_gradient = options.input_gradient;

    const auto last_layer = std::find_if(scope.nodes.rbegin(), scope.nodes.rend(),
                                         [&](NodeId id) { return has_weights(graph.node(id)); });
    const Fuser fuser(graph, scope, options.quantization);
    std::vector<bool> done(graph.nodes().size());
    for (const NodeId id : scope.nodes) {
        if (done[id.position()]) continue;
        const Node& node = graph.node(id);
        at = node.name;
        const Fusion fusion = fuser.from(
            id, [&](ValueId value) { return static_cast<bool>(activations[value.position()].data); });
        done[fusion.last.position()] = true;
        if (fusion.add.valid()) done[fusion.add.position()] = true;
        Activation& output = activations[graph.node(fusion.last).output().position()];
        std::vector<Activation*> inputs;
        for (size_t i = 0; i < node.inputs.size(); ++i)
            if (!graph.value(node.inputs[i]).constant)
                inputs.push_back(&read(graph, id, i, options.quantization));
        output.needs_gradient = has_weights(node) || node.op == Op::batch_norm ||
                                std::ranges::any_of(inputs, &Activation::needs_gradient);
        OpSite site{dnnl, graph, node, layout, std::move(inputs), output};
        site.batch = options.batch;
        site.training = options.mode != TapeMode::evaluation;
        site.batch_statistics = options.mode == TapeMode::training;
        if (options.compute == ComputeType::bf16) site.compute = Type::bf16;
        site.last = last_layer != scope.nodes.rend() && *last_layer == id;
        if (fusion.add.valid())
            site.residual =
                &read(graph, fusion.add, fuser.residual_index(fusion.add, id), options.quantization);
        site.clamp = fusion.clamp;
        TrainOpPtr op = make_op(site);
        steps.push_back({node.name, std::move(op), &output, false, {}, {}, {}});
    }
}

Activation& Tape::Impl::read(const Graph& graph, NodeId node, size_t index,
                             const Quantization* quantization) {
    const size_t value = graph.node(node).inputs[index].position();
    const int quantizer = quantization ? quantization->reader(node, index) : -1;
    if (quantizer < 0) return activations[value];
    const auto [entry, fresh] = rounded.try_emplace({value, quantizer});
    if (fresh) {
        const auto& how = quantization->activations()[static_cast<size_t>(quantizer)];
        entry->second.needs_gradient = activations[value].needs_gradient || how.learned.size > 0;
        TrainOpPtr op = make_fake_quantize(dnnl, how, activations[value], entry->second);
        steps.push_back({graph.node(node).name, std::move(op), &entry->second, false, {}, {}, {}});
    }
    return entry->second;
}

void Tape::Impl::prepare_shares(Step& step) {
    Activation& output = *step.output;
    if (output.parts.empty()) return;
    if (output.parts.size() == 1 && step.op && step.op->sums_a_part()) return;
    step.first_share = step.sum = output.gradient;
    for (const Recycled& part : output.parts) step.shares.push_back(part.memory);
    if (output.gradient_is_shared()) {
        Recycled fresh = dnnl.recycle(output.desc());
        step.sum = output.gradient = fresh.memory;
        output.gradient_owner = std::move(fresh.owner);
    }
    output.parts.clear();
}

void Tape::Impl::build_backward(const TapeOptions& options) {
    const auto start = dnnl.recycle(logits->desc());
    logits->gradient = start.memory;
    logits->gradient_owner = start.owner;
    dense_logits_gradient = dnnl.allocate(dense_desc(logits->dims()));
    from_dense_gradient = dnnl.copy(dense_logits_gradient, logits->gradient);
    for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
        at = step->name;
        step->reaches_loss = static_cast<bool>(step->output->gradient);
        if (!step->reaches_loss) continue;
        prepare_shares(*step);
        step->op->prepare_backward(dnnl);
        step->output->gradient_owner.reset();
        step->output->parts.clear();
    }
    if (!options.input_gradient || !input->gradient) return;
    at_input.output = input;
    prepare_shares(at_input);
    dense_input_gradient = dnnl.allocate(input->desc());
    to_dense_input_gradient = dnnl.copy(input->gradient, dense_input_gradient);
}

} // namespace widthwise::train
