#include "core/data/preprocess.h"

#include "core/data/resample.h"

#include <algorithm>
#include <cassert>
#include <charconv>

namespace widthwise {
namespace {

std::string number(double value) {
    std::array<char, 32> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
    return {text.data(), end};
}

std::string numbers(const std::vector<double>& values) {
    std::string text;
    for (const double v : values) text += (text.empty() ? "" : " ") + number(v);
    return text;
}

template <typename T> std::vector<double> per_channel(const std::vector<T>& values, int64_t channels) {
    if (values.size() == 1) return std::vector<double>(static_cast<size_t>(channels), values[0]);
    return values;
}

} // namespace

std::vector<uint8_t> luma(const ImageView<uint8_t>& rgb) {
    std::vector<uint8_t> gray(static_cast<size_t>(rgb.height * rgb.width));
    auto out = gray.begin();
    for (int64_t y = 0; y < rgb.height; ++y)
        for (int64_t x = 0; x < rgb.width; ++x) {
            const uint8_t* p = rgb.at(y, x);
            const uint32_t sum =
                19595U * p[0] + 38470U * p[rgb.channel_stride] + 7471U * p[2 * rgb.channel_stride];
            *out++ = static_cast<uint8_t>((sum + 0x8000U) >> 16);
        }
    return gray;
}

std::vector<float> luma(const ImageView<float>& rgb) {
    std::vector<float> gray(static_cast<size_t>(rgb.height * rgb.width));
    auto out = gray.begin();
    for (int64_t y = 0; y < rgb.height; ++y)
        for (int64_t x = 0; x < rgb.width; ++x) {
            const float* p = rgb.at(y, x);
            *out++ = static_cast<float>(0.299 * p[0] + 0.587 * p[rgb.channel_stride] +
                                        0.114 * p[2 * rgb.channel_stride]);
        }
    return gray;
}

Result<Preprocessor> Preprocessor::create(const Preprocessing& options, int64_t source_channels,
                                          bool byte_pixels) {
    Preprocessor p;
    p.m_options = options;
    p.m_scale = options.scale.value_or(byte_pixels ? k_byte_scale : 1.0);
    if (options.channels == ChannelOrder::as_stored) {
        p.m_channels = source_channels;
        for (int64_t c = 0; c < source_channels; ++c) p.m_source.push_back(c);
    } else {
        if (source_channels != 1 && source_channels != 3)
            return fail(ErrorCode::invalid_input,
                        "images have " + std::to_string(source_channels) +
                            " channels, which are neither gray nor colour",
                        {}, "leave \"channels\" out of the card to keep them as they are");
        const bool colour = source_channels == 3 && options.channels != ChannelOrder::gray;
        p.m_channels = options.channels == ChannelOrder::gray ? 1 : 3;
        for (int64_t c = 0; c < p.m_channels; ++c)
            p.m_source.push_back(!colour ? 0 : options.channels == ChannelOrder::bgr ? 2 - c : c);
    }
    const auto fits = [&](const std::vector<double>& values) {
        return values.size() == 1 || static_cast<int64_t>(values.size()) == p.m_channels;
    };
    if (!fits(options.mean) || !fits(options.std))
        return fail(ErrorCode::invalid_input,
                    "\"mean\" and \"std\" have " + std::to_string(options.mean.size()) + " and " +
                        std::to_string(options.std.size()) + " elements for " + std::to_string(p.m_channels) +
                        " channels",
                    {}, "give one element, or one for each channel");
    p.m_mean = per_channel(options.mean, p.m_channels);
    p.m_std = per_channel(options.std, p.m_channels);
    if (byte_pixels) {
        p.m_table.resize(static_cast<size_t>(p.m_channels));
        for (int64_t c = 0; c < p.m_channels; ++c)
            for (int pixel = 0; pixel < 256; ++pixel)
                p.m_table[static_cast<size_t>(c)][static_cast<size_t>(pixel)] = p.value(pixel, c);
    }
    return p;
}

float Preprocessor::value(double pixel, int64_t channel) const {
    const auto c = static_cast<size_t>(channel);
    return static_cast<float>((pixel * m_scale - m_mean[c]) / m_std[c]);
}

Result<ImagePlacement> Preprocessor::place(int64_t height, int64_t width) const {
    ImagePlacement at;
    at.resized = {height, width};
    if (const int64_t side = m_options.resize; side > 0) {
        const int64_t shorter = std::min(height, width);
        const int64_t longer = std::max<int64_t>(side, side * std::max(height, width) / shorter);
        if (shorter != side)
            at.resized = height <= width ? std::array{side, longer} : std::array{longer, side};
        if (longer > (int64_t{1} << 16))
            return fail(ErrorCode::invalid_input, "image of " + std::to_string(width) + "x" +
                                                      std::to_string(height) + " is too oblong to resize");
    }
    at.size = at.resized;
    if (const int64_t side = m_options.crop; side > 0) {
        if (at.resized[0] < side || at.resized[1] < side)
            return fail(ErrorCode::invalid_input,
                        "image of " + std::to_string(width) + "x" + std::to_string(height) +
                            " is smaller than the crop of " + std::to_string(side),
                        {}, "give the card a \"resize\" of at least its \"crop\"");
        at.size = {side, side};
        at.offset = {(at.resized[0] - side) / 2, (at.resized[1] - side) / 2};
    }
    return at;
}

template <typename T, typename Map>
void Preprocessor::run(const ImageView<T>& image, const ImagePlacement& placement, std::span<float> out,
                       const Map& map) const {
    assert(static_cast<int64_t>(out.size()) >= placement.size[0] * placement.size[1] * m_channels);
    ImageView<T> view = image;
    std::vector<T> gray, resized;
    if (m_options.channels == ChannelOrder::gray &&
        image.channels == 3) { // PIL converts on loading, before it resizes
        gray = luma(image);
        view = planar_view(gray.data(), 1, image.height, image.width);
    }
    if (placement.resized != std::array{view.height, view.width}) {
        resized = resize_bilinear(view, placement);
        view = interleaved_view(resized.data(), view.channels, placement.size[0], placement.size[1]);
    } else {
        view.data = view.at(placement.offset[0], placement.offset[1]);
    }
    float* to = out.data();
    for (int64_t y = 0; y < placement.size[0]; ++y)
        for (int64_t x = 0; x < placement.size[1]; ++x) {
            const T* pixel = view.at(y, x);
            for (int64_t c = 0; c < m_channels; ++c)
                *to++ = map(pixel[m_source[static_cast<size_t>(c)] * view.channel_stride], c);
        }
}

void Preprocessor::apply(const ImageView<uint8_t>& image, const ImagePlacement& placement,
                         std::span<float> out) const {
    run(image, placement, out, [this](uint8_t p, int64_t c) { return m_table[static_cast<size_t>(c)][p]; });
}

void Preprocessor::apply(const ImageView<float>& image, const ImagePlacement& placement,
                         std::span<float> out) const {
    run(image, placement, out, [this](float p, int64_t c) { return value(p, c); });
}

std::string Preprocessor::describe() const {
    std::string text;
    if (m_options.resize > 0) text += "resize " + std::to_string(m_options.resize) + ", ";
    if (m_options.crop > 0) text += "crop " + std::to_string(m_options.crop) + ", ";
    switch (m_options.channels) {
    case ChannelOrder::as_stored:
        text += std::to_string(m_channels) + (m_channels == 1 ? " channel" : " channels");
        break;
    case ChannelOrder::rgb:
        text += "rgb";
        break;
    case ChannelOrder::bgr:
        text += "bgr";
        break;
    case ChannelOrder::gray:
        text += "gray";
        break;
    }
    return text + ", x*" + number(m_scale) + ", mean " + numbers(m_options.mean) + ", std " +
           numbers(m_options.std);
}

} // namespace widthwise
