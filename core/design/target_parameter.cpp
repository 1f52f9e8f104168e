#include "core/design/target_parameter.h"

#include "core/base/text.h"
#include "core/design/object_reader.h"
#include "core/design/target_change.h"
#include "core/design/target_keys.h"

#include <algorithm>
#include <utility>

namespace widthwise {
namespace {

using nlohmann::ordered_json;

constexpr size_t k_longest_value = 4096;

std::string name_of(const HardwareTarget& target) {
    return "target '" + target.name + "'";
}

Result<const TargetKey*> find_key(const std::vector<TargetKey>& keys, const HardwareTarget& target,
                                  std::string_view key) {
    const auto found =
        std::find_if(keys.begin(), keys.end(), [&](const TargetKey& known) { return known.key == key; });
    if (found != keys.end()) return &*found;
    std::vector<std::string> names;
    for (const TargetKey& known : keys) names.push_back(known.key);
    const auto near = nearest_names(key, names);
    return fail(ErrorCode::usage, "there is no parameter " + in_quotes(key), name_of(target),
                near.empty() ? "it has " + join(names, ", ") : "did you mean " + join(near, " or ") + "?");
}

Result<ordered_json> parse_value(const HardwareTarget& target, std::string_view key, std::string_view text) {
    const KeyPath at{name_of(target), std::string(key)};
    if (text.size() > k_longest_value) return fail_at(at, "the value is too long");
    if (auto readable = parse_document(text, at); !readable)
        return fail_at(at, in_quotes(text) + " is no JSON value",
                       "write a number, true, false, null or a name in double quotes");
    return ordered_json::parse(text);
}

/// The same bandwidth or energy given in another way.
void erase_others(ordered_json& level, const std::string& key) {
    if (key == "bandwidth_bytes_per_s") level.erase("bytes_per_cycle");
    if (key == "bytes_per_cycle") level.erase("bandwidth_bytes_per_s");
    if (key == "energy_pj_per_bit") {
        level.erase("read_energy_pj_per_bit");
        level.erase("write_energy_pj_per_bit");
    }
    if ((key == "read_energy_pj_per_bit" || key == "write_energy_pj_per_bit") &&
        level.contains("energy_pj_per_bit")) {
        level["read_energy_pj_per_bit"] = level["write_energy_pj_per_bit"] = level["energy_pj_per_bit"];
        level.erase("energy_pj_per_bit");
    }
}

/// DRAM has a clock of its own: its bytes per second stay when that of the chip changes.
void keep_dram_bandwidth(ordered_json& document, const HardwareTarget& target) {
    const auto& rate = target.memory.front().bytes_per_cycle;
    ordered_json& dram = document["memory"][0];
    dram.erase("bytes_per_cycle");
    if (rate) dram["bandwidth_bytes_per_s"] = *rate * target.clock_hz;
}

void put(ordered_json& document, const TargetKey& key, const ordered_json& value) {
    const std::string& last = key.where.back();
    ordered_json& object = document[key.where.parent_pointer()];
    if (object.is_null()) object = ordered_json::object(); // a section that was left out
    if (key.key.starts_with("memory.")) erase_others(object, last);
    if (key.key == "mac.style" && object["style"] != value) {
        object.erase("min_bits");
        object.erase("serial");
    }
    if (key.key == "zeros.compressed" && value == false) object.erase("run_bits");
    if (value.is_null())
        object.erase(last);
    else
        object[last] = value;
}

} // namespace

Result<std::string> target_parameter(const HardwareTarget& target, std::string_view key) {
    const std::vector<TargetKey> keys = target_keys(target);
    auto found = find_key(keys, target, key);
    if (!found) return forward_error(found);
    return value_text((*found)->value);
}

Result<HardwareTarget> with_target_parameters(const HardwareTarget& target,
                                              std::span<const std::pair<std::string, std::string>> values) {
    if (values.empty()) return target;
    const std::vector<TargetKey> keys = target_keys(target);
    std::vector<const TargetKey*> changes;
    HardwareTarget stripped = target;
    for (const auto& [key, text] : values) {
        auto known = find_key(keys, target, key);
        if (!known) return forward_error(known);
        changes.push_back(*known);
        if (auto dropped = drop_what_changes(stripped, key); !dropped) return forward_error(dropped);
    }
    const auto sources =
        std::exchange(stripped.sources, {}); // half of the document, and no part of the check
    ordered_json document = ordered_json::parse(target_to_json(stripped));
    if (std::any_of(values.begin(), values.end(), [](const auto& one) { return one.first == "clock_hz"; }))
        keep_dram_bandwidth(document, target);
    for (size_t i = 0; i < values.size(); ++i) {
        auto value = parse_value(target, values[i].first, values[i].second);
        if (!value) return forward_error(value);
        put(document, *changes[i], *value);
    }
    auto changed = target_from_json(document.dump(), name_of(target));
    if (!changed) return changed;
    changed->sources = sources;
    for (const auto& [key, text] : values) follow_change(*changed, target, key);
    return changed;
}

Result<HardwareTarget> with_target_parameter(const HardwareTarget& target, std::string_view key,
                                             std::string_view value) {
    const std::pair<std::string, std::string> one{key, value};
    return with_target_parameters(target, {&one, 1});
}

} // namespace widthwise
