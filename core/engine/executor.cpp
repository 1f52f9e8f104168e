#include "core/engine/executor.h"

#include "core/base/worker_pool.h"
#include "core/engine/kernels.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <new>
#include <omp.h>

namespace widthwise::engine {
namespace {

std::byte* allocate(size_t bytes) {
    return static_cast<std::byte*>(::operator new (std::max<size_t>(bytes, Executor::k_alignment),
                                                   std::align_val_t{Executor::k_alignment}));
}

} // namespace

Result<std::shared_ptr<const OnednnLayer>> compile_layer(const Program& program, size_t step, int batch,
                                                         const FusedAdd* add) {
    const auto& conv = std::get<ConvStep>(program.steps[step].operation);
    auto layer = OnednnLayer::create(conv, program.buffers[conv.in.position()],
                                     program.buffers[conv.out.position()], batch, add);
    if (!layer) return forward_error(layer);
    return std::shared_ptr<const OnednnLayer>(std::move(*layer));
}

void use_one_openmp_thread() {
    omp_set_num_threads(1);
}

Result<std::shared_ptr<const Executor>> Executor::create(Program program, int batch) {
    ExecutorOptions options;
    options.batch = batch;
    return create(std::move(program), options);
}

Result<std::shared_ptr<const Executor>> Executor::create(Program program, const ExecutorOptions& options) {
    std::shared_ptr<Executor> executor(new Executor);
    executor->m_batch = options.batch > 0 ? options.batch : choose_batch(program);
    executor->m_program = std::move(program);
    executor->m_preloaded = options.preloaded.value_or(std::vector{executor->m_program.input});
    executor->plan_actions();
    const Program& p = executor->m_program;
    Result<void> done = parallel_for(1, 1, [&](int64_t, int) -> Result<void> {
        use_one_openmp_thread();
        for (Action& action : executor->m_actions) {
            if (!action.conv) continue;
            const FusedAdd* add = action.add ? &*action.add : nullptr;
            auto layer = options.layer ? options.layer(p, *action.conv, executor->m_batch, add)
                                       : compile_layer(p, *action.conv, executor->m_batch, add);
            if (!layer) {
                layer.error().where = p.steps[*action.conv].node;
                return forward_error(layer);
            }
            executor->m_scratch_bytes = std::max(executor->m_scratch_bytes, (*layer)->scratch_bytes());
            action.layer = std::move(*layer);
        }
        return {};
    });
    if (!done) return forward_error(done);
    executor->plan_memory();
    return std::shared_ptr<const Executor>(std::move(executor));
}

std::string Executor::implementation(size_t step) const {
    for (const Action& action : m_actions)
        if (action.layer && action.step == step) return action.layer->implementation();
    return {};
}

std::vector<Executor::Work> Executor::work() const {
    std::vector<Work> all;
    for (const Action& action : m_actions)
        all.push_back(
            {action.step, action_reads(action), engine::writes(m_program.steps[action.step].operation)});
    return all;
}

void Executor::Context::Free::operator()(std::byte* p) const {
    ::operator delete (p, std::align_val_t{Executor::k_alignment});
}

struct Executor::Context::Interpreter {
    Context& self;

    const Buffer& buffer(BufferId id) const { return self.m_executor->m_program.buffers[id.position()]; }
    const Representation& representation(BufferId id) const { return buffer(id).representation; }
    bool quantized(BufferId id) const { return representation(id).element == Element::u8; }
    size_t per_image(BufferId id) const { return static_cast<size_t>(buffer(id).extent.elements()); }
    size_t images() const { return static_cast<size_t>(self.m_executor->m_batch); }
    size_t all(BufferId id) const { return per_image(id) * images(); }
    float* f32(BufferId id, size_t image = 0) const {
        return static_cast<float*>(static_cast<void*>(self.data(id))) + image * per_image(id);
    }
    uint8_t* u8(BufferId id, size_t image = 0) const {
        return static_cast<uint8_t*>(static_cast<void*>(self.data(id))) + image * per_image(id);
    }
    float* row(size_t n) const {
        if (self.m_row.size() < n) self.m_row.resize(n);
        return self.m_row.data();
    }

    int32_t* s32(BufferId id, size_t image) const {
        return static_cast<int32_t*>(static_cast<void*>(self.data(id))) + image * per_image(id);
    }
    /// Of an image in a buffer whose scale is each image's own.
    DynamicScale& dynamic(BufferId id, size_t image) const {
        return self.m_dynamic[self.m_executor->storage(id).position() * images() + image];
    }
    /// The buffer's representation as this image has it.
    Representation representation(BufferId id, size_t image) const {
        Representation r = representation(id);
        if (r.dynamic) {
            r.scale = dynamic(id, image).scale;
            r.zero_point = dynamic(id, image).zero_point;
        }
        return r;
    }

