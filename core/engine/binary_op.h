#pragma once
// Element-wise functions of two numbers, in f32: the same scalar code in both engines.

#include <algorithm>
#include <cmath>

namespace widthwise::engine {

/// prelu: b is the slope below 0. The comparisons give 1 and 0.
enum class BinaryOp {
    add,
    sub,
    mul,
    div,
    pow,
    minimum,
    maximum,
    prelu,
    equal,
    less,
    less_or_equal,
    greater,
    greater_or_equal
};

[[nodiscard]] inline float apply(BinaryOp op, float a, float b) {
    switch (op) {
    case BinaryOp::add:
        return a + b;
    case BinaryOp::sub:
        return a - b;
    case BinaryOp::mul:
        return a * b;
    case BinaryOp::div:
        return a / b;
    case BinaryOp::pow:
        return std::pow(a, b);
    case BinaryOp::minimum:
        return std::min(a, b);
    case BinaryOp::maximum:
        return std::max(a, b);
    case BinaryOp::prelu:
        return a < 0 ? a * b : a;
    case BinaryOp::equal:
        return a == b ? 1.0F : 0.0F;
    case BinaryOp::less:
        return a < b ? 1.0F : 0.0F;
    case BinaryOp::less_or_equal:
        return a <= b ? 1.0F : 0.0F;
    case BinaryOp::greater:
        return a > b ? 1.0F : 0.0F;
    case BinaryOp::greater_or_equal:
        return a >= b ? 1.0F : 0.0F;
    }
    return 0;
}

} // namespace widthwise::engine
