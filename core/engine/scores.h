#pragma once
// From network outputs to the numbers that an evaluation reports.

#include "core/data/dataset.h"
#include "core/design/evaluation.h"
#include "core/graph/graph.h"

#include <cstdint>
#include <span>
#include <vector>

namespace widthwise::engine {

/// One output whose elements lie along one axis: scores of classes.
[[nodiscard]] bool gives_classes(const Graph& graph);
/// Images carry a class each. Data without labels have none (label < 0, no classes).
[[nodiscard]] bool has_labels(const Dataset& data);

/// The largest score; ties: the lower class. Empty: -1.
[[nodiscard]] int32_t best_class(std::span<const float> scores);
/// Place of `label` when classes are ordered by falling score, ties by rising class.
[[nodiscard]] int64_t rank_of(std::span<const float> scores, int64_t label);

/// Outcomes of labelled images under two networks.
struct PairedCounts {
    int64_t samples = 0, right = 0, right_reference = 0, both = 0, same = 0, top5 = 0;
    void add(int64_t label, int32_t prediction, int32_t reference, bool in_top5);
    PairedCounts& operator+=(const PairedCounts& other);
    /// `classes`: of the network.
    [[nodiscard]] Accuracy accuracy(int64_t classes) const;
};

/// Collects what OutputAgreement sums up: image by image, from any thread, so that the sums do not depend on
/// who came first.
class AgreementCollector {
public:
    explicit AgreementCollector(int64_t positions) : m_images(static_cast<size_t>(positions)) {}
    /// All outputs of one image in two runs; the first output decides the class.
    void add(int64_t position, std::span<const std::span<const float>> reference,
             std::span<const std::span<const float>> quantized);
    [[nodiscard]] OutputAgreement result() const;

private:
    struct Image {
        double signal = 0, noise = 0;
        int64_t values = 0;
        float lowest = 0, highest = 0;
        bool run = false, same = false;
    };
    std::vector<Image> m_images;
};

/// Kullback-Leibler divergence in nat of the classes' probabilities, from `reference` to `other`.
/// `probabilities`: what is given are probabilities already, else scores before a softmax.
[[nodiscard]] double kl_divergence(std::span<const float> reference, std::span<const float> other,
                                   bool probabilities);

/// Cross-entropy in nat of one image, -log p(label), of the same scores or probabilities.
[[nodiscard]] double cross_entropy(std::span<const float> scores, int64_t label, bool probabilities);

} // namespace widthwise::engine
