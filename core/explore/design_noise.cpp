#include "core/explore/design_noise.h"

#include <algorithm>

namespace widthwise::explore {

DesignNoise::DesignNoise(const Space& space, const NoiseTable& table) : m_slots(space.variables.size()) {
    Choices choices(space.variables.size(), 0);
    m_base = table.features(plan_of(space, choices));
    for (size_t v = 0; v < space.variables.size(); ++v) {
        if (space.variables[v].kind == Variable::Kind::hardware) continue;
        std::vector<std::vector<double>> rows;
        for (size_t c = 0; c < space.variables[v].size(); ++c) {
            choices[v] = static_cast<uint8_t>(c);
            rows.push_back(table.features(plan_of(space, choices)));
        }
        choices[v] = 0;
        for (size_t s = 0; s < m_base.size(); ++s) {
            if (std::ranges::all_of(rows, [&](const auto& row) { return row[s] == m_base[s]; })) continue;
            Slot slot{s, {}};
            for (const std::vector<double>& row : rows) slot.noise.push_back(row[s]);
            m_slots[v].push_back(std::move(slot));
        }
    }
}

std::vector<double> DesignNoise::of(std::span<const uint8_t> choices) const {
    std::vector<double> noise = m_base;
    for (size_t v = 0; v < m_slots.size(); ++v)
        for (const Slot& slot : m_slots[v]) noise[slot.slot] = slot.noise[choices[v]];
    return noise;
}

} // namespace widthwise::explore
