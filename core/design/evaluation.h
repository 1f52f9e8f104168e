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

struct LayerDiagnostics {
    std::string layer;
    std::optional<NumberFormat> weight_format; ///< nullopt: the layer has no weights
    NumberFormat activation_format;
    std::optional<double> weight_sqnr_db, activation_sqnr_db; ///< nullopt: not quantized, or no statistics
    Execution execution = Execution::float32;
    /// Bits of a signed accumulator that can hold any sum of this layer (from its weights and the activation
    /// range).
    std::optional<int> accumulator_bits;
};

struct Interval {
    double lo = 0, hi = 0;
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

struct Evaluation {
    Accuracy accuracy;
    PrecisionPlan plan;     ///< as asked
    PrecisionPlan resolved; ///< with every scale and zero point
    std::vector<LayerDiagnostics> layers;
    Provenance provenance;
    double seconds = 0;
    double images_per_second = 0;
};

/// Wilson 1927 score interval at 95 %; [0, 1] for n = 0.
[[nodiscard]] Interval wilson_interval(int64_t successes, int64_t n);
/// Interval for p_b - p_a from paired outcomes: `both` right, only a right, only b right, `n` in all
/// (Newcombe 1998, Statistics in Medicine 17:2635, method 10: score intervals with the paired correlation).
[[nodiscard]] Interval paired_difference_interval(int64_t both, int64_t only_a, int64_t only_b, int64_t n);

} // namespace widthwise
