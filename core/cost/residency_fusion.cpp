#include "core/cost/residency_fusion.h"

#include <algorithm>
#include <map>

namespace widthwise::cost {
namespace {

constexpr int k_longest = 64;

bool never_leaves(const FeatureMap& map, int first, int last) {
    return map.can_stay && map.producer >= first && map.readers.back() <= last;
}

class SegmentRows {
public:
    SegmentRows(const StepGraph& graph, int first, int last) : m_graph(graph), m_first(first), m_last(last) {
        settle_phases();
        for (int s = last; s >= first; --s)
            for (const int w : step(s).writes) m_newest[w] = newest_row(w, phase(s));
    }

    /// What one phase holds is gone in the next, but for what crosses; the weights stay.
    [[nodiscard]] Segment segment() const {
        struct Held {
            double all = 0, inside = 0;
        };
        std::vector<Held> phases(static_cast<size_t>(phase_count()));
        const auto hold = [&](int i, int from) {
            const double bits = held(i);
            const bool inside = never_leaves(map(i), m_first, m_last);
            for (int p = from; p <= last_phase(i, from); ++p) {
                phases[static_cast<size_t>(p)].all += bits;
                if (inside) phases[static_cast<size_t>(p)].inside += bits;
            }
        };
        double weights = 0;
        for (int s = m_first; s <= m_last; ++s) {
            weights += step(s).weight_bits;
            for (const int w : step(s).writes) hold(w, phase(s));
            for (const int r : step(s).reads)
                if (!is_inside(map(r).producer) && first_reader(r) == s) hold(r, phase(s));
        }
        Segment segment{m_first, m_last, 0, 0};
        for (const Held& held : phases) {
            segment.working_bits = std::max(segment.working_bits, weights + held.all);
            segment.inside_bits = std::max(segment.inside_bits, held.inside);
        }
        return segment;
    }

private:
    [[nodiscard]] const Step& step(int i) const { return m_graph.steps[static_cast<size_t>(i)]; }
    [[nodiscard]] const FeatureMap& map(int i) const { return m_graph.maps[static_cast<size_t>(i)]; }
    [[nodiscard]] bool is_inside(int s) const { return s >= m_first && s <= m_last; }
    [[nodiscard]] int& phase(int s) { return m_phase[static_cast<size_t>(s - m_first)]; }
    [[nodiscard]] int phase(int s) const { return m_phase[static_cast<size_t>(s - m_first)]; }
    [[nodiscard]] int first_reader(int i) const {
        return *std::lower_bound(map(i).readers.begin(), map(i).readers.end(), m_first);
    }

    [[nodiscard]] int last_phase(int i, int from) const {
        int last = from;
        for (const int s : map(i).readers)
            if (is_inside(s)) last = std::max(last, phase(s));
        return last;
    }
    [[nodiscard]] int phase_count() const { return *std::max_element(m_phase.begin(), m_phase.end()) + 1; }

    /// A step comes after the phases of what it reads, one later if that must be complete.
    void settle_phases() {
        m_phase.assign(static_cast<size_t>(m_last - m_first + 1), 0);
        for (int s = m_first; s <= m_last; ++s) {
            const RowWindow& window = step(s).window;
            for (const int r : step(s).reads) {
                const int from = map(r).producer;
                if (!is_inside(from)) continue;
                const bool complete = (!window.streams && !window.accumulates) || !step(from).window.streams;
                phase(s) = std::max(phase(s), phase(from) + (complete ? 1 : 0));
            }
        }
    }

    /// Newest and oldest row of its input that reader `s` needs while it makes its newest row.
    struct Span {
        int64_t newest = 0, oldest = 0;
    };
    [[nodiscard]] Span needed(int s) const {
        const RowWindow& window = step(s).window;
        const int64_t oldest = m_newest.at(step(s).writes.front()) * window.stride - window.pad;
        return {oldest + window.reach - 1, oldest};
    }
    /// Readers in a phase that need certain rows; one that accumulates takes whatever comes.
    template <typename Visit> void for_windows(int i, int of_phase, Visit visit) const {
        for (const int s : map(i).readers)
            if (is_inside(s) && phase(s) == of_phase && step(s).window.streams && !step(s).writes.empty())
                visit(needed(s));
    }

    /// Newest row of a map at the moment at which the results of its phase that no one reads are at row 0.
    [[nodiscard]] int64_t newest_row(int i, int of_phase) const {
        int64_t newest = 0;
        bool any = false;
        for_windows(i, of_phase, [&](Span span) {
            newest = any ? std::max(newest, span.newest) : span.newest;
            any = true;
        });
        return newest;
    }

