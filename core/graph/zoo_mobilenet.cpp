#include "core/graph/zoo_recipes.h"

namespace widthwise::zoo {

/// Howard et al. 2017, table 1.
Result<GraphPtr> mobilenet_v1(const Request& request) {
    struct Row {
        int64_t channels, stride;
    };
    constexpr Row rows[] = {{64, 1},  {128, 2}, {128, 1}, {256, 2}, {256, 1},  {512, 2}, {512, 1},
                            {512, 1}, {512, 1}, {512, 1}, {512, 1}, {1024, 2}, {1024, 1}};
    LayerStack net = request.image();
    ValueId x = net.conv_bn("conv0", net.input(), {request.wide(32), 3, 2});
    int number = 0;
    for (const Row& row : rows)
        x = net.separable("block" + std::to_string(++number), x, request.wide(row.channels), row.stride);
    return net.finish(net.classifier(x, request.classes));
}

/// Sandler et al. 2018, table 2. The last convolution is never narrower than 1280 (section 6.1: "for
/// multipliers less than one, we apply width multiplier to all layers except the very last").
Result<GraphPtr> mobilenet_v2(const Request& request) {
    struct Row {
        int64_t expansion, channels, repeats, stride;
    };
    constexpr Row rows[] = {{1, 16, 1, 1}, {6, 24, 2, 2},  {6, 32, 3, 2}, {6, 64, 4, 2},
                            {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}};
    LayerStack net = request.image();
    const auto bottleneck = [&](const std::string& name, ValueId in, int64_t expansion, int64_t channels,
                                int64_t stride) {
        const int64_t inner = net.channels(in) * expansion;
        ValueId x = in;
        if (expansion != 1) x = net.conv_bn(name + "/expand", x, {inner, 1}, Activation::relu6);
        x = net.conv_bn(name + "/depthwise", x, {inner, 3, stride, inner}, Activation::relu6);
        x = net.conv_bn(name + "/project", x, {channels, 1}, Activation::none);
        return stride == 1 && net.channels(in) == channels ? net.add(name + "/add", x, in) : x;
    };
    ValueId x = net.conv_bn("conv0", net.input(), {request.wide(32), 3, 2}, Activation::relu6);
    int stage = 0;
    for (const Row& row : rows) {
        const std::string name = "stage" + std::to_string(++stage) + ".";
        for (int64_t i = 0; i < row.repeats; ++i)
            x = bottleneck(name + std::to_string(i), x, row.expansion, request.wide(row.channels),
                           i == 0 ? row.stride : 1);
    }
    const int64_t last = request.width > 1 ? request.wide(1280) : 1280;
    x = net.conv_bn("conv_last", x, {last, 1}, Activation::relu6);
    return net.finish(net.classifier(x, request.classes));
}

namespace {

/// Hu et al. 2018 as in Howard et al. 2019: a quarter of the channels, ReLU, hard sigmoid.
ValueId squeeze_excite(LayerStack& net, const std::string& name, ValueId input) {
    const int64_t channels = net.channels(input);
    const int64_t squeezed = rounded_channels(static_cast<double>(channels / 4), 8);
    ValueId x = net.global_average_pool(name + "/pool", input);
    x = net.conv(name + "/reduce", x, {squeezed, 1}, Activation::relu);
    x = net.conv(name + "/expand", x, {channels, 1}, Activation::hard_sigmoid);
    return net.multiply(name + "/scale", input, x);
}

} // namespace

/// Howard et al. 2019, table 2, in torchvision's form: the tail's first layer is fully connected, squeeze and
/// excitation come after the depthwise convolution's activation.
Result<GraphPtr> mobilenet_v3_small(const Request& request) {
    struct Row {
        int64_t kernel, expanded, channels;
        bool squeezes;
        Activation activation;
        int64_t stride;
    };
    constexpr Activation re = Activation::relu, hs = Activation::hard_swish;
    constexpr Row rows[] = {{3, 16, 16, true, re, 2},  {3, 72, 24, false, re, 2}, {3, 88, 24, false, re, 1},
                            {5, 96, 40, true, hs, 2},  {5, 240, 40, true, hs, 1}, {5, 240, 40, true, hs, 1},
                            {5, 120, 48, true, hs, 1}, {5, 144, 48, true, hs, 1}, {5, 288, 96, true, hs, 2},
                            {5, 576, 96, true, hs, 1}, {5, 576, 96, true, hs, 1}};
    LayerStack net = request.image();
    ValueId x = net.conv_bn("conv0", net.input(), {request.wide(16), 3, 2}, hs);
    int number = 0;
    for (const Row& row : rows) {
        const std::string name = "block" + std::to_string(++number);
        const int64_t inner = request.wide(row.expanded), outer = request.wide(row.channels);
        const ValueId in = x;
        if (inner != net.channels(x)) x = net.conv_bn(name + "/expand", x, {inner, 1}, row.activation);
        x = net.conv_bn(name + "/depthwise", x, {inner, row.kernel, row.stride, inner}, row.activation);
        if (row.squeezes) x = squeeze_excite(net, name + "/se", x);
        x = net.conv_bn(name + "/project", x, {outer, 1}, Activation::none);
        if (row.stride == 1 && net.channels(in) == outer) x = net.add(name + "/add", x, in);
    }
    x = net.conv_bn("conv_last", x, {6 * net.channels(x), 1}, hs);
    x = net.flatten("flatten", net.global_average_pool("pool", x));
    x = net.activate("hidden", net.fully_connected("hidden", x, request.wide(1024)), hs);
    return net.finish(net.fully_connected("classifier", x, request.classes));
}

} // namespace widthwise::zoo
