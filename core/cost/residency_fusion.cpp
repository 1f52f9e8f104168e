#include "core/cost/residency_fusion.h"

#include <algorithm>
#include <map>

namespace widthwise::cost {
namespace {

constexpr int k_longest = 64;

/// Rows of one map while a segment runs, in the coordinate of its phase: `newest` of a moment in which the
/// phase's most strided result is at row 0, `strip` rows per row of that.
struct Rows {
    int64_t newest = 0, strip = 1;
};

bool never_leaves(const FeatureMap& map, int first, int last) {
    return map.can_stay && map.producer >= first && map.readers.back() <= last;
}

class SegmentRows {
public:
    SegmentRows(const StepGraph& graph, int first, int last) : m_graph(graph), m_first(first), m_last(last) {
        settle_phases();
        for (int s = last; s >= first; --s)
            for (const int w : step(s).writes) settle(w);
    }

    [[nodiscard]] Segment segment() const {
        Segment segment{m_first, m_last, 0, 0};
        for (int s = m_first; s <= m_last; ++s) {
            segment.working_bits += step(s).weight_bits;
            for (const int w : step(s).writes) {
                const double bits = held(w, m_rows.at(w));
                segment.working_bits += bits;
                if (never_leaves(map(w), m_first, m_last)) segment.inside_bits += bits;
            }
            for (const int r : step(s).reads)
                if (!is_inside(map(r).producer) && first_reader(r) == s)
                    segment.working_bits += held(r, input_rows(r));
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
        m_fewest_rows.assign(static_cast<size_t>(phase_count()), 0);
        for (int s = m_first; s <= m_last; ++s)
            for (const int w : step(s).writes) {
                // What accumulates gives its rows at the end.
                const int64_t rows = step(s).window.streams ? map(w).rows : 0;
                int64_t& fewest = m_fewest_rows[static_cast<size_t>(phase(s))];
                if (rows > 0) fewest = fewest == 0 ? rows : std::min(fewest, rows);
            }
    }
    [[nodiscard]] int phase_count() const { return *std::max_element(m_phase.begin(), m_phase.end()) + 1; }

    [[nodiscard]] int64_t strip(int i, int phase) const {
        const int64_t fewest = std::max<int64_t>(1, m_fewest_rows[static_cast<size_t>(phase)]);
        return std::max<int64_t>(1, (map(i).rows + fewest - 1) / fewest);
    }

    /// Newest row of the map that reader `s` needs, and the oldest.
    struct Span {
        int64_t newest = 0, oldest = 0;
    };
    [[nodiscard]] Span needed(int i, int s) const {
        const RowWindow& window = step(s).window;
        if (window.accumulates) return {0, 1 - strip(i, phase(s))};
        const Rows out = m_rows.at(step(s).writes.front());
        return {out.newest * window.stride + window.reach - 1 - window.pad,
                (out.newest - out.strip + 1) * window.stride - window.pad};
    }

    /// Rows of a map that steps of one phase write and read.
    [[nodiscard]] Rows rows_for(int i, int of_phase) const {
        Rows rows{0, strip(i, of_phase)};
        bool any = false;
        for (const int s : map(i).readers) {
            if (!is_inside(s) || phase(s) != of_phase || !reads_rows(s)) continue;
            const int64_t newest = needed(i, s).newest;
            rows.newest = any ? std::max(rows.newest, newest) : newest;
            any = true;
        }
        return rows;
    }
    [[nodiscard]] bool reads_rows(int s) const {
        return (step(s).window.streams || step(s).window.accumulates) && !step(s).writes.empty();
    }

    void settle(int i) { m_rows[i] = rows_for(i, phase(map(i).producer)); }
    [[nodiscard]] Rows input_rows(int i) const { return rows_for(i, phase(first_reader(i))); }

    [[nodiscard]] double held(int i, const Rows& rows) const {
        const FeatureMap& m = map(i);
        const bool here = is_inside(m.producer);
        const int home = here ? phase(m.producer) : phase(first_reader(i));
        int64_t oldest = rows.newest - rows.strip + 1;
        bool whole = here && !step(m.producer).window.streams;
        for (const int s : m.readers) {
            if (!is_inside(s)) continue;
            if (phase(s) != home || !reads_rows(s))
                whole = true;
            else
                oldest = std::min(oldest, needed(i, s).oldest);
        }
        const int64_t count = whole ? m.rows : std::min(m.rows, rows.newest - oldest + 1);
        return m.bits * static_cast<double>(count) / static_cast<double>(m.rows);
    }

    const StepGraph& m_graph;
    int m_first, m_last;
    std::vector<int> m_phase;
    std::vector<int64_t> m_fewest_rows; ///< per phase
    std::map<int, Rows> m_rows;         ///< of maps written inside
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
