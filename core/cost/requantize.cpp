#include "core/cost/requantize.h"

#include <algorithm>
#include <cmath>

namespace widthwise::cost {

VectorWork requantization(const LoopNest& nest, int64_t batch, const RunFormats& run, bool constant_weights,
                          int accumulator_bits) {
    VectorWork work;
    if (run.operands.floating()) return work;
    const RunScales& scales = run.scales;
    const double images = static_cast<double>(batch);
    const double groups = static_cast<double>(nest.groups);
    const double positions = static_cast<double>(nest.out_height) * static_cast<double>(nest.out_width);
    const double results = images * positions * static_cast<double>(nest.out_channels);
    const double window = static_cast<double>(nest.in_channels) / groups *
                          static_cast<double>(nest.kernel_height) * static_cast<double>(nest.kernel_width);
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
    if (scales.weights == Granularity::group) {
        const double parts = std::ceil(window / std::max(1, scales.group_size));
        work.adds += parts * results;
        if (scales.power_of_two)
            work.adds += parts * results; // the shift
        else
            work.multiplies += parts * results;
    }
    return work;
}

} // namespace widthwise::cost
