#include "core/graph/zoo.h"

#include "core/base/text.h"
#include "core/graph/zoo_layers.h"

#include <algorithm>
#include <cmath>

namespace widthwise::zoo {
namespace {

constexpr int64_t k_width_granularity = 8; // what vector units and arrays like

int64_t scaled(int64_t channels, double width) {
    const double steps = std::round(static_cast<double>(channels) * width / k_width_granularity);
    return std::max<int64_t>(1, static_cast<int64_t>(steps)) * k_width_granularity;
}

/// The embedded demo: a plain, a residual and a depthwise-separable part, so that each kind of layer that
/// reacts in its own way to low bits is there. 14 weighted layers.
Result<GraphPtr> build_demo(const Options& options) {
    const int64_t size = options.input_size ? options.input_size : 32;
    const int64_t classes = options.classes ? options.classes : 12;
    const auto wide = [&](int64_t channels) { return scaled(channels, options.width); };

    LayerStack net("demo", Shape{1, 3, size, size}, options.seed);
    ValueId x = net.conv_bn("stem", net.input(), {wide(16)});
    x = net.conv_bn("plain", x, {wide(32), 3, 2});

    const auto residual = [&](const std::string& name, ValueId input, int64_t channels, int64_t stride) {
        ValueId main = net.conv_bn(name + "/a", input, {channels, 3, stride});
        main = net.conv_bn(name + "/b", main, {channels}, false);
        const bool same = stride == 1 && net.channels(input) == channels;
        const ValueId shortcut =
            same ? input : net.conv_bn(name + "/shortcut", input, {channels, 1, stride}, false);
        return net.relu(name + "/relu", net.add(name + "/add", main, shortcut));
    };
    x = residual("block1", x, wide(32), 1);
    x = residual("block2", x, wide(48), 2);

    x = net.separable("dw1", x, wide(96));
    x = net.separable("dw2", x, wide(128), 2);
    x = net.separable("dw3", x, wide(128));
    return net.finish(net.classifier(x, classes));
}

struct Architecture {
    Entry entry;
    Result<GraphPtr> (*build)(const Options&);
};

const std::vector<Architecture>& architectures() {
    static const std::vector<Architecture> all{
        {{"demo",
          "the embedded demo's architecture: plain, residual and depthwise-separable, 32x32, 12 classes"},
         build_demo},
    };
    return all;
}

Result<void> set_option(Options& options, std::string_view item, const std::string& spec) {
    const size_t equals = item.find('=');
    const std::string key = trim(item.substr(0, equals));
    const std::string text = equals == std::string_view::npos ? std::string() : trim(item.substr(equals + 1));
    const auto whole = [&](int64_t lo, int64_t hi, int64_t& target) -> Result<void> {
        const auto value = parse_int(text);
        if (!value || *value < lo || *value > hi)
            return fail(ErrorCode::invalid_input, "option '" + key + "' cannot be '" + text + "'", spec,
                        "give a whole number from " + std::to_string(lo) + " to " + std::to_string(hi));
        target = *value;
        return {};
    };
    if (key == "size") return whole(8, 1024, options.input_size);
    if (key == "classes") return whole(2, 100000, options.classes);
    if (key == "seed") {
        int64_t seed = 0;
        if (Result<void> done = whole(0, INT64_MAX, seed); !done) return done;
        options.seed = static_cast<uint64_t>(seed);
        return {};
    }
    if (key == "width") {
        const auto value = parse_double(text);
        if (!value || !(*value >= 0.05 && *value <= 16))
            return fail(ErrorCode::invalid_input, "option 'width' cannot be '" + text + "'", spec,
                        "give a channel multiplier from 0.05 to 16");
        options.width = *value;
        return {};
    }
    return fail(ErrorCode::invalid_input, "unknown option '" + key + "'", spec,
                "the options are size, width, classes and seed");
}

} // namespace

const std::vector<Entry>& entries() {
    static const std::vector<Entry> list = [] {
        std::vector<Entry> result;
        for (const Architecture& a : architectures()) result.push_back(a.entry);
        return result;
    }();
    return list;
}

Result<GraphPtr> build(std::string_view spec) {
    const std::string where = "zoo:" + std::string(spec);
    const size_t at = spec.find('@');
    const std::string name = trim(spec.substr(0, at));
    const auto found =
        std::ranges::find_if(architectures(), [&](const Architecture& a) { return a.entry.name == name; });
    if (found == architectures().end()) {
        std::vector<std::string> names;
        for (const Entry& entry : entries()) names.emplace_back(entry.name);
        const std::vector<std::string> near = nearest_names(name, names);
        return fail(ErrorCode::invalid_input, "no built-in network is called '" + name + "'", where,
                    near.empty() ? "the built-in networks are " + join(names, ", ")
                                 : "did you mean " + join(near, " or ") + "?");
    }
    Options options;
    if (at != std::string_view::npos)
        for (const std::string& item : split(spec.substr(at + 1), ','))
            if (Result<void> set = set_option(options, item, where); !set) return forward_error(set);
    return found->build(options);
}

} // namespace widthwise::zoo
