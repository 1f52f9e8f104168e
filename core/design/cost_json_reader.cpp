// Reads the `cost --json` document, which projects keep. Documents of earlier versions lack keys that later
// ones have.
#include "core/design/confidence_json.h"
#include "core/design/cost_json.h"
#include "core/design/json.h"
#include "core/design/mapping_json.h"

#include <limits>

namespace widthwise {
namespace {

using nlohmann::json;

constexpr const char* k_remedy = "it is no cost document";

/// Reads members of one object; the first that is missing or of the wrong type is the error. Further keys are
/// left alone.
class Reader {
public:
    Reader(const json& object, KeyPath at, Complaint& complaint)
        : m_object(object), m_at(std::move(at)), m_complaint(complaint) {
        if (!object.is_object()) complain(m_at, "expected an object");
    }

    [[nodiscard]] KeyPath path(const char* key) const { return m_at.key(key); }
    [[nodiscard]] bool failed() const { return m_complaint.first.has_value(); }

    const json* find(const char* key) {
        const json* found = find_new(key);
        if (!found && !failed()) complain(m_at, "missing key \"" + std::string(key) + "\"");
        return found;
    }
    /// A key that earlier versions did not write.
    const json* find_new(const char* key) {
        if (failed()) return nullptr;
        const auto found = m_object.find(key);
        return found == m_object.end() ? nullptr : &*found;
    }
    void read(const char* key, std::string& out) { take(key, find(key), out); }
    void read(const char* key, double& out) { take(key, find(key), out); }
    template <typename Int> void read_integer(const char* key, Int& out) {
        take_integer(key, find(key), out);
    }
    template <typename T> void read_new(const char* key, T& out) {
        if (const json* value = find_new(key)) take(key, value, out);
    }
    template <typename Int> void read_new_integer(const char* key, Int& out) {
        if (const json* value = find_new(key)) take_integer(key, value, out);
    }

    void complain(const KeyPath& where, std::string message) {
        m_complaint.add(where, std::move(message), k_remedy);
    }
    [[nodiscard]] Complaint& complaint() { return m_complaint; }

private:
    void take(const char* key, const json* value, std::string& out) {
        if (value && !value->is_string()) return complain(path(key), "expected a string");
        if (value) out = value->get<std::string>();
    }
    void take(const char* key, const json* value, double& out) {
        if (value && !value->is_number()) return complain(path(key), "expected a number");
        if (value) out = value->get<double>();
    }
    void take(const char* key, const json* value, bool& out) {
        if (value && !value->is_boolean()) return complain(path(key), "expected true or false");
        if (value) out = value->get<bool>();
    }
    template <typename Int> void take_integer(const char* key, const json* value, Int& out) {
        if (value && !value->is_number_integer()) return complain(path(key), "expected a whole number");
        if (value) out = value->get<Int>();
    }

