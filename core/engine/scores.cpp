#include "core/engine/scores.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace widthwise::engine {

bool gives_classes(const Graph& graph) {
    if (graph.outputs().size() != 1) return false;
    const Value& output = graph.value(graph.outputs().front());
    if (!output.shape_known) return false;
    const auto& dims = output.shape.dims();
    const auto longer = std::count_if(dims.begin(), dims.end(), [](int64_t d) { return d > 1; });
    return longer == 1 && dims.front() == 1;
}

bool has_labels(const Dataset& data) {
    return data.class_count() > 0 && data.size() > 0 && data.label(0) >= 0;
}

int32_t best_class(std::span<const float> scores) {
    if (scores.empty()) return -1;
    return static_cast<int32_t>(std::max_element(scores.begin(), scores.end()) - scores.begin());
}

int64_t rank_of(std::span<const float> scores, int64_t label) {
    const float own = scores[static_cast<size_t>(label)];
    int64_t rank = 0;
    for (size_t c = 0; c < scores.size(); ++c)
        rank += scores[c] > own || (scores[c] == own && static_cast<int64_t>(c) < label);
    return rank;
}

void PairedCounts::add(int64_t label, int32_t prediction, int32_t reference, bool in_top5) {
    if (label < 0) return;
    const bool q = prediction == label, r = reference == label;
    ++samples;
    right += q;
    right_reference += r;
    both += q && r;
    same += prediction == reference;
    top5 += in_top5;
}

PairedCounts& PairedCounts::operator+=(const PairedCounts& other) {
    samples += other.samples;
    right += other.right;
    right_reference += other.right_reference;
    both += other.both;
    same += other.same;
    top5 += other.top5;
    return *this;
}

Accuracy PairedCounts::accuracy(int64_t classes) const {
    const auto share = [&](int64_t count) {
        return samples == 0 ? 0.0 : static_cast<double>(count) / static_cast<double>(samples);
    };
    Accuracy a;
    a.samples = samples;
    a.top1 = share(right);
    a.top1_ci95 = wilson_interval(right, samples);
    if (classes > 5) a.top5 = share(top5);
    a.float_top1 = share(right_reference);
    a.agreement = share(same);
    a.delta_top1 = a.top1 - a.float_top1;
    a.delta_ci95 = paired_difference_interval(both, right_reference - both, right - both, samples);
    return a;
}

void AgreementCollector::add(int64_t position, std::span<const std::span<const float>> reference,
                             std::span<const std::span<const float>> quantized) {
    Image image;
    image.run = true;
    image.lowest = std::numeric_limits<float>::infinity();
    image.highest = -std::numeric_limits<float>::infinity();
    for (size_t o = 0; o < reference.size(); ++o)
        for (size_t i = 0; i < reference[o].size(); ++i) {
            const float x = reference[o][i];
            const double error = static_cast<double>(quantized[o][i]) - static_cast<double>(x);
            image.signal += static_cast<double>(x) * static_cast<double>(x);
            image.noise += error * error;
            image.lowest = std::min(image.lowest, x);
            image.highest = std::max(image.highest, x);
        }
    for (const auto& output : reference) image.values += static_cast<int64_t>(output.size());
    image.same = !reference.empty() && best_class(reference.front()) == best_class(quantized.front());
    m_images[static_cast<size_t>(position)] = image;
}

OutputAgreement AgreementCollector::result() const {
    OutputAgreement a;
    double signal = 0, noise = 0;
    int64_t same = 0, values = 0;
    float lowest = std::numeric_limits<float>::infinity(), highest = -lowest;
    for (const Image& image : m_images) {
        if (!image.run) continue;
        ++a.samples;
        signal += image.signal;
        noise += image.noise;
        same += image.same;
        values += image.values;
        lowest = std::min(lowest, image.lowest);
        highest = std::max(highest, image.highest);
    }
    if (a.samples == 0) return a;
    // SQNR = signal over noise; PSNR = peak squared over the mean squared error, both 10 log10.
    constexpr double infinity = std::numeric_limits<double>::infinity();
    const double peak = static_cast<double>(highest) - static_cast<double>(lowest);
    a.sqnr_db = noise == 0 ? infinity : 10 * std::log10(signal / noise);
    a.psnr_db = noise == 0 ? infinity : 10 * std::log10(peak * peak * static_cast<double>(values) / noise);
    a.top1_agreement = static_cast<double>(same) / static_cast<double>(a.samples);
    a.top1_agreement_ci95 = wilson_interval(same, a.samples);
    return a;
}

namespace {

/// log p of a softmax: x - max - log sum exp(x - max), in double.
double log_normalizer(std::span<const float> x) {
    const double most = *std::max_element(x.begin(), x.end());
    double sum = 0;
    for (const float v : x) sum += std::exp(static_cast<double>(v) - most);
    return most + std::log(sum);
}

constexpr double k_least = 1e-30; // of a probability that a network rounded to 0

} // namespace

double kl_divergence(std::span<const float> reference, std::span<const float> other, bool probabilities) {
    if (reference.empty()) return 0;
    const double a = probabilities ? 0 : log_normalizer(reference),
                 b = probabilities ? 0 : log_normalizer(other);
    double kl = 0;
    for (size_t i = 0; i < reference.size(); ++i) {
        const double x = static_cast<double>(reference[i]), y = static_cast<double>(other[i]);
        const double log_p = probabilities ? std::log(std::max(x, k_least)) : x - a;
        const double log_q = probabilities ? std::log(std::max(y, k_least)) : y - b;
        kl += std::exp(log_p) * (log_p - log_q);
    }
    return std::max(kl, 0.0); // rounding
}

double cross_entropy(std::span<const float> scores, int64_t label, bool probabilities) {
    const auto score = static_cast<double>(scores[static_cast<size_t>(label)]);
    return probabilities ? -std::log(std::max(score, k_least)) : log_normalizer(scores) - score;
}

} // namespace widthwise::engine
