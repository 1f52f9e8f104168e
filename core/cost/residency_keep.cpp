#include "core/cost/residency_keep.h"

#include <algorithm>

namespace widthwise::cost {
namespace {

constexpr size_t k_most_states = 512;
constexpr size_t k_most_alive = 64;

/// Maps that stay at one moment, and what got there.
struct State {
    uint64_t slots = 0; ///< of the maps that stay
    double bits = 0;    ///< their size
    double saved = 0;
    int last = -1; ///< index into the choices
};
struct Choice {
    int map = 0, before = -1;
};

class Keeper {
public:
    Keeper(const StepGraph& graph, const ChipRoom& room, std::span<const Segment> segments)
        : m_graph(graph), m_room(room), m_slot(graph.maps.size(), -1) {
        m_states.push_back({});
        const int steps = static_cast<int>(graph.steps.size());
        for (int first = 0; first < steps;) {
            const bool fused = !segments.empty() && segments.front().first == first;
            const int last = fused ? segments.front().last : first;
            visit(first, last, fused ? segments.front().working_bits : -1);
            if (fused) segments = segments.subspan(1);
            first = last + 1;
        }
    }

    KeptMaps result() const {
        KeptMaps result;
        result.kept.resize(m_graph.maps.size());
        result.exact = m_exact;
        const State& best = *std::max_element(m_states.begin(), m_states.end(), less_saved);
        result.saved_bits = best.saved;
        for (int i = best.last; i >= 0; i = m_choices[static_cast<size_t>(i)].before)
            result.kept[static_cast<size_t>(m_choices[static_cast<size_t>(i)].map)] = true;
        return result;
    }

private:
    static bool less_saved(const State& a, const State& b) { return a.saved < b.saved; }
    [[nodiscard]] const FeatureMap& map(int i) const { return m_graph.maps[static_cast<size_t>(i)]; }
    [[nodiscard]] bool stays(const State& state, int i) const {
        const int slot = m_slot[static_cast<size_t>(i)];
        return slot >= 0 && (state.slots >> slot & 1U) != 0;
    }

    /// `working`: of a segment; negative: the one step's own.
    void visit(int first, int last, double working) {
        for (int s = first; s <= last; ++s)
            for (const int w : m_graph.steps[static_cast<size_t>(s)].writes)
                if (map(w).can_stay && map(w).readers.back() > last) offer(w);
        std::erase_if(m_states, [&](const State& state) {
            if (state.slots == 0) return false;
            const Step& step = m_graph.steps[static_cast<size_t>(first)];
            return state.bits + (working < 0 ? working_bits(step, state) : working) > m_room.bits;
        });
        for (int s = first; s <= last; ++s)
            for (const int r : m_graph.steps[static_cast<size_t>(s)].reads)
                if (m_slot[static_cast<size_t>(r)] >= 0 && map(r).readers.back() <= last) release(r);
    }

    /// Every state branches: the map stays, or it does not.
    void offer(int i) {
        int slot = 0;
        while (slot < static_cast<int>(k_most_alive) && (m_taken >> slot & 1U) != 0) ++slot;
        if (slot == static_cast<int>(k_most_alive)) {
            m_exact = false;
            return;
        }
        const double bits = map(i).bits * static_cast<double>(m_room.batch);
        if (bits > m_room.bits) return;
        m_taken |= uint64_t{1} << slot;
        m_slot[static_cast<size_t>(i)] = slot;
        const size_t before = m_states.size();
        for (size_t s = 0; s < before; ++s) {
            State state = m_states[s];
            if (state.bits + bits > m_room.bits) continue;
            m_choices.push_back({i, state.last});
            state.slots |= uint64_t{1} << slot;
            state.bits += bits;
            state.saved += bits * static_cast<double>(1 + map(i).readers.size());
            state.last = static_cast<int>(m_choices.size()) - 1;
            m_states.push_back(state);
        }
        trim();
    }

    /// The map is no longer read: states that differ in it alone become one.
    void release(int i) {
        const uint64_t bit = uint64_t{1} << m_slot[static_cast<size_t>(i)];
        const double bits = map(i).bits * static_cast<double>(m_room.batch);
        m_taken &= ~bit;
        m_slot[static_cast<size_t>(i)] = -1;
        for (State& state : m_states)
            if ((state.slots & bit) != 0) {
                state.slots &= ~bit;
                state.bits -= bits;
            }
        std::sort(m_states.begin(), m_states.end(), [](const State& a, const State& b) {
            return a.slots != b.slots ? a.slots < b.slots : a.saved > b.saved;
        });
        m_states.erase(std::unique(m_states.begin(), m_states.end(),
                                   [](const State& a, const State& b) { return a.slots == b.slots; }),
                       m_states.end());
    }

    /// The first state is the one in which nothing stays, which is always possible; of the others those that
    /// have saved most are followed.
    void trim() {
        if (m_states.size() <= k_most_states) return;
        m_exact = false;
        const auto rest = m_states.begin() + 1;
        std::partial_sort(rest, m_states.begin() + k_most_states, m_states.end(),
                          [](const State& a, const State& b) { return a.saved > b.saved; });
        m_states.resize(k_most_states);
    }

    [[nodiscard]] double working_bits(const Step& step, const State& state) const {
        double lines = 0;
        bool all_stay = true;
        for (const int r : step.reads) {
            if (stays(state, r)) continue;
            all_stay = false;
            const double rows = static_cast<double>(map(r).rows);
            const double needed = step.window.streams       ? static_cast<double>(step.window.reach)
                                  : step.window.accumulates ? 1
                                                            : rows;
            lines += map(r).bits * std::min(1.0, needed / rows);
        }
        for (const int w : step.writes)
            if (!stays(state, w)) lines += map(w).bits / static_cast<double>(map(w).rows);
        const double tiles = 2 * step.column_bits * m_room.weight_columns;
        return lines + (all_stay ? std::min(step.weight_bits, tiles) : step.weight_bits);
    }

    const StepGraph& m_graph;
    const ChipRoom& m_room;
    std::vector<int> m_slot; ///< per map; -1: not on offer
    uint64_t m_taken = 0;
    std::vector<State> m_states;
    std::vector<Choice> m_choices;
    bool m_exact = true;
};

} // namespace

KeptMaps keep_maps(const StepGraph& graph, const ChipRoom& room, std::span<const Segment> segments) {
    return Keeper(graph, room, segments).result();
}

} // namespace widthwise::cost
