#include "core/design/target_sections.h"

#include "core/design/format_pair.h"
#include "core/design/target_names.h"

#include <set>

namespace widthwise {
namespace {

using nlohmann::json;

constexpr size_t k_fewest_levels = 2, k_most_levels = 8;
constexpr size_t k_most_entries = 64; ///< formats, peaks
constexpr double k_most_pj = 1e6;

void read_bandwidth(ObjectReader& reader, double clock_hz, MemoryLevel& level) {
    reader.number("bytes_per_cycle", 1e-9, 1e9, level.bytes_per_cycle);
    if (!reader.has("bandwidth_bytes_per_s")) return;
    if (level.bytes_per_cycle)
        reader.complain(reader.path(), "both \"bytes_per_cycle\" and \"bandwidth_bytes_per_s\"",
                        "give one of them");
    double bandwidth = 0;
    reader.number("bandwidth_bytes_per_s", 1, 1e18, bandwidth);
    level.bytes_per_cycle = bandwidth / clock_hz;
}

void read_energy(ObjectReader& reader, MemoryLevel& level) {
    if (reader.has("energy_pj_per_bit") &&
        (reader.has("read_energy_pj_per_bit") || reader.has("write_energy_pj_per_bit")))
        reader.complain(reader.path(), "both \"energy_pj_per_bit\" and an energy of reads or writes",
                        "give one number for both or one for each");
    reader.number("energy_pj_per_bit", 0, k_most_pj, level.read_energy_pj_per_bit);
    level.write_energy_pj_per_bit = level.read_energy_pj_per_bit;
    reader.number("read_energy_pj_per_bit", 0, k_most_pj, level.read_energy_pj_per_bit);
    reader.number("write_energy_pj_per_bit", 0, k_most_pj, level.write_energy_pj_per_bit);
}

MemoryLevel read_level(const json& value, const KeyPath& at, double clock_hz, bool outermost,
                       Complaint& complaint) {
    ObjectReader reader(value, at,
                        {"name", "bytes", "bandwidth_bytes_per_s", "bytes_per_cycle", "energy_pj_per_bit",
                         "read_energy_pj_per_bit", "write_energy_pj_per_bit", "area_mm2", "per_pe", "holds",
                         "element_bits"},
                        complaint);
    MemoryLevel level;
    level.name = outermost ? "DRAM" : "buffer";
    reader.text("name", level.name);
    if (reader.has("bytes")) {
        int64_t bytes = 0;
        reader.integer("bytes", 1, int64_t{1} << 50, bytes);
        level.bytes = bytes;
    } else if (!outermost) {
        reader.missing("bytes", "only the outermost level may be unbounded");
    }
    read_bandwidth(reader, clock_hz, level);
    read_energy(reader, level);
    reader.number("area_mm2", 0, 1e6, level.area_mm2);
    reader.flag("per_pe", level.per_pe);
    reader.names("holds", k_operand_names, {&level.holds.weights, &level.holds.inputs, &level.holds.outputs});
    reader.integer("element_bits", 1, 64, level.element_bits);
    return level;
}

OperandSupport read_operand(ObjectReader& reader, const char* key) {
    std::string text;
    reader.text(key, text);
    reader.missing(key, "name a number type, as \"integer:8\"");
    auto operand = operand_from_text(text);
    if (operand) return *operand;
    reader.complain(reader.path(key), std::move(operand.error().message), std::move(operand.error().remedy));
    return {};
}

FormatPair read_pair(const json& value, const KeyPath& at, Complaint& complaint) {
    if (value.is_string()) {
        auto pair = pair_from_text(value.get_ref<const std::string&>());
        if (pair) return *pair;
        complaint.add(at, std::move(pair.error().message), std::move(pair.error().remedy));
        return {};
    }
    ObjectReader reader(value, at, {"weights", "activations"}, complaint);
    return {read_operand(reader, "weights"), read_operand(reader, "activations")};
}

} // namespace

void read_memory(ObjectReader& document, HardwareTarget& target) {
    if (!document.has("memory")) return;
    const json& list = document.at("memory");
    const KeyPath at = document.path("memory");
    if (!list.is_array() || list.size() < k_fewest_levels || list.size() > k_most_levels)
        return document.complain(at, "expected an array of 2 to 8 levels, outermost (DRAM) first",
                                 "name at least the DRAM and one buffer");
    target.memory.clear();
    std::set<std::string> names;
    for (size_t i = 0; i < list.size(); ++i) {
        target.memory.push_back(
            read_level(list[i], element(at, i), target.clock_hz, i == 0, document.complaint()));
        const std::string& name = target.memory.back().name;
        if (!names.insert(name).second)
            document.complain(element(at, i), "two levels are named \"" + name + "\"",
                              "give each its own name");
    }
}

void read_mac(ObjectReader& document, HardwareTarget& target) {
    document.section(
        "mac", {"style", "weight_bits", "activation_bits", "accumulator_bits", "min_bits", "serial"},
        [&](ObjectReader& reader) {
            MacUnit& mac = target.mac;
            reader.choice("style", k_mac_style_names, mac.style);
            reader.integer("weight_bits", 1, 32, mac.weight_bits);
            reader.integer("activation_bits", 1, 32, mac.activation_bits);
            reader.integer("accumulator_bits", 1, 64, mac.accumulator_bits);
            reader.integer("min_bits", 1, 32, mac.min_bits);
            reader.choice("serial", k_serial_names, mac.serial);
            if (reader.has("min_bits") && mac.style != MacStyle::bit_composable)
                reader.complain(reader.path("min_bits"), "only bit_composable units have a narrowest element",
                                "leave it out");
            if (reader.has("serial") && mac.style != MacStyle::bit_serial)
                reader.complain(reader.path("serial"), "only bit_serial units take an operand bit by bit",
                                "leave it out");
        });
}

void read_zeros(ObjectReader& document, HardwareTarget& target) {
    document.section("zeros", {"gating", "skips_inputs", "skips_weights", "compressed", "run_bits"},
                     [&](ObjectReader& reader) {
                         ZeroUse& zeros = target.zeros;
                         reader.flag("gating", zeros.gating);
                         reader.flag("skips_inputs", zeros.skips_inputs);
                         reader.flag("skips_weights", zeros.skips_weights);
                         reader.flag("compressed", zeros.compressed);
                         reader.integer("run_bits", 1, 32, zeros.run_bits);
                         if (reader.has("run_bits") && !zeros.compressed)
                             reader.complain(reader.path("run_bits"), "nothing is compressed",
                                             "write \"compressed\": true or leave it out");
                     });
}

void read_supports(ObjectReader& document, HardwareTarget& target) {
    document.section(
        "supports", {"formats", "granularity", "weight_zero_points", "input_zero_points"},
        [&](ObjectReader& reader) {
            Capabilities& supports = target.supports;
            if (reader.has("formats")) {
                const json& list = reader.at("formats");
                const KeyPath at = reader.path("formats");
                if (!list.is_array() || list.empty() || list.size() > k_most_entries)
                    return reader.complain(at, "expected an array of 1 to 64 formats",
                                           "write [\"w8a8\"], or leave it out: all that the MACs hold");
                for (size_t i = 0; i < list.size(); ++i) {
                    const FormatPair pair = read_pair(list[i], element(at, i), reader.complaint());
                    if (std::find(supports.pairs.begin(), supports.pairs.end(), pair) != supports.pairs.end())
                        reader.complain(element(at, i), to_text(pair) + " stands twice");
                    supports.pairs.push_back(pair);
                }
            }
            bool per_tensor = true;
            reader.names("granularity", k_granularity_names,
                         {&per_tensor, &supports.per_channel, &supports.per_group});
            if (!per_tensor)
                reader.complain(reader.path("granularity"), "\"tensor\" is missing",
                                "what has a scale per channel can give all channels the same");
            reader.flag("weight_zero_points", supports.weight_zero_points);
            reader.flag("input_zero_points", supports.input_zero_points);
        });
}

void read_gpu(ObjectReader& document, HardwareTarget& target) {
    document.section(
        "gpu", {"multiprocessors", "peaks", "launch_overhead_s", "achievable"}, [&](ObjectReader& reader) {
            Gpu& gpu = target.gpu.emplace();
            reader.integer("multiprocessors", 1, 1000000, gpu.multiprocessors);
            reader.number("launch_overhead_s", 0, 1, gpu.launch_overhead_s);
            reader.number("achievable", 1e-3, 1, gpu.achievable);
            reader.missing("peaks", "give MACs per second of each precision");
            if (!reader.has("peaks")) return;
            const json& list = reader.at("peaks");
            const KeyPath at = reader.path("peaks");
            if (!list.is_array() || list.empty() || list.size() > k_most_entries)
                return reader.complain(at, "expected an array of 1 to 64 precisions",
                                       "give MACs per second of each precision");
            for (size_t i = 0; i < list.size(); ++i) {
                ObjectReader entry(list[i], element(at, i),
                                   {"format", "macs_per_s", "tile_m", "tile_n", "tile_k", "pj_per_mac"},
                                   reader.complaint());
                GpuPeak peak;
                peak.format = read_operand(entry, "format");
                entry.missing("macs_per_s", "half of the operations per second");
                entry.number("macs_per_s", 1, 1e21, peak.macs_per_s);
                entry.integer("tile_m", 1, 65536, peak.tile_m);
                entry.integer("tile_n", 1, 65536, peak.tile_n);
                entry.integer("tile_k", 1, 65536, peak.tile_k);
                entry.number("pj_per_mac", 0, k_most_pj, peak.pj_per_mac);
                for (const GpuPeak& other : gpu.peaks)
                    if (other.format == peak.format)
                        reader.complain(element(at, i), "a second peak of " + to_text(peak.format),
                                        "give each precision one");
                gpu.peaks.push_back(peak);
            }
        });
}

void read_fpga(ObjectReader& document, HardwareTarget& target) {
    document.section("fpga",
                     {"luts", "flip_flops", "bram18", "urams", "dsps", "dsp", "fill_luts", "fill_bram",
                      "fill_uram", "fill_dsps", "target_fps", "reconfigure_s", "lut_pj", "bram18_pj",
                      "uram_pj", "dsp_pj"},
                     [&](ObjectReader& reader) {
                         Fpga& fpga = target.fpga.emplace();
                         constexpr double k_most = 1e9;
                         reader.missing("luts", "give the device's look-up tables");
                         reader.number("luts", 1, k_most, fpga.luts);
                         reader.number("flip_flops", 0, k_most, fpga.flip_flops);
                         reader.number("bram18", 0, k_most, fpga.bram18);
                         reader.number("urams", 0, k_most, fpga.urams);
                         reader.number("dsps", 0, k_most, fpga.dsps);
                         reader.choice("dsp", k_dsp_names, fpga.dsp);
                         reader.number("fill_luts", 0, 1, fpga.fill_luts);
                         reader.number("fill_bram", 0, 1, fpga.fill_bram);
                         reader.number("fill_uram", 0, 1, fpga.fill_uram);
                         reader.number("fill_dsps", 0, 1, fpga.fill_dsps);
                         reader.number("target_fps", 1e-6, 1e12, fpga.target_fps);
                         reader.number("reconfigure_s", 0, 1e6, fpga.reconfigure_s);
                         reader.number("lut_pj", 0, k_most_pj, fpga.lut_pj);
                         reader.number("bram18_pj", 0, k_most_pj, fpga.bram18_pj);
                         reader.number("uram_pj", 0, k_most_pj, fpga.uram_pj);
                         reader.number("dsp_pj", 0, k_most_pj, fpga.dsp_pj);
                     });
}

void read_sources(ObjectReader& document, HardwareTarget& target) {
    if (!document.has("sources")) return;
    const json& object = document.at("sources");
    const KeyPath at = document.path("sources");
    if (!object.is_object()) return document.complain(at, "expected an object of texts");
    for (const auto& [key, value] : object.items()) {
        if (!value.is_string()) return document.complain(at.quoted(key), "expected a string");
        target.sources[key] = value.get<std::string>();
    }
}

} // namespace widthwise
