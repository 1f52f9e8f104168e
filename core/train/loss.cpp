#include "core/train/loss.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace widthwise::train {

LossSum cross_entropy(std::span<const float> logits, std::span<const int64_t> labels, double weight,
                      std::span<float> gradient) {
    assert(!labels.empty() && logits.size() % labels.size() == 0);
    assert(gradient.empty() || gradient.size() == logits.size());
    const size_t classes = logits.size() / labels.size();
    LossSum sum;
    for (size_t image = 0; image < labels.size(); ++image) {
        const std::span<const float> scores = logits.subspan(image * classes, classes);
        const auto label = static_cast<size_t>(labels[image]);
        const auto best = std::ranges::max_element(scores);
        // Shifting by the maximum keeps exp() in range and leaves the softmax as it is.
        double total = 0;
        for (const float score : scores) total += std::exp(static_cast<double>(score) - *best);
        sum.loss += std::log(total) - (static_cast<double>(scores[label]) - *best);
        sum.correct += static_cast<size_t>(best - scores.begin()) == label;
        if (gradient.empty()) continue;
        for (size_t c = 0; c < classes; ++c) {
            const double probability = std::exp(static_cast<double>(scores[c]) - *best) / total;
            gradient[image * classes + c] = static_cast<float>(weight * (probability - (c == label ? 1 : 0)));
        }
    }
    return sum;
}

} // namespace widthwise::train
