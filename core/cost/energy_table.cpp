#include "core/cost/energy_table.h"

#include "core/base/format.h"
#include "core/base/input_file.h"
#include "core/base/text.h"
#include "core/cost/energy_table_text.h"

#include <algorithm>
#include <set>

namespace widthwise::cost {
namespace {

constexpr int64_t k_most_bytes = 16 << 20;
constexpr int k_widest_word = 65536;

} // namespace

std::optional<TableComponent> component_of(std::string_view path) {
    TableComponent component{std::string(path), {}, 1, {}, {}};
    std::string plain; // without its spans
    size_t at = 0;
    while (at < path.size()) {
        if (path[at] != '[') {
            plain += path[at++];
            continue;
        }
        const size_t end = path.find(']', at);
        if (end == std::string_view::npos) return std::nullopt;
        const std::string_view span = path.substr(at + 1, end - at - 1);
        const size_t dots = span.find("..");
        const auto first = parse_int(span.substr(0, dots));
        const auto last = dots == std::string_view::npos ? first : parse_int(span.substr(dots + 2));
        if (!first || !last || *first < 0 || *last < *first || *last > 1000000000) return std::nullopt;
        if (dots != std::string_view::npos) component.instances *= static_cast<double>(*last - *first + 1);
        at = end + 1;
    }
    component.name = trim(plain.substr(plain.rfind('.') + 1));
    if (component.name.empty()) return std::nullopt;
    return component;
}

Result<EnergyTable> read_energy_table(const std::filesystem::path& path, const std::string& design) {
    const std::string extension = path.extension().string();
    const bool csv = extension == ".csv";
    if (!csv && extension != ".yaml" && extension != ".yml")
        return fail(ErrorCode::invalid_input, "no energy table is read from " + in_quotes(extension),
                    path.string(), "give Accelergy's ERT_summary.yaml or a .csv");
    auto text = read_input(path, k_most_bytes);
    if (!text) return forward_error(text);
    return csv ? energy_table_from_csv(*text, path.string(), design)
               : energy_table_from_yaml(*text, path.string());
}

namespace {

/// Puts one table into one target.
class Application {
public:
    Application(const HardwareTarget& target, const EnergyTable& table) : m_table(table) {
        m_fit.target = target;
    }

    Result<TableFit> run(const std::vector<ComponentUse>& uses) {
        for (const ComponentUse& use : uses)
            if (auto done = take(use); !done) return forward_error(done);
        if (auto done = take_compute(); !done) return forward_error(done);
        take_leakage();
        for (const TableComponent& component : m_table.components)
            if (!m_used.contains(component.path)) m_fit.unused.push_back(component.path);
        if (m_fit.changes.empty())
            return fail(ErrorCode::invalid_input, "the table says nothing about this target", m_table.source,
                        "say which component is which memory level");
        m_fit.target.confidence["energy"] = {Basis::estimate, 2, "energy table " + file()};
        return std::move(m_fit);
    }

private:
    [[nodiscard]] std::string file() const {
        return std::filesystem::path(m_table.source).filename().string();
    }

    void change(const std::string& key, std::optional<double> before, double after, const std::string& from) {
        m_fit.changes.push_back({key, before, after, from});
        m_fit.target.sources[key] = from + ": " + file();
    }

    [[nodiscard]] Result<const TableComponent*> component(const std::string& name) const {
        std::vector<std::string> names;
        const TableComponent* found = nullptr;
        for (const TableComponent& candidate : m_table.components) {
            names.push_back(candidate.name);
            if (candidate.path == name) return &candidate;
            if (candidate.name != name) continue;
            if (found)
                return fail(ErrorCode::invalid_input, "several components are named " + in_quotes(name),
                            m_table.source, "give the whole path: " + found->path);
            found = &candidate;
        }
        if (found) return found;
        return fail(ErrorCode::invalid_input, "the table has no component " + in_quotes(name), m_table.source,
                    "it has " + join(names, ", "));
    }

