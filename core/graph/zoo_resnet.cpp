#include "core/graph/zoo_recipes.h"

namespace widthwise::zoo {
namespace {

/// He et al. 2015, "Deep residual learning", table 1, with projection shortcuts where the shape changes
/// (option B). Layers are called as in torchvision: layer2.0/conv1/conv is the first of stage 2, block 0.
class ResidualNetwork {
public:
    explicit ResidualNetwork(const Request& request) : m_request(request), m_net(request.image()) {
        m_value = m_net.conv_bn("conv1", m_net.input(), {request.wide(64), 7, 2});
        m_value = m_net.max_pool("maxpool", m_value, {3, 2, 1});
    }

    struct Bottleneck {
        int64_t width = 64;         ///< of the first stage's 3x3 convolutions
        int64_t groups = 1;         ///< of the 3x3 convolutions
        bool stride_in_1x1 = false; ///< the paper's; false: in the 3x3 ("v1.5": torchvision, NVIDIA)
    };

    /// Two 3x3 convolutions a block.
    void basic_stage(int number, int blocks, int64_t channels) {
        for (int i = 0; i < blocks; ++i) {
            const std::string name = block_name(number, i);
            const int64_t stride = number > 1 && i == 0 ? 2 : 1;
            ValueId x = m_net.conv_bn(name + "/conv1", m_value, {channels, 3, stride});
            x = m_net.conv_bn(name + "/conv2", x, {channels}, Activation::none);
            join(name, x, stride);
        }
    }

    /// 1x1 down, 3x3, 1x1 up to four times 64, 128, ...
    void bottleneck_stage(int number, int blocks, const Bottleneck& form) {
        const int doublings = number - 1;
        const int64_t inner = m_request.wide(form.width << doublings, form.groups > 1 ? form.groups : 0);
        const int64_t outer = m_request.wide(int64_t{256} << doublings);
        for (int i = 0; i < blocks; ++i) {
            const std::string name = block_name(number, i);
            const int64_t stride = number > 1 && i == 0 ? 2 : 1;
            const int64_t first = form.stride_in_1x1 ? stride : 1;
            ValueId x = m_net.conv_bn(name + "/conv1", m_value, {inner, 1, first});
            x = m_net.conv_bn(name + "/conv2", x, {inner, 3, stride / first, form.groups});
            x = m_net.conv_bn(name + "/conv3", x, {outer, 1}, Activation::none);
            join(name, x, stride);
        }
    }

    [[nodiscard]] Result<GraphPtr> finish() {
        return m_net.finish(m_net.classifier(m_value, m_request.classes));
    }

private:
    static std::string block_name(int stage, int block) {
        return "layer" + std::to_string(stage) + "." + std::to_string(block);
    }

    void join(const std::string& name, ValueId main, int64_t stride) {
        const int64_t channels = m_net.channels(main);
        ValueId shortcut = m_value;
        if (stride != 1 || m_net.channels(shortcut) != channels)
            shortcut = m_net.conv_bn(name + "/downsample", shortcut, {channels, 1, stride}, Activation::none);
        m_value = m_net.activate(name, m_net.add(name + "/add", main, shortcut), Activation::relu);
    }

    const Request& m_request;
    LayerStack m_net;
    ValueId m_value;
};

Result<GraphPtr> fifty_layers(const Request& request, const ResidualNetwork::Bottleneck& form) {
    ResidualNetwork net(request);
    int stage = 0;
    for (const int blocks : {3, 4, 6, 3}) net.bottleneck_stage(++stage, blocks, form);
    return net.finish();
}

} // namespace

Result<GraphPtr> resnet18(const Request& request) {
    ResidualNetwork net(request);
    for (int stage = 1; stage <= 4; ++stage) net.basic_stage(stage, 2, request.wide(int64_t{32} << stage));
    return net.finish();
}

Result<GraphPtr> resnet50_v1(const Request& request) {
    return fifty_layers(request, {64, 1, true});
}

Result<GraphPtr> resnet50(const Request& request) {
    return fifty_layers(request, {64, 1, false});
}

/// Xie et al. 2017, table 1: 32x4d.
Result<GraphPtr> resnext50(const Request& request) {
    return fifty_layers(request, {128, 32, false});
}

} // namespace widthwise::zoo
