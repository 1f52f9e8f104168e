#include "core/train/loss.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <vector>

namespace widthwise::train {
namespace {

/// Probabilities, and the logarithm of what the exponentials sum to. Shifting by the maximum keeps exp() in
/// range and leaves the softmax as it is.
double softmax(std::span<const float> scores, float shift, std::span<double> probabilities) {
    double total = 0;
    for (size_t c = 0; c < scores.size(); ++c) {
        probabilities[c] = std::exp(static_cast<double>(scores[c]) - shift);
        total += probabilities[c];
    }
    for (double& p : probabilities) p /= total;
    return std::log(total);
}

} // namespace

LossSum cross_entropy(std::span<const float> logits, std::span<const int64_t> labels, double weight,
                      std::span<float> gradient, const SoftTargets& targets) {
    assert(!labels.empty() && logits.size() % labels.size() == 0);
    assert(gradient.empty() || gradient.size() == logits.size());
    assert(targets.distillation == 0 || targets.teacher.size() == logits.size());
    const size_t classes = logits.size() / labels.size();
    const double from_labels = 1 - targets.distillation;
    const double everywhere = from_labels * targets.smoothing / static_cast<double>(classes);
    const double at_label = from_labels * (1 - targets.smoothing) + everywhere;
    std::vector<double> probabilities(classes), teacher(classes);
    LossSum sum;
    for (size_t image = 0; image < labels.size(); ++image) {
        const std::span<const float> scores = logits.subspan(image * classes, classes);
        const auto label = static_cast<size_t>(labels[image]);
        const auto best = std::ranges::max_element(scores);
        sum.correct += static_cast<size_t>(best - scores.begin()) == label;
        const double log_total = softmax(scores, *best, probabilities);
        if (targets.distillation > 0) {
            const std::span<const float> taught = targets.teacher.subspan(image * classes, classes);
            softmax(taught, *std::ranges::max_element(taught), teacher);
        }
        for (size_t c = 0; c < classes; ++c) {
            const double target = (c == label ? at_label : everywhere) + targets.distillation * teacher[c];
            // -log p = log(total) - (score - best); targets add up to 1.
            if (target > 0 || c == label)
                sum.loss += target * (log_total - (static_cast<double>(scores[c]) - *best));
            if (!gradient.empty())
                gradient[image * classes + c] = static_cast<float>(weight * (probabilities[c] - target));
        }
    }
    return sum;
}

} // namespace widthwise::train
