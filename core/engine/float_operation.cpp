#include "core/engine/float_operation.h"

#include "core/engine/float_kernels.h"

namespace widthwise::engine {

void run(const FloatOperation& operation, std::span<const std::span<const float>> in, std::span<float> out) {
    std::visit([&](const auto& one) { float_kernels::run(one, in, out); }, operation);
}

} // namespace widthwise::engine
