#include "core/train/dnnl_layout.h"

#include <array>
#include <cassert>

namespace widthwise::train {
namespace {

constexpr std::array k_tags{Tag::nChw16c, Tag::nChw8c, Tag::nhwc};

int64_t lanes_of(Tag tag) {
    return tag == Tag::nChw16c ? 16 : tag == Tag::nChw8c ? 8 : 1;
}

/// The layout's tag; Tag::undef: row-major; nothing: another.
std::optional<Tag> tag_of(const Desc& desc) {
    const Memory::dims dims = dims_of(desc);
    if (desc == dense_desc(dims, type_of(desc))) return Tag::undef;
    if (dims.size() != 4) return {};
    for (const Tag tag : k_tags)
        if (desc == Desc(dims, type_of(desc), tag)) return tag;
    return {};
}

} // namespace

std::optional<Layout> Layout::of(const Desc& desc) {
    const std::optional<Tag> tag = tag_of(desc);
    if (!tag) return {};
    Layout layout{dims_of(desc), {}, lanes_of(*tag)};
    const Memory::dims& d = layout.dims;
    if (*tag == Tag::undef) {
        layout.strides.assign(d.size(), 1);
        for (size_t axis = d.size(); axis-- > 1;) layout.strides[axis - 1] = layout.strides[axis] * d[axis];
        return layout;
    }
    const int64_t l = layout.lanes, height = d[2], width = d[3];
    const int64_t blocks = (d[1] + l - 1) / l;
    layout.strides = *tag == Tag::nhwc
                         ? Memory::dims{height * width * d[1], 1, width * d[1], d[1]}
                         : Memory::dims{blocks * l * height * width, l * height * width, l * width, l};
    return layout;
}

int64_t Layout::offset(const Memory::dims& index) const {
    int64_t at = 0;
    for (size_t axis = 1; axis < dims.size(); ++axis)
        at += axis == 1 ? index[1] / lanes * strides[1] + index[1] % lanes : index[axis] * strides[axis];
    return at;
}

Desc readable(const Desc& desc) {
    return tag_of(desc) ? desc : dense_desc(dims_of(desc), type_of(desc));
}

Desc like(const Desc& desc, const Memory::dims& dims) {
    const Tag tag = tag_of(desc).value_or(Tag::undef);
    if (tag == Tag::undef || dims.size() != 4) return dense_desc(dims, type_of(desc));
    return {dims, type_of(desc), tag};
}

ChannelBlocks ChannelBlocks::of(const Desc& desc) {
    const std::optional<Layout> layout = Layout::of(desc);
    assert(layout && layout->dims.size() >= 2);
    const Memory::dims& d = layout->dims;
    ChannelBlocks result;
    result.channels = d[1];
    if (d.size() == 2) { // rows: one image of N pixels
        result.pixels = d[0];
        result.lanes = d[1];
        return result;
    }
    result.images = d[0];
    result.image_stride = layout->strides[0];
    for (size_t axis = 2; axis < d.size(); ++axis) result.pixels *= d[axis];
    if (layout->lanes == 1 && d.size() == 4 && layout->strides[3] == d[1] && d[1] > 1) { // N x H x W x C
        result.lanes = d[1];
        return result;
    }
    result.lanes = layout->lanes;
    result.blocks = (d[1] + result.lanes - 1) / result.lanes;
    result.block_stride = layout->strides[1];
    return result;
}

} // namespace widthwise::train
