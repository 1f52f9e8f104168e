#pragma once
// Softmax cross-entropy, the loss of every classifier here.

#include <cstdint>
#include <span>

namespace widthwise::train {

struct LossSum {
    double loss = 0;     ///< sum over the images, nats; not finite when the logits are not
    int64_t correct = 0; ///< images whose highest logit (the first of equals) is the label
};

/// `logits` and `gradient`: images x classes; `labels`: one per image. Writes d(loss of the image) / d(logit)
/// * `weight`: weight = 1 / batch makes the gradients of a whole batch those of its mean loss. An empty
/// `gradient` is left alone.
[[nodiscard]] LossSum cross_entropy(std::span<const float> logits, std::span<const int64_t> labels,
                                    double weight, std::span<float> gradient);

} // namespace widthwise::train
