#include "core/train/weight_buffer.h"

#include <algorithm>

namespace widthwise::train {

WeightBuffer::WeightBuffer(DnnlContext& dnnl, Slice slice, const Memory::dims& dims, const Desc& wanted)
    : m_slice(slice), m_dense(dnnl.allocate(dense_desc(dims))), m_converted(dnnl, m_dense, wanted) {}

void WeightBuffer::load(DnnlContext& dnnl, const Numbers& numbers) {
    std::copy_n(numbers.trained + m_slice.offset, m_slice.size, floats(m_dense));
    m_converted.refresh(dnnl);
}

void WeightBuffer::prepare_gradient(DnnlContext& dnnl, const Desc& produced) {
    m_dense_gradient = dnnl.allocate(m_dense.get_desc());
    m_delivered = Delivered(dnnl, produced, m_dense_gradient);
}

void WeightBuffer::add_gradient(DnnlContext& dnnl, const Numbers& numbers) {
    m_delivered.deliver(dnnl);
    const float* part = floats(m_dense_gradient);
    float* sum = numbers.gradients + m_slice.offset;
    for (int64_t i = 0; i < m_slice.size; ++i) sum[i] += part[i];
}

} // namespace widthwise::train
