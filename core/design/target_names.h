#pragma once
// The words of target files, in the order of the enumerators.

#include <array>
#include <string_view>

namespace widthwise {

inline constexpr std::array<std::string_view, 3> k_kind_names = {"spatial", "fpga_dataflow", "gpu"};
inline constexpr std::array<std::string_view, 6> k_dataflow_names = {"ws", "os", "is", "rs", "nlr", "best"};
inline constexpr std::array<std::string_view, 2> k_sizing_names = {"fixed", "to_design"};
inline constexpr std::array<std::string_view, 3> k_mac_style_names = {"bit_parallel", "bit_serial",
                                                                      "bit_composable"};
inline constexpr std::array<std::string_view, 3> k_serial_names = {"activations", "weights", "both"};
inline constexpr std::array<std::string_view, 3> k_objective_names = {"latency", "energy", "energy_delay"};
inline constexpr std::array<std::string_view, 3> k_dsp_names = {"dsp48e1", "dsp48e2", "dsp58"};
inline constexpr std::array<std::string_view, 4> k_basis_names = {"exact", "measured", "fitted", "estimate"};
inline constexpr std::array<std::string_view, 3> k_operand_names = {"weights", "inputs", "outputs"};
inline constexpr std::array<std::string_view, 3> k_granularity_names = {"tensor", "channel", "group"};

} // namespace widthwise
