#pragma once
// A network lowered for training on one worker: forward, and backward through the same nodes.

#include "core/graph/graph.h"
#include "core/train/options.h"
#include "core/train/parameters.h"
#include "core/train/quantization.h"
#include "core/train/trainability.h"

#include <memory>
#include <optional>
#include <span>
#include <string>

namespace widthwise::train {

enum class TapeMode {
    training,   ///< BatchNormalization by the batch's own statistics; backward() works
    evaluation, ///< BatchNormalization by the running statistics; no backward()
    frozen,     ///< BatchNormalization by the running statistics; backward() works, any number of times
};

struct TapeOptions {
    int64_t batch = 16;
    TapeMode mode = TapeMode::training;
    bool nhwc_network = false;   ///< the network itself declares N x H x W x C
    bool input_gradient = false; ///< backward() also gives the loss's gradient by the input
    /// Kernels' operands and the activations between layers; logits, weights, their gradients and
    /// BatchNormalization's statistics are f32 always. Layers for which oneDNN has no bf16 kernel are
    /// computed in f32. Quantizers go with f32 only.
    ComputeType compute = ComputeType::f32;
    /// Activations are read through its quantizers (weights are the caller's, see weight_transform.h); it
    /// outlives the tape. Null: none.
    const Quantization* quantization = nullptr;
};

/// Where numbers first were infinite or not a number.
struct NonFinite {
    std::string node;
    bool in_gradients = false; ///< else in its activations
};

/// Everything one worker needs: kernels, activations, gradients, scratch. One thread at a time; create and
/// use it on threads that run one OpenMP thread per primitive (SingleThreadedKernels): what it computes does
/// then not depend on the thread.
class Tape {
public:
    /// `graph`, `scope` and `layout` belong together and outlive the tape. Errors: unsupported or failed
    /// naming the node for which oneDNN has no kernel; unsupported for bf16 without supports_bf16() or with
    /// quantizers; out_of_memory.
    [[nodiscard]] static Result<std::unique_ptr<Tape>> create(const Graph& graph, const TrainingScope& scope,
                                                              const ParameterLayout& layout,
                                                              const TapeOptions& options);
    ~Tape();
    Tape(const Tape&) = delete;
    Tape& operator=(const Tape&) = delete;

    /// batch x H x W x C, to be filled before forward().
    [[nodiscard]] std::span<float> input();
    /// batch x classes, after forward().
    [[nodiscard]] std::span<const float> logits() const;

    /// `trained` and `running` by the layout; training writes the batch's means and unbiased variances to
    /// `batch_statistics` (by the layout, too), evaluation leaves it alone.
    [[nodiscard]] Result<void> forward(std::span<const float> trained, std::span<const float> running,
                                       std::span<float> batch_statistics);
    /// Adds the gradients of a loss with these derivatives by the logits (batch x classes) to `gradients` (by
    /// the layout).
    [[nodiscard]] Result<void> backward(std::span<const float> trained,
                                        std::span<const float> logits_gradient, std::span<float> gradients);
    /// Runs the last input again to find where numbers first are not finite: the first layer whose
    /// activations are not; where all are, and there are derivatives by the logits, the first on the way back
    /// whose gradients (by its output or by its numbers) are not. Nothing: all are finite.
    [[nodiscard]] Result<std::optional<NonFinite>> find_non_finite(std::span<const float> trained,
                                                                   std::span<const float> running,
                                                                   std::span<const float> logits_gradient);
    /// batch x H x W x C, after backward(); only with TapeOptions::input_gradient.
    [[nodiscard]] std::span<const float> input_gradient() const;

private:
    struct Impl;
    explicit Tape(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> m_impl;
};

/// The CPU's vectors can multiply bf16 numbers, or oneDNN can do it for them (AVX-512).
[[nodiscard]] bool supports_bf16();

/// While it lives, OpenMP regions of this thread (oneDNN's primitives) run on this thread alone.
class SingleThreadedKernels {
public:
    SingleThreadedKernels();
    ~SingleThreadedKernels();
    SingleThreadedKernels(const SingleThreadedKernels&) = delete;
    SingleThreadedKernels& operator=(const SingleThreadedKernels&) = delete;

private:
    int m_before;
};

} // namespace widthwise::train
