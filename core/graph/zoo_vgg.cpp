#include "core/graph/zoo_recipes.h"

namespace widthwise::zoo {
namespace {

/// Simonyan and Zisserman 2014, table 1: stages of 3x3 convolutions, each ended by a 2x2 max pool. Layers are
/// called as in the table's usual numbering: conv3_2 is the second of the third stage.
Result<GraphPtr> vgg(const Request& request, const std::array<int, 5>& depths) {
    constexpr std::array<int64_t, 5> channels{64, 128, 256, 512, 512};
    LayerStack net = request.image();
    ValueId x = net.input();
    for (size_t stage = 0; stage < depths.size(); ++stage) {
        const std::string number = std::to_string(stage + 1);
        for (int i = 1; i <= depths[stage]; ++i)
            x = net.conv("conv" + number + "_" + std::to_string(i), x, {request.wide(channels[stage])});
        x = net.max_pool("pool" + number, x, {});
    }
    x = net.flatten("flatten", x);
    x = net.activate("fc6", net.fully_connected("fc6", x, request.wide(4096)), Activation::relu);
    x = net.activate("fc7", net.fully_connected("fc7", x, request.wide(4096)), Activation::relu);
    return net.finish(net.fully_connected("fc8", x, request.classes));
}

} // namespace

Result<GraphPtr> vgg11(const Request& request) {
    return vgg(request, {1, 1, 2, 2, 2}); // configuration A
}

Result<GraphPtr> vgg16(const Request& request) {
    return vgg(request, {2, 2, 3, 3, 3}); // configuration D
}

} // namespace widthwise::zoo
