#pragma once
// How energy and area of logic and SRAM change with the technology node and the supply voltage.
//
// Source: A. Stillmaker and B. Baas, "Scaling equations for the accurate prediction of CMOS device
// performance from 180 nm to 7 nm", Integration 58 (2017), in the form of
// Accelergy-Project/accelergy-library-plug-in@ba4e9dac scaling.py. The table has no row between its nodes (28
// nm, 12 nm, ...): those are interpolated linearly in the logarithms of node and factor.

namespace widthwise::cost {

inline constexpr double k_smallest_node_nm = 7;
inline constexpr double k_largest_node_nm = 130;

/// Energy of an operation at `node_nm` (7..130) and `voltage_v` over its energy at `from_nm` and `from_v`; E
/// ~ a V^2 + b V + c.
[[nodiscard]] double energy_scale(double node_nm, double voltage_v, double from_nm = 45, double from_v = 0.9);

/// Area at `node_nm` over area at `from_nm`.
[[nodiscard]] double area_scale(double node_nm, double from_nm = 45);

} // namespace widthwise::cost
