#include "core/graph/zoo_recipes.h"

namespace widthwise::zoo {

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

} // namespace widthwise::zoo
