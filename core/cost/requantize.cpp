#include "core/cost/requantize.h"

#include <algorithm>
#include <cmath>

namespace widthwise::cost {
namespace {

double parts_of_a_sum(const RunScales& scales, double window, double channels) {
    double weights = 1, inputs = 1;
    if (scales.weights == Granularity::group) weights = std::ceil(window / std::max(1, scales.weight_group));
    if (scales.inputs == Granularity::channel) inputs = channels;
    if (scales.inputs == Granularity::group) inputs = std::ceil(channels / std::max(1, scales.input_group));
    return weights + inputs - 1;
}

} // namespace

VectorWork requantization(const LoopNest& nest, int64_t batch, const RunFormats& run, bool constant_weights,
                          int accumulator_bits) {
    VectorWork work;
    if (run.operands.floating()) return work;
    const RunScales& scales = run.scales;
    const double images = static_cast<double>(batch);
    const double groups = static_cast<double>(nest.groups);
    const double positions = static_cast<double>(nest.out_height) * static_cast<double>(nest.out_width);
    const double results = images * positions * static_cast<double>(nest.out_channels);
    const double channels = static_cast<double>(nest.in_channels) / groups;
    const double window =
        channels * static_cast<double>(nest.kernel_height) * static_cast<double>(nest.kernel_width);
    work.bits = std::min(32, accumulator_bits);
    work.adds = (scales.power_of_two ? 3 : 2) * results;
    work.multiplies = scales.power_of_two ? 0 : results;
    if (scales.weight_zero_point) {
        work.adds += images * positions * groups * window + results;
        work.multiplies += results;
    }
    if (scales.input_zero_point && !constant_weights) {
        work.adds += images * static_cast<double>(nest.out_channels) * window + results;
        work.multiplies += results;
    }
    if (const double parts = parts_of_a_sum(scales, window, channels); parts > 1) {
        work.adds += parts * results;
        if (scales.power_of_two)
            work.adds += parts * results; // the shift
        else
            work.multiplies += parts * results;
    }
    return work;
}

} // namespace widthwise::cost
