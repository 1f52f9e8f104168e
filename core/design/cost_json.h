#pragma once
// What writer and reader of the cost document agree on.

#include <string_view>

namespace widthwise {

/// Keys under "area": components end so, an FPGA's resources do not.
inline constexpr std::string_view k_area_suffix = "_mm2";

} // namespace widthwise
