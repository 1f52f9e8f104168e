#include "core/graph/zoo.h"

#include "core/base/text.h"
#include "core/graph/zoo_registry.h"

#include <algorithm>
#include <cmath>

namespace widthwise::zoo {
namespace {

constexpr int64_t k_largest_size = 4096;
constexpr int64_t k_width_granularity = 8; // what vector units and arrays like

tl::unexpected<Error> bad_option(std::string message, const std::string& spec, std::string remedy) {
    return fail(ErrorCode::invalid_input, std::move(message), spec, std::move(remedy));
}

Result<int64_t> whole(const std::string& key, const std::string& text, int64_t lo, int64_t hi,
                      const std::string& spec) {
    const auto value = parse_int(text);
    if (!value || *value < lo || *value > hi)
        return bad_option("option '" + key + "' cannot be '" + text + "'", spec,
                          "give a whole number from " + std::to_string(lo) + " to " + std::to_string(hi));
    return *value;
}

Result<void> set_option(Request& request, const Entry& entry, std::string_view item,
                        const std::string& spec) {
    const size_t equals = item.find('=');
    const std::string key = trim(item.substr(0, equals));
    const std::string text = equals == std::string_view::npos ? std::string() : trim(item.substr(equals + 1));
    const auto set = [&](int64_t lo, int64_t hi, auto& target) -> Result<void> {
        auto value = whole(key, text, lo, hi, spec);
        if (!value) return forward_error(value);
        target = static_cast<std::remove_reference_t<decltype(target)>>(*value);
        return {};
    };
    if (key == "size") return set(entry.smallest_size, k_largest_size, request.size);
    if (key == "seed") return set(0, INT64_MAX, request.seed);
    if (key == "classes") {
        if (entry.classes == 0)
            return bad_option("option 'classes' does not apply: " + request.name + " does not classify", spec,
                              "leave it out");
        return set(2, 100000, request.classes);
    }
    if (key == "width") {
        const auto value = parse_double(text);
        if (!value || !(*value >= 0.05 && *value <= 16))
            return bad_option("option 'width' cannot be '" + text + "'", spec,
                              "give a channel multiplier from 0.05 to 16");
        request.width = *value;
        return {};
    }
    return bad_option("unknown option '" + key + "'", spec, "the options are size, width, classes and seed");
}

Result<const Architecture*> find_architecture(const std::string& name, const std::string& spec) {
    const std::vector<Architecture>& all = architectures();
    const auto found = std::ranges::find_if(all, [&](const Architecture& a) { return a.entry.name == name; });
    if (found != all.end()) return &*found;
    std::vector<std::string> names;
    for (const Architecture& a : all) names.emplace_back(a.entry.name);
    const std::vector<std::string> near = nearest_names(name, names);
    return fail(ErrorCode::invalid_input, "no built-in network is called '" + name + "'", spec,
                near.empty() ? "the built-in networks are " + join(names, ", ")
                             : "did you mean " + join(near, " or ") + "?");
}

} // namespace

int64_t rounded_channels(double wanted, int64_t step) {
    int64_t steps = std::max<int64_t>(1, std::llround(wanted / static_cast<double>(step)));
    if (static_cast<double>(steps * step) < 0.9 * wanted) ++steps;
    return steps * step;
}

int64_t Request::wide(int64_t channels, int64_t step) const {
    if (step == 0) step = std::min(k_width_granularity, channels & -channels);
    return rounded_channels(static_cast<double>(channels) * width, step);
}

LayerStack Request::image(int64_t channels) const {
    return LayerStack(name, Shape{1, channels, size, size}, seed, weights);
}

const std::vector<Entry>& entries() {
    static const std::vector<Entry> list = [] {
        std::vector<Entry> result;
        for (const Architecture& a : architectures()) result.push_back(a.entry);
        return result;
    }();
    return list;
}

Result<GraphPtr> build(std::string_view spec, Weights weights) {
    const std::string where = "zoo:" + std::string(spec);
    const size_t at = spec.find('@');
    const std::string name = trim(spec.substr(0, at));
    const auto architecture = find_architecture(name, where);
    if (!architecture) return tl::unexpected<Error>(architecture.error());
    const Entry& entry = (*architecture)->entry;
    Request request{
        .name = name, .size = entry.size, .classes = entry.classes, .seed = 1, .weights = weights};
    if (at != std::string_view::npos)
        for (const std::string& item : split(spec.substr(at + 1), ','))
            if (Result<void> set = set_option(request, entry, item, where); !set) return forward_error(set);
    Result<GraphPtr> graph = (*architecture)->recipe(request);
    if (!graph) {
        graph.error().where = graph.error().where.empty() ? where : where + ": " + graph.error().where;
    }
    return graph;
}

} // namespace widthwise::zoo
