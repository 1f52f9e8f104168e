#include "core/train/weight_buffer.h"

#include <algorithm>

namespace widthwise::train {

WeightBuffer::WeightBuffer(DnnlContext& dnnl, Slice slice, const Desc& given, const Desc& wanted)
    : m_slice(slice), m_lies(given), m_memory(dnnl.allocate(wanted)) {
    if (given == wanted) return;
    m_given = dnnl.view(given, DNNL_MEMORY_NONE);
    m_load = dnnl.copy(m_given, m_memory);
}

void WeightBuffer::load(DnnlContext& dnnl, const Numbers& numbers) {
    const float* from = numbers.trained + m_slice.offset;
    if (!m_given) {
        std::copy_n(from, m_slice.size, floats(m_memory));
        return;
    }
    m_given.set_data_handle(const_cast<float*>(from)); // only read
    dnnl.run(m_load);
}

void WeightBuffer::prepare_gradient(DnnlContext& dnnl, const Desc& produced) {
    m_gradient = dnnl.allocate(produced);
    if (m_lies == produced) return;
    m_sum = dnnl.view(m_lies, DNNL_MEMORY_NONE);
    m_add = dnnl.accumulate(m_gradient, m_sum);
}

void WeightBuffer::add_gradient(DnnlContext& dnnl, const Numbers& numbers) {
    float* sum = numbers.gradients + m_slice.offset;
    if (m_sum) {
        m_sum.set_data_handle(sum);
        dnnl.run(m_add);
        return;
    }
    const float* part = floats(m_gradient);
    for (int64_t i = 0; i < m_slice.size; ++i) sum[i] += part[i];
}

} // namespace widthwise::train