    void operator()(const QuantizeStep& s) const {
        const Representation& to = representation(s.out);
        if (to.grid) return kernels::round_to_grid(f32(s.in), f32(s.out), all(s.out), buffer(s.out));
        if (!to.dynamic) return kernels::quantize(f32(s.in), u8(s.out), all(s.out), to);
        for (size_t image = 0; image < images(); ++image) {
            dynamic(s.out, image) = dynamic_scale({f32(s.in, image), per_image(s.in)});
            kernels::quantize(f32(s.in, image), u8(s.out, image), per_image(s.out),
                              representation(s.out, image));
        }
    }
    void operator()(const DequantizeStep& s) const {
        for (size_t image = 0; image < images(); ++image)
            kernels::dequantize(u8(s.in, image), f32(s.out, image), per_image(s.out),
                                representation(s.in, image));
    }
    void operator()(const ConvStep&) const {} // a oneDNN layer, run by the caller

    void operator()(const RequantizeStep& s) const {
        const auto pixels = static_cast<size_t>(buffer(s.in).extent.height * buffer(s.in).extent.width);
        for (size_t image = 0; image < images(); ++image) {
            const DynamicScale* scale = s.dynamic_input.valid() ? &dynamic(s.dynamic_input, image) : nullptr;
            if (quantized(s.out))
                kernels::requantize(s32(s.in, image), pixels, s, u8(s.out, image),
                                    representation(s.out).zero_point, scale);
            else
                kernels::requantize(s32(s.in, image), pixels, s, f32(s.out, image), scale);
        }
    }

    void operator()(const AddIntegersStep& s) const {
        kernels::add_integers(s, u8(s.a), representation(s.a).zero_point, u8(s.b),
                              representation(s.b).zero_point, u8(s.out), representation(s.out).zero_point,
                              all(s.out));
    }

    void operator()(const BinaryStep& s) const {
        const bool plain =
            s.op == BinaryOp::add && s.a.valid() && s.b.valid() && s.index_a.empty() && s.index_b.empty();
        if (plain && !quantized(s.a) && !quantized(s.b) && !quantized(s.out))
            return kernels::add_f32(f32(s.a), f32(s.b), f32(s.out), s.clamp, all(s.out));
        for (size_t image = 0; image < images(); ++image) binary_image(s, image);
    }

    /// An operand's real numbers, one for each element of the output.
    const float* operand(const BinaryStep& s, BufferId id, const std::vector<int32_t>& index, size_t image,
                         OperandRow& row) const {
        const float* from = s.constant.data();
        if (id.valid() && quantized(id)) {
            row.real.resize(per_image(id));
            kernels::dequantize(u8(id, image), row.real.data(), per_image(id), representation(id, image));
            from = row.real.data();
        } else if (id.valid()) {
            from = f32(id, image);
        }
        if (index.empty()) return from;
        row.spread.resize(index.size());
        for (size_t i = 0; i < index.size(); ++i) row.spread[i] = from[static_cast<size_t>(index[i])];
        return row.spread.data();
    }

    void binary_image(const BinaryStep& s, size_t image) const {
        const size_t n = per_image(s.out);
        const float* a = operand(s, s.a, s.index_a, image, self.m_operands[0]);
        const float* b = operand(s, s.b, s.index_b, image, self.m_operands[1]);
        float* real = quantized(s.out) ? row(n) : f32(s.out, image);
        kernels::binary(s.op, a, b, real, s.clamp, n);
        if (quantized(s.out)) kernels::quantize(real, u8(s.out, image), n, representation(s.out));
    }

    void operator()(const PoolStep& s) const {
        const Extent &from = buffer(s.in).extent, &to = buffer(s.out).extent;
        for (size_t image = 0; image < images(); ++image) {
            if (!s.average) {
                if (quantized(s.in))
                    kernels::max_pool(u8(s.in, image), u8(s.out, image), from, to, s.attributes);
                else
                    kernels::max_pool(f32(s.in, image), f32(s.out, image), from, to, s.attributes);
                continue;
            }
            float* real = quantized(s.out) ? row(per_image(s.out)) : f32(s.out, image);
            if (quantized(s.in))
                kernels::average_pool(u8(s.in, image), real, from, to, s.attributes, representation(s.in));
            else
                kernels::average_pool(f32(s.in, image), real, from, to, s.attributes);
            if (quantized(s.out))
                kernels::quantize(real, u8(s.out, image), per_image(s.out), representation(s.out));
        }
    }

    void operator()(const FloatStep& s) const {
        std::vector<std::span<const float>> in(s.in.size());
        for (size_t image = 0; image < images(); ++image) {
            for (size_t i = 0; i < in.size(); ++i) in[i] = {f32(s.in[i], image), per_image(s.in[i])};
            engine::run(s.operation, in, {f32(s.out, image), per_image(s.out)});
        }
    }

