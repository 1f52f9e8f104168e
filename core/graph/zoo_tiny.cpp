#include "core/graph/zoo_recipes.h"

#include <algorithm>

namespace widthwise::zoo {

/// LeCun et al. 1998, section II.B, as it is usually built: C3 sees all maps of S2 (the paper's table I
/// leaves some out), subsampling is a plain mean, the outputs are linear instead of distances.
Result<GraphPtr> lenet5(const Request& request) {
    constexpr Activation act = Activation::tanh;
    LayerStack net = request.image(1);
    ValueId x = net.conv("c1", net.input(), {request.wide(6), 5, 1, 1, 0}, act);
    x = net.average_pool("s2", x, {});
    x = net.conv("c3", x, {request.wide(16), 5, 1, 1, 0}, act);
    x = net.average_pool("s4", x, {});
    x = net.conv("c5", x, {request.wide(120), 5, 1, 1, 0}, act);
    x = net.activate("f6", net.fully_connected("f6", net.flatten("flatten", x), request.wide(84)), act);
    return net.finish(net.fully_connected("output", x, request.classes));
}

/// Umuroglu et al. 2017 (FINN), section 5.1: 3x3 convolutions without padding in pairs, between which maps
/// shrink by pooling, then three fully connected layers. Activations are clipped to [-1, 1], the range in
/// which the trained networks quantize them.
Result<GraphPtr> cnv(const Request& request) {
    constexpr Activation act = Activation::hard_tanh;
    LayerStack net = request.image();
    ValueId x = net.input();
    int number = 0;
    for (const int64_t channels : {64, 128, 256}) {
        for (int i = 0; i < 2; ++i) {
            const std::string name = "conv" + std::to_string(++number);
            x = net.conv_bn(name, x, {request.wide(channels), 3, 1, 1, 0}, act);
        }
        if (channels != 256) x = net.max_pool("pool" + std::to_string(number / 2), x, {});
    }
    x = net.flatten("flatten", x);
    for (const char* name : {"fc1", "fc2"}) {
        x = net.fully_connected(name, x, request.wide(512), false);
        x = net.activate(name, net.batch_norm(std::string(name) + "/bn", x), act);
    }
    return net.finish(net.fully_connected("fc3", x, request.classes, false));
}

namespace {

/// TensorFlow's SAME: ceil(in / stride) outputs, the odd zero at the end.
std::array<int64_t, 2> same_padding(int64_t in, int64_t kernel, int64_t stride) {
    const int64_t out = (in + stride - 1) / stride;
    const int64_t total = std::max<int64_t>(0, (out - 1) * stride + kernel - in);
    return {total / 2, total - total / 2};
}

} // namespace

/// Zhang et al. 2017 ("Hello edge") in the size and form of MLPerf Tiny's keyword spotting: `size` frames of
/// 10 cepstral coefficients; convolutions with a bias before each BatchNormalization.
Result<GraphPtr> ds_cnn(const Request& request) {
    constexpr int64_t coefficients = 10;
    LayerStack net(request.name, Shape{1, 1, request.size, coefficients}, request.seed, request.weights);
    const int64_t channels = request.wide(64);
    const auto layer = [&](const std::string& name, ValueId in, const ConvAttributes& form) {
        const ValueId sums = net.convolution(name + "/conv", in, channels, form, true);
        return net.activate(name, net.batch_norm(name + "/bn", sums), Activation::relu);
    };
    const auto [top, bottom] = same_padding(request.size, 10, 2);
    const auto [left, right] = same_padding(coefficients, 4, 2);
    ValueId x = layer("conv0", net.input(), {{10, 4}, {2, 2}, {top, left, bottom, right}});
    for (const char* name : {"block1", "block2", "block3", "block4"}) {
        x = layer(std::string(name) + "/depthwise", x, {{3, 3}, {1, 1}, {1, 1, 1, 1}, {1, 1}, channels});
        x = layer(std::string(name) + "/pointwise", x, {});
    }
    return net.finish(net.classifier(x, request.classes));
}

/// MLPerf Tiny's anomaly detection (Banbury et al. 2021; the baseline of DCASE 2020, task 2): `size` features
/// in, as many out.
Result<GraphPtr> ad_autoencoder(const Request& request) {
    LayerStack net(request.name, Shape{1, request.size}, request.seed, request.weights);
    ValueId x = net.input();
    int number = 0;
    for (const int64_t units : {128, 128, 128, 128, 8, 128, 128, 128, 128}) {
        const std::string name = "dense" + std::to_string(++number);
        x = net.fully_connected(name, x, request.wide(units));
        x = net.activate(name, net.batch_norm(name + "/bn", x), Activation::relu);
    }
    return net.finish(net.fully_connected("output", x, request.size));
}

} // namespace widthwise::zoo
