#include "core/train/tape.h"

#include "core/train/train_op.h"

#include <algorithm>
#include <cassert>
#include <map>
#include <new>
#include <omp.h>

namespace widthwise::train {
namespace {

TrainOpPtr make_op(const OpSite& site) {
    switch (site.node.op) {
    case Op::conv:
        return make_convolution(site);
    case Op::gemm:
        return make_fully_connected(site);
    case Op::batch_norm:
        return make_batch_norm(site);
    case Op::relu:
    case Op::clip:
        return make_eltwise(site);
    case Op::max_pool:
    case Op::average_pool:
    case Op::global_average_pool:
        return make_pool(site);
    case Op::add:
        return make_add(site);
    case Op::concat:
        return make_concat(site);
    default:
        return make_rearrange(site); // training_scope() let nothing else pass
    }
}

Error from_dnnl(const dnnl::error& error, const std::string& node) {
    if (error.status == dnnl_out_of_memory) return {ErrorCode::out_of_memory, "out of memory", node, {}};
    const bool missing = error.status == dnnl_unimplemented;
    return {missing ? ErrorCode::unsupported : ErrorCode::failed,
            std::string(missing ? "oneDNN has no kernel to train this layer: " : "oneDNN: ") + error.what(),
            node,
            {}};
}

} // namespace

struct Tape::Impl {
    struct Step {
        std::string name;
        TrainOpPtr op;
        Activation* output = nullptr;
        bool reaches_loss = false;
    };

    DnnlContext dnnl;
    std::vector<Activation> activations; ///< by value; sized once: operations keep references
    std::vector<Step> steps;
    /// Activations as quantizers leave them: by value and quantizer.
    std::map<std::pair<size_t, int>, Activation> rounded;
    Activation* input = nullptr;
    Activation* logits = nullptr;
    Memory dense_logits_gradient, dense_input_gradient;
    Converted to_dense_logits;
    Kernel from_dense_gradient, to_dense_input_gradient;
    std::string at; ///< the node being built or run, for errors

    void build(const Graph& graph, const TrainingScope& scope, const ParameterLayout& layout,
               const TapeOptions& options);
    void build_forward(const Graph& graph, const TrainingScope& scope, const ParameterLayout& layout,
                       const TapeOptions& options);
    /// What `node` reads as its input number `index`: the activation, or what its quantizer makes of it.
    Activation& read(const Graph& graph, NodeId node, size_t index, const Quantization* quantization);
    void build_backward(const TapeOptions& options);
    template <typename Work> Result<void> guarded(Work work);
};

template <typename Work> Result<void> Tape::Impl::guarded(Work work) {
    try {
        work();
        return {};
    } catch (const dnnl::error& error) {
        return tl::unexpected<Error>(from_dnnl(error, at));
    } catch (const std::bad_alloc&) {
        return fail(ErrorCode::out_of_memory, "out of memory", at, "use a smaller batch");
    }
}

void Tape::Impl::build(const Graph& graph, const TrainingScope& scope, const ParameterLayout& layout,
                       const TapeOptions& options) {
    build_forward(graph, scope, layout, options);
    to_dense_logits = Converted(dnnl, logits->data, dense_desc(logits->dims()));
    if (options.mode == TapeMode::training) build_backward(options);
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

    std::vector<bool> done(graph.nodes().size());
    for (const NodeId id : scope.nodes) {
        if (done[id.position()]) continue;
        const Node& node = graph.node(id);
        at = node.name;
        // A ReLU that alone reads a BatchNormalization is computed with it: one pass over memory less, each
        // way.
        NodeId last = id;
        if (node.op == Op::batch_norm && node.output() != scope.logits) {
            const std::vector<NodeId>& readers = graph.consumers(node.output());
            if (readers.size() == 1 && graph.node(readers.front()).op == Op::relu) last = readers.front();
        }
        done[last.position()] = true;
        Activation& output = activations[graph.node(last).output().position()];
        std::vector<Activation*> inputs;
        for (size_t i = 0; i < node.inputs.size(); ++i)
            if (!graph.value(node.inputs[i]).constant)
                inputs.push_back(&read(graph, id, i, options.quantization));
        output.needs_gradient = node.op == Op::conv || node.op == Op::gemm || node.op == Op::batch_norm ||
                                std::ranges::any_of(inputs, &Activation::needs_gradient);
        TrainOpPtr op = make_op({dnnl, graph, node, layout, std::move(inputs), output, options.batch,
                                 options.mode == TapeMode::training, last != id});
        steps.push_back({node.name, std::move(op), &output, false});
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
        steps.push_back({graph.node(node).name, std::move(op), &entry->second, false});
    }
    return entry->second;
}

void Tape::Impl::build_backward(const TapeOptions& options) {
    logits->gradient = dnnl.allocate(logits->desc());
    dense_logits_gradient = dnnl.allocate(dense_desc(logits->dims()));
    from_dense_gradient = dnnl.copy(dense_logits_gradient, logits->gradient);
    for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
        at = step->name;
        step->reaches_loss = static_cast<bool>(step->output->gradient);
        if (step->reaches_loss) step->op->prepare_backward(dnnl);
    }
    if (!options.input_gradient || !input->gradient) return;
    dense_input_gradient = dnnl.allocate(input->desc());
    to_dense_input_gradient = dnnl.copy(input->gradient, dense_input_gradient);
}

