#pragma once
// The building blocks of the built-in networks: convolutions, normalizations and activations as own nodes.

#include "core/graph/graph.h"
#include "core/graph/zoo_weights.h"

#include <optional>
#include <string>

namespace widthwise::zoo {

enum class Activation {
    none,
    relu,
    relu6,
    hard_tanh, ///< clipped to [-1, 1]: what a binary or ternary activation rounds
    tanh,
    hard_sigmoid, ///< relu6(x + 3) / 6
    hard_swish,   ///< x relu6(x + 3) / 6
};

/// Appends layers to one growing network. The first error sticks, later calls then do nothing: a recipe reads
/// straight through and checks once, at finish().
class LayerStack {
public:
    LayerStack(std::string name, Shape input, uint64_t seed, Weights weights = Weights::he_normal);

    struct Conv {
        int64_t channels = 0; ///< outputs
        int64_t kernel = 3;   ///< square
        int64_t stride = 1;
        int64_t group = 1;
        std::optional<int64_t> pad = {}; ///< on each side; without: (kernel - 1) / 2
    };
    /// NAME/conv, NAME/bn and NAME/<activation>. The convolution has no bias: BatchNormalization brings one.
    ValueId conv_bn(const std::string& name, ValueId input, Conv conv,
                    Activation activation = Activation::relu);
    /// NAME with a bias, and NAME/<activation>.
    ValueId conv(const std::string& name, ValueId input, Conv conv, Activation activation = Activation::relu);
    /// NAME alone, of any form.
    ValueId convolution(const std::string& name, ValueId input, int64_t channels,
                        const ConvAttributes& attributes, bool bias);
    ValueId batch_norm(const std::string& name, ValueId input);
    /// NAME/<activation>; `input` itself for Activation::none.
    ValueId activate(const std::string& name, ValueId input, Activation activation);
    /// NAME/depthwise* and NAME/pointwise*: 3x3 per channel, then 1x1 (Howard et al. 2017, MobileNets).
    ValueId separable(const std::string& name, ValueId input, int64_t channels, int64_t stride = 1);
    /// NAME with weights and bias on a flat input.
    ValueId fully_connected(const std::string& name, ValueId input, int64_t outputs, bool bias = true);
    /// Global average pool, flatten and one fully connected layer: pool, flatten, classifier.
    ValueId classifier(ValueId input, int64_t classes);

    struct Pool {
        int64_t kernel = 2; ///< square
        int64_t stride = 2;
        int64_t pad = 0;        ///< on each side
        bool ceil_mode = false; ///< a last window may reach over the edge (Caffe)
    };
    ValueId max_pool(const std::string& name, ValueId input, Pool pool);
    /// Means over what lies within the padding too.
    ValueId average_pool(const std::string& name, ValueId input, Pool pool);
    ValueId global_average_pool(const std::string& name, ValueId input);
    ValueId lrn(const std::string& name, ValueId input, LrnAttributes attributes);

    ValueId add(const std::string& name, ValueId a, ValueId b);
    /// Either may be N x C x 1 x 1.
    ValueId multiply(const std::string& name, ValueId a, ValueId b);
    /// Along the channels.
    ValueId concat(const std::string& name, std::vector<ValueId> inputs);
    /// Channels [first, last).
    ValueId channels_of(const std::string& name, ValueId input, int64_t first, int64_t last);
    /// Every `step`th row and column, from the first.
    ValueId subsample(const std::string& name, ValueId input, int64_t step);
    /// Zero channels before and after.
    ValueId pad_channels(const std::string& name, ValueId input, int64_t before, int64_t after);
    /// NAME/split, NAME/swap, NAME/join: channel g * (C / groups) + c goes to c * groups + g (Zhang et al.
    /// 2018, ShuffleNet, fig. 1).
    ValueId channel_shuffle(const std::string& name, ValueId input, int64_t groups);
    /// To 1 x everything.
    ValueId flatten(const std::string& name, ValueId input);

    [[nodiscard]] ValueId input() const { return m_input; }
    [[nodiscard]] int64_t channels(ValueId value) const { return extent(value, 1); }
    /// Extent along an axis; 1 after an error.
    [[nodiscard]] int64_t extent(ValueId value, size_t axis) const;
    [[nodiscard]] Result<GraphPtr> finish(ValueId output);

private:
    ValueId node(Op op, std::string op_type, std::string name, Attributes attributes,
                 std::vector<ValueId> inputs);
    ValueId reshape(const char* op_type, const std::string& name, ValueId input, std::vector<int64_t> shape);
    /// Invalid, and the error sticks, where the network becomes too large.
    ValueId constant(const std::string& name, Result<TensorPtr> tensor);

    GraphBuilder m_builder;
    WeightMaker m_weights;
    ValueId m_input;
    Result<void> m_state;
};

} // namespace widthwise::zoo
