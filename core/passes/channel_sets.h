#pragma once
// Channels that can only be removed together.

#include <string>
#include <vector>

namespace widthwise::passes {

/// Disjoint sets of channels (union-find), some of which have to stay.
class ChannelSets {
public:
    /// A channel of its own; channels count from 0.
    int add();
    void join(int a, int b);
    /// The whole set stays; the first reason is kept.
    void pin(int channel, const std::string& why);

    [[nodiscard]] int size() const { return static_cast<int>(m_parent.size()); }
    /// The same for all channels of a set.
    [[nodiscard]] int root(int channel) const;
    /// Why the channel stays; empty: it may go.
    [[nodiscard]] const std::string& pinned(int channel) const { return m_why[at(root(channel))]; }

private:
    static size_t at(int channel) { return static_cast<size_t>(channel); }
    mutable std::vector<int> m_parent; ///< paths are halved while they are followed
    std::vector<std::string> m_why;    ///< of roots
};

} // namespace widthwise::passes