Tape::Tape(std::unique_ptr<Impl> impl) : m_impl(std::move(impl)) {}
Tape::~Tape() = default;

Result<std::unique_ptr<Tape>> Tape::create(const Graph& graph, const TrainingScope& scope,
                                           const ParameterLayout& layout, const TapeOptions& options) {
    auto impl = std::make_unique<Impl>();
    if (Result<void> built = impl->guarded([&] { impl->build(graph, scope, layout, options); }); !built)
        return forward_error(built);
    return std::unique_ptr<Tape>(new Tape(std::move(impl)));
}

std::span<float> Tape::input() {
    return {floats(m_impl->input->data), physical_floats(m_impl->input->data)};
}

std::span<const float> Tape::logits() const {
    const Memory& dense = m_impl->to_dense_logits.memory();
    return {floats(dense), physical_floats(dense)};
}

std::span<const float> Tape::input_gradient() const {
    const Memory& dense = m_impl->dense_input_gradient;
    assert(dense);
    return {floats(dense), physical_floats(dense)};
}

Result<void> Tape::forward(std::span<const float> trained, std::span<const float> running,
                           std::span<float> batch_statistics) {
    const Numbers numbers{trained.data(), running.data(), batch_statistics.data(), nullptr};
    return m_impl->guarded([&] {
        for (Impl::Step& step : m_impl->steps) {
            m_impl->at = step.name;
            step.op->forward(m_impl->dnnl, numbers);
        }
        m_impl->to_dense_logits.refresh(m_impl->dnnl);
        m_impl->dnnl.stream.wait();
    });
}

Result<void> Tape::backward(std::span<const float> trained, std::span<const float> logits_gradient,
                            std::span<float> gradients) {
    assert(logits_gradient.size() == physical_floats(m_impl->dense_logits_gradient));
    const Numbers numbers{trained.data(), nullptr, nullptr, gradients.data()};
    return m_impl->guarded([&] {
        DnnlContext& dnnl = m_impl->dnnl;
        std::ranges::copy(logits_gradient, floats(m_impl->dense_logits_gradient));
        dnnl.run(m_impl->from_dense_gradient);
        for (auto step = m_impl->steps.rbegin(); step != m_impl->steps.rend(); ++step) {
            m_impl->at = step->name;
            if (step->reaches_loss) step->op->backward(dnnl, numbers);
        }
        if (m_impl->to_dense_input_gradient.primitive) dnnl.run(m_impl->to_dense_input_gradient);
        dnnl.stream.wait();
    });
}

SingleThreadedKernels::SingleThreadedKernels() : m_before(omp_get_max_threads()) {
    omp_set_num_threads(1);
}

SingleThreadedKernels::~SingleThreadedKernels() {
    omp_set_num_threads(m_before);
}

} // namespace widthwise::train
