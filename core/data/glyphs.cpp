#include "core/data/glyphs.h"

#include <span>

namespace widthwise {
namespace {

struct Point {
    double u, v;
};

/// Even-odd rule.
bool in_polygon(std::span<const Point> corners, double u, double v) {
    bool inside = false;
    for (size_t i = 0, j = corners.size() - 1; i < corners.size(); j = i++) {
        const Point &p = corners[i], &q = corners[j];
        if ((p.v > v) != (q.v > v) && u < (q.u - p.u) * (v - p.v) / (q.v - p.v) + p.u) inside = !inside;
    }
    return inside;
}

bool in_box(double u, double v, double left, double top, double right, double bottom) {
    return u >= left && u <= right && v >= top && v <= bottom;
}

constexpr Point k_triangle[] = {{0, -0.9}, {0.9, 0.75}, {-0.9, 0.75}};
constexpr Point k_arrow[] = {{-0.9, -0.3}, {0.05, -0.3}, {0.05, -0.8}, {0.9, 0},
                             {0.05, 0.8},  {0.05, 0.3},  {-0.9, 0.3}};
// Corners on circles of radius 0.95 and 0.36, 36 degrees apart, the first one up.
constexpr Point k_star[] = {{0.0, -0.95},       {0.2116, -0.2912}, {0.9035, -0.2936}, {0.3424, 0.1112},
                            {0.5584, 0.7686},   {0.0, 0.36},       {-0.5584, 0.7686}, {-0.3424, 0.1112},
                            {-0.9035, -0.2936}, {-0.2116, -0.2912}};

} // namespace

bool glyph_contains(size_t index, double u, double v) {
    const double r2 = u * u + v * v;
    switch (index) {
    case 0:
        return r2 < 0.72;
    case 1:
        return r2 < 0.81 && r2 > 0.27;
    case 2:
        return in_box(u, v, -0.8, -0.8, 0.8, 0.8);
    case 3:
        return in_polygon(k_triangle, u, v);
    case 4:
        return in_box(u, v, -0.27, -0.9, 0.27, 0.9) || in_box(u, v, -0.9, -0.27, 0.9, 0.27);
    case 5:
        return in_polygon(k_star, u, v);
    case 6:
        return r2 < 0.81 && (u - 0.42) * (u - 0.42) + v * v > 0.45;
    case 7:
        return in_box(u, v, -0.85, -0.85, 0.85, -0.45) || in_box(u, v, -0.85, -0.2, 0.85, 0.2) ||
               in_box(u, v, -0.85, 0.45, 0.85, 0.85);
    case 8:
        return in_box(u, v, -0.85, -0.85, 0, 0) || in_box(u, v, 0, 0, 0.85, 0.85);
    case 9:
        return in_polygon(k_arrow, u, v);
    case 10:
        return in_box(u, v, -0.85, -0.85, 0.85, -0.35) || in_box(u, v, -0.27, -0.35, 0.27, 0.9);
    default:
        return in_box(u, v, -0.7, -0.9, -0.15, 0.85) || in_box(u, v, -0.15, 0.32, 0.75, 0.85);
    }
}

void Canvas::blur(double s) {
    for (const bool rows : {true, false}) {
        const std::vector<Colour> before = m_pixels;
        for (int y = 0; y < m_side; ++y)
            for (int x = 0; x < m_side; ++x) {
                const auto pixel = [&](int step) -> const Colour& {
                    const int at_x = rows ? x + step : x, at_y = rows ? y : y + step;
                    const int cx = at_x < 0 ? 0 : at_x >= m_side ? m_side - 1 : at_x;
                    const int cy = at_y < 0 ? 0 : at_y >= m_side ? m_side - 1 : at_y;
                    return before[static_cast<size_t>(cy * m_side + cx)];
                };
                const Colour &p = pixel(-1), &q = pixel(0), &n = pixel(1);
                at(x, y) = {q.r + s * (p.r - q.r + (n.r - q.r)), q.g + s * (p.g - q.g + (n.g - q.g)),
                            q.b + s * (p.b - q.b + (n.b - q.b))};
            }
    }
}

} // namespace widthwise
