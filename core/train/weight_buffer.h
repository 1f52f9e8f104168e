#pragma once
// A layer's weights between the flat array (dense) and the layout its kernels want. Included only by this
// room's .cpp files.

#include "core/train/train_op.h"

namespace widthwise::train {

/// Copies weights in before the forward pass and adds weight gradients to the flat array after the backward
/// one.
class WeightBuffer {
public:
    WeightBuffer() = default;
    WeightBuffer(DnnlContext& dnnl, Slice slice, const Memory::dims& dims, const Desc& wanted);

    [[nodiscard]] const Memory& memory() const { return m_converted.memory(); }
    void load(DnnlContext& dnnl, const Numbers& numbers);

    void prepare_gradient(DnnlContext& dnnl, const Desc& produced);
    [[nodiscard]] const Memory& gradient() const { return m_delivered.memory(); }
    void add_gradient(DnnlContext& dnnl, const Numbers& numbers);

private:
    Slice m_slice;
    Memory m_dense, m_dense_gradient;
    Converted m_converted;
    Delivered m_delivered;
};

} // namespace widthwise::train
