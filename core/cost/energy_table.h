#pragma once
// A table of energies per action of a chip's components, as Accelergy writes it, put into a target.

#include "core/design/hardware_target.h"

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace widthwise::cost {

struct TableComponent {
    std::string path;     ///< "system_top_level.ifmap_spad[1..168]"
    std::string name;     ///< "ifmap_spad"
    double instances = 1; ///< 168: the product of all spans in the path
    std::map<std::string, double>
        action_pj;                  ///< one action of one instance: read, write, update, compute, ...
    std::optional<double> area_um2; ///< of one instance
};

struct EnergyTable {
    std::string source; ///< the file
    std::vector<TableComponent> components;
};

/// By the extension: .yaml or .yml is Accelergy's ERT_summary (or ART_summary, for areas), .csv a table with
/// the columns component, action (or action_or_area), value and unit (pJ, pJ/action; um^2, um^2 per instance
/// for the action "area") and perhaps design: then `design` says which. Of YAML only block mappings and
/// sequences of plain or quoted scalars are read. Errors: invalid_input naming file, line and what is wrong:
/// other YAML, a component or action twice, an energy that is missing, negative or no number, an unknown
/// unit, several designs and none chosen.
[[nodiscard]] Result<EnergyTable> read_energy_table(const std::filesystem::path& path,
                                                    const std::string& design = {});

/// Which component is which memory level. Accelergy's tables do not tell how many bits an action moves.
struct ComponentUse {
    std::string component; ///< TableComponent::name or path
    std::string level;     ///< MemoryLevel::name
    int word_bits = 0;     ///< of one read or write: 1..65536
};

struct TableChange {
    std::string key; ///< as in the target's file
    std::optional<double> before;
    double after = 0;
    std::string from; ///< "shared_glb read: 18.18 pJ per 64 bits"
};

struct TableFit {
    HardwareTarget target; ///< with `confidence` and `sources` of what changed
    std::vector<TableChange> changes;
    std::vector<std::string> unused; ///< components that say nothing about the target
};

/// Memory levels take read and write (or, without, update) energies over the word's bits, and the area;
/// mac_pj is the `compute` action of the only component that has one, at the target's own widths;
/// static_power_w the sum of all `leak` (pJ per instance and cycle) times the clock. Errors: invalid_input
/// for a component or level of `uses` that does not exist, a level twice, several components that compute, a
/// table that says nothing about the target.
[[nodiscard]] Result<TableFit> apply_energy_table(const HardwareTarget& target, const EnergyTable& table,
                                                  const std::vector<ComponentUse>& uses);

} // namespace widthwise::cost
