#include "core/graph/zoo_recipes.h"

namespace widthwise::zoo {
namespace {

/// He et al. 2015, section 4.2: 6n + 2 layers in three stages, the shortcuts without parameters where the
/// shape changes (option A: every second pixel, zeros as the new channels).
Result<GraphPtr> cifar_resnet(const Request& request, int blocks) {
    LayerStack net = request.image();
    ValueId x = net.conv_bn("conv1", net.input(), {request.wide(16)});
    for (int stage = 1; stage <= 3; ++stage) {
        const int64_t channels = request.wide(int64_t{8} << stage);
        for (int i = 0; i < blocks; ++i) {
            const std::string name = "layer" + std::to_string(stage) + "." + std::to_string(i);
            const bool shrinks = stage > 1 && i == 0;
            ValueId main = net.conv_bn(name + "/conv1", x, {channels, 3, shrinks ? 2 : 1});
            main = net.conv_bn(name + "/conv2", main, {channels}, Activation::none);
            if (shrinks) x = net.subsample(name + "/shortcut", x, 2);
            if (const int64_t more = channels - net.channels(x); more > 0)
                x = net.pad_channels(name + "/zeros", x, more / 2, more - more / 2);
            x = net.activate(name, net.add(name + "/add", main, x), Activation::relu);
        }
    }
    return net.finish(net.classifier(x, request.classes));
}

} // namespace

Result<GraphPtr> resnet20(const Request& request) {
    return cifar_resnet(request, 3);
}

Result<GraphPtr> resnet32(const Request& request) {
    return cifar_resnet(request, 5);
}

/// Banbury et al. 2021, MLPerf Tiny's image classification: one block a stage, convolutions with a bias,
/// projections without normalization.
Result<GraphPtr> resnet8(const Request& request) {
    LayerStack net = request.image();
    const auto conv_bn = [&](const std::string& name, ValueId in, LayerStack::Conv shape,
                             Activation activation) {
        const ValueId sums = net.conv(name + "/conv", in, shape, Activation::none);
        return net.activate(name, net.batch_norm(name + "/bn", sums), activation);
    };
    ValueId x = conv_bn("conv1", net.input(), {request.wide(16)}, Activation::relu);
    for (int stage = 1; stage <= 3; ++stage) {
        const std::string name = "layer" + std::to_string(stage);
        const int64_t channels = request.wide(int64_t{8} << stage), stride = stage > 1 ? 2 : 1;
        ValueId main = conv_bn(name + "/conv1", x, {channels, 3, stride}, Activation::relu);
        main = conv_bn(name + "/conv2", main, {channels}, Activation::none);
        if (stage > 1) x = net.conv(name + "/shortcut", x, {channels, 1, stride}, Activation::none);
        x = net.activate(name, net.add(name + "/add", main, x), Activation::relu);
    }
    return net.finish(net.classifier(x, request.classes));
}

} // namespace widthwise::zoo
