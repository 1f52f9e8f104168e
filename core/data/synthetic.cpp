#include "core/data/synthetic.h"

#include "core/base/hash.h"
#include "core/base/rng.h"
#include "core/data/glyphs.h"
#include "core/data/preprocess.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <vector>

namespace widthwise {
namespace {

constexpr int k_side = k_synthetic_side;
constexpr size_t k_image_bytes = size_t{3} * k_side * k_side;
constexpr auto k_classes = static_cast<int64_t>(k_glyph_names.size());
constexpr int64_t k_first_train_image = 1'000'000;
/// Part of every set's hash: raise it when the drawing changes.
constexpr std::string_view k_recipe = "synthetic glyphs 1";

double clamped(double value) {
    return std::min(1.0, std::max(0.0, value));
}

Colour random_colour(Rng& rng) {
    Colour c;
    c.r = rng.uniform(0.05, 0.95);
    c.g = rng.uniform(0.05, 0.95);
    c.b = rng.uniform(0.05, 0.95);
    return c;
}

/// A colour `contrast` away (Euclidean) from `from` in a random direction, turned back where it would leave
/// the cube.
Colour contrasting(const Colour& from, double contrast, Rng& rng) {
    std::array<double, 3> d{};
    double length = 0;
    do {
        length = 0;
        for (double& v : d) {
            v = rng.uniform(-1, 1);
            length += v * v;
        }
    } while (length > 1 || length < 0.01);
    const double k = contrast / std::sqrt(length);
    const auto step = [](double at, double by) { return at + by < 0 || at + by > 1 ? at - by : at + by; };
    return {clamped(step(from.r, k * d[0])), clamped(step(from.g, k * d[1])),
            clamped(step(from.b, k * d[2]))};
}

/// Rotation by at most `max_half_tangent` (tangent of half the angle), then scale, stretch and shear: pixels
/// to plane.
PlaneMap random_map(Rng& rng, double x0, double y0, double radius, double max_half_tangent,
                    double distortion) {
    const double t = rng.uniform(-max_half_tangent, max_half_tangent);
    const double cosine = (1 - t * t) / (1 + t * t), sine = 2 * t / (1 + t * t);
    const double stretch = 1 + rng.uniform(-distortion, distortion);
    const double shear = rng.uniform(-distortion, distortion);
    const double su = 1 / (radius * stretch), sv = stretch / radius;
    // Plane = (scale and shear) * rotation^-1.
    PlaneMap map{x0, y0, 0, 0, 0, 0};
    map.a = su * (cosine - shear * sine);
    map.b = su * (sine + shear * cosine);
    map.c = -sv * sine;
    map.d = sv * cosine;
    return map;
}

/// A bar, a small disc or a small triangle somewhere.
void paint_clutter(Canvas& canvas, Rng& rng, const Colour& background, double size) {
    const double x = rng.uniform(0, k_side);
    const double y = rng.uniform(0, k_side);
    const double radius = rng.uniform(0.5, 1) * size;
    PlaneMap map = random_map(rng, x, y, radius, 1, 0.2);
    const double contrast = rng.uniform(0.1, 0.4);
    const Colour colour = contrasting(background, contrast, rng);
    const double opacity = rng.uniform(0.6, 1);
    switch (rng.below(3)) {
    case 0:
        canvas.paint(map, colour, opacity, [](double u, double v) { return u * u + v * v < 1; });
        break;
    case 1:
        canvas.paint(map, colour, opacity, [](double u, double v) { return u + v < 0.6; });
        break;
    default: {
        const double thickness = rng.uniform(0.5, 1) / radius; // pixels
        map.a /= 2.5;
        map.b /= 2.5;
        canvas.paint(map, colour, opacity,
                     [thickness](double, double v) { return v < thickness && v > -thickness; });
    }
    }
}

void paint_background(Canvas& canvas, Rng& rng, const Colour& colour) {
    const double contrast = rng.uniform(0, 0.3);
    const Colour other = contrasting(colour, contrast, rng);
    const double t = rng.uniform(-1, 1);
    const double gx = 2 * t / (1 + t * t), gy = (1 - t * t) / (1 + t * t);
    for (int y = 0; y < k_side; ++y)
        for (int x = 0; x < k_side; ++x) {
            const double at = clamped(0.5 + (gx * (x - k_side / 2) + gy * (y - k_side / 2)) / k_side);
            canvas.at(x, y) = {colour.r + at * (other.r - colour.r), colour.g + at * (other.g - colour.g),
                               colour.b + at * (other.b - colour.b)};
        }
}

/// 32 x 32 x 3, channels last.
void draw(uint64_t seed, int64_t stream, size_t glyph, std::span<uint8_t> pixels) {
    Rng rng = Rng::stream(seed, static_cast<uint64_t>(stream));
    Canvas canvas(k_side);
    const Colour background = random_colour(rng);
    paint_background(canvas, rng, background);
    const double radius = rng.uniform(7.5, 13);
    const double slack = 16.5 - radius;
    const double x0 = 16 + rng.uniform(-slack, slack);
    const double y0 = 16 + rng.uniform(-slack, slack);
    const Colour behind = canvas.at(static_cast<int>(x0), static_cast<int>(y0));
    for (uint64_t n = 1 + rng.below(4); n > 0; --n) paint_clutter(canvas, rng, background, 6);

    const PlaneMap map = random_map(rng, x0, y0, radius, 0.23, 0.2);
    const double contrast = rng.uniform(0.3, 0.9);
    const Colour ink = contrasting(behind, contrast, rng);
    canvas.paint(map, ink, 1, [glyph](double u, double v) { return glyph_contains(glyph, u, v); });
    for (uint64_t n = rng.below(2); n > 0; --n) paint_clutter(canvas, rng, background, 3.5);

    canvas.blur(rng.uniform(0, 0.2));
    const double noise = rng.uniform(0.01, 0.07);
    uint8_t* to = pixels.data();
    for (int y = 0; y < k_side; ++y)
        for (int x = 0; x < k_side; ++x) {
            const Colour& c = canvas.at(x, y);
            for (const double value : {c.r, c.g, c.b}) {
                // Sum of four uniforms, variance 1/3: bell-shaped without a logarithm.
                double bell = -2;
                for (int i = 0; i < 4; ++i) bell += rng.uniform();
                *to++ = static_cast<uint8_t>(clamped(value + noise * 1.7320508075688772 * bell) * 255 + 0.5);
            }
        }
}

/// Draws an image when it is first read and keeps it.
class SyntheticDataset final : public Dataset {
public:
    SyntheticDataset(const SyntheticOptions& options, Preprocessor preprocessor, std::string name)
        : m_options(options)
        , m_preprocessor(std::move(preprocessor))
        , m_labels(static_cast<size_t>(options.images))
        , m_pixels(m_labels.size() * k_image_bytes)
        , m_state(m_labels.size()) {
        m_name = std::move(name);
        m_hash = sha256(std::string(k_recipe) + " seed " + std::to_string(options.seed) + " images " +
                        std::to_string(options.first_index) + " + " + std::to_string(options.images));
        m_preprocessing = "synthetic, " + m_preprocessor.describe();
        for (const std::string_view glyph : k_glyph_names) m_classes.emplace_back(glyph);
        m_class_count = k_classes;
        for (int64_t i = 0; i < options.images; ++i)
            m_labels[static_cast<size_t>(i)] = label_of(options.first_index + i);
    }

