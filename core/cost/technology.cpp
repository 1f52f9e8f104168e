#include "core/cost/technology.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

namespace widthwise::cost {
namespace {

struct Node {
    double nm;
    double a, b, c; ///< E ~ a V^2 + b V + c
    double area;    ///< relative to 45 nm
};

constexpr std::array<Node, 10> k_nodes = {{
    {7, 0.1776, -0.09097, 0.02447, 0.059},
    {10, 0.2068, -0.09311, 0.02375, 0.10},
    {14, 0.2363, -0.09675, 0.02239, 0.17},
    {16, 0.2958, -0.1241, 0.03024, 0.19},
    {20, 0.373, -0.1582, 0.04104, 0.21},
    {32, 0.9559, -0.7823, 0.471, 0.46},
    {45, 1.103, -0.362, 0.2767, 1.0},
    {65, 3.755, -4.398, 1.975, 1.5},
    {90, 4.762, -4.781, 2.092, 2.8},
    {130, 7.171, -6.709, 2.904, 6.4},
}};

/// Straight line in log-log between the neighbouring nodes; the ends stand for what lies outside.
template <typename F> double interpolate(double nm, F&& value) {
    nm = std::clamp(nm, k_smallest_node_nm, k_largest_node_nm);
    size_t hi = 1;
    while (hi + 1 < k_nodes.size() && k_nodes[hi].nm < nm) ++hi;
    const Node& below = k_nodes[hi - 1];
    const Node& above = k_nodes[hi];
    if (nm == below.nm) return value(below);
    if (nm == above.nm) return value(above);
    const double t = std::log(nm / below.nm) / std::log(above.nm / below.nm);
    return value(below) * std::pow(value(above) / value(below), t);
}

} // namespace

double energy_scale(double node_nm, double voltage_v, double from_nm, double from_v) {
    const auto at = [](double nm, double v) {
        return interpolate(nm, [v](const Node& n) { return (n.a * v + n.b) * v + n.c; });
    };
    return at(node_nm, voltage_v) / at(from_nm, from_v);
}

double area_scale(double node_nm, double from_nm) {
    const auto at = [](double nm) { return interpolate(nm, [](const Node& n) { return n.area; }); };
    return at(node_nm) / at(from_nm);
}

} // namespace widthwise::cost
