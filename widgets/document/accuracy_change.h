#pragma once

#include "widgets/document/document.h"

#include <optional>

namespace widthwise::gui {

/// Top-1 accuracy of a measured design minus the float top-1 of the network as opened, 0..1, on the same
/// images: what its own evaluation says, or of a version what a design of the network as opened says that was
/// measured on all images, as this one. nullopt: not known.
[[nodiscard]] std::optional<double> change_from_opened(const Document& document, const Design& design);

} // namespace widthwise::gui