    template <typename T, typename Fill> void move(const MoveStep& s, Fill fill) const {
        const auto at = [&](BufferId id, size_t image) {
            return static_cast<T*>(static_cast<void*>(self.data(id))) + image * per_image(id);
        };
        for (size_t image = 0; image < images(); ++image) {
            T* out = at(s.out, image);
            for (const MoveStep::Run& run : s.runs) {
                if (run.source < 0)
                    std::fill_n(out + run.to, run.length, fill(image));
                else
                    std::copy_n(at(s.in[static_cast<size_t>(run.source)], image) + run.from, run.length,
                                out + run.to);
            }
        }
    }
    void operator()(const MoveStep& s) const {
        if (representation(s.out).dynamic) {
            for (size_t image = 0; image < images(); ++image) dynamic(s.out, image) = dynamic(s.in[0], image);
            move<uint8_t>(s, [&](size_t image) { return stored(s.fill_f32, representation(s.out, image)); });
        } else if (quantized(s.out)) {
            move<uint8_t>(s, [&](size_t) { return s.fill_u8; });
        } else {
            move<float>(s, [&](size_t) { return s.fill_f32; });
        }
    }
};

Executor::Context::Context(std::shared_ptr<const Executor> executor)
    : m_executor(std::move(executor))
    , m_arena(allocate(m_executor->m_arena_bytes))
    , m_scratch(allocate(m_executor->m_scratch_bytes)) {
    std::memset(m_arena.get(), 0, m_executor->m_arena_bytes);
    const auto& buffers = m_executor->m_program.buffers;
    if (std::any_of(buffers.begin(), buffers.end(), [](const Buffer& b) { return b.representation.dynamic; }))
        m_dynamic.resize(buffers.size() * static_cast<size_t>(m_executor->m_batch));
}

std::span<float> Executor::Context::input() {
    const Interpreter view{*this};
    return {view.f32(m_executor->m_program.input), view.all(m_executor->m_program.input)};
}

std::span<std::byte> Executor::Context::bytes(BufferId id) {
    const Interpreter view{*this};
    const size_t element = view.representation(id).element == Element::u8 ? 1 : sizeof(float);
    return {data(id), view.all(id) * element};
}

std::span<const float> Executor::Context::output(size_t index) const {
    return f32(m_executor->m_program.outputs[index]);
}

std::span<const float> Executor::Context::f32(BufferId id) const {
    const auto elements = static_cast<size_t>(m_executor->m_program.buffers[id.position()].extent.elements());
    return {static_cast<const float*>(static_cast<const void*>(data(id))),
            elements * static_cast<size_t>(m_executor->m_batch)};
}

std::span<const int32_t> Executor::Context::s32(BufferId id) const {
    const auto elements = static_cast<size_t>(m_executor->m_program.buffers[id.position()].extent.elements());
    return {static_cast<const int32_t*>(static_cast<const void*>(data(id))),
            elements * static_cast<size_t>(m_executor->m_batch)};
}

Representation Executor::Context::representation(BufferId id, size_t image) const {
    Representation r = m_executor->m_program.buffers[id.position()].representation;
    if (r.dynamic) {
        const size_t images = static_cast<size_t>(m_executor->m_batch);
        const DynamicScale& own = m_dynamic[m_executor->storage(id).position() * images + image];
        r.scale = own.scale;
        r.zero_point = own.zero_point;
    }
    return r;
}

std::span<const uint8_t> Executor::Context::u8(BufferId id) const {
    const auto elements = static_cast<size_t>(m_executor->m_program.buffers[id.position()].extent.elements());
    return {static_cast<const uint8_t*>(static_cast<const void*>(data(id))),
            elements * static_cast<size_t>(m_executor->m_batch)};
}

void Executor::Context::run(const std::function<void(BufferId)>& observe) {
    using clock = std::chrono::steady_clock;
    const auto seconds_since = [](clock::time_point begin) {
        return std::chrono::duration<double>(clock::now() - begin).count();
    };
    const auto begin = m_profiling ? clock::now() : clock::time_point();
    for (const Action& action : m_executor->m_actions) {
        const Operation& operation = m_executor->m_program.steps[action.step].operation;
        if (action.layer) {
            const auto& conv = std::get<ConvStep>(m_executor->m_program.steps[*action.conv].operation);
            const auto primitive_begin = m_profiling ? clock::now() : clock::time_point();
            action.layer->run(data(conv.in), data(writes(operation)), m_scratch.get());
            if (m_profiling) m_primitive_seconds += seconds_since(primitive_begin);
        } else {
            std::visit(Interpreter{*this}, operation);
        }
        if (observe) observe(writes(operation));
    }
    if (m_profiling) m_total_seconds += seconds_since(begin);
}

} // namespace widthwise::engine
