#include "core/data/resample.h"

#include <algorithm>
#include <cmath>

namespace widthwise {
namespace {

constexpr int k_precision_bits = 32 - 8 - 2; // Pillow's

/// For each output position: the first input and the weights of the inputs from there.
struct Taps {
    std::vector<int64_t> first;
    std::vector<int64_t> count;
    std::vector<double> weights; ///< `stride` of them for each output
    int64_t stride = 0;
};

/// Triangle filter, widened by the scale when shrinking (Pillow: precompute_coeffs), of outputs [begin, begin
/// + size).
Taps make_taps(int64_t in, int64_t out, int64_t begin, int64_t size) {
    const double scale = static_cast<double>(in) / static_cast<double>(out);
    const double support = std::max(scale, 1.0); // the triangle's own is 1
    const double inverse = 1.0 / support;
    Taps taps;
    taps.stride = static_cast<int64_t>(std::ceil(support)) * 2 + 1;
    taps.weights.assign(static_cast<size_t>(taps.stride * size), 0.0);
    for (int64_t i = 0; i < size; ++i) {
        const double centre = (static_cast<double>(begin + i) + 0.5) * scale;
        const auto first = std::max<int64_t>(0, static_cast<int64_t>(centre - support + 0.5));
        const auto end = std::min<int64_t>(in, static_cast<int64_t>(centre + support + 0.5));
        double* w = taps.weights.data() + i * taps.stride;
        double sum = 0;
        for (int64_t k = 0; k < end - first; ++k) {
            const double distance = std::abs((static_cast<double>(k + first) - centre + 0.5) * inverse);
            w[k] = distance < 1.0 ? 1.0 - distance : 0.0;
            sum += w[k];
        }
        if (sum != 0)
            for (int64_t k = 0; k < end - first; ++k) w[k] /= sum;
        taps.first.push_back(first);
        taps.count.push_back(end - first);
    }
    return taps;
}

/// The arithmetic of one weighted sum, per pixel type.
struct ByteSum {
    using Weight = int32_t;
    static Weight weight(double w) {
        return static_cast<Weight>(0.5 + w * (1 << k_precision_bits));
    } // w >= 0
    static constexpr int32_t start = 1 << (k_precision_bits - 1);
    static uint8_t finish(int32_t sum) {
        return static_cast<uint8_t>(std::clamp(sum >> k_precision_bits, 0, 255));
    }
};
struct FloatSum {
    using Weight = double;
    static Weight weight(double w) { return w; }
    static constexpr double start = 0.0;
    static float finish(double sum) { return static_cast<float>(sum); }
};

template <typename Sum> std::vector<typename Sum::Weight> convert(const Taps& taps) {
    std::vector<typename Sum::Weight> weights;
    weights.reserve(taps.weights.size());
    for (const double w : taps.weights) weights.push_back(Sum::weight(w));
    return weights;
}

template <typename Sum, typename T>
std::vector<T> resize(const ImageView<T>& image, const ImagePlacement& at) {
    const int64_t channels = image.channels;
    const int64_t width = at.size[1];
    const Taps vertical = make_taps(image.height, at.resized[0], at.offset[0], at.size[0]);
    const int64_t row_begin = vertical.first.front();
    const int64_t row_end = vertical.first.back() + vertical.count.back();

    // Pass 1: columns of the window, for the rows that pass 2 reads. A pass that keeps the size is a copy, as
    // in Pillow.
    std::vector<T> middle(static_cast<size_t>((row_end - row_begin) * width * channels));
    T* to = middle.data();
    if (image.width == at.resized[1]) {
        for (int64_t y = row_begin; y < row_end; ++y)
            for (int64_t x = 0; x < width; ++x)
                for (int64_t c = 0; c < channels; ++c)
                    *to++ = image.at(y, at.offset[1] + x)[c * image.channel_stride];
    } else {
        const Taps horizontal = make_taps(image.width, at.resized[1], at.offset[1], width);
        const auto weights = convert<Sum>(horizontal);
        for (int64_t y = row_begin; y < row_end; ++y)
            for (int64_t x = 0; x < width; ++x) {
                const auto* w = weights.data() + x * horizontal.stride;
                const auto i = static_cast<size_t>(x);
                for (int64_t c = 0; c < channels; ++c) {
                    auto sum = Sum::start;
                    const T* from = image.at(y, horizontal.first[i]) + c * image.channel_stride;
                    for (int64_t k = 0; k < horizontal.count[i]; ++k)
                        sum += w[k] * from[k * image.pixel_stride];
                    *to++ = Sum::finish(sum);
                }
            }
    }
    const int64_t row = width * channels;
    if (image.height == at.resized[0]) return middle;

    std::vector<T> out(static_cast<size_t>(at.size[0] * row));
    const auto weights = convert<Sum>(vertical);
    to = out.data();
    for (int64_t y = 0; y < at.size[0]; ++y) {
        const auto i = static_cast<size_t>(y);
        const auto* w = weights.data() + y * vertical.stride;
        const T* from = middle.data() + (vertical.first[i] - row_begin) * row;
        for (int64_t x = 0; x < row; ++x) {
            auto sum = Sum::start;
            for (int64_t k = 0; k < vertical.count[i]; ++k) sum += w[k] * from[k * row + x];
            *to++ = Sum::finish(sum);
        }
    }
    return out;
}

} // namespace

std::vector<uint8_t> resize_bilinear(const ImageView<uint8_t>& image, const ImagePlacement& placement) {
    return resize<ByteSum>(image, placement);
}

std::vector<float> resize_bilinear(const ImageView<float>& image, const ImagePlacement& placement) {
    return resize<FloatSum>(image, placement);
}

} // namespace widthwise
