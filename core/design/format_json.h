#pragma once
// Number formats as the objects that design files hold.

#include "core/design/key_path.h"
#include "core/quant/number_format.h"

#include <nlohmann/json_fwd.hpp>

namespace widthwise {

/// Whose numbers a format writes: the documented defaults differ.
enum class FormatRole { weights, activations };

/// Errors: invalid_input naming the key; unsupported for what the contract lists and this version does not
/// run. How many scales fit is the layer's matter.
[[nodiscard]] Result<NumberFormat> read_format(const nlohmann::json& object, FormatRole role,
                                               const KeyPath& at);
/// What read_format reads back as an equal format.
[[nodiscard]] nlohmann::ordered_json write_format(const NumberFormat& format);

} // namespace widthwise
