// Reads the widthwise-target/1 document.
#include "core/base/text.h"
#include "core/design/hardware_target.h"
#include "core/design/key_path.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <set>

namespace widthwise {
namespace {

using nlohmann::json;
using Names = std::vector<std::string>;

/// One object of the document: reads what is there, leaves the default where nothing is, and remembers the
/// first complaint.
class Reader {
public:
    Reader(const json& object, KeyPath at, Names keys) : m_object(object), m_at(std::move(at)) {
        if (!object.is_object()) {
            complain(m_at, "expected an object");
            return;
        }
        for (const auto& [key, value] : object.items())
            if (std::find(keys.begin(), keys.end(), key) == keys.end())
                complain(m_at, "unknown key \"" + key + "\"", "known keys: " + join(keys, ", "));
    }

    [[nodiscard]] bool has(const char* key) const { return m_object.is_object() && m_object.contains(key); }
    [[nodiscard]] const json& at(const char* key) const { return m_object.at(key); }
    [[nodiscard]] KeyPath path(const char* key) const { return m_at.key(key); }

    void text(const char* key, std::string& out) {
        if (!has(key)) return;
        if (!at(key).is_string()) return complain(path(key), "expected a string");
        out = at(key).get<std::string>();
    }

    void number(const char* key, double lo, double hi, double& out) {
        if (!has(key)) return;
        const double value = at(key).is_number() ? at(key).get<double>() : std::nan("");
        if (!(value >= lo && value <= hi)) return out_of_range(key, json(lo).dump(), json(hi).dump());
        out = value;
    }
    void number(const char* key, double lo, double hi, std::optional<double>& out) {
        if (!has(key)) return;
        double value = lo;
        number(key, lo, hi, value);
        out = value;
    }

    template <typename Int> void integer(const char* key, int64_t lo, int64_t hi, Int& out) {
        if (!has(key)) return;
        const double value = at(key).is_number() ? at(key).get<double>() : std::nan("");
        if (value != std::floor(value) ||
            !(value >= static_cast<double>(lo) && value <= static_cast<double>(hi)))
            return out_of_range(key, std::to_string(lo), std::to_string(hi), "a whole number");
        out = static_cast<Int>(value);
    }

    /// The position in `names`, or `otherwise` when the key is absent; names in `later` belong to the
    /// contract but have no model.
    size_t choice(const char* key, const Names& names, const Names& later, size_t otherwise) {
        std::string value;
        text(key, value);
        if (!has(key) || m_error) return otherwise;
        const auto found = std::find(names.begin(), names.end(), value);
        if (found != names.end()) return static_cast<size_t>(found - names.begin());
        const std::string remedy = "use " + join(names, " or ");
        if (std::find(later.begin(), later.end(), value) != later.end())
            complain(path(key), "this version has no model of \"" + value + "\"", remedy,
                     ErrorCode::unsupported);
        else
            complain(path(key), "unknown value \"" + value + "\"", remedy);
        return otherwise;
    }

    void complain(const KeyPath& where, std::string message, std::string remedy = {},
                  ErrorCode code = ErrorCode::invalid_input) {
        if (!m_error) m_error = Error{code, std::move(message), where.to_string(), std::move(remedy)};
    }

    [[nodiscard]] Result<void> done() const {
        if (m_error) return tl::unexpected<Error>(*m_error);
        return {};
    }

private:
    void out_of_range(const char* key, const std::string& lo, const std::string& hi,
                      const std::string& what = "a number") {
        std::string value = at(key).dump(-1, ' ', false, json::error_handler_t::replace);
        if (value.size() > 40) value = value.substr(0, 40) + "...";
        complain(path(key), "expected " + what + " from " + lo + " to " + hi + ", not " + value);
    }

