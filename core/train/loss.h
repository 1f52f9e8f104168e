#pragma once
// Softmax cross-entropy, the loss of every classifier here.

#include <cstdint>
#include <span>

namespace widthwise::train {

struct LossSum {
    double loss = 0;     ///< sum over the images, nats; not finite when the logits are not
    int64_t correct = 0; ///< images whose highest logit (the first of equals) is the label
    bool operator==(const LossSum&) const = default;
};

/// What the network's softmax is to become: (1 - d) ((1 - e) one-hot + e / classes) + d softmax(teacher).
struct SoftTargets {
    double smoothing = 0;           ///< e (Szegedy et al. 2016, section 7)
    double distillation = 0;        ///< d (Hinton et al. 2015, temperature 1)
    std::span<const float> teacher; ///< logits, images x classes; read where d > 0
};

/// `logits` and `gradient`: images x classes; `labels`: one per image. Writes d(loss of the image) / d(logit)
/// * `weight`: weight = 1 / batch makes the gradients of a whole batch those of its mean loss. An empty
/// `gradient` is left alone. The loss is the cross-entropy with the targets, -sum t log p: at its least, it
/// is the targets' entropy.
[[nodiscard]] LossSum cross_entropy(std::span<const float> logits, std::span<const int64_t> labels,
                                    double weight, std::span<float> gradient,
                                    const SoftTargets& targets = {});

} // namespace widthwise::train