    const json& m_object;
    KeyPath m_at;
    Complaint& m_complaint;
};

/// The resources among the keys of `reader`, if there.
std::optional<FpgaResources> read_resources(Reader& reader) {
    if (!reader.find_new("lut")) return std::nullopt;
    FpgaResources resources;
    reader.read("lut", resources.luts);
    reader.read("dsp", resources.dsps);
    reader.read("bram18", resources.bram18);
    reader.read("uram", resources.urams);
    return resources;
}

void read_nest_of(Reader& reader, LayerCost& layer) {
    const json* nest = reader.find_new("nest");
    if (!nest || nest->is_null()) return;
    ObjectReader object(*nest, reader.path("nest"), {}, reader.complaint());
    layer.nest = std::make_shared<const MappedNest>(read_nest(object));
}

void read_execution(Reader& reader, LayerCost& layer) {
    layer.run_weight_bits = layer.weight_bits;
    layer.run_activation_bits = layer.activation_bits;
    reader.read_new_integer("run_weight_bits", layer.run_weight_bits);
    reader.read_new_integer("run_activation_bits", layer.run_activation_bits);
    if (const json* fallback = reader.find_new("fallback"); fallback && !fallback->is_null())
        reader.read("fallback", layer.fallback);
    reader.read_new("on_chip_bytes", layer.on_chip_bytes);
    reader.read_new("mapped_units", layer.mapped_units);
    reader.read_new("peak_macs_per_s", layer.peak_macs_per_s);
    layer.limited_by = layer.bound == Bound::compute ? "compute" : "memory";
    reader.read_new("limited_by", layer.limited_by);
    layer.resources = read_resources(reader);
    reader.read_new_integer("pe", layer.pe);
    reader.read_new_integer("simd", layer.simd);
    read_nest_of(reader, layer);
}

LayerCost read_layer(const json& object, const KeyPath& at, Complaint& complaint) {
    LayerCost layer;
    Reader reader(object, at, complaint);
    reader.read("name", layer.layer);
    reader.read_integer("macs", layer.macs);
    reader.read_integer("weight_bits", layer.weight_bits);
    reader.read_integer("activation_bits", layer.activation_bits);
    reader.read_integer("compute_cycles", layer.compute_cycles);
    reader.read_integer("cycles", layer.cycles);
    reader.read("latency_s", layer.latency_s);
    if (const json* energy = reader.find("energy")) {
        Reader parts(*energy, reader.path("energy"), complaint);
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
    read_execution(reader, layer);
    return layer;
}

void read_area(const json& object, const KeyPath& at, Complaint& complaint, CostBreakdown& cost) {
    Reader reader(object, at, complaint);
    if (reader.failed()) return;
    cost.resources = read_resources(reader);
    for (const auto& [key, value] : object.items()) {
        if (cost.resources && (key == "lut" || key == "dsp" || key == "bram18" || key == "uram")) continue;
        if (!key.ends_with(k_area_suffix) || !value.is_number())
            return reader.complain(at.quoted(key), "expected a number of mm2 under NAME_mm2");
        cost.area[key.substr(0, key.size() - k_area_suffix.size())] = value.get<double>();
    }
}

/// null: does not apply.
void read_area_sum(Reader& reader, CostBreakdown& cost) {
    const json* value = reader.find("area_mm2");
    if (value && value->is_null())
        cost.area_mm2 = std::numeric_limits<double>::quiet_NaN();
    else
        reader.read("area_mm2", cost.area_mm2);
}

void read_options(Reader& reader, CostBreakdown& cost) {
    const json* list = reader.find_new("options");
    if (!list) return;
    if (!list->is_array()) reader.complain(reader.path("options"), "expected an array");
    for (size_t i = 0; !reader.failed() && i < list->size(); ++i) {
        Reader entry((*list)[i], element(reader.path("options"), i), reader.complaint());
        OptionGain& option = cost.options.emplace_back();
        entry.read("option", option.option);
        entry.read_new("taken", option.taken);
        entry.read("latency_s", option.latency_s);
        entry.read("energy_j", option.energy_j);
        entry.read("dram_bytes", option.dram_bytes);
        entry.read("peak_activation_bytes", option.peak_activation_bytes);
    }
}

/// What earlier versions did not write.
void read_later_keys(Reader& reader, const json& document, const KeyPath& top, CostBreakdown& cost) {
    if (const json* available = reader.find_new("available"); available && !available->is_null()) {
        Reader resources(*available, reader.path("available"), reader.complaint());
        cost.available = read_resources(resources);
    }
    reader.read_new("dram_bytes_per_s", cost.dram_bytes_per_s);
    if (const json* peak = reader.find_new("dram_peak_bytes_per_s"); peak && !peak->is_null())
        reader.read("dram_peak_bytes_per_s", cost.dram_peak_bytes_per_s.emplace());
    reader.read_new("on_chip_bytes", cost.on_chip_bytes);
    reader.read_new("peak_activation_bytes", cost.peak_activation_bytes);
    reader.read_new("mapped_units", cost.mapped_units);
    reader.read_new("peak_macs_per_s", cost.peak_macs_per_s);
    read_options(reader, cost);
    if (reader.failed()) return;
    ObjectReader object(document, top, {}, reader.complaint());
    read_confidence(object, cost.confidence);
}

} // namespace

Result<CostBreakdown> cost_from_json(std::string_view text, const std::string& where) {
    const KeyPath top{where, {}};
    json document;
    try {
        document = json::parse(text);
    } catch (const json::exception&) {
        return fail_at(top, "not valid JSON", k_remedy);
    }
    CostBreakdown cost;
    Complaint complaint;
    Reader reader(document, top, complaint);
    reader.read("target", cost.target);
    reader.read_integer("batch", cost.batch);
    reader.read("latency_s", cost.latency_s);
    reader.read("throughput_ips", cost.throughput_ips);
    reader.read("energy_j", cost.energy_j);
    reader.read("power_w", cost.power_w);
    read_area_sum(reader, cost);
    if (const json* area = reader.find("area")) read_area(*area, reader.path("area"), complaint, cost);
    reader.read("weight_bytes", cost.weight_bytes);
    reader.read("model_bytes", cost.model_bytes);
    reader.read("bops", cost.bops);
    reader.read("dram_bytes", cost.dram_bytes);
    reader.read("utilization", cost.utilization);
    read_later_keys(reader, document, top, cost);
    if (const json* layers = reader.find("layers")) {
        if (!layers->is_array()) reader.complain(reader.path("layers"), "expected an array");
        for (size_t i = 0; !reader.failed() && i < layers->size(); ++i)
            cost.layers.push_back(read_layer((*layers)[i], element(top.key("layers"), i), complaint));
    }
    if (auto done = complaint.done(); !done) return forward_error(done);
    return cost;
}

} // namespace widthwise