    [[nodiscard]] int64_t size() const override { return m_options.images; }
    [[nodiscard]] int64_t label(int64_t index) const override { return m_labels[static_cast<size_t>(index)]; }
    [[nodiscard]] std::array<int64_t, 3> image_shape() const override { return {3, k_side, k_side}; }

    [[nodiscard]] Result<void> read(int64_t index, std::span<float> hwc) const override {
        const auto i = static_cast<size_t>(index);
        uint8_t* stored = m_pixels.data() + i * k_image_bytes;
        std::array<uint8_t, k_image_bytes> drawn;
        const uint8_t* pixels = stored;
        if (m_state[i].load(std::memory_order_acquire) != k_ready) {
            draw(m_options.seed, m_options.first_index + index, m_labels[i], drawn);
            pixels = drawn.data();
            int expected = k_missing;
            if (m_state[i].compare_exchange_strong(expected, k_claimed)) {
                std::memcpy(stored, drawn.data(), k_image_bytes);
                m_state[i].store(k_ready, std::memory_order_release);
            }
        }
        m_preprocessor.apply(interleaved_view(pixels, 3, k_side, k_side),
                             {{k_side, k_side}, {0, 0}, {k_side, k_side}}, hwc);
        return {};
    }

private:
    static constexpr int k_missing = 0, k_claimed = 1, k_ready = 2;

    /// Every block of twelve streams shows every class once, in an order of its own.
    [[nodiscard]] uint8_t label_of(int64_t stream) const {
        const int64_t block = stream / k_classes;
        Rng rng = Rng::stream(m_options.seed ^ 0x6c6162656c73ULL, static_cast<uint64_t>(block)); // "labels"
        std::array<uint8_t, k_glyph_names.size()> order{};
        for (size_t i = 0; i < order.size(); ++i) {
            const auto j = static_cast<size_t>(rng.below(i + 1));
            order[i] = order[j];
            order[j] = static_cast<uint8_t>(i);
        }
        return order[static_cast<size_t>(stream % k_classes)];
    }

    SyntheticOptions m_options;
    Preprocessor m_preprocessor;
    std::vector<uint8_t> m_labels;
    mutable std::vector<uint8_t> m_pixels;
    mutable std::vector<std::atomic<int>> m_state;
};

} // namespace

DatasetPtr make_synthetic(const SyntheticOptions& options, std::string name) {
    Preprocessing preprocessing;
    preprocessing.channels = ChannelOrder::rgb;
    preprocessing.scale = k_byte_scale;
    preprocessing.mean = {0.5};
    preprocessing.std = {0.25};
    Result<Preprocessor> preprocessor = Preprocessor::create(preprocessing, 3, true);
    return std::make_shared<const SyntheticDataset>(options, std::move(*preprocessor), std::move(name));
}

DatasetPtr demo_test() {
    return make_synthetic({.seed = 1, .images = 2000, .first_index = 0}, "demo");
}

DatasetPtr demo_train() {
    return make_synthetic({.seed = 1, .images = 20000, .first_index = k_first_train_image}, "demo:train");
}

} // namespace widthwise
