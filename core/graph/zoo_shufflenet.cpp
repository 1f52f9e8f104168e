#include "core/graph/zoo_recipes.h"

#include <algorithm>
#include <array>

namespace widthwise::zoo {
namespace {

constexpr std::array<int, 3> k_repeats{4, 8, 4}; // units in stages 2, 3 and 4, of both versions

LayerStack::Conv depthwise(int64_t channels, int64_t stride) {
    return {channels, 3, stride, channels};
}

std::string unit_name(size_t stage, int unit) {
    return "stage" + std::to_string(stage + 2) + "." + std::to_string(unit);
}

} // namespace

/// Zhang et al. 2018, figure 2 and table 1, 3 groups. The first pointwise convolution has no groups: too few
/// channels come in (section 3.2). The authors' code has no bias in the classifier.
Result<GraphPtr> shufflenet_v1(const Request& request) {
    constexpr int64_t groups = 3;
    constexpr int64_t step = 4 * groups; // a unit's inner channels, a quarter, split into groups
    LayerStack net = request.image();
    ValueId x = net.conv_bn("conv1", net.input(), {request.wide(24, step), 3, 2});
    x = net.max_pool("maxpool", x, {3, 2, 1});
    for (size_t stage = 0; stage < k_repeats.size(); ++stage) {
        // Of the joined channels one part at least is computed, however narrow the network.
        const int64_t channels = std::max(request.wide(int64_t{240} << stage, step), net.channels(x) + step);
        const int64_t inner = channels / 4;
        for (int unit = 0; unit < k_repeats[stage]; ++unit) {
            const std::string name = unit_name(stage, unit);
            const bool shrinks = unit == 0;
            // What the shortcut brings need not be computed: the two are joined.
            const int64_t computed = shrinks ? channels - net.channels(x) : channels;
            const int64_t first_groups = stage == 0 && unit == 0 ? 1 : groups;
            ValueId main = net.conv_bn(name + "/reduce", x, {inner, 1, 1, first_groups});
            main = net.channel_shuffle(name + "/shuffle", main, groups);
            main =
                net.conv_bn(name + "/depthwise", main, depthwise(inner, shrinks ? 2 : 1), Activation::none);
            main = net.conv_bn(name + "/expand", main, {computed, 1, 1, groups}, Activation::none);
            x = shrinks
                    ? net.concat(name + "/concat", {net.average_pool(name + "/shortcut", x, {3, 2, 1}), main})
                    : net.add(name + "/add", main, x);
            x = net.activate(name, x, Activation::relu);
        }
    }
    x = net.flatten("flatten", net.global_average_pool("pool", x));
    return net.finish(net.fully_connected("classifier", x, request.classes, false));
}

/// Ma et al. 2018, figure 3c, d and table 5. The four published widths have their own channel counts; others
/// scale those of width 1.
Result<GraphPtr> shufflenet_v2(const Request& request) {
    struct Published {
        double width;
        std::array<int64_t, 3> stages;
        int64_t last;
    };
    constexpr std::array<Published, 4> published{{{0.5, {48, 96, 192}, 1024},
                                                  {1.0, {116, 232, 464}, 1024},
                                                  {1.5, {176, 352, 704}, 1024},
                                                  {2.0, {244, 488, 976}, 2048}}};
    Published form{request.width,
                   {request.wide(116, 4), request.wide(232, 4), request.wide(464, 4)},
                   std::max<int64_t>(1024, request.wide(1024))};
    for (const Published& known : published)
        if (known.width == request.width) form = known;

    LayerStack net = request.image();
    ValueId x = net.conv_bn("conv1", net.input(), {24, 3, 2});
    x = net.max_pool("maxpool", x, {3, 2, 1});
    const auto right_branch = [&](const std::string& name, ValueId in, int64_t channels, int64_t stride) {
        ValueId y = net.conv_bn(name + "/reduce", in, {channels, 1});
        y = net.conv_bn(name + "/depthwise", y, depthwise(channels, stride), Activation::none);
        return net.conv_bn(name + "/expand", y, {channels, 1});
    };
    for (size_t stage = 0; stage < k_repeats.size(); ++stage) {
        const int64_t half = form.stages[stage] / 2;
        for (int unit = 0; unit < k_repeats[stage]; ++unit) {
            const std::string name = unit_name(stage, unit);
            ValueId left = x, right = x;
            if (unit == 0) {
                left =
                    net.conv_bn(name + "/left/depthwise", x, depthwise(net.channels(x), 2), Activation::none);
                left = net.conv_bn(name + "/left/expand", left, {half, 1});
                right = right_branch(name, x, half, 2);
            } else {
                left = net.channels_of(name + "/left", x, 0, half);
                right = right_branch(name, net.channels_of(name + "/right", x, half, 2 * half), half, 1);
            }
            x = net.channel_shuffle(name + "/shuffle", net.concat(name + "/concat", {left, right}), 2);
        }
    }
    x = net.conv_bn("conv5", x, {form.last, 1});
    return net.finish(net.classifier(x, request.classes));
}

} // namespace widthwise::zoo
