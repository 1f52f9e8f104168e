// Which parameters of a target are worth a search, and around which values.
#include "core/base/text.h"
#include "core/design/target_keys.h"
#include "core/design/target_names.h"
#include "core/design/target_parameter.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace widthwise {
namespace {

using nlohmann::ordered_json;

/// Of nodes and voltages: from the rows of the scaling tables (core/cost/technology.h), which reach no
/// further.
constexpr std::array k_nodes_nm = {7.0, 10.0, 16.0, 20.0, 32.0, 45.0, 65.0, 90.0, 130.0};
constexpr std::array k_voltages_v = {0.7, 0.8, 0.9, 1.0, 1.1};
constexpr std::array k_frames_per_s = {30.0, 100.0, 300.0, 1000.0, 3000.0, 10000.0};
constexpr std::array k_operand_bits = {2.0, 4.0, 8.0, 16.0};
constexpr std::array k_accumulator_bits = {16.0, 20.0, 24.0, 32.0, 48.0};
/// Times the present value. Sizes double; what cannot be built at will moves less.
constexpr std::array k_sizes = {0.25, 0.5, 1.0, 2.0, 4.0};
constexpr std::array k_rates = {0.5, 0.75, 1.0, 1.5, 2.0};

std::string_view last_of(std::string_view key) {
    return key.substr(key.rfind('.') + 1);
}

template <size_t N> std::vector<ordered_json> all_names(const std::array<std::string_view, N>& names) {
    return {names.begin(), names.end()};
}

template <size_t N>
std::vector<ordered_json> numbers(const std::array<double, N>& values, const ordered_json& present) {
    std::vector<double> sorted(values.begin(), values.end());
    if (present.is_number()) sorted.push_back(present.get<double>());
    std::sort(sorted.begin(), sorted.end());
    return {sorted.begin(), sorted.end()};
}

std::vector<ordered_json> multiples(const ordered_json& present, bool whole) {
    std::vector<ordered_json> values;
    if (whole) {
        for (const double factor : k_sizes) {
            const double value = std::round(factor * present.get<double>());
            if (value >= 1) values.emplace_back(static_cast<int64_t>(value));
        }
        return values;
    }
    for (const double factor : k_rates) values.emplace_back(factor * present.get<double>());
    return values;
}

std::vector<ordered_json> ideas(const TargetKey& key) {
    const std::string_view last = last_of(key.key);
    if (last == "dataflow") return all_names(k_dataflow_names);
    if (last == "objective") return all_names(k_objective_names);
    if (last == "style") return all_names(k_mac_style_names);
    if (last == "serial") return all_names(k_serial_names);
    if (last == "sizing") return all_names(k_sizing_names);
    if (last == "dsp") return all_names(k_dsp_names);
    if (key.value.is_boolean()) return {false, true};
    if (last == "node_nm") return numbers(k_nodes_nm, key.value);
    if (last == "voltage_v") return numbers(k_voltages_v, key.value);
    if (last == "accumulator_bits") return numbers(k_accumulator_bits, key.value);
    if (last.ends_with("_bits")) return numbers(k_operand_bits, key.value);
    if (last == "target_fps") {
        auto values = numbers(k_frames_per_s, key.value);
        values.emplace_back(nullptr); // as fast as the device can be filled
        return values;
    }
    if (!key.value.is_number()) return {};
    return multiples(key.value, key.value.is_number_integer() || key.key.starts_with("fpga."));
}

/// Constants that were measured, and what the model takes nothing for, so that a search would always choose
/// it.
bool is_no_choice(const TargetKey& key) {
    const std::string_view last = last_of(key.key);
    constexpr std::array k_constants = {"mac_efficiency", "static_power_w",    "area_mm2",
                                        "flip_flops",     "run_bits",          "achievable",
                                        "reconfigure_s",  "launch_overhead_s", "diagonal_multicast"};
    if (std::find(k_constants.begin(), k_constants.end(), last) != k_constants.end()) return true;
    if (last.ends_with("_pj") || last.find("pj_per_") != std::string_view::npos || last.starts_with("fill_"))
        return true;
    return key.key.starts_with("zeros.") || key.key.starts_with("supports.") ||
           key.key.starts_with("gpu.peaks.");
}

bool is_left_out(const TargetKey& key, TargetKind kind) {
    const std::string_view last = last_of(key.key);
    if (last == "target_fps") return kind != TargetKind::fpga_dataflow;
    if (key.value.is_array() || key.value.is_null() || is_no_choice(key)) return true;
    // The link to a DRAM is bought by the second, a port of a buffer is as wide as it is.
    const bool outermost = key.where.to_string().starts_with("/memory/0/");
    if (last == "bytes_per_cycle") return outermost;
    return last == "bandwidth_bytes_per_s" && !outermost;
}

} // namespace

std::vector<TargetParameter> target_parameters(const HardwareTarget& target) {
    const std::vector<TargetKey> keys = target_keys(target);
    std::vector<TargetParameter> parameters;
    for (const TargetKey& key : keys) {
        if (is_left_out(key, target.kind)) continue;
        TargetParameter parameter{key.key, value_text(key.value), {}};
        for (const ordered_json& value : ideas(key)) {
            std::string text = value_text(value);
            const auto& known = parameter.suggestions;
            if (std::find(known.begin(), known.end(), text) != known.end()) continue;
            if (with_target_parameter(target, key.key, text))
                parameter.suggestions.push_back(std::move(text));
        }
        if (parameter.suggestions.size() > 1) parameters.push_back(std::move(parameter));
    }
    return parameters;
}

} // namespace widthwise
