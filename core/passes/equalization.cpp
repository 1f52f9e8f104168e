#include "core/passes/equalization.h"

#include "core/base/format.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace widthwise::passes {
namespace {

std::vector<double> output_ranges(const Layer& layer) {
    std::vector<double> range(layer.out, 0.0);
    for (size_t i = 0; i < layer.weights.size(); ++i) {
        double& r = range[i / layer.row()];
        r = std::max(r, std::abs(static_cast<double>(layer.weights[i])));
    }
    return range;
}

std::vector<double> input_ranges(const Layer& layer, size_t inputs_each) {
    std::vector<double> range(layer.in() / inputs_each, 0.0);
    for (size_t i = 0; i < layer.weights.size(); ++i) {
        double& r = range[layer.input_channel(i) / inputs_each];
        r = std::max(r, std::abs(static_cast<double>(layer.weights[i])));
    }
    return range;
}

/// A channel that is all zero on one side has nothing to even out. Scales beyond 2^20 would only move
/// rounding errors about.
double scale_of(double first, double second) {
    if (first == 0 || second == 0) return 1;
    constexpr double largest = 1 << 20;
    return std::clamp(std::sqrt(first / second), 1 / largest, largest);
}

void scale(Layer& first, Layer& second, const std::vector<double>& s, size_t inputs_each) {
    for (size_t i = 0; i < first.weights.size(); ++i)
        first.weights[i] = static_cast<float>(first.weights[i] / s[i / first.row()]);
    for (size_t c = 0; c < first.out; ++c) {
        first.bias[c] = static_cast<float>(first.bias[c] / s[c]);
        if (!first.normal) continue;
        first.normal->mean[c] /= s[c];
        first.normal->variance[c] /= s[c] * s[c];
    }
    for (size_t i = 0; i < second.weights.size(); ++i)
        second.weights[i] = static_cast<float>(second.weights[i] * s[second.input_channel(i) / inputs_each]);
}

/// The Clip between a pair. One bound is right for all channels that reach it only where they share a scale.
struct SharedClip {
    bool finite = false;       ///< there is a bound to keep
    bool known = false;        ///< what channels reach it
    std::vector<bool> reaches; ///< four deviations above the mean; by channel

    explicit SharedClip(const Layer& layer)
        : finite(layer.clip.valid() && std::isfinite(layer.clamp.hi)), known(layer.normal.has_value()) {
        if (!finite || !known) return;
        for (size_t c = 0; c < layer.out; ++c) reaches.push_back(reach(layer, c) > layer.clamp.hi);
    }
    static double reach(const Layer& layer, size_t c) {
        constexpr double deviations = 4;
        return layer.normal->mean[c] + deviations * std::sqrt(layer.normal->variance[c]);
    }
    /// Changes the scales so that the moved bound cuts what it did; moves it.
    void hold(Layer& layer, std::vector<double>& s) const {
        if (!finite) return;
        const double hi = layer.clamp.hi;
        double moved = hi / *std::min_element(s.begin(), s.end());
        if (known) {
            double logarithms = 0, count = 0;
            for (size_t c = 0; c < s.size(); ++c)
                if (reaches[c]) {
                    logarithms += std::log(s[c]);
                    ++count;
                }
            if (count > 0) {
                const double shared = std::exp(logarithms / count);
                moved = hi / shared;
                for (size_t c = 0; c < s.size(); ++c)
                    s[c] = reaches[c] ? shared : std::max(s[c], reach(layer, c) / moved);
            }
        }
        layer.clamp.hi = static_cast<float>(moved);
        layer.clip_hi = layer.clamp.hi;
    }
};

} // namespace

PassResult equalize(const Graph& graph, std::vector<Layer>& layers) {
    const std::vector<LayerPair> pairs = layer_pairs(graph, layers);
    std::vector<std::vector<double>> total; // scale of each pair over all rounds
    std::vector<SharedClip> clips;
    for (const LayerPair& pair : pairs) {
        total.emplace_back(layers[pair.first].out, 1.0);
        clips.emplace_back(layers[pair.first]);
    }
    constexpr int rounds = 50;
    constexpr double still = 0.01;
    double moved = 1;
    for (int round = 0; round < rounds && moved > still; ++round) {
        moved = 0;
        for (size_t p = 0; p < pairs.size(); ++p) {
            Layer &first = layers[pairs[p].first], &second = layers[pairs[p].second];
            const auto r1 = output_ranges(first), r2 = input_ranges(second, pairs[p].inputs_each);
            std::vector<double> s(first.out);
            for (size_t c = 0; c < s.size(); ++c) s[c] = scale_of(r1[c], r2[c]);
            clips[p].hold(first, s);
            for (size_t c = 0; c < s.size(); ++c) {
                total[p][c] *= s[c];
                moved = std::max(moved, std::abs(s[c] - 1));
            }
            scale(first, second, s, pairs[p].inputs_each);
        }
    }
    std::set<size_t> changed;
    double largest = 1;
    int moved_clips = 0;
    for (size_t p = 0; p < pairs.size(); ++p) {
        const double smallest = *std::min_element(total[p].begin(), total[p].end());
        const double most = *std::max_element(total[p].begin(), total[p].end());
        if (smallest == 1 && most == 1) continue;
        changed.insert({pairs[p].first, pairs[p].second});
        largest = std::max({largest, most, 1 / smallest});
        moved_clips += clips[p].finite;
    }
    std::string summary =
        std::to_string(pairs.size()) + " layer pairs, largest scale " + format_number(largest);
    if (moved_clips > 0) summary += ", " + std::to_string(moved_clips) + " clips moved";
    return {static_cast<int>(changed.size()), std::move(summary)};
}

PassResult absorb_bias(const Graph& graph, std::vector<Layer>& layers) {
    std::set<size_t> changed;
    int channels = 0, padded = 0;
    bool known = false;
    for (const LayerPair& pair : layer_pairs(graph, layers)) {
        Layer &first = layers[pair.first], &second = layers[pair.second];
        known = known || first.normal.has_value();
        if (!first.normal || !pair.shifts || first.clamp.lo != 0) continue;
        if (pair.padded) {
            ++padded;
            continue;
        }
        std::vector<double> absorbed(first.out, 0.0);
        int here = 0;
        for (size_t c = 0; c < first.out; ++c) {
            absorbed[c] = std::max(0.0, first.normal->mean[c] - 3 * std::sqrt(first.normal->variance[c]));
            if (absorbed[c] <= 0) continue;
            first.bias[c] = static_cast<float>(first.bias[c] - absorbed[c]);
            first.normal->mean[c] -= absorbed[c];
            ++here;
        }
        if (here == 0) continue;
        std::vector<double> gained(second.out, 0.0);
        for (size_t i = 0; i < second.weights.size(); ++i)
            gained[i / second.row()] +=
                second.weights[i] * absorbed[second.input_channel(i) / pair.inputs_each];
        for (size_t o = 0; o < second.out; ++o)
            second.bias[o] = static_cast<float>(second.bias[o] + gained[o]);
        channels += here;
        changed.insert({pair.first, pair.second});
    }
    if (!known) return {0, "no layer pair has known BatchNormalization statistics"};
    std::string summary = std::to_string(channels) + " channels";
    if (padded > 0) summary += ", " + std::to_string(padded) + " pairs left alone for their padding";
    return {static_cast<int>(changed.size()), std::move(summary)};
}

} // namespace widthwise::passes
