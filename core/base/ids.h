#pragma once

#include <cstddef> // before <compare>: Qt's moc cannot read libstdc++ 12's <concepts> without what this brings

#include <compare>
#include <functional>

namespace widthwise {

/// An index that cannot be mixed up with another kind of index.
template <typename Tag> struct Id {
    int index = -1;
    [[nodiscard]] bool valid() const { return index >= 0; }
    [[nodiscard]] size_t position() const { return static_cast<size_t>(index); }
    auto operator<=>(const Id&) const = default;
};

} // namespace widthwise

template <typename Tag> struct std::hash<widthwise::Id<Tag>> {
    size_t operator()(const widthwise::Id<Tag>& id) const noexcept { return static_cast<size_t>(id.index); }
};
