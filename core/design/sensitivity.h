#pragma once
// What each layer loses at each width when it alone is quantized: weights and activations apart.

#include "core/design/evaluation.h"

#include <string>
#include <vector>

namespace widthwise {

struct SensitivityEntry {
    int bits = 8;
    int64_t samples = 0; ///< images run: all, or fewer where an early stop had decided
    double top1 = 0;
    Interval delta_ci95;           ///< paired, against the baseline
    std::optional<double> sqnr_db; ///< of the network's output against the baseline's, infinity: exact
    std::optional<double> kl_nat; ///< mean KL divergence of the softmax of the outputs, baseline to quantized
    std::optional<double> loss_nat; ///< mean cross-entropy of the labels; nullopt: none, or no classes
    /// Of weights: second-order estimate of what is added to the loss, half the average Hessian trace times
    /// the squared quantization error, 1/2 trace(H) / n ||Q(W) - W||^2 (HAWQ-V2, Dong et al. 2020, equation
    /// 2.11, with the half of the Taylor series so that it is in nat; equation from memory and from reviews
    /// of the paper). nullopt: no traces were taken.
    std::optional<double> hessian_nat;
};

struct LayerSensitivity {
    std::string layer;
    /// Of the Hessian of the mean cross-entropy by the layer's weights, where taken, and its standard error.
    std::optional<double> weight_trace, weight_trace_error;
    std::vector<SensitivityEntry> weights; ///< empty: the layer has none
    std::vector<SensitivityEntry> activations;
};

struct Sensitivity {
    double baseline_top1 = 0;
    std::optional<double> baseline_loss_nat;
    int64_t samples = 0;
    std::vector<LayerSensitivity> layers; ///< in topological order
    double seconds = 0;
    int64_t evaluations = 0;
};

} // namespace widthwise
