#include "core/cost/residency_order.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <queue>
#include <unordered_map>

namespace widthwise::cost {
namespace {

constexpr int k_largest_part = 64;
constexpr size_t k_most_sets = 20000;

/// What is alive while steps are done one after another.
class Memory {
public:
    explicit Memory(const StepGraph& graph) : m_graph(&graph), m_pending(graph.maps.size()) {
        for (size_t i = 0; i < graph.maps.size(); ++i) {
            m_pending[i] = graph.maps[i].readers.size();
            if (graph.maps[i].producer < 0) m_alive += graph.maps[i].bits;
        }
    }

    [[nodiscard]] double alive() const { return m_alive; }
    /// While the step runs.
    [[nodiscard]] double during(int step) const {
        double bits = m_alive;
        for (const int w : at(step).writes) bits += map(w).bits;
        return bits;
    }
    [[nodiscard]] double after(int step) const {
        double bits = during(step);
        for (const int r : at(step).reads)
            if (dies(r)) bits -= map(r).bits;
        return bits;
    }
    void run(int step) {
        m_alive = after(step);
        for (const int r : at(step).reads) --m_pending[static_cast<size_t>(r)];
    }

private:
    [[nodiscard]] const Step& at(int i) const { return m_graph->steps[static_cast<size_t>(i)]; }
    [[nodiscard]] const FeatureMap& map(int i) const { return m_graph->maps[static_cast<size_t>(i)]; }
    [[nodiscard]] bool dies(int i) const { return m_pending[static_cast<size_t>(i)] == 1 && !map(i).output; }

    const StepGraph* m_graph;
    std::vector<size_t> m_pending; ///< readers to come
    double m_alive = 0;
};

/// Steps first .. last; whatever comes in is alive when the first begins.
struct Part {
    int first = 0, last = 0;
};

struct Found {
    double peak = 0;
    bool exact = true;
    std::vector<int> steps;
};

class PartOrder {
public:
    PartOrder(const StepGraph& graph, Part part, const Memory& before)
        : m_graph(graph), m_part(part), m_before(before) {
        m_needs.resize(static_cast<size_t>(count()));
        for (int s = part.first; s <= part.last; ++s)
            for (const int r : graph.steps[static_cast<size_t>(s)].reads)
                if (const int from = graph.maps[static_cast<size_t>(r)].producer;
                    from >= part.first && from != s)
                    m_needs[static_cast<size_t>(s - part.first)].push_back(from);
    }

    [[nodiscard]] Found best() const {
        Found found = in_file_order();
        if (count() < 2) return found;
        if (count() <= k_largest_part)
            if (Found exact = search(); exact.exact) return exact;
        if (Found other = greedy(); other.peak < found.peak) found = std::move(other);
        found.exact = false;
        return found;
    }

private:
    [[nodiscard]] int count() const { return m_part.last - m_part.first + 1; }

    [[nodiscard]] Found in_file_order() const {
        Found found;
        Memory memory = m_before;
        for (int s = m_part.first; s <= m_part.last; ++s) {
            found.peak = std::max(found.peak, memory.during(s));
            memory.run(s);
            found.steps.push_back(s);
        }
        return found;
    }

    [[nodiscard]] Found greedy() const {
        Found found;
        Memory memory = m_before;
        std::vector<bool> done(static_cast<size_t>(count()));
        const auto is_ready = [&](int s) {
            const auto i = static_cast<size_t>(s - m_part.first);
            return !done[i] && std::all_of(m_needs[i].begin(), m_needs[i].end(), [&](int n) {
                return done[static_cast<size_t>(n - m_part.first)];
            });
        };
        while (static_cast<int>(found.steps.size()) < count()) {
            int next = -1;
            for (int s = m_part.first; s <= m_part.last; ++s)
                if (is_ready(s) && (next < 0 || memory.after(s) < memory.after(next))) next = s;
            found.peak = std::max(found.peak, memory.during(next));
            memory.run(next);
            done[static_cast<size_t>(next - m_part.first)] = true;
            found.steps.push_back(next);
        }
        return found;
    }

    /// A set of steps done, reached with the least peak.
    struct Set {
        uint64_t done = 0;
        double peak = 0;
    };
    struct Reached {
        double peak = std::numeric_limits<double>::infinity();
        int last = -1; ///< step that completed it
        double alive = 0;
    };

