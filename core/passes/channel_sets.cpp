#include "core/passes/channel_sets.h"

#include <algorithm>

namespace widthwise::passes {

int ChannelSets::add() {
    m_parent.push_back(size());
    m_why.emplace_back();
    return size() - 1;
}

int ChannelSets::root(int channel) const {
    while (m_parent[at(channel)] != channel)
        channel = m_parent[at(channel)] = m_parent[at(m_parent[at(channel)])];
    return channel;
}

void ChannelSets::join(int a, int b) {
    a = root(a);
    b = root(b);
    if (a == b) return;
    if (a > b) std::swap(a, b); // the earliest layer's channel leads: the same whatever the order
    m_parent[at(b)] = a;
    if (m_why[at(a)].empty()) m_why[at(a)] = std::move(m_why[at(b)]);
}

void ChannelSets::pin(int channel, const std::string& why) {
    std::string& reason = m_why[at(root(channel))];
    if (reason.empty()) reason = why;
}

} // namespace widthwise::passes
