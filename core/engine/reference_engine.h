#pragma once
// The semantics of a Program in plain loops over integers and floats, one image at a time. Slow and simple on
// purpose: every other engine is checked against it for exact equality of integers.

#include "core/engine/program.h"
#include "core/engine/representation.h"

#include <cstdint>
#include <span>
#include <vector>

namespace widthwise::engine {

class ReferenceEngine {
public:
    /// `program` must outlive the engine.
    explicit ReferenceEngine(const Program& program);

    /// `input`: one image in the storage order of program.input, f32.
    void run(std::span<const float> input);
    /// Contents after run(), storage order.
    [[nodiscard]] std::span<const float> f32(BufferId id) const { return m_f32[storage(id)]; }
    [[nodiscard]] std::span<const uint8_t> u8(BufferId id) const { return m_u8[storage(id)]; }
    [[nodiscard]] std::span<const int32_t> s32(BufferId id) const { return m_s32[storage(id)]; }
    [[nodiscard]] std::span<const float> output(size_t index = 0) const {
        return f32(m_program.outputs[index]);
    }

private:
    struct Interpreter;
    [[nodiscard]] size_t storage(BufferId id) const;
    const Program& m_program;
    std::vector<std::vector<float>> m_f32;
    std::vector<std::vector<uint8_t>> m_u8;
    std::vector<std::vector<int32_t>> m_s32;
    std::vector<DynamicScale> m_dynamic;
};

} // namespace widthwise::engine
