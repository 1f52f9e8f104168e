#include "widgets/bit_scale.h"

#include "widgets/document/plan_edit.h"

#include <algorithm>
#include <cmath>

namespace widthwise::gui {
namespace {

constexpr double k_float_place = 14;

double place_of(int bits) {
    if (bits >= k_float_bits) return k_float_place;
    return bits <= 8 ? bits : 8 + (bits - 8) / 2.0;
}

} // namespace

double bar_height(int bits) {
    return place_of(bits) / k_float_place;
}

int bits_at_height(double height) {
    const double place = height * k_float_place;
    if (place >= (k_float_place + place_of(k_max_bits)) / 2) return k_float_bits;
    const double bits = place <= 8 ? place : 8 + (place - 8) * 2;
    return std::clamp(static_cast<int>(std::lround(bits)), k_min_bits, k_max_bits);
}

} // namespace widthwise::gui
