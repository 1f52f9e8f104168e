// k-means in several dimensions.
#include "core/base/worker_pool.h"
#include "core/quant/kmeans.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

namespace widthwise {
namespace {

constexpr int k_most_iterations = 50;
constexpr size_t k_vectors_each = 256; ///< to learn a centroid from
constexpr size_t k_chunk = 4096;       ///< vectors that one thread takes at a time

struct Vectors {
    std::span<const float> values;
    size_t length;
    [[nodiscard]] size_t size() const { return values.size() / length; }
    [[nodiscard]] std::span<const float> at(size_t i) const { return values.subspan(i * length, length); }
};

double squared_distance(std::span<const float> a, std::span<const float> b) {
    double sum = 0;
    for (size_t i = 0; i < a.size(); ++i) {
        const double d = static_cast<double>(a[i]) - static_cast<double>(b[i]);
        sum += d * d;
    }
    return sum;
}

/// The centroids where there are no more than `count` of them, in order of appearance; else empty.
std::vector<float> few_distinct(const Vectors& vectors, size_t count) {
    std::map<std::vector<float>, size_t> seen;
    std::vector<float> centroids;
    for (size_t i = 0; i < vectors.size(); ++i) {
        const auto v = vectors.at(i);
        if (!seen.try_emplace({v.begin(), v.end()}, i).second) continue;
        if (seen.size() > count) return {};
        centroids.insert(centroids.end(), v.begin(), v.end());
    }
    return centroids;
}

/// The first vectors of a random order, in the tensor's own.
std::vector<float> sample(const Vectors& vectors, size_t most, Rng& rng) {
    std::vector<size_t> order(vectors.size());
    std::iota(order.begin(), order.end(), size_t{0});
    for (size_t i = 0; i < most; ++i) std::swap(order[i], order[i + rng.below(order.size() - i)]);
    order.resize(most);
    std::ranges::sort(order);
    std::vector<float> values;
    values.reserve(most * vectors.length);
    for (const size_t i : order) values.insert(values.end(), vectors.at(i).begin(), vectors.at(i).end());
    return values;
}

/// k-means++: each next centroid is drawn with the squared distance from those that stand.
Result<std::vector<float>> first_centroids(const Vectors& vectors, size_t count, Rng& rng,
                                           const WorkControl& control) {
    std::vector<float> centroids;
    std::vector<double> distance(vectors.size(), std::numeric_limits<double>::infinity());
    size_t chosen = rng.below(vectors.size());
    while (true) {
        if (control.cancel.cancelled()) return fail(ErrorCode::cancelled, "cancelled");
        const auto centroid = vectors.at(chosen);
        centroids.insert(centroids.end(), centroid.begin(), centroid.end());
        if (centroids.size() == count * vectors.length) return centroids;
        double total = 0;
        for (size_t i = 0; i < vectors.size(); ++i) {
            distance[i] = std::min(distance[i], squared_distance(vectors.at(i), centroid));
            total += distance[i];
        }
        double left = rng.uniform() * total;
        for (chosen = 0; chosen + 1 < vectors.size() && left >= distance[chosen]; ++chosen)
            left -= distance[chosen];
        while (distance[chosen] == 0) { // rounding carried past the last that counts
            if (chosen == 0) return centroids;
            --chosen;
        }
    }
}

struct Assigned {
    std::vector<int32_t> nearest;
    std::vector<double> distance;
};

/// The same whatever the number of threads.
Result<Assigned> assign(const Vectors& vectors, std::span<const float> centroids,
                        const WorkControl& control) {
    const size_t length = vectors.length, count = centroids.size() / length;
    // Centroids side by side, so that the inner loop runs over them.
    std::vector<float> columns(centroids.size());
    for (size_t k = 0; k < count; ++k)
        for (size_t d = 0; d < length; ++d) columns[d * count + k] = centroids[k * length + d];
    Assigned out{std::vector<int32_t>(vectors.size()), std::vector<double>(vectors.size())};
    const auto assign_some = [&](size_t first, size_t end) {
        std::vector<float> distance(count);
        for (size_t i = first; i < end; ++i) {
            const auto x = vectors.at(i);
            std::ranges::fill(distance, 0.0F);
            for (size_t d = 0; d < length; ++d) {
                const float* column = columns.data() + d * count;
                for (size_t k = 0; k < count; ++k) {
                    const float difference = x[d] - column[k];
                    distance[k] += difference * difference;
                }
            }
            const auto best = static_cast<size_t>(std::ranges::min_element(distance) - distance.begin());
            out.nearest[i] = static_cast<int32_t>(best);
            out.distance[i] = squared_distance(x, centroids.subspan(best * length, length));
        }
    };
    const auto chunks = static_cast<int64_t>((vectors.size() + k_chunk - 1) / k_chunk);
    Result<void> ok = parallel_for(chunks, control.threads, [&](int64_t chunk, int) -> Result<void> {
        if (control.cancel.cancelled()) return fail(ErrorCode::cancelled, "cancelled");
        const size_t first = static_cast<size_t>(chunk) * k_chunk;
        assign_some(first, std::min(first + k_chunk, vectors.size()));
        return {};
    });
    if (!ok) return forward_error(ok);
    return out;
}

/// Means of their vectors; centroids without any move, each to the vector that is furthest from its own.
void update(const Vectors& vectors, Assigned& assigned, std::vector<float>& centroids) {
    const size_t length = vectors.length, count = centroids.size() / length;
    std::vector<double> sums(centroids.size()), members(count);
    for (size_t i = 0; i < vectors.size(); ++i) {
        const auto k = static_cast<size_t>(assigned.nearest[i]);
        members[k] += 1;
        for (size_t d = 0; d < length; ++d) sums[k * length + d] += static_cast<double>(vectors.at(i)[d]);
    }
    for (size_t k = 0; k < count; ++k) {
        if (members[k] > 0) {
            for (size_t d = 0; d < length; ++d)
                centroids[k * length + d] = static_cast<float>(sums[k * length + d] / members[k]);
            continue;
        }
        const auto furthest = std::ranges::max_element(assigned.distance) - assigned.distance.begin();
        const auto i = static_cast<size_t>(furthest);
        std::ranges::copy(vectors.at(i), centroids.begin() + static_cast<ptrdiff_t>(k * length));
        assigned.distance[i] = 0; // the next one that is empty takes another
    }
}

/// From k-means++ to where no vector changes its centroid.
Result<std::vector<float>> learn(const Vectors& vectors, size_t count, Rng& rng, const WorkControl& control) {
    Result<std::vector<float>> centroids = first_centroids(vectors, count, rng, control);
    if (!centroids) return centroids;
    std::vector<int32_t> before;
    for (int i = 0; i < k_most_iterations; ++i) {
        Result<Assigned> assigned = assign(vectors, *centroids, control);
        if (!assigned) return forward_error(assigned);
        if (assigned->nearest == before) break;
        update(vectors, *assigned, *centroids);
        before = std::move(assigned->nearest);
    }
    return centroids;
}

} // namespace

Result<VectorCodebook> kmeans_vectors(std::span<const float> vectors, size_t length, size_t count, Rng& rng,
                                      const WorkControl& control) {
    const Vectors all{vectors, length};
    VectorCodebook out;
    out.length = length;
    if (all.size() == 0) return out;
    out.centroids = few_distinct(all, count);
    if (out.centroids.empty()) {
        const size_t most = count * k_vectors_each;
        const std::vector<float> some = all.size() > most ? sample(all, most, rng) : std::vector<float>();
        Result<std::vector<float>> learnt =
            learn(some.empty() ? all : Vectors{some, length}, count, rng, control);
        if (!learnt) return forward_error(learnt);
        out.centroids = std::move(*learnt);
    }
    Result<Assigned> assigned = assign(all, out.centroids, control);
    if (!assigned) return forward_error(assigned);
    out.squared_error = std::accumulate(assigned->distance.begin(), assigned->distance.end(), 0.0);
    out.assignment = std::move(assigned->nearest);
    return out;
}

} // namespace widthwise
