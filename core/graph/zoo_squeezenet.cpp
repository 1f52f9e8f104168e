#include "core/graph/zoo_recipes.h"

#include <array>

namespace widthwise::zoo {
namespace {

/// One fire module: 1x1 down, then 1x1 and 3x3 side by side.
struct Fire {
    int64_t squeezed, expanded;
    bool pool_before = false;
};

ValueId fire(LayerStack& net, const Request& request, const std::string& name, ValueId input,
             const Fire& form) {
    const ValueId squeezed = net.conv(name + "/squeeze1x1", input, {request.wide(form.squeezed), 1});
    const int64_t expanded = request.wide(form.expanded);
    return net.concat(name + "/concat", {net.conv(name + "/expand1x1", squeezed, {expanded, 1}),
                                         net.conv(name + "/expand3x3", squeezed, {expanded, 3})});
}

/// Iandola et al. 2016, table 1. Pools reach over the edge, as in Caffe and torchvision; the classes are a
/// convolution's channels.
Result<GraphPtr> squeezenet(const Request& request, LayerStack::Conv first, std::span<const Fire> modules) {
    constexpr LayerStack::Pool overlapping{3, 2, 0, true};
    LayerStack net = request.image();
    ValueId x = net.conv("conv1", net.input(), first);
    x = net.max_pool("pool1", x, overlapping);
    int number = 1;
    for (const Fire& form : modules) {
        if (form.pool_before) x = net.max_pool("pool" + std::to_string(number), x, overlapping);
        x = fire(net, request, "fire" + std::to_string(++number), x, form);
    }
    x = net.conv("conv10", x, {request.classes, 1});
    return net.finish(net.flatten("flatten", net.global_average_pool("pool10", x)));
}

} // namespace

Result<GraphPtr> squeezenet_1_0(const Request& request) {
    constexpr std::array<Fire, 8> modules{
        {{16, 64}, {16, 64}, {32, 128}, {32, 128, true}, {48, 192}, {48, 192}, {64, 256}, {64, 256, true}}};
    return squeezenet(request, {request.wide(96), 7, 2, 1, 0}, modules);
}

/// The authors' second release: a smaller first convolution and earlier pools.
Result<GraphPtr> squeezenet_1_1(const Request& request) {
    constexpr std::array<Fire, 8> modules{
        {{16, 64}, {16, 64}, {32, 128, true}, {32, 128}, {48, 192, true}, {48, 192}, {64, 256}, {64, 256}}};
    return squeezenet(request, {request.wide(64), 3, 2, 1, 0}, modules);
}

} // namespace widthwise::zoo
