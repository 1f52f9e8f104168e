#include "core/train/train_op.h"

namespace widthwise::train {

void GradientSink::take(Activation& activation, Recycled share) {
    m_target = share.memory;
    if (activation.gradient) {
        activation.parts.push_back(std::move(share));
        return;
    }
    activation.gradient = share.memory;
    activation.gradient_owner = std::move(share.owner);
}

GradientSink::GradientSink(DnnlContext& dnnl, Activation& activation) {
    if (activation.needs_gradient) take(activation, dnnl.recycle(activation.desc()));
}

GradientSink GradientSink::in_place(DnnlContext& dnnl, Activation& input, const Activation& output) {
    if (output.gradient_is_shared()) return {dnnl, input};
    return same(dnnl, input, output);
}

GradientSink GradientSink::same(DnnlContext& dnnl, Activation& input, const Activation& output) {
    if (output.gradient.get_desc() != input.desc()) return {dnnl, input};
    GradientSink sink;
    if (input.needs_gradient) sink.take(input, {output.gradient, output.gradient_owner});
    sink.m_passed_on = true;
    return sink;
}

Converted::Converted(DnnlContext& dnnl, const Memory& memory, const Desc& wanted) : m_memory(memory) {
    if (memory.get_desc() == wanted) return;
    m_memory = dnnl.allocate(wanted);
    m_copy = dnnl.copy(memory, m_memory);
}

void Converted::refresh(DnnlContext& dnnl) {
    if (m_copy.primitive) dnnl.run(m_copy);
}

Delivered::Delivered(DnnlContext& dnnl, const Desc& produced, const Memory& destination)
    : m_memory(destination) {
    if (destination.get_desc() == produced) return;
    m_memory = dnnl.allocate(produced);
    m_copy = dnnl.copy(m_memory, destination);
}

void Delivered::deliver(DnnlContext& dnnl) {
    if (m_copy.primitive) dnnl.run(m_copy);
}

Memory::dims output_dims(const OpSite& site) {
    Memory::dims dims = site.graph.value(site.node.output()).shape.dims();
    dims[0] = site.batch;
    return dims;
}

Clamp clamp_of(const Node& node) {
    if (node.op == Op::relu) return {.lo = 0};
    const auto& clip = std::get<ClipAttributes>(node.attributes);
    return {clip.lo, clip.hi};
}

} // namespace widthwise::train