    Result<void> take(const ComponentUse& use) {
        auto from = component(use.component);
        if (!from) return forward_error(from);
        std::vector<MemoryLevel>& levels = m_fit.target.memory;
        const auto level = std::find_if(levels.begin(), levels.end(),
                                        [&](const MemoryLevel& l) { return l.name == use.level; });
        if (level == levels.end()) {
            std::vector<std::string> names;
            for (const MemoryLevel& l : levels) names.push_back(l.name);
            return fail(ErrorCode::invalid_input, "the target has no memory level " + in_quotes(use.level),
                        "target '" + m_fit.target.name + "'", "it has " + join(names, ", "));
        }
        if (m_fit.target.kind == TargetKind::fpga_dataflow && level != levels.begin())
            return fail(ErrorCode::invalid_input,
                        "on-chip memory of FPGA dataflow has energies per block (\"fpga\"), not per bit",
                        "target '" + m_fit.target.name + "'", "name its DRAM alone");
        if (use.word_bits < 1 || use.word_bits > k_widest_word)
            return fail(ErrorCode::invalid_input,
                        "a word of " + std::to_string(use.word_bits) + " bits of " + in_quotes(use.component),
                        m_table.source, "give 1 to 65536");
        if (!m_levels.insert(use.level).second)
            return fail(ErrorCode::invalid_input, "two components for the level " + in_quotes(use.level),
                        m_table.source, "give one");
        m_used.insert((*from)->path);
        const std::string key = "memory[" + std::to_string(level - levels.begin()) + "]";
        take_access(**from, use.word_bits, {"read", "access"}, key + ".read_energy_pj_per_bit",
                    level->read_energy_pj_per_bit);
        take_access(**from, use.word_bits, {"write", "update", "access"}, key + ".write_energy_pj_per_bit",
                    level->write_energy_pj_per_bit);
        if ((*from)->area_um2) {
            // Of one scratchpad; of all banks of a shared level.
            const double mm2 = *(*from)->area_um2 * 1e-6 * (level->per_pe ? 1 : (*from)->instances);
            change(key + ".area_mm2", level->area_mm2, mm2, (*from)->name + " area");
            level->area_mm2 = mm2;
        }
        return {};
    }

    /// The first of `actions` that the component has.
    void take_access(const TableComponent& from, int bits, std::initializer_list<const char*> actions,
                     const std::string& key, std::optional<double>& value) {
        for (const char* action : actions) {
            const auto found = from.action_pj.find(action);
            if (found == from.action_pj.end()) continue;
            const double per_bit = found->second / bits;
            change(key, value, per_bit,
                   from.name + " " + action + ", " + format_number(found->second, 4) + " pJ per " +
                       std::to_string(bits) + " bits");
            value = per_bit;
            return;
        }
    }

    Result<void> take_compute() {
        const TableComponent* mac = nullptr;
        for (const TableComponent& component : m_table.components) {
            if (!component.action_pj.contains("compute")) continue;
            if (mac)
                return fail(ErrorCode::invalid_input,
                            "both " + in_quotes(mac->name) + " and " + in_quotes(component.name) + " compute",
                            m_table.source, "leave one of them");
            mac = &component;
        }
        if (!mac || m_fit.target.kind != TargetKind::spatial) return {};
        const double pj = mac->action_pj.at("compute");
        change("mac_pj", m_fit.target.mac_pj, pj, mac->name + " compute");
        m_fit.target.mac_pj = pj;
        m_used.insert(mac->path);
        return {};
    }

    void take_leakage() {
        double pj_per_cycle = 0;
        for (const TableComponent& component : m_table.components)
            if (const auto leak = component.action_pj.find("leak"); leak != component.action_pj.end())
                pj_per_cycle += leak->second * component.instances;
        if (!(pj_per_cycle > 0)) return;
        const double watts = pj_per_cycle * 1e-12 * m_fit.target.clock_hz;
        change("static_power_w", m_fit.target.static_power_w, watts,
               "leak of all components, " + format_number(pj_per_cycle, 4) + " pJ per cycle");
        m_fit.target.static_power_w = watts;
    }

    const EnergyTable& m_table;
    std::set<std::string> m_used, m_levels;
    TableFit m_fit;
};

} // namespace

Result<TableFit> apply_energy_table(const HardwareTarget& target, const EnergyTable& table,
                                    const std::vector<ComponentUse>& uses) {
    return Application(target, table).run(uses);
}

} // namespace widthwise::cost
