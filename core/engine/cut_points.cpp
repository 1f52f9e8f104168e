#include "core/engine/cut_points.h"

#include <algorithm>
#include <iterator>
#include <set>

namespace widthwise::engine {
namespace {

/// Live values after each unit; nothing where a cut is impossible.
struct Candidate {
    std::vector<size_t> values;
    bool possible = true;
    double seconds = 0; ///< of the units before the cut, less the time of loading it
};

std::vector<Candidate> candidates(const CutProblem& p) {
    const size_t units = p.units.size();
    std::vector<size_t> last_read(p.values.size(), 0);
    std::vector<bool> written(p.values.size(), false), ever_written(p.values.size(), false);
    for (size_t u = 0; u < units; ++u) {
        for (const size_t v : p.units[u].reads) last_read[v] = u + 1;
        ever_written[p.units[u].writes] = true;
    }
    for (const size_t v : p.outputs) last_read[v] = units + 1;
    std::vector<Candidate> all(units);
    double before = 0;
    for (size_t u = 0; u < units; ++u) {
        written[p.units[u].writes] = true;
        before += p.units[u].seconds;
        Candidate& c = all[u];
        size_t bytes = 0;
        for (size_t v = 0; v < p.values.size(); ++v) {
            const bool live = last_read[v] > u + 1 && (written[v] || !ever_written[v]);
            if (!live) continue;
            c.possible = c.possible && (p.values[v].can_keep || p.values[v].is_kept);
            c.values.push_back(v);
            bytes += p.values[v].bytes;
        }
        c.seconds = before - static_cast<double>(bytes) / p.bytes_per_second;
    }
    return all;
}

} // namespace

std::vector<Cut> choose_cuts(const CutProblem& problem) {
    const std::vector<Candidate> all = candidates(problem);
    std::vector<bool> kept(problem.values.size());
    for (size_t v = 0; v < kept.size(); ++v) kept[v] = problem.values[v].is_kept;
    const size_t units = problem.units.size();
    std::set<size_t> chosen; // units after which a cut lies
    const auto new_values = [&](const Candidate& c) {
        std::vector<size_t> values;
        for (const size_t v : c.values)
            if (!kept[v]) values.push_back(v);
        return values;
    };
    const auto gain = [&](size_t u) {
        const auto next = chosen.upper_bound(u);
        const double before = next == chosen.begin() ? 0 : all[*std::prev(next)].seconds;
        const size_t edits = (next == chosen.end() ? units : *next + 1) - (u + 1) +
                             (next == chosen.end() ? 1 : 0); // the last: the program asked for once more
        return static_cast<double>(edits) * (all[u].seconds - before);
    };

    std::vector<Cut> cuts;
    while (true) {
        Cut best;
        bool found = false;
        for (size_t u = 0; u < units; ++u) {
            if (!all[u].possible || chosen.contains(u)) continue;
            const double g = gain(u);
            if (g <= 0) continue;
            size_t bytes = 0;
            for (const size_t v : new_values(all[u])) bytes += problem.values[v].bytes;
            const double worth = g / static_cast<double>(std::max<size_t>(bytes, 1));
            if (worth > best.worth) {
                best = {u, {}, worth};
                found = true;
            }
        }
        if (!found) return cuts;
        best.values = new_values(all[best.after]);
        for (const size_t v : best.values) kept[v] = true;
        chosen.insert(best.after);
        cuts.push_back(std::move(best));
    }
}

} // namespace widthwise::engine
