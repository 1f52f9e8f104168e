#pragma once
// A Program compiled for a fixed micro-batch. Shared and immutable; each worker thread runs it in its own
// Context.

#include "core/engine/onednn_layer.h"
#include "core/engine/program.h"
#include "core/engine/representation.h"

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace widthwise::engine {

struct ExecutorOptions {
    int batch = 0; ///< images at once; 0: choose_batch()
    /// Buffers that the caller fills before each run instead of the program's input, of which nothing is
    /// then assumed: how a program runs from its middle. Dynamic buffers cannot be filled.
    std::optional<std::vector<BufferId>> preloaded;
    /// Where compiled layers come from: of the ConvStep `step`, with a residual add fused into it or not.
    /// Called on a thread whose OpenMP thread count is 1. Empty: each is compiled for this executor.
    std::function<Result<std::shared_ptr<const OnednnLayer>>(const Program&, size_t step, int batch,
                                                             const FusedAdd*)>
        layer;
};

class Executor {
public:
    /// Errors: as OnednnLayer.
    static Result<std::shared_ptr<const Executor>> create(Program program, const ExecutorOptions& options);
    static Result<std::shared_ptr<const Executor>> create(Program program, int batch = 0);
    /// Images whose largest buffers stay within half of a usual second-level cache, 1..16.
    static int choose_batch(const Program& program);

    [[nodiscard]] const Program& program() const { return m_program; }
    [[nodiscard]] int batch() const { return m_batch; }
    /// Implementation names by step; empty for our own kernels and for steps fused into a later one.
    [[nodiscard]] std::string implementation(size_t step) const;

    /// What runs as one: a step, with the convolution that is fused into it.
    struct Work {
        size_t step = 0;
        std::vector<BufferId> reads;
        BufferId writes;
    };
    [[nodiscard]] std::vector<Work> work() const; ///< in execution order

    class Context;
    static constexpr size_t k_alignment = 64; ///< of every buffer, bytes: a cache line and a vector register

private:
    /// One step, or a residual add together with the convolution that makes one of its operands.
    struct Action {
        size_t step = 0;
        std::optional<size_t> conv; ///< runs here, at the add's place; itself where `step` is a ConvStep
        std::optional<FusedAdd> add;
        BufferId other; ///< the add's other operand: shares the output's memory
        std::shared_ptr<const OnednnLayer> layer;
    };
    Executor() = default;
    Program m_program;
    int m_batch = 1;
    std::vector<Action> m_actions;
    std::vector<BufferId>
        m_alias; ///< the program's aliases, and outputs of fused adds to their other operand
    std::vector<size_t> m_offsets; ///< of each buffer in the arena, bytes
    size_t m_arena_bytes = 0, m_scratch_bytes = 0;
    std::vector<BufferId> m_preloaded;
    void plan_actions();
    void fuse_add(Action& action, const AddIntegersStep& add, std::vector<bool>& gone) const;
    [[nodiscard]] std::vector<BufferId> action_reads(const Action& action) const;
    [[nodiscard]] BufferId storage(BufferId id) const;
    void plan_memory();
};

/// One thread's memory. Buffers share an arena by lifetime: after a step only what later steps read is
/// intact.
class Executor::Context {
public:
    explicit Context(std::shared_ptr<const Executor> executor);

    /// f32, batch x elements, storage order: fill before run().
    [[nodiscard]] std::span<float> input();
    /// All images of any buffer as bytes: how preloaded ones are filled.
    [[nodiscard]] std::span<std::byte> bytes(BufferId id);
    /// After each step `observe` (when given) sees the step's output buffer; a convolution whose residual add
    /// is fused writes none.
    void run(const std::function<void(BufferId)>& observe = {});
    /// Of the graph's output number `index`.
    [[nodiscard]] std::span<const float> output(size_t index = 0) const;
    [[nodiscard]] std::span<const float> f32(BufferId id) const;
    [[nodiscard]] std::span<const uint8_t> u8(BufferId id) const;
    [[nodiscard]] std::span<const int32_t> s32(BufferId id) const;
    /// The buffer's representation as this image has it: where it is dynamic, with the image's own scale.
    [[nodiscard]] Representation representation(BufferId id, size_t image) const;

    /// Seconds inside oneDNN primitives and in all steps since construction; counted only when asked for.
    void set_profiling(bool on) { m_profiling = on; }
    [[nodiscard]] double primitive_seconds() const { return m_primitive_seconds; }
    [[nodiscard]] double total_seconds() const { return m_total_seconds; }

private:
    struct Interpreter;
    struct Free {
        void operator()(std::byte* p) const;
    };
    [[nodiscard]] std::byte* data(BufferId id) const {
        return m_arena.get() + m_executor->m_offsets[id.position()];
    }
    /// One image's operand of an element-wise step, where it is not floats already, or broadcast.
    struct OperandRow {
        std::vector<float> real, spread;
    };
    std::shared_ptr<const Executor> m_executor;
    std::unique_ptr<std::byte, Free> m_arena, m_scratch;
    std::vector<float> m_row; ///< one image's floats between two kernels
    std::array<OperandRow, 2> m_operands;
    std::vector<DynamicScale> m_dynamic; ///< buffer x image, where any buffer is dynamic
    bool m_profiling = false;
    double m_primitive_seconds = 0, m_total_seconds = 0;
};

/// The ConvStep `step` compiled, with `add` (or null) fused into it.
[[nodiscard]] Result<std::shared_ptr<const OnednnLayer>> compile_layer(const Program& program, size_t step,
                                                                       int batch, const FusedAdd* add);

/// Sets this thread's OpenMP team to one, so that oneDNN primitives run on the calling thread alone.
void use_one_openmp_thread();

} // namespace widthwise::engine
