#include "core/engine/program.h"

namespace widthwise::engine {

std::vector<BufferId> reads(const Operation& operation) {
    return std::visit(
        [](const auto& step) -> std::vector<BufferId> {
            using T = std::decay_t<decltype(step)>;
            if constexpr (std::is_same_v<T, BinaryStep>) {
                std::vector<BufferId> in;
                for (const BufferId id : {step.a, step.b})
                    if (id.valid()) in.push_back(id);
                return in;
            } else if constexpr (std::is_same_v<T, AddIntegersStep>) {
                return {step.a, step.b};
            } else if constexpr (std::is_same_v<T, MoveStep> || std::is_same_v<T, FloatStep>) {
                return step.in;
            } else if constexpr (std::is_same_v<T, RequantizeStep>) {
                if (step.dynamic_input.valid()) return {step.in, step.dynamic_input};
                return {step.in};
            } else {
                return {step.in};
            }
        },
        operation);
}

BufferId writes(const Operation& operation) {
    return std::visit([](const auto& step) { return step.out; }, operation);
}

} // namespace widthwise::engine
