#include "core/train/train_op.h"

namespace widthwise::train {

GradientSink::GradientSink(DnnlContext& dnnl, Activation& activation) {
    if (!activation.needs_gradient) return;
    if (!activation.gradient) {
        activation.gradient = dnnl.allocate(activation.desc());
        m_target = activation.gradient;
    } else {
        m_target = dnnl.allocate(activation.desc());
        m_sum = activation.gradient;
    }
}

void GradientSink::commit() const {
    if (!m_sum) return;
    const float* part = floats(m_target);
    float* sum = floats(m_sum);
    for (size_t i = 0, count = physical_floats(m_sum); i < count; ++i) sum[i] += part[i];
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

} // namespace widthwise::train
