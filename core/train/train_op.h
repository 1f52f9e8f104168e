#pragma once
// One trainable operation on one worker's buffers. Included only by this room's own .cpp files.

#include "core/graph/folding.h"
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

/// An activation and the loss's gradient by it, in the layout and type that its producer chose.
struct Activation {
    Memory data;
    Memory gradient;                      ///< empty until the first consumer asks for it
    std::shared_ptr<void> gradient_owner; ///< while kernels are prepared; see DnnlContext::recycle
    std::vector<Recycled> parts;          ///< further consumers' shares, to be added to `gradient`
    bool needs_gradient = false;          ///< something trained (or the asked-for input) lies upstream

    [[nodiscard]] Desc desc() const { return data.get_desc(); }
    [[nodiscard]] Memory::dims dims() const { return dims_of(data.get_desc()); }
    /// Somebody else reads the gradient's memory after this activation's producer.
    [[nodiscard]] bool gradient_is_shared() const { return gradient_owner.use_count() > 1; }
};

/// Where one consumer's share of an activation's gradient goes. Backward kernels are prepared in the order in
/// which they run: the first consumer writes the gradient, the later ones parts that are added to it before
/// the producer's turn.
class GradientSink {
public:
    GradientSink() = default;
    GradientSink(DnnlContext& dnnl, Activation& activation);
    /// In the output's own gradient where nobody reads that afterwards: for kernels that may write the memory
    /// that they read.
    [[nodiscard]] static GradientSink in_place(DnnlContext& dnnl, Activation& input,
                                               const Activation& output);
    /// The output's gradient is the share: nothing is to be done where it is passed_on().
    [[nodiscard]] static GradientSink same(DnnlContext& dnnl, Activation& input, const Activation& output);

    /// In the activation's layout; empty when nothing needs this gradient.
    [[nodiscard]] const Memory& target() const { return m_target; }
    [[nodiscard]] explicit operator bool() const { return static_cast<bool>(m_target); }
    [[nodiscard]] bool passed_on() const { return m_passed_on; }

private:
    void take(Activation& activation, Recycled share);
    Memory m_target;
    bool m_passed_on = false;
};

/// `memory` in another layout or type: itself where these agree, else a copy that refresh() brings up to
/// date.
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
    /// It adds one part of its output's gradient itself, on its way.
    [[nodiscard]] virtual bool sums_a_part() const { return false; }
};

/// Whether anything is cut off; gradients pass where nothing was.
[[nodiscard]] inline bool cuts(const Clamp& clamp) {
    return clamp != Clamp{};
}
/// Of relu and clip.
[[nodiscard]] Clamp clamp_of(const Node& node);

/// What an operation is made from.
struct OpSite {
    DnnlContext& dnnl;
    const Graph& graph;
    const Node& node;
    const ParameterLayout& layout;
    std::vector<Activation*> inputs; ///< activations only, in the node's order
    Activation& output;              ///< the operation allocates its data
    int64_t batch = 1;
    bool training = true;         ///< a way back follows
    bool batch_statistics = true; ///< of BatchNormalization; else its running ones
    Type compute = Type::f32;     ///< of kernels' operands
    bool last = false;            ///< of the layers with weights: its output stays f32

    // batch_norm and add may be computed together with what follows them.
    Activation* residual = nullptr; ///< batch_norm: is added to its output
    Clamp clamp = {};               ///< the relu or clip at the end
};

using TrainOpPtr = std::unique_ptr<TrainOp>;
TrainOpPtr make_convolution(const OpSite& site);
TrainOpPtr make_fully_connected(const OpSite& site);
TrainOpPtr make_batch_norm(const OpSite& site);
TrainOpPtr make_eltwise(const OpSite& site); ///< relu, clip, sigmoid and the like
TrainOpPtr make_pool(const OpSite& site);    ///< max, average, global average, means over height and width
TrainOpPtr make_lrn(const OpSite& site);
TrainOpPtr make_add(const OpSite& site);       ///< two activations of one shape
TrainOpPtr make_broadcast(const OpSite& site); ///< add, sub, mul, div, any shapes
TrainOpPtr make_rearrange(const OpSite& site); ///< whatever moves elements

/// Rounds `input` through the quantizer, which outlives the operation, into `output`, in the same layout; see
/// fake_quantize.h.
TrainOpPtr make_fake_quantize(DnnlContext& dnnl, const ActivationQuantizer& quantizer, Activation& input,
                              Activation& output);

/// The node's output at the run-time batch.
[[nodiscard]] Memory::dims output_dims(const OpSite& site);

} // namespace widthwise::train
