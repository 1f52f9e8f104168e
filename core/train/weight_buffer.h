#pragma once
// A layer's weights between the flat array (dense f32) and the layout and type that its kernels want.
// Included only by this room's .cpp files.

#include "core/train/train_op.h"

namespace widthwise::train {

/// Brings weights in before the forward pass and adds weight gradients to the flat array after the backward
/// one.
class WeightBuffer {
public:
    WeightBuffer() = default;
    /// `given`: how the flat array's numbers lie there.
    WeightBuffer(DnnlContext& dnnl, Slice slice, const Desc& given, const Desc& wanted);

    [[nodiscard]] const Memory& memory() const { return m_memory; }
    void load(DnnlContext& dnnl, const Numbers& numbers);

    void prepare_gradient(DnnlContext& dnnl, const Desc& produced);
    [[nodiscard]] const Memory& gradient() const { return m_gradient; }
    void add_gradient(DnnlContext& dnnl, const Numbers& numbers);

private:
    Slice m_slice;
    Desc m_lies;
    Memory m_memory, m_gradient;
    Memory m_given, m_sum; ///< views of the flat arrays, empty where their layout is the kernels'
    Kernel m_load, m_add;
};

} // namespace widthwise::train
