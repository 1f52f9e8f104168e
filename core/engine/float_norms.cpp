#include "core/engine/float_kernels.h"

#include <algorithm>
#include <cmath>

namespace widthwise::engine::float_kernels {

/// exp(x - max) / sum, the maximum subtracted against overflow.
void run(const SoftmaxOperation& s, Inputs ins, std::span<float> out) {
    const std::span<const float> in = ins[0];
    const auto n = static_cast<size_t>(s.axis_size), stride = static_cast<size_t>(s.stride);
    for (size_t outer = 0; outer < in.size(); outer += n * stride)
        for (size_t inner = outer; inner < outer + stride; ++inner) {
            float top = in[inner];
            for (size_t k = 1; k < n; ++k) top = std::max(top, in[inner + k * stride]);
            double sum = 0;
            for (size_t k = 0; k < n; ++k) {
                const float e = std::exp(in[inner + k * stride] - top);
                out[inner + k * stride] = e;
                sum += static_cast<double>(e);
            }
            const double log_sum = std::log(sum);
            for (size_t k = 0; k < n; ++k) {
                const size_t i = inner + k * stride;
                out[i] = s.log ? static_cast<float>(static_cast<double>(in[i] - top) - log_sum)
                               : static_cast<float>(static_cast<double>(out[i]) / sum);
            }
        }
}

void run(const LrnOperation& s, Inputs ins, std::span<float> out) {
    const std::span<const float> in = ins[0];
    const auto channels = static_cast<size_t>(s.channels), stride = static_cast<size_t>(s.stride);
    const auto before = static_cast<size_t>((s.attributes.size - 1) / 2);
    const auto behind = static_cast<size_t>(s.attributes.size / 2); // ceil((size - 1) / 2)
    const double alpha = static_cast<double>(s.attributes.alpha) / static_cast<double>(s.attributes.size);
    std::vector<double> sums(channels + 1, 0.0); // of the squares of the channels before
    for (size_t outer = 0; outer < in.size(); outer += channels * stride)
        for (size_t inner = outer; inner < outer + stride; ++inner) {
            for (size_t c = 0; c < channels; ++c) {
                const double x = static_cast<double>(in[inner + c * stride]);
                sums[c + 1] = sums[c] + x * x;
            }
            for (size_t c = 0; c < channels; ++c) {
                const size_t first = c - std::min(c, before), end = std::min(channels, c + behind + 1);
                const double base =
                    static_cast<double>(s.attributes.bias) + alpha * (sums[end] - sums[first]);
                const size_t i = inner + c * stride;
                out[i] = static_cast<float>(static_cast<double>(in[i]) /
                                            std::pow(base, static_cast<double>(s.attributes.beta)));
            }
        }
}

void run(const NormalizeOperation& s, Inputs ins, std::span<float> out) {
    const std::span<const float> in = ins[0];
    const auto count = static_cast<size_t>(s.count);
    for (size_t group = 0; group * count < in.size(); ++group) {
        const std::span<const int32_t> members = std::span(s.members).subspan(group * count, count);
        const auto value = [&](size_t k) { return static_cast<double>(in[static_cast<size_t>(members[k])]); };
        double mean = 0, square = 0;
        for (size_t k = 0; k < count; ++k) mean += value(k);
        mean /= static_cast<double>(count);
        for (size_t k = 0; k < count; ++k) square += (value(k) - mean) * (value(k) - mean);
        const double inverse =
            1.0 / std::sqrt(square / static_cast<double>(count) + static_cast<double>(s.epsilon));
        for (size_t k = 0; k < count; ++k) {
            const size_t parameter = s.per_member ? k : group;
            out[static_cast<size_t>(members[k])] =
                static_cast<float>((value(k) - mean) * inverse) * s.scale[parameter] + s.bias[parameter];
        }
    }
}

} // namespace widthwise::engine::float_kernels
