#include "core/cost/mac_array.h"

#include <cmath>

namespace widthwise::cost {
namespace {

constexpr double k_synthesized_min_bits = 2;

struct Counts {
    double columns, units, seams; ///< seams: places where a unit hands its input to the next column
    explicit Counts(const Array& array)
        : columns(static_cast<double>(array.cols))
        , units(static_cast<double>(array.rows) * static_cast<double>(array.cols))
        , seams(static_cast<double>(array.rows) * static_cast<double>(array.cols - 1)) {}
};

/// From a fixed array (`fixed`) to the synthesized fusion array (`fused`) by how often the width is halved.
double composed(double fixed, double fused, double product, int min_bits) {
    const double halvings = std::log2(std::sqrt(product) / min_bits);
    const double synthesized = std::log2(std::sqrt(product) / k_synthesized_min_bits);
    if (halvings <= 0 || synthesized <= 0) return fixed;
    return fixed * std::pow(fused / fixed, halvings / synthesized);
}

} // namespace

double fixed_array_um2(const Array& array, double mean_bits, double cells) {
    const Counts n(array);
    return n.columns * (25.6197 * mean_bits + 0.758269 * cells) +
           n.units * (23.5717 * mean_bits + 4.35691 * cells);
}

double fixed_array_pj(const Array& array, double mean_bits, double cells) {
    const Counts n(array);
    return n.columns * (0.00817408 * mean_bits + 0.00111173 * cells) +
           n.units * (0.0147987 * mean_bits + 0.000938225 * cells);
}

double fusion_array_um2(const Array& array, int weight_bits, int activation_bits, int min_bits) {
    const Counts n(array);
    const double mean = 0.5 * (weight_bits + activation_bits);
    const double product = static_cast<double>(weight_bits) * activation_bits;
    const double cube = product * mean;
    const double fused = n.columns * 35.373 * mean + n.units * (16.038 * product + 0.725251 * cube) +
                         n.seams * 0.556295 * cube;
    return composed(fixed_array_um2(array, mean, product), fused, product, min_bits);
}

double fusion_array_pj(const Array& array, int weight_bits, int activation_bits, int min_bits) {
    const Counts n(array);
    const double mean = 0.5 * (weight_bits + activation_bits);
    const double product = static_cast<double>(weight_bits) * activation_bits;
    const double fused =
        n.columns * (0.00344798 * mean + 0.000840759 * product) + n.units * 0.00738457 * product;
    return composed(fixed_array_pj(array, mean, product), fused, product, min_bits);
}

} // namespace widthwise::cost
