#pragma once
// The building blocks of the built-in networks: convolutions with BatchNormalization and ReLU as own nodes.

#include "core/base/rng.h"
#include "core/graph/graph.h"

#include <string>

namespace widthwise::zoo {

/// Appends layers to one growing network. The first error sticks, later calls then do nothing: a recipe reads
/// straight through and checks once, at finish().
class LayerStack {
public:
    LayerStack(std::string name, Shape input, uint64_t seed);

    struct Conv {
        int64_t channels = 0; ///< outputs
        int64_t kernel = 3;   ///< square, odd; "same" padding of (kernel - 1) / 2
        int64_t stride = 1;
        int64_t group = 1;
    };
    /// NAME/conv, NAME/bn and (with `relu`) NAME/relu. The convolution has no bias: BatchNormalization brings
    /// one.
    ValueId conv_bn(const std::string& name, ValueId input, Conv conv, bool relu = true);
    /// NAME/depthwise* and NAME/pointwise*: 3x3 per channel, then 1x1 (Howard et al. 2017, MobileNets).
    ValueId separable(const std::string& name, ValueId input, int64_t channels, int64_t stride = 1);
    ValueId add(const std::string& name, ValueId a, ValueId b);
    ValueId relu(const std::string& name, ValueId input);
    ValueId global_average_pool(const std::string& name, ValueId input);
    /// To 1 x everything.
    ValueId flatten(const std::string& name, ValueId input);
    /// NAME with weights and bias on a flat input.
    ValueId fully_connected(const std::string& name, ValueId input, int64_t outputs);
    /// Global average pool, flatten and one fully connected layer: pool, flatten, classifier.
    ValueId classifier(ValueId input, int64_t classes);

    [[nodiscard]] ValueId input() const { return m_input; }
    [[nodiscard]] int64_t channels(ValueId value) const;
    [[nodiscard]] Result<GraphPtr> finish(ValueId output);

private:
    ValueId conv_node(const std::string& name, ValueId input, Conv conv);
    ValueId batch_norm(const std::string& name, ValueId input);
    ValueId node(Op op, std::string op_type, std::string name, Attributes attributes,
                 std::vector<ValueId> inputs);
    /// He et al. 2015 ("Delving deep into rectifiers", eq. 10): normal with variance 2 / fan_in.
    TensorPtr he_normal(Shape shape, int64_t fan_in);

    GraphBuilder m_builder;
    Rng m_rng;
    ValueId m_input;
    Result<void> m_state;
};

} // namespace widthwise::zoo
