#pragma once
// Where the elements of an activation lie, for loops of our own. Included only by this room's own .cpp files.

#include "core/train/dnnl_context.h"

#include <optional>

namespace widthwise::train {

/// Row-major, N x H x W x C, or N x C/l x H x W x l with l = 8 or 16 (the last block of channels padded with
/// zeros).
struct Layout {
    Memory::dims dims;
    Memory::dims strides; ///< elements; of axis 1: between blocks of `lanes` channels
    int64_t lanes = 1;

    /// Nothing for any other layout.
    [[nodiscard]] static std::optional<Layout> of(const Desc& desc);
    /// Of an element within its image; `index` by axis, its first entry is not looked at.
    [[nodiscard]] int64_t offset(const Memory::dims& index) const;
};

/// `desc` where loops of ours understand it, else row-major.
[[nodiscard]] Desc readable(const Desc& desc);
/// Other dimensions in the same layout; row-major where that does not go.
[[nodiscard]] Desc like(const Desc& desc, const Memory::dims& dims);

/// An activation as images x blocks of channels x pixels x lanes, the lanes side by side: channel c is lane
/// c % lanes of block c / lanes.
struct ChannelBlocks {
    int64_t channels = 0, images = 1, blocks = 1, pixels = 1, lanes = 1;
    int64_t image_stride = 0, block_stride = 0; ///< elements

    /// `desc` is readable and has at least two axes.
    [[nodiscard]] static ChannelBlocks of(const Desc& desc);
};

} // namespace widthwise::train
