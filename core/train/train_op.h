#pragma once
// One trainable operation on one worker's buffers. Included only by this room's own .cpp files.

#include "core/train/dnnl_context.h"
#include "core/train/parameters.h"
#include "core/train/quantization.h"

#include <memory>
#include <vector>

namespace widthwise::train {

/// The flat arrays of one pass, laid out by ParameterLayout.
struct Numbers {
    const float* trained = nullptr;
    const float* running = nullptr;    ///< evaluation reads the running statistics
    float* batch_statistics = nullptr; ///< training writes those of its batch
    float* gradients = nullptr;        ///< backward adds to these
};

/// An activation and the loss's gradient by it, in the layout that its producer chose.
struct Activation {
    Memory data;
    Memory gradient;             ///< empty until the first consumer asks for it
    bool needs_gradient = false; ///< something trained (or the asked-for input) lies upstream

    [[nodiscard]] Desc desc() const { return data.get_desc(); }
    [[nodiscard]] Memory::dims dims() const { return data.get_desc().dims(); }
};

/// Where one consumer's share of an activation's gradient goes. Backward kernels are prepared in the order in
/// which they run: the first consumer writes, the later ones add.
class GradientSink {
public:
    GradientSink() = default;
    GradientSink(DnnlContext& dnnl, Activation& activation);
    /// In the activation's layout; empty when nothing needs this gradient.
    [[nodiscard]] const Memory& target() const { return m_target; }
    [[nodiscard]] explicit operator bool() const { return static_cast<bool>(m_target); }
    /// After the kernel has run.
    void commit() const;

private:
    Memory m_target;
    Memory m_sum; ///< empty: the target is the gradient itself
};

/// `memory` in another layout: itself where the layouts agree, else a copy that refresh() brings up to date.
class Converted {
public:
    Converted() = default;
    Converted(DnnlContext& dnnl, const Memory& memory, const Desc& wanted);
    [[nodiscard]] const Memory& memory() const { return m_memory; }
    void refresh(DnnlContext& dnnl);

private:
    Memory m_memory;
    Kernel m_copy;
};

/// The other way: a kernel writes memory(), deliver() brings it into the layout of `destination`.
class Delivered {
public:
    Delivered() = default;
    Delivered(DnnlContext& dnnl, const Desc& produced, const Memory& destination);
    [[nodiscard]] const Memory& memory() const { return m_memory; }
    void deliver(DnnlContext& dnnl);

private:
    Memory m_memory;
    Kernel m_copy;
};

class TrainOp {
public:
    TrainOp() = default;
    virtual ~TrainOp() = default;
    TrainOp(const TrainOp&) = delete;
    TrainOp& operator=(const TrainOp&) = delete;

    virtual void forward(DnnlContext& dnnl, const Numbers& numbers) = 0;
    /// Called once, in the order of the backward pass, and only when the output's gradient arrives.
    virtual void prepare_backward(DnnlContext& dnnl) = 0;
    virtual void backward(DnnlContext& dnnl, const Numbers& numbers) = 0;
};

/// What an operation is made from.
struct OpSite {
    DnnlContext& dnnl;
    const Graph& graph;
    const Node& node;
    const ParameterLayout& layout;
    std::vector<Activation*> inputs; ///< activations only, in the node's order
    Activation& output;              ///< the operation allocates its data
    int64_t batch = 1;
    bool training = true;
    bool fused_relu = false; ///< batch_norm only: the ReLU that follows is done with it
};

using TrainOpPtr = std::unique_ptr<TrainOp>;
TrainOpPtr make_convolution(const OpSite& site);
TrainOpPtr make_fully_connected(const OpSite& site);
TrainOpPtr make_batch_norm(const OpSite& site);
TrainOpPtr make_eltwise(const OpSite& site); ///< relu, clip
TrainOpPtr make_pool(const OpSite& site);    ///< max, average, global average
TrainOpPtr make_add(const OpSite& site);
TrainOpPtr make_concat(const OpSite& site);
TrainOpPtr make_rearrange(const OpSite& site); ///< reshape, transpose, identity

/// Rounds `input` through the quantizer, which outlives the operation, into `output`, in the same layout; see
/// fake_quantize.h.
TrainOpPtr make_fake_quantize(DnnlContext& dnnl, const ActivationQuantizer& quantizer, Activation& input,
                              Activation& output);

/// The node's output at the run-time batch.
[[nodiscard]] Memory::dims output_dims(const OpSite& site);

} // namespace widthwise::train
