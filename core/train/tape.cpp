#include "core/train/tape.h"

#include "core/train/op_kernels.h"
#include "core/train/tape_impl.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <new>
#include <omp.h>

namespace widthwise::train {

Error from_dnnl(const dnnl::error& error, const std::string& node) {
    if (error.status == dnnl_out_of_memory) return {ErrorCode::out_of_memory, "out of memory", node, {}};
    const bool missing = error.status == dnnl_unimplemented;
    return {missing ? ErrorCode::unsupported : ErrorCode::failed,
            std::string(missing ? "oneDNN has no kernel to train this layer: " : "oneDNN: ") + error.what(),
            node,
            {}};
}

void Tape::Impl::Step::add_shares() const {
    const Memory* so_far = &first_share;
    for (const Memory& share : shares) {
        add_clamped(type_of(sum.get_desc()), so_far->get_data_handle(), share.get_data_handle(),
                    sum.get_data_handle(), physical_elements(sum), {});
        so_far = &sum;
    }
}

template <typename After> void Tape::Impl::run_forward(const Numbers& numbers, After after) {
    for (Step& step : steps) {
        at = step.name;
        step.op->forward(dnnl, numbers);
        if (!after(step)) return;
    }
    to_dense_logits.refresh(dnnl);
    dnnl.stream.wait();
}

template <typename After> void Tape::Impl::run_backward(const Numbers& numbers, After after) {
    dnnl.run(from_dense_gradient);
    for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
        at = step->name;
        if (!step->reaches_loss) continue;
        step->add_shares();
        step->op->backward(dnnl, numbers);
        if (!after(*step)) return;
    }
    at_input.add_shares();
    if (to_dense_input_gradient.primitive) dnnl.run(to_dense_input_gradient);
    dnnl.stream.wait();
}

namespace {

bool all_finite(std::span<const float> numbers) {
    return std::ranges::all_of(numbers, [](float v) { return std::isfinite(v); });
}

bool all_finite(const Memory& memory) {
    const size_t count = physical_elements(memory);
    if (type_of(memory.get_desc()) == Type::f32) return all_finite({floats(memory), count});
    constexpr uint16_t exponent = 0x7F80; // of bf16: all ones in what is not finite
    const std::span<const uint16_t> bits(static_cast<const uint16_t*>(memory.get_data_handle()), count);
    return std::ranges::none_of(bits, [](uint16_t b) { return (b & exponent) == exponent; });
}

Result<void> check(const TapeOptions& options) {
    if (options.compute == ComputeType::f32) return {};
    if (options.quantization && !options.quantization->empty())
        return fail(ErrorCode::unsupported, "quantization-aware training computes in f32", "compute type",
                    "train in f32");
    if (!supports_bf16())
        return fail(ErrorCode::unsupported, "this CPU has no instructions for bf16", "compute type",
                    "train in f32");
    return {};
}

} // namespace

bool supports_bf16() {
    switch (dnnl::get_effective_cpu_isa()) {
    case dnnl::cpu_isa::sse41:
    case dnnl::cpu_isa::avx:
    case dnnl::cpu_isa::avx2:
    case dnnl::cpu_isa::avx2_vnni:
        return false;
    default:
        return true;
    }
}

Tape::Tape(std::unique_ptr<Impl> impl) : m_impl(std::move(impl)) {}
Tape::~Tape() = default;

Result<std::unique_ptr<Tape>> Tape::create(const Graph& graph, const TrainingScope& scope,
                                           const ParameterLayout& layout, const TapeOptions& options) {
    if (Result<void> checked = check(options); !checked) return forward_error(checked);
    auto impl = std::make_unique<Impl>();
    if (Result<void> built = impl->guarded([&] { impl->build(graph, scope, layout, options); }); !built)
        return forward_error(built);
    return std::unique_ptr<Tape>(new Tape(std::move(impl)));
}

std::span<float> Tape::input() {
    return {floats(m_impl->input->data), physical_floats(m_impl->input->data)};
}

std::span<const float> Tape::logits() const {
    const Memory& dense = m_impl->to_dense_logits.memory();
    return {floats(dense), physical_floats(dense)};
}

std::span<const float> Tape::input_gradient() const {
    const Memory& dense = m_impl->dense_input_gradient;
    assert(dense);
    return {floats(dense), physical_floats(dense)};
}

Result<void> Tape::forward(std::span<const float> trained, std::span<const float> running,
                           std::span<float> batch_statistics) {
    const Numbers numbers{trained.data(), running.data(), batch_statistics.data(), nullptr};
    return m_impl->guarded([&] { m_impl->run_forward(numbers, [](const auto&) { return true; }); });
}

Result<void> Tape::backward(std::span<const float> trained, std::span<const float> logits_gradient,
                            std::span<float> gradients) {
    assert(logits_gradient.size() == physical_floats(m_impl->dense_logits_gradient));
    const Numbers numbers{trained.data(), nullptr, nullptr, gradients.data()};
    return m_impl->guarded([&] {
        std::ranges::copy(logits_gradient, floats(m_impl->dense_logits_gradient));
        m_impl->run_backward(numbers, [](const auto&) { return true; });
    });
}

Result<std::optional<NonFinite>> Tape::find_non_finite(std::span<const float> trained,
                                                       std::span<const float> running,
                                                       std::span<const float> logits_gradient) {
    std::vector<float> statistics(m_impl->statistics_size), gradients(m_impl->trained_size);
    const Numbers numbers{trained.data(), running.data(), statistics.data(), gradients.data()};
    std::optional<NonFinite> found;
    Result<void> done = m_impl->guarded([&] {
        m_impl->run_forward(numbers, [&](const Impl::Step& step) {
            if (!all_finite(step.output->data)) found = NonFinite{step.name, false};
            return !found;
        });
        if (found || logits_gradient.empty()) return;
        std::ranges::copy(logits_gradient, floats(m_impl->dense_logits_gradient));
        // An operation may overwrite its output's gradient with its input's: what it leaves is looked at.
        m_impl->run_backward(numbers, [&](const Impl::Step& step) {
            if (!all_finite(step.output->gradient) || !all_finite(gradients))
                found = NonFinite{step.name, true};
            return !found;
        });
    });
    if (!done) return forward_error(done);
    return found;
}

SingleThreadedKernels::SingleThreadedKernels() : m_before(omp_get_max_threads()) {
    omp_set_num_threads(1);
}

SingleThreadedKernels::~SingleThreadedKernels() {
    omp_set_num_threads(m_before);
}

} // namespace widthwise::train
