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

} // namespace widthwise::zoo
