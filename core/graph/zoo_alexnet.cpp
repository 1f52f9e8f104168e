#include "core/graph/zoo_recipes.h"

namespace widthwise::zoo {
namespace {

ValueId three_fully_connected(LayerStack& net, ValueId input, const Request& request) {
    ValueId x = net.flatten("flatten", input);
    x = net.activate("fc6", net.fully_connected("fc6", x, request.wide(4096)), Activation::relu);
    x = net.activate("fc7", net.fully_connected("fc7", x, request.wide(4096)), Activation::relu);
    return net.fully_connected("fc8", x, request.classes);
}

} // namespace

/// Krizhevsky et al. 2012, section 3.5: two GPUs' halves as groups of conv2, conv4 and conv5; 227 pixels, the
/// size at which the text's 55x55 comes out. Dropout does nothing at inference and is left out.
Result<GraphPtr> alexnet(const Request& request) {
    // Section 3.3: b = a / (k + alpha sum a^2)^beta, k = 2, n = 5, alpha = 1e-4, beta = 0.75; ONNX divides
    // alpha by n.
    constexpr LrnAttributes normalization{5, 5e-4F, 0.75F, 2};
    constexpr LayerStack::Pool overlapping{3, 2};
    LayerStack net = request.image();
    ValueId x = net.conv("conv1", net.input(), {request.wide(96), 11, 4, 1, 0});
    x = net.max_pool("pool1", net.lrn("norm1", x, normalization), overlapping);
    x = net.conv("conv2", x, {request.wide(256), 5, 1, 2});
    x = net.max_pool("pool2", net.lrn("norm2", x, normalization), overlapping);
    x = net.conv("conv3", x, {request.wide(384)});
    x = net.conv("conv4", x, {request.wide(384), 3, 1, 2});
    x = net.conv("conv5", x, {request.wide(256), 3, 1, 2});
    return net.finish(three_fully_connected(net, net.max_pool("pool5", x, overlapping), request));
}

/// Krizhevsky 2014 ("One weird trick"), as torchvision has it: no groups, no normalization, fewer channels,
/// 224 pixels.
Result<GraphPtr> alexnet_torchvision(const Request& request) {
    constexpr LayerStack::Pool overlapping{3, 2};
    LayerStack net = request.image();
    ValueId x = net.conv("conv1", net.input(), {request.wide(64), 11, 4, 1, 2});
    x = net.conv("conv2", net.max_pool("pool1", x, overlapping), {request.wide(192), 5});
    x = net.conv("conv3", net.max_pool("pool2", x, overlapping), {request.wide(384)});
    x = net.conv("conv4", x, {request.wide(256)});
    x = net.conv("conv5", x, {request.wide(256)});
    return net.finish(three_fully_connected(net, net.max_pool("pool5", x, overlapping), request));
}

} // namespace widthwise::zoo
