#pragma once
// What the engine runs as one, under the engine's own names.

#include "core/graph/folding.h"

namespace widthwise::engine {

using widthwise::Clamp;
using widthwise::folded_weights;
using widthwise::FoldedWeights;
using widthwise::fuse;
using widthwise::output_channels;
using widthwise::Unit;

} // namespace widthwise::engine
