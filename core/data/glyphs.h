#pragma once
// The shapes that the synthetic images show, and a small anti-aliasing painter. Only + - * / and square roots
// of doubles, so that every machine draws the same pixels.

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace widthwise {

inline constexpr std::array<std::string_view, 12> k_glyph_names = {"disc",    "ring",  "square",   "triangle",
                                                                   "plus",    "star",  "crescent", "stripes",
                                                                   "checker", "arrow", "tee",      "hook"};

/// Is the point inside glyph `index`? Every glyph fills most of [-1, 1] x [-1, 1], v downwards.
[[nodiscard]] bool glyph_contains(size_t index, double u, double v);

struct Colour {
    double r = 0, g = 0, b = 0;
};

/// u = a (x - x0) + b (y - y0), v = c (x - x0) + d (y - y0): from pixels to a shape's own plane.
struct PlaneMap {
    double x0 = 0, y0 = 0;
    double a = 1, b = 0, c = 0, d = 1;
};

/// A square canvas of linear colour values; 0..1 is what 8 bits can show.
class Canvas {
public:
    explicit Canvas(int side)
        : m_side(side), m_pixels(static_cast<size_t>(side) * static_cast<size_t>(side)) {}

    [[nodiscard]] int side() const { return m_side; }
    [[nodiscard]] Colour& at(int x, int y) { return m_pixels[static_cast<size_t>(y * m_side + x)]; }

    /// Blends `colour` over the pixels that `contains(u, v)` covers (4 x 4 samples a pixel), shapes within
    /// [-1, 1] squared.
    template <typename Contains>
    void paint(const PlaneMap& map, const Colour& colour, double opacity, const Contains& contains);

    /// Weighs each pixel (1 - 2 s) with s of its two neighbours, along rows and then columns.
    void blur(double s);

private:
    int m_side;
    std::vector<Colour> m_pixels;
};

template <typename Contains>
void Canvas::paint(const PlaneMap& map, const Colour& colour, double opacity, const Contains& contains) {
    constexpr int samples = 4;
    const double du = map.a / samples, dv = map.c / samples;
    for (int y = 0; y < m_side; ++y)
        for (int x = 0; x < m_side; ++x) {
            const double px = x - map.x0 + 0.5, py = y - map.y0 + 0.5;
            const double cu = map.a * px + map.b * py, cv = map.c * px + map.d * py;
            // Half a pixel's extent in the plane: outside it no sample can be inside.
            const double reach_u = ((map.a < 0 ? -map.a : map.a) + (map.b < 0 ? -map.b : map.b)) / 2 + 1;
            const double reach_v = ((map.c < 0 ? -map.c : map.c) + (map.d < 0 ? -map.d : map.d)) / 2 + 1;
            if (cu > reach_u || cu < -reach_u || cv > reach_v || cv < -reach_v) continue;
            int hits = 0;
            for (int sy = 0; sy < samples; ++sy) {
                const double oy = py + (sy + 0.5) / samples - 0.5;
                const double ox = px + 0.5 / samples - 0.5;
                double u = map.a * ox + map.b * oy, v = map.c * ox + map.d * oy;
                for (int sx = 0; sx < samples; ++sx, u += du, v += dv)
                    if (u >= -1 && u <= 1 && v >= -1 && v <= 1 && contains(u, v)) ++hits;
            }
            const double alpha = opacity * hits / (samples * samples);
            Colour& to = at(x, y);
            to.r += alpha * (colour.r - to.r);
            to.g += alpha * (colour.g - to.g);
            to.b += alpha * (colour.b - to.b);
        }
}

} // namespace widthwise