    [[nodiscard]] double held(int i) const {
        const FeatureMap& m = map(i);
        const bool here = is_inside(m.producer);
        const int home = phase(here ? m.producer : first_reader(i));
        bool whole = here && !step(m.producer).window.streams;
        for (const int s : m.readers)
            if (is_inside(s))
                whole = whole || phase(s) != home || !(step(s).window.streams || step(s).window.accumulates);
        if (whole) return m.bits;
        const int64_t newest = here ? m_newest.at(i) : newest_row(i, home);
        int64_t oldest = newest;
        for_windows(i, home, [&](Span span) { oldest = std::min(oldest, span.oldest); });
        return m.bits * static_cast<double>(std::min(m.rows, newest - oldest + 1)) /
               static_cast<double>(m.rows);
    }

    const StepGraph& m_graph;
    int m_first, m_last;
    std::vector<int> m_phase;
    std::map<int, int64_t> m_newest; ///< of maps written inside
};

double saved_bits(const StepGraph& graph, int first, int last) {
    double bits = 0;
    for (int s = first; s <= last; ++s)
        for (const int w : graph.steps[static_cast<size_t>(s)].writes)
            if (const FeatureMap& map = graph.maps[static_cast<size_t>(w)]; never_leaves(map, first, last))
                bits += map.bits * static_cast<double>(1 + map.readers.size());
    return bits;
}

} // namespace

Segment segment_of(const StepGraph& graph, int first, int last) {
    return SegmentRows(graph, first, last).segment();
}

Fusion fuse_depth_first(const StepGraph& graph, const ChipRoom& room) {
    const int steps = static_cast<int>(graph.steps.size());
    struct Best {
        double saved = 0;
        Segment segment; ///< that ends here
    };
    std::vector<Best> best(static_cast<size_t>(steps) + 1);
    for (int last = 0; last < steps; ++last) {
        Best& here = best[static_cast<size_t>(last) + 1];
        here = {best[static_cast<size_t>(last)].saved, {last, last}};
        double weights = graph.steps[static_cast<size_t>(last)].weight_bits;
        for (int first = last - 1; first >= std::max(0, last - k_longest + 1); --first) {
            weights += graph.steps[static_cast<size_t>(first)].weight_bits;
            if (weights > room.bits) break;
            const double saved = best[static_cast<size_t>(first)].saved + saved_bits(graph, first, last);
            if (saved <= here.saved) continue;
            const Segment segment = segment_of(graph, first, last);
            if (segment.working_bits <= room.bits) here = {saved, segment};
        }
    }
    Fusion fusion;
    fusion.inside.resize(graph.maps.size());
    fusion.saved_bits = best.back().saved * static_cast<double>(room.batch);
    for (int end = steps; end > 0; end = best[static_cast<size_t>(end)].segment.first) {
        const Segment& segment = best[static_cast<size_t>(end)].segment;
        if (segment.first == segment.last) continue;
        fusion.segments.push_back(segment);
        for (int s = segment.first; s <= segment.last; ++s)
            for (const int w : graph.steps[static_cast<size_t>(s)].writes)
                fusion.inside[static_cast<size_t>(w)] =
                    never_leaves(graph.maps[static_cast<size_t>(w)], segment.first, segment.last);
    }
    std::reverse(fusion.segments.begin(), fusion.segments.end());
    return fusion;
}

StepGraph contracted(const StepGraph& graph, std::span<const Segment> segments) {
    StepGraph small;
    std::vector<int> step_of(graph.steps.size());
    for (int s = 0; s < static_cast<int>(graph.steps.size()); ++s) {
        if (!segments.empty() && s > segments.front().last) segments = segments.subspan(1);
        const bool inside = !segments.empty() && s >= segments.front().first;
        if (!inside || s == segments.front().first) {
            small.steps.emplace_back().node = graph.steps[static_cast<size_t>(s)].node;
            if (inside) {
                const int index = static_cast<int>(small.steps.size()) - 1;
                const int lines = static_cast<int>(small.maps.size());
                FeatureMap& buffers = small.maps.emplace_back();
                buffers.producer = index;
                buffers.readers = {index};
                buffers.bits = segments.front().inside_bits;
                small.steps.back().reads = small.steps.back().writes = {lines};
            }
        }
        step_of[static_cast<size_t>(s)] = static_cast<int>(small.steps.size()) - 1;
    }
    for (FeatureMap map : graph.maps) {
        if (map.producer >= 0) map.producer = step_of[static_cast<size_t>(map.producer)];
        for (int& reader : map.readers) reader = step_of[static_cast<size_t>(reader)];
        map.readers.erase(std::unique(map.readers.begin(), map.readers.end()), map.readers.end());
        const bool hidden = map.can_stay && map.readers.front() == map.producer && map.readers.size() == 1;
        if (hidden) continue; // a line buffer stands for it
        const int index = static_cast<int>(small.maps.size());
        if (map.producer >= 0) small.steps[static_cast<size_t>(map.producer)].writes.push_back(index);
        for (const int reader : map.readers) small.steps[static_cast<size_t>(reader)].reads.push_back(index);
        small.maps.push_back(std::move(map));
    }
    return small;
}

} // namespace widthwise::cost
