#pragma once
// One function per operation of float_operation.h.

#include "core/engine/float_operation.h"

namespace widthwise::engine::float_kernels {

using Inputs = std::span<const std::span<const float>>;

// float_pointwise.cpp
void run(const ConstantOperation& s, Inputs in, std::span<float> out);
void run(const UnaryOperation& s, Inputs in, std::span<float> out);
void run(const FunctionOperation& s, Inputs in, std::span<float> out);
void run(const ScaleShiftOperation& s, Inputs in, std::span<float> out);
void run(const WhereOperation& s, Inputs in, std::span<float> out);
void run(const MultiThresholdOperation& s, Inputs in, std::span<float> out);

// float_norms.cpp
void run(const SoftmaxOperation& s, Inputs in, std::span<float> out);
void run(const LrnOperation& s, Inputs in, std::span<float> out);
void run(const NormalizeOperation& s, Inputs in, std::span<float> out);

// float_reductions.cpp
void run(const ReduceOperation& s, Inputs in, std::span<float> out);
void run(const ArgMaxOperation& s, Inputs in, std::span<float> out);

// float_products.cpp
void run(const MatmulOperation& s, Inputs in, std::span<float> out);
void run(const ResizeOperation& s, Inputs in, std::span<float> out);

} // namespace widthwise::engine::float_kernels
