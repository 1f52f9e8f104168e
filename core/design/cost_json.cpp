// The `cost --json` document.
#include "core/design/json.h"
#include "core/design/key_path.h"

#include <nlohmann/json.hpp>

namespace widthwise {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr std::string_view k_area_suffix = "_mm2";

ordered_json layer_json(const LayerCost& layer) {
    const EnergyBreakdown& energy = layer.energy;
    return {
        {"name", layer.layer},
        {"macs", layer.macs},
        {"weight_bits", layer.weight_bits},
        {"activation_bits", layer.activation_bits},
        {"compute_cycles", layer.compute_cycles},
        {"cycles", layer.cycles},
        {"latency_s", layer.latency_s},
        {"energy_j", energy.total_j()},
        {"energy",
         {{"compute", energy.compute_j},
          {"registers", energy.registers_j},
          {"noc", energy.noc_j},
          {"buffer", energy.buffer_j},
          {"dram", energy.dram_j},
          {"static", energy.static_j}}},
        {"dram_bytes", layer.dram_bytes},
        {"buffer_bytes", layer.buffer_bytes},
        {"utilization", layer.utilization},
        {"bound", layer.bound == Bound::compute ? "compute" : "memory"},
        {"mapping", layer.mapping},
    };
}

/// Reads members of one object; the first that is missing or of the wrong type is the error. Further keys are
/// left alone.
class Reader {
public:
    Reader(const json& object, KeyPath at, std::optional<Error>& error)
        : m_object(object), m_at(std::move(at)), m_error(error) {
        if (!object.is_object()) complain(m_at, "expected an object");
    }

    [[nodiscard]] KeyPath path(const char* key) const { return m_at.key(key); }

    const json* find(const char* key) {
        if (m_error) return nullptr;
        const auto found = m_object.find(key);
        if (found == m_object.end()) {
            complain(m_at, "missing key \"" + std::string(key) + "\"");
            return nullptr;
        }
        return &*found;
    }
    void read(const char* key, std::string& out) {
        const json* value = find(key);
        if (value && !value->is_string()) return complain(path(key), "expected a string");
        if (value) out = value->get<std::string>();
    }
    void read(const char* key, double& out) {
        const json* value = find(key);
        if (value && !value->is_number()) return complain(path(key), "expected a number");
        if (value) out = value->get<double>();
    }
    template <typename Int> void read_integer(const char* key, Int& out) {
        const json* value = find(key);
        if (value && !value->is_number_integer()) return complain(path(key), "expected a whole number");
        if (value) out = value->get<Int>();
    }
    void complain(const KeyPath& where, std::string message) {
        if (!m_error)
            m_error = Error{ErrorCode::invalid_input, std::move(message), where.to_string(),
                            "it is no cost document"};
    }

private:
    const json& m_object;
    KeyPath m_at;
    std::optional<Error>& m_error;
};

LayerCost read_layer(const json& object, const KeyPath& at, std::optional<Error>& error) {
    LayerCost layer;
    Reader reader(object, at, error);
    reader.read("name", layer.layer);
    reader.read_integer("macs", layer.macs);
    reader.read_integer("weight_bits", layer.weight_bits);
    reader.read_integer("activation_bits", layer.activation_bits);
    reader.read_integer("compute_cycles", layer.compute_cycles);
    reader.read_integer("cycles", layer.cycles);
    reader.read("latency_s", layer.latency_s);
    if (const json* energy = reader.find("energy")) {
        Reader parts(*energy, reader.path("energy"), error);
        parts.read("compute", layer.energy.compute_j);
        parts.read("registers", layer.energy.registers_j);
        parts.read("noc", layer.energy.noc_j);
        parts.read("buffer", layer.energy.buffer_j);
        parts.read("dram", layer.energy.dram_j);
        parts.read("static", layer.energy.static_j);
    }
    reader.read("dram_bytes", layer.dram_bytes);
    reader.read("buffer_bytes", layer.buffer_bytes);
    reader.read("utilization", layer.utilization);
    std::string bound;
    reader.read("bound", bound);
    if (bound == "memory")
        layer.bound = Bound::memory;
    else if (bound != "compute")
        reader.complain(reader.path("bound"), "expected \"compute\" or \"memory\"");
    reader.read("mapping", layer.mapping);
    return layer;
}

void read_area(const json& object, const KeyPath& at, std::optional<Error>& error, CostBreakdown& cost) {
    Reader reader(object, at, error);
    if (error) return;
    for (const auto& [key, value] : object.items()) {
        if (!key.ends_with(k_area_suffix) || !value.is_number())
            return reader.complain(at.quoted(key), "expected a number of mm2 under NAME_mm2");
        cost.area[key.substr(0, key.size() - k_area_suffix.size())] = value.get<double>();
    }
}

} // namespace

std::string cost_to_json(const CostBreakdown& cost) {
    ordered_json area = ordered_json::object();
    for (const auto& [component, mm2] : cost.area) area[component + std::string(k_area_suffix)] = mm2;
    ordered_json layers = ordered_json::array();
    for (const LayerCost& layer : cost.layers) layers.push_back(layer_json(layer));
    const ordered_json document = {
        {"target", cost.target},
        {"batch", cost.batch},
        {"latency_s", cost.latency_s},
        {"throughput_ips", cost.throughput_ips},
        {"energy_j", cost.energy_j},
        {"power_w", cost.power_w},
        {"area_mm2", cost.area_mm2},
        {"area", std::move(area)},
        {"weight_bytes", cost.weight_bytes},
        {"model_bytes", cost.model_bytes},
        {"bops", cost.bops},
        {"dram_bytes", cost.dram_bytes},
        {"utilization", cost.utilization},
        {"layers", std::move(layers)},
    };
    return document.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

Result<CostBreakdown> cost_from_json(std::string_view text, const std::string& where) {
    const KeyPath top{where, {}};
    json document;
    try {
        document = json::parse(text);
    } catch (const json::exception&) {
        return fail_at(top, "not valid JSON", "it is no cost document");
    }
    CostBreakdown cost;
    std::optional<Error> error;
    Reader reader(document, top, error);
    reader.read("target", cost.target);
    reader.read_integer("batch", cost.batch);
    reader.read("latency_s", cost.latency_s);
    reader.read("throughput_ips", cost.throughput_ips);
    reader.read("energy_j", cost.energy_j);
    reader.read("power_w", cost.power_w);
    reader.read("area_mm2", cost.area_mm2);
    if (const json* area = reader.find("area")) read_area(*area, reader.path("area"), error, cost);
    reader.read("weight_bytes", cost.weight_bytes);
    reader.read("model_bytes", cost.model_bytes);
    reader.read("bops", cost.bops);
    reader.read("dram_bytes", cost.dram_bytes);
    reader.read("utilization", cost.utilization);
    if (const json* layers = reader.find("layers")) {
        if (!layers->is_array()) reader.complain(reader.path("layers"), "expected an array");
        for (size_t i = 0; !error && i < layers->size(); ++i) {
            const KeyPath at{where, "layers[" + std::to_string(i) + "]"};
            cost.layers.push_back(read_layer((*layers)[i], at, error));
        }
    }
    if (error) return tl::unexpected<Error>(*error);
    return cost;
}

} // namespace widthwise
