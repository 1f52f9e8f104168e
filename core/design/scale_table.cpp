#include "core/design/scale_table.h"

#include "core/design/format_json.h"
#include "core/design/object_reader.h"

#include <cmath>

namespace widthwise {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;
using Formats = std::map<std::string, std::map<int, NumberFormat>>;

constexpr std::string_view k_format_name = "widthwise-scales/1";

/// They differ in how the scale was found, or in the scale itself, at most.
bool same_numbers(const NumberFormat& a, const NumberFormat& b) {
    return a.type == b.type && a.bits == b.bits && a.symmetric == b.symmetric && a.narrow == b.narrow &&
           a.granularity == b.granularity && a.group_size == b.group_size && a.scale_type == b.scale_type;
}

void resolve_format(const Formats& formats, const std::string& layer, NumberFormat& format) {
    if (format.is_resolved()) return;
    const auto of_layer = formats.find(layer);
    if (of_layer == formats.end()) return;
    const auto found = of_layer->second.find(format.bits);
    if (found == of_layer->second.end() || !same_numbers(found->second, format)) return;
    format = found->second;
    if (format.scale_type == ScaleType::power_of_two)
        for (float& scale : format.scale) scale = std::exp2(std::round(std::log2(scale)));
}

ordered_json write_formats(const Formats& formats) {
    ordered_json out = ordered_json::object();
    for (const auto& [layer, by_bits] : formats) {
        ordered_json list = ordered_json::array();
        for (const auto& [bits, format] : by_bits) list.push_back(write_format(format));
        out[layer] = std::move(list);
    }
    return out;
}

Result<Formats> read_formats(const json& document, const char* key, FormatRole role, const KeyPath& top) {
    const KeyPath at = top.key(key);
    const auto section = document.find(key);
    if (section == document.end()) return fail_at(top, "missing key \"" + std::string(key) + "\"");
    if (!section->is_object()) return fail_at(at, "expected an object of layers");
    Formats formats;
    for (const auto& [layer, list] : section->items()) {
        const KeyPath path = at.quoted(layer);
        if (!list.is_array()) return fail_at(path, "expected an array of formats");
        for (size_t i = 0; i < list.size(); ++i) {
            Result<NumberFormat> format = read_format(list[i], role, element(path, i));
            if (!format) return forward_error(format);
            if (format->scale.empty()) return fail_at(element(path, i), "the format has no scale");
            const int bits = format->bits;
            if (!formats[layer].emplace(bits, std::move(*format)).second)
                return fail_at(element(path, i), "a second format of " + std::to_string(bits) + " bits");
        }
    }
    return formats;
}

} // namespace

PrecisionPlan ScaleTable::resolve(const PrecisionPlan& plan) const {
    PrecisionPlan resolved = plan;
    const auto resolve_layer = [&](const std::string& layer) {
        LayerPrecision precision = plan.at(layer);
        resolve_format(weights, layer, precision.weights);
        resolve_format(activations, layer, precision.activations);
        if (precision != plan.at(layer)) resolved.set(layer, std::move(precision));
    };
    for (const auto& [layer, formats] : activations) resolve_layer(layer);
    for (const auto& [layer, formats] : weights)
        if (!activations.contains(layer)) resolve_layer(layer);
    return resolved;
}

std::string to_json(const ScaleTable& table) {
    ordered_json out;
    out["format"] = k_format_name;
    out["weights"] = write_formats(table.weights);
    out["activations"] = write_formats(table.activations);
    // A layer's name may hold bytes that are not UTF-8; replacing them beats refusing to save.
    return out.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

Result<ScaleTable> scale_table_from_json(std::string_view text, const std::string& where) {
    const KeyPath top{where, {}};
    Result<json> document = parse_document(text, top);
    if (!document) return forward_error(document);
    Complaint complaint;
    ObjectReader(*document, top, {"format", "weights", "activations"}, complaint);
    if (Result<void> ok = complaint.done(); !ok) return forward_error(ok);
    const auto format = document->find("format");
    if (format == document->end() || *format != k_format_name)
        return fail_at(top.key("format"), "expected \"" + std::string(k_format_name) + "\"");
    ScaleTable table;
    Result<Formats> weights = read_formats(*document, "weights", FormatRole::weights, top);
    if (!weights) return forward_error(weights);
    Result<Formats> activations = read_formats(*document, "activations", FormatRole::activations, top);
    if (!activations) return forward_error(activations);
    table.weights = std::move(*weights);
    table.activations = std::move(*activations);
    return table;
}

} // namespace widthwise