    [[nodiscard]] Found search() const {
        const uint64_t all = count() == 64 ? ~uint64_t{0} : (uint64_t{1} << count()) - 1;
        const auto worse = [](const Set& a, const Set& b) { return a.peak > b.peak; };
        std::priority_queue<Set, std::vector<Set>, decltype(worse)> open(worse);
        std::unordered_map<uint64_t, Reached> reached;
        reached[0] = {0, -1, m_before.alive()};
        open.push({});
        while (!open.empty() && reached.size() <= k_most_sets) {
            const Set set = open.top();
            open.pop();
            const Reached here = reached[set.done];
            if (set.peak > here.peak) continue;
            if (set.done == all) return {set.peak, true, path_to(all, reached)};
            for (int i = 0; i < count(); ++i) {
                const uint64_t bit = uint64_t{1} << i;
                if ((set.done & bit) != 0 || !needs_are_in(i, set.done)) continue;
                const Step& step = m_graph.steps[static_cast<size_t>(m_part.first + i)];
                double alive = here.alive;
                for (const int w : step.writes) alive += map(w).bits;
                const double peak = std::max(set.peak, alive);
                Reached& there = reached[set.done | bit];
                if (peak >= there.peak) continue;
                for (const int r : step.reads)
                    if (read_for_the_last_time(r, set.done | bit)) alive -= map(r).bits;
                there = {peak, m_part.first + i, alive};
                open.push({set.done | bit, peak});
            }
        }
        return {0, false, {}};
    }

    [[nodiscard]] const FeatureMap& map(int i) const { return m_graph.maps[static_cast<size_t>(i)]; }
    [[nodiscard]] bool needs_are_in(int i, uint64_t done) const {
        const auto& needs = m_needs[static_cast<size_t>(i)];
        return std::all_of(needs.begin(), needs.end(),
                           [&](int n) { return (done >> (n - m_part.first) & 1U) != 0; });
    }
    /// No part before this one reads a map that is alive at its start, and none after.
    [[nodiscard]] bool read_for_the_last_time(int i, uint64_t done) const {
        if (map(i).output) return false;
        return std::all_of(map(i).readers.begin(), map(i).readers.end(), [&](int s) {
            return s < m_part.first || (s <= m_part.last && (done >> (s - m_part.first) & 1U) != 0);
        });
    }

    [[nodiscard]] std::vector<int> path_to(uint64_t set,
                                           const std::unordered_map<uint64_t, Reached>& reached) const {
        std::vector<int> steps;
        while (set != 0) {
            const int last = reached.at(set).last;
            steps.push_back(last);
            set &= ~(uint64_t{1} << (last - m_part.first));
        }
        std::reverse(steps.begin(), steps.end());
        return steps;
    }

    const StepGraph& m_graph;
    Part m_part;
    const Memory& m_before;
    std::vector<std::vector<int>> m_needs; ///< steps of the part that come before
};

/// Cut after every step whose results are all that is alive then.
std::vector<Part> parts_of(const StepGraph& graph) {
    const int steps = static_cast<int>(graph.steps.size());
    std::vector<int> alive(static_cast<size_t>(steps) + 1); // maps of earlier steps still needed after step i
    for (const FeatureMap& map : graph.maps) {
        const int from = std::max(0, map.producer + 1); // the steps between which it crosses
        const int to = map.last_use(steps);
        for (int s = from; s < to; ++s) ++alive[static_cast<size_t>(s)];
    }
    std::vector<Part> parts;
    int first = 0;
    for (int s = 0; s < steps; ++s)
        if (alive[static_cast<size_t>(s)] == 0 || s + 1 == steps) {
            parts.push_back({first, s});
            first = s + 1;
        }
    return parts;
}

} // namespace

double peak_bits(const StepGraph& graph, std::span<const int> order) {
    Memory memory(graph);
    double peak = memory.alive();
    for (const int s : order) {
        peak = std::max(peak, memory.during(s));
        memory.run(s);
    }
    return peak;
}

double peak_bits(const StepGraph& graph) {
    std::vector<int> order(graph.steps.size());
    std::iota(order.begin(), order.end(), 0);
    return peak_bits(graph, order);
}

OperatorOrder best_order(const StepGraph& graph) {
    OperatorOrder order;
    Memory memory(graph);
    order.file_bits = peak_bits(graph);
    order.best_bits = memory.alive();
    for (const Part& part : parts_of(graph)) {
        const Found found = PartOrder(graph, part, memory).best();
        order.exact = order.exact && found.exact;
        order.best_bits = std::max(order.best_bits, found.peak);
        for (const int s : found.steps) {
            memory.run(s);
            order.steps.push_back(s);
        }
    }
    return order;
}

} // namespace widthwise::cost
