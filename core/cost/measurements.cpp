#include "core/base/text.h"
#include "core/cost/csv_table.h"
#include "core/cost/fit.h"

#include <set>

namespace widthwise::cost {

Result<std::vector<MeasuredLayer>> read_measurements(const std::filesystem::path& path, const Graph& graph) {
    auto table = CsvTable::read(path);
    if (!table) return forward_error(table);
    const auto name = table->required("layer");
    if (!name) return tl::unexpected<Error>(name.error());
    const auto latency = table->column("latency_s"), energy = table->column("energy_j");
    if (!latency && !energy)
        return fail(ErrorCode::invalid_input, "no column 'latency_s' or 'energy_j'", path.string(),
                    "its columns are " + join(table->header(), ", "));
    std::vector<std::string> names;
    for (const Node& node : graph.nodes()) names.push_back(node.name);
    const std::set<std::string> known(names.begin(), names.end());
    std::set<std::string> seen;
    std::vector<MeasuredLayer> layers;
    constexpr double k_least = 1e-15, k_most = 1e6;
    for (const CsvRow& row : table->rows()) {
        MeasuredLayer layer;
        layer.layer = row.cells[*name];
        if (!known.contains(layer.layer)) {
            const auto near = nearest_names(layer.layer, names);
            return table->complain(row, *name, "the network has no layer " + in_quotes(layer.layer),
                                   near.empty() ? "inspect lists the layers"
                                                : "did you mean " + join(near, " or ") + "?");
        }
        if (!seen.insert(layer.layer).second)
            return table->complain(row, *name, "the layer " + in_quotes(layer.layer) + " stands twice",
                                   "give one line for each layer");
        if (latency) {
            auto value = table->number(row, *latency, k_least, k_most, "a number of seconds above 0");
            if (!value) return forward_error(value);
            layer.latency_s = *value;
        }
        if (energy) {
            auto value = table->number(row, *energy, k_least, k_most, "a number of joules above 0");
            if (!value) return forward_error(value);
            layer.energy_j = *value;
        }
        if (!layer.latency_s && !layer.energy_j)
            return table->complain(row, latency ? *latency : *energy, "no figure for this layer",
                                   "measure it or leave the line out");
        layers.push_back(std::move(layer));
    }
    return layers;
}

} // namespace widthwise::cost
