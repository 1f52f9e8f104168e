#pragma once
// A measured accuracy with everything needed to repeat it. Fractions are 0..1.

#include "core/design/precision_plan.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace widthwise {

/// How a layer really ran: on int8 kernels; in float with one operand rounded to its format; or plainly in
/// float.
enum class Execution { int8, simulated, float32 };
/// "int8", "simulated", "float".
[[nodiscard]] std::string_view to_string(Execution execution);

struct Interval {
    double lo = 0, hi = 0;
};

struct LayerDiagnostics {
    std::string layer;
    std::optional<NumberFormat> weight_format; ///< nullopt: the layer has no weights
    NumberFormat activation_format;
    std::optional<double> weight_sqnr_db, activation_sqnr_db; ///< nullopt: not quantized, or no statistics
    Execution execution = Execution::float32;
    /// Bits of a signed accumulator that can hold any sum of this layer (from its weights and the activation
    /// range), of the integers as the formats write them, bias left out.
    std::optional<int> accumulator_bits;
    /// Bits that the largest sum seen would have needed; nullopt: not observed.
    std::optional<int> observed_accumulator_bits;
};

struct CalibrationInfo {
    std::string data; ///< the card or "demo:train"; empty: the design was already resolved, or float
    std::string data_hash;
    int64_t samples = 0;
    bool shared_with_evaluation = false; ///< the first images of the evaluation data served
};

struct Provenance {
    std::string model, model_hash;
    std::string data, data_hash;
    std::string preprocessing; ///< one line
    CalibrationInfo calibration;
    std::string program_version;
    std::string cpu_isa;
    std::string created_utc; ///< ISO 8601
    uint64_t seed = 1;       ///< of the order in which the images were run
};

struct Accuracy {
    int64_t samples = 0;
    double top1 = 0;
    Interval top1_ci95;         ///< Wilson score interval
    std::optional<double> top5; ///< nullopt with fewer than 6 classes
    double float_top1 = 0;
    double agreement = 0;  ///< share of images with the float network's prediction
    double delta_top1 = 0; ///< top1 - float_top1, paired on the same images
    Interval delta_ci95; ///< paired (McNemar-type) normal interval of the difference, Newcombe 1998 method 10
};

/// What a pass did, in the terms of its paper, and what it was worth.
struct PassReport {
    Pass pass = Pass::equalize;
    int layers = 0;      ///< changed
    std::string summary; ///< one line: "17 layer pairs, largest scale 12.4"
    /// SQNR of the network's output on calibration images just before and after; nullopt: data-free run.
    std::optional<double> output_sqnr_db_before, output_sqnr_db_after;
    double seconds = 0;
};

/// How near the outputs are to the float network's, for networks without classes and data without labels.
struct OutputAgreement {
    int64_t samples = 0;
    double sqnr_db = 0;        ///< over all outputs and images
    double psnr_db = 0;        ///< peak: the float outputs' range, largest minus smallest value
    double top1_agreement = 0; ///< share of images whose largest output is the same (first output)
    Interval top1_agreement_ci95;
};

struct Evaluation {
    Accuracy accuracy; ///< samples 0: no labels or no classes, see agreement
    std::optional<OutputAgreement> agreement;
    std::vector<PassReport> passes;
    PrecisionPlan plan;     ///< as asked
    PrecisionPlan resolved; ///< with every scale and zero point
    std::vector<LayerDiagnostics> layers;
    Provenance provenance;
    double seconds = 0;
    double images_per_second = 0;
};

/// Fidelity of one tensor's quantized values against its float ones.
struct Fidelity {
    double sqnr_db = 0;           ///< +infinity when exact
    double cosine = 1;            ///< of the two vectors; 1 when both are zero
    std::optional<double> kl_nat; ///< Kullback-Leibler divergence of the value histograms; 256 bins a channel
};

/// Counts of values over equal bins [lo + i w, lo + (i + 1) w).
struct BinnedCounts {
    double lo = 0, bin_width = 0;
    std::vector<int64_t> counts;
};

/// Everything that one pass over some images tells of one layer, float against quantized.
struct LayerReport {
    std::string layer;
    std::optional<Fidelity> weights;       ///< nullopt: no weights, or not quantized
    std::vector<Fidelity> weight_channels; ///< per output channel
    Fidelity output;                       ///< after the fused activation
    std::vector<Fidelity> output_channels; ///< per channel; empty where there is no channel axis
    BinnedCounts weights_before, weights_after, weight_error;
    BinnedCounts input_before, input_after, input_error; ///< of what the layer reads
    BinnedCounts output_before, output_after, output_error;
    double weights_clipped = 0, input_clipped = 0;  ///< shares beyond the format's range
    std::vector<float> weight_levels, input_levels; ///< representable values, where at most 256 and one scale
    std::optional<int> observed_accumulator_bits;
};

/// 97.5 % quantile of the standard normal distribution: two-sided 95 %.
inline constexpr double k_z95 = 1.959963984540054;
/// Wilson 1927 score interval; [0, 1] for n = 0. `z`: the normal quantile of its confidence.
[[nodiscard]] Interval wilson_interval(int64_t successes, int64_t n, double z = k_z95);
/// Interval for p_b - p_a from paired outcomes: `both` right, only a right, only b right, `n` in all
/// (Newcombe 1998, Statistics in Medicine 17:2635, method 10: score intervals with the paired correlation).
[[nodiscard]] Interval paired_difference_interval(int64_t both, int64_t only_a, int64_t only_b, int64_t n,
                                                  double z = k_z95);

} // namespace widthwise
