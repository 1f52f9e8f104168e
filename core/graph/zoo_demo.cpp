#include "core/graph/zoo_recipes.h"

namespace widthwise::zoo {

/// The embedded demo: a plain, a residual and a depthwise-separable part, so that each kind of layer that
/// reacts in its own way to low bits is there. 14 weighted layers.
Result<GraphPtr> demo(const Request& request) {
    LayerStack net = request.image();
    ValueId x = net.conv_bn("stem", net.input(), {request.wide(16)});
    x = net.conv_bn("plain", x, {request.wide(32), 3, 2});

    const auto residual = [&](const std::string& name, ValueId input, int64_t channels, int64_t stride) {
        ValueId main = net.conv_bn(name + "/a", input, {channels, 3, stride});
        main = net.conv_bn(name + "/b", main, {channels}, Activation::none);
        const bool same = stride == 1 && net.channels(input) == channels;
        const ValueId shortcut =
            same ? input : net.conv_bn(name + "/shortcut", input, {channels, 1, stride}, Activation::none);
        return net.activate(name, net.add(name + "/add", main, shortcut), Activation::relu);
    };
    x = residual("block1", x, request.wide(32), 1);
    x = residual("block2", x, request.wide(48), 2);

    x = net.separable("dw1", x, request.wide(96));
    x = net.separable("dw2", x, request.wide(128), 2);
    x = net.separable("dw3", x, request.wide(128));
    return net.finish(net.classifier(x, request.classes));
}

/// The demo for one-bit activations: clipped to [-1, 1] right before each convolution that may read signs,
/// never behind a ReLU (whose sign is always +1), and each such convolution bridged, so that real-valued sums
/// pass by the signs (Liu et al. 2018, Bi-Real Net). Shortcuts shrink by means of 2x2 and double their
/// channels by repeating them (Liu et al. 2020, ReActNet). The one ReLU is read by the pool, in more bits: a
/// mean over the image of what is linear sees no glyph. 8 weighted layers.
Result<GraphPtr> demo_binary(const Request& request) {
    LayerStack net = request.image();
    ValueId x = net.conv_bn("stem", net.input(), {request.wide(16)}, Activation::none);
    for (int number = 1; number <= 6; ++number) {
        const std::string name = "block" + std::to_string(number);
        const bool shrinks = number % 2 == 1;
        ValueId shortcut = x;
        if (shrinks) {
            shortcut = net.average_pool(name + "/pool", x, {.ceil_mode = true});
            shortcut = net.concat(name + "/repeat", {shortcut, shortcut});
        }
        const ValueId clipped = net.activate(name, x, Activation::hard_tanh);
        const ValueId main =
            net.conv_bn(name, clipped, {net.channels(shortcut), 3, shrinks ? 2 : 1}, Activation::none);
        x = net.add(name + "/add", main, shortcut);
    }
    return net.finish(net.classifier(net.activate("head", x, Activation::relu), request.classes));
}

} // namespace widthwise::zoo
