#include "app/cli/cost_inputs.h"

#include "core/base/input_file.h"
#include "core/base/text.h"
#include "core/cost/csv_table.h"
#include "core/flow/training.h"

namespace widthwise::cli {
namespace {

std::vector<std::string> layer_names(const Graph& graph) {
    std::vector<std::string> names;
    for (const Node& node : graph.nodes()) names.push_back(node.name);
    return names;
}

std::string near_layers(const std::string& name, const Graph& graph) {
    const auto near = nearest_names(name, layer_names(graph));
    return near.empty() ? "inspect lists the layers" : "did you mean " + join(near, " or ") + "?";
}

bool has_layer(const Graph& graph, const std::string& name) {
    return std::any_of(graph.nodes().begin(), graph.nodes().end(),
                       [&](const Node& node) { return node.name == name; });
}

} // namespace

Result<std::map<std::string, cost::Zeros>> read_zeros(const std::string& path, const Graph& graph) {
    auto table = cost::CsvTable::read(path);
    if (!table) return forward_error(table);
    const auto name = table->required("layer");
    if (!name) return tl::unexpected<Error>(name.error());
    constexpr std::pair<const char*, double cost::Zeros::*> k_shares[] = {{"inputs", &cost::Zeros::inputs},
                                                                          {"weights", &cost::Zeros::weights},
                                                                          {"outputs", &cost::Zeros::outputs}};
    bool any = false;
    for (const auto& [column, share] : k_shares) any = any || table->column(column);
    if (!any)
        return fail(ErrorCode::invalid_input, "no column 'inputs', 'weights' or 'outputs'", path,
                    "its columns are " + join(table->header(), ", "));
    std::map<std::string, cost::Zeros> zeros;
    for (const cost::CsvRow& row : table->rows()) {
        const std::string& layer = row.cells[*name];
        if (!has_layer(graph, layer))
            return table->complain(row, *name, "the network has no layer " + in_quotes(layer),
                                   near_layers(layer, graph));
        const auto [entry, fresh] = zeros.try_emplace(layer);
        if (!fresh) return table->complain(row, *name, "the layer " + in_quotes(layer) + " stands twice");
        for (const auto& [column, share] : k_shares) {
            const auto position = table->column(column);
            if (!position) continue;
            auto value = table->number(row, *position, 0, 1, "a share from 0 to 1");
            if (!value) return forward_error(value);
            entry->second.*share = value->value_or(0);
        }
    }
    return zeros;
}

Result<std::map<std::string, cost::Zeros>> measured_zeros(const flow::Model& model, const PrecisionPlan& plan,
                                                          const DatasetPtr& data, int64_t samples,
                                                          const WorkControl& control) {
    auto shares = flow::measure_zeros(model, plan, data, samples, control);
    if (!shares) return forward_error(shares);
    std::map<std::string, cost::Zeros> zeros;
    for (const auto& [layer, share] : *shares) zeros[layer] = {share.inputs, share.weights, share.outputs};
    return zeros;
}

Result<std::map<std::string, Mapping>> read_mappings(const std::vector<std::string>& texts,
                                                     const Graph& graph) {
    std::map<std::string, Mapping> mappings;
    for (const std::string& text : texts) {
        const size_t equals = text.rfind('=');
        if (equals == std::string::npos || equals == 0 || equals + 1 == text.size())
            return fail(ErrorCode::usage, in_quotes(text) + " is no LAYER=FILE.json", "--mapping",
                        "write for example conv1=conv1.json");
        const std::string layer = text.substr(0, equals), file = text.substr(equals + 1);
        if (!has_layer(graph, layer))
            return fail(ErrorCode::usage, "the network has no layer " + in_quotes(layer), "--mapping",
                        near_layers(layer, graph));
        auto json = read_input(file, 1 << 20);
        if (!json) return forward_error(json);
        auto mapping = mapping_from_json(*json, file);
        if (!mapping) return forward_error(mapping);
        if (!mappings.emplace(layer, std::move(*mapping)).second)
            return fail(ErrorCode::usage, "two mappings for the layer " + in_quotes(layer), "--mapping",
                        "give one");
    }
    return mappings;
}

Result<std::vector<std::string>> named_layers(const std::string& name, const Graph& graph,
                                              const std::string& option) {
    std::vector<std::string> found;
    for (const Node& node : graph.nodes())
        if (node.name == name || glob_match(name, node.name)) found.push_back(node.name);
    if (!found.empty()) return found;
    return fail(ErrorCode::usage, "the network has no layer " + in_quotes(name), option,
                near_layers(name, graph));
}

} // namespace widthwise::cli
