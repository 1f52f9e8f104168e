#pragma once
// The constants of a built-in network: its weights are drawn when it is complete, on all cores.

#include "core/base/result.h"
#include "core/tensor/tensor.h"

#include <vector>

namespace widthwise::zoo {

/// `zero` is for who asks for shapes and counts only: such weights take no memory until they are read.
enum class Weights { he_normal, zero };

class WeightMaker {
public:
    /// 2 GiB of float32, what an ONNX file holds: more is refused before it is allocated.
    static constexpr int64_t k_most_parameters = int64_t{1} << 29;

    WeightMaker(uint64_t seed, Weights weights) : m_seed(seed), m_weights(weights) {}

    /// Normal with mean 0 and variance 2 / fan_in (He et al. 2015, "Delving deep into rectifiers", eq. 10);
    /// zeros until finish(). Errors: invalid_input when the network becomes too large.
    [[nodiscard]] Result<TensorPtr> he_normal(Shape shape, int64_t fan_in);
    [[nodiscard]] Result<TensorPtr> filled(int64_t count, float value);
    /// Draws the weights, those of large networks on all cores. The same for a seed whatever the thread
    /// count: blocks have their own streams.
    [[nodiscard]] Result<void> finish();

private:
    struct Pending {
        std::shared_ptr<Tensor> tensor;
        double deviation;
    };
    Result<void> count(const Shape& shape);
    void draw_one_by_one(const std::vector<Pending>& pending) const;
    [[nodiscard]] Result<void> draw_in_blocks(const std::vector<Pending>& pending) const;

    uint64_t m_seed;
    Weights m_weights;
    int64_t m_parameters = 0;
    std::vector<Pending> m_pending;
};

} // namespace widthwise::zoo