    const json& m_object;
    KeyPath m_at;
    std::optional<Error> m_error;
};

Result<MemoryLevel> read_level(const json& value, const KeyPath& at, double clock_hz, bool outermost) {
    Reader reader(value, at,
                  {"name", "bytes", "bandwidth_bytes_per_s", "bytes_per_cycle", "energy_pj_per_bit",
                   "read_energy_pj_per_bit", "write_energy_pj_per_bit"});
    MemoryLevel level;
    level.name = outermost ? "DRAM" : "buffer";
    reader.text("name", level.name);
    if (reader.has("bytes")) {
        int64_t bytes = 0;
        reader.integer("bytes", 1, int64_t{1} << 50, bytes);
        level.bytes = bytes;
    } else if (!outermost) {
        reader.complain(at, "missing key \"bytes\"", "only the outermost level may be unbounded");
    }
    reader.number("bytes_per_cycle", 1e-9, 1e9, level.bytes_per_cycle);
    if (reader.has("bandwidth_bytes_per_s")) {
        if (level.bytes_per_cycle)
            reader.complain(at, "both \"bytes_per_cycle\" and \"bandwidth_bytes_per_s\"", "give one of them");
        double bandwidth = 0;
        reader.number("bandwidth_bytes_per_s", 1, 1e18, bandwidth);
        level.bytes_per_cycle = bandwidth / clock_hz;
    }
    if (reader.has("energy_pj_per_bit") &&
        (reader.has("read_energy_pj_per_bit") || reader.has("write_energy_pj_per_bit")))
        reader.complain(at, "both \"energy_pj_per_bit\" and an energy of reads or writes",
                        "give one number for both or one for each");
    reader.number("energy_pj_per_bit", 0, 1e6, level.read_energy_pj_per_bit);
    level.write_energy_pj_per_bit = level.read_energy_pj_per_bit;
    reader.number("read_energy_pj_per_bit", 0, 1e6, level.read_energy_pj_per_bit);
    reader.number("write_energy_pj_per_bit", 0, 1e6, level.write_energy_pj_per_bit);
    if (const auto done = reader.done(); !done) return tl::unexpected<Error>(done.error());
    return level;
}

Result<void> read_memory(const json& list, const KeyPath& at, HardwareTarget& target) {
    constexpr size_t k_most_levels = 8;
    if (!list.is_array() || list.size() < 2 || list.size() > k_most_levels)
        return fail_at(at, "expected an array of 2 to 8 levels, outermost (DRAM) first",
                       "name at least the DRAM and one buffer");
    target.memory.clear();
    std::set<std::string> names;
    for (size_t i = 0; i < list.size(); ++i) {
        const KeyPath here{at.file, at.path + "[" + std::to_string(i) + "]"};
        auto level = read_level(list[i], here, target.clock_hz, i == 0);
        if (!level) return forward_error(level);
        if (!names.insert(level->name).second)
            return fail_at(here, "two levels are named \"" + level->name + "\"");
        target.memory.push_back(std::move(*level));
    }
    return {};
}

/// While a tile of operands is at work in the array, the next one must fit beside it.
Result<void> check_tiles(const HardwareTarget& target, const KeyPath& top) {
    const int bits = std::max(target.mac.weight_bits, target.mac.activation_bits);
    const int64_t needed = (2 * target.rows * target.cols * bits + 7) / 8;
    for (size_t i = 1; i < target.memory.size(); ++i)
        if (*target.memory[i].bytes < needed)
            return fail_at(top.key("memory"),
                           "\"" + target.memory[i].name + "\" holds " +
                               std::to_string(*target.memory[i].bytes) +
                               " bytes but two tiles of the array need " + std::to_string(needed),
                           "make it larger or the array smaller");
    return {};
}

Result<void> read_sources(const json& object, const KeyPath& at, HardwareTarget& target) {
    if (!object.is_object()) return fail_at(at, "expected an object of texts");
    for (const auto& [key, value] : object.items()) {
        if (!value.is_string()) return fail_at(at.quoted(key), "expected a string");
        target.sources[key] = value.get<std::string>();
    }
    return {};
}

/// Parses; a key that stands twice in one object is an error, for which of the two counts is anyone's guess.
Result<json> parse(std::string_view text, const KeyPath& top) {
    std::vector<std::set<std::string>> open;
    std::string doubled;
    const json::parser_callback_t watch = [&](int, json::parse_event_t event, json& parsed) {
        if (event == json::parse_event_t::object_start) open.emplace_back();
        if (event == json::parse_event_t::object_end) open.pop_back();
        if (event == json::parse_event_t::key && !open.back().insert(parsed.get<std::string>()).second)
            doubled = parsed.get<std::string>();
        return true;
    };
    try {
        json document = json::parse(text, watch);
        if (!doubled.empty()) return fail_at(top, "the key \"" + doubled + "\" stands twice in one object");
        return document;
    } catch (const json::parse_error& e) {
        const auto lines = std::count(text.begin(), text.begin() + std::min(e.byte, text.size()), '\n');
        return fail_at(top, "not valid JSON near line " + std::to_string(lines + 1));
    } catch (const json::exception&) {
        return fail_at(top, "not valid JSON: a number is out of range");
    }
}

} // namespace

Result<HardwareTarget> target_from_json(std::string_view text, const std::string& where) {
    const KeyPath top{where, {}};
    auto document = parse(text, top);
    if (!document) return forward_error(document);

    HardwareTarget target;
    Reader reader(*document, top,
                  {"format", "name", "description", "kind", "node_nm", "voltage_v", "clock_hz", "array",
                   "dataflow", "mac", "memory", "static_power_w", "sizing", "sources"});
    std::string format;
    reader.text("format", format);
    if (format != "widthwise-target/1")
        reader.complain(top.key("format"), "not a target of this version",
                        "write \"format\": \"widthwise-target/1\"");
    reader.text("name", target.name);
    reader.text("description", target.description);
    reader.choice("kind", {"spatial"}, {"fpga_dataflow", "gpu"}, 0);
    reader.number("node_nm", 7, 130, target.node_nm);
    reader.number("voltage_v", 0.6, 1.3, target.voltage_v);
    reader.number("clock_hz", 1e3, 1e11, target.clock_hz);
    reader.number("static_power_w", 0, 1e5, target.static_power_w);
    target.dataflow = static_cast<Dataflow>(reader.choice(
        "dataflow", {"ws", "os", "is", "rs", "nlr", "best"}, {}, static_cast<size_t>(target.dataflow)));
    target.sizing = static_cast<Sizing>(
        reader.choice("sizing", {"fixed", "to_design"}, {}, static_cast<size_t>(target.sizing)));
    if (const auto done = reader.done(); !done) return tl::unexpected<Error>(done.error());

    if (reader.has("array")) {
        Reader array(reader.at("array"), reader.path("array"), {"rows", "cols"});
        array.integer("rows", 1, 65536, target.rows);
        array.integer("cols", 1, 65536, target.cols);
        if (const auto done = array.done(); !done) return tl::unexpected<Error>(done.error());
    }
    if (reader.has("mac")) {
        Reader mac(reader.at("mac"), reader.path("mac"),
                   {"style", "weight_bits", "activation_bits", "accumulator_bits"});
        mac.choice("style", {"bit_parallel"}, {"bit_serial", "bit_composable"}, 0);
        mac.integer("weight_bits", 1, 32, target.mac.weight_bits);
        mac.integer("activation_bits", 1, 32, target.mac.activation_bits);
        mac.integer("accumulator_bits", 1, 64, target.mac.accumulator_bits);
        if (const auto done = mac.done(); !done) return tl::unexpected<Error>(done.error());
    }
    // The default levels were written for the default clock: keep their bandwidth in bytes per second.
    for (MemoryLevel& level : target.memory)
        if (level.bytes_per_cycle) *level.bytes_per_cycle *= HardwareTarget().clock_hz / target.clock_hz;
    if (reader.has("memory")) {
        if (auto read = read_memory(reader.at("memory"), reader.path("memory"), target); !read)
            return forward_error(read);
    }
    if (reader.has("sources")) {
        if (auto read = read_sources(reader.at("sources"), reader.path("sources"), target); !read)
            return forward_error(read);
    }
    if (auto checked = check_tiles(target, top); !checked) return forward_error(checked);
    return target;
}

} // namespace widthwise
