// What an Executor runs as one action, and where its buffers lie.

#include "core/engine/executor.h"

#include <algorithm>
#include <limits>

namespace widthwise::engine {
namespace {

size_t bytes_of(const Buffer& buffer, int batch) {
    const size_t element = buffer.representation.element == Element::u8 ? 1 : sizeof(float);
    const auto bytes = static_cast<size_t>(buffer.extent.elements()) * element * static_cast<size_t>(batch);
    return (bytes + Executor::k_alignment - 1) / Executor::k_alignment * Executor::k_alignment;
}

} // namespace

int Executor::choose_batch(const Program& program) {
    constexpr size_t cache_bytes = 512 << 10;
    size_t largest = 1;
    for (const Step& step : program.steps) {
        size_t bytes = bytes_of(program.buffers[writes(step.operation).position()], 1);
        for (const BufferId id : reads(step.operation)) bytes += bytes_of(program.buffers[id.position()], 1);
        largest = std::max(largest, bytes);
    }
    return static_cast<int>(std::clamp<size_t>(cache_bytes / largest, 1, 16));
}

BufferId Executor::storage(BufferId id) const {
    while (m_alias[id.position()].valid()) id = m_alias[id.position()];
    return id;
}

void Executor::plan_actions() {
    for (const Buffer& buffer : m_program.buffers) m_alias.push_back(buffer.alias);
    std::vector<bool> gone(m_program.steps.size(), false);
    std::vector<Action> actions(m_program.steps.size());
    for (size_t s = 0; s < m_program.steps.size(); ++s) {
        actions[s].step = s;
        if (std::holds_alternative<ConvStep>(m_program.steps[s].operation)) actions[s].conv = s;
        if (const auto* add = std::get_if<AddIntegersStep>(&m_program.steps[s].operation))
            fuse_add(actions[s], *add, gone);
    }
    for (size_t s = 0; s < actions.size(); ++s)
        if (!gone[s]) m_actions.push_back(std::move(actions[s]));
}

/// Fuses `add` with the convolution that writes its first operand for nobody else, when the other one dies
/// here.
void Executor::fuse_add(Action& action, const AddIntegersStep& add, std::vector<bool>& gone) const {
    const auto reads_of = [&](BufferId id) {
        std::vector<size_t> steps;
        for (size_t s = 0; s < m_program.steps.size(); ++s)
            for (const BufferId read : reads(m_program.steps[s].operation))
                if (storage(read) == storage(id)) steps.push_back(s);
        return steps;
    };
    for (size_t c = action.step; c-- > 0;) {
        const auto* conv = std::get_if<ConvStep>(&m_program.steps[c].operation);
        if (!conv || conv->out != add.a || add.a == add.b) continue;
        const BufferId other = add.b;
        const auto zero_point = [&](BufferId id) {
            return m_program.buffers[id.position()].representation.zero_point;
        };
        // Zero points would need more post-operations than they save (and oneDNN 2.6 gets longer chains
        // wrong).
        if (zero_point(other) != 0 || zero_point(add.out) != 0 ||
            !OnednnLayer::can_fuse_add(*conv, m_program.buffers[conv->in.position()]) ||
            reads_of(conv->out).size() != 1 || reads_of(other).back() != action.step ||
            storage(other) == storage(conv->in))
            continue;
        action.conv = c;
        action.other = other;
        action.add = FusedAdd{add.multiplier_a, add.multiplier_b, add.clamp_lo, add.clamp_hi};
        gone[c] = true;
        return;
    }
}

std::vector<BufferId> Executor::action_reads(const Action& action) const {
    std::vector<BufferId> ids = reads(m_program.steps[action.step].operation);
    if (action.add) ids = {std::get<ConvStep>(m_program.steps[*action.conv].operation).in, action.other};
    return ids;
}

void Executor::plan_memory() {
    // A fused add writes where its other operand lies.
    for (const Action& action : m_actions)
        if (action.add) m_alias[writes(m_program.steps[action.step].operation).position()] = action.other;
    const size_t count = m_program.buffers.size(), end = m_actions.size();
    const auto root = [&](BufferId id) { return storage(id).position(); };
    constexpr size_t nowhere = std::numeric_limits<size_t>::max(); // a program may have no action at all
    std::vector<size_t> first(count, nowhere), last(count, 0);
    for (const BufferId id : m_preloaded) first[root(id)] = 0;
    for (const BufferId output : m_program.outputs) last[root(output)] = end;
    for (size_t s = 0; s < end; ++s) {
        const size_t out = root(writes(m_program.steps[m_actions[s].step].operation));
        first[out] = std::min(first[out], s);
        last[out] = std::max(last[out], s);
        for (const BufferId id : action_reads(m_actions[s])) last[root(id)] = std::max(last[root(id)], s);
    }
    // First fit in order of birth; small enough that nothing cleverer pays.
    m_offsets.assign(count, 0);
    std::vector<size_t> order;
    for (size_t i = 0; i < count; ++i)
        if (first[i] != nowhere) order.push_back(i);
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return first[a] < first[b]; });
    std::vector<size_t> placed;
    for (const size_t i : order) {
        const size_t size = bytes_of(m_program.buffers[i], m_batch);
        std::vector<std::pair<size_t, size_t>> taken;
        for (const size_t j : placed)
            if (first[j] <= last[i] && first[i] <= last[j])
                taken.emplace_back(m_offsets[j], m_offsets[j] + bytes_of(m_program.buffers[j], m_batch));
        std::sort(taken.begin(), taken.end());
        size_t offset = 0;
        for (const auto& [begin, stop] : taken) {
            if (offset + size <= begin) break;
            offset = std::max(offset, stop);
        }
        m_offsets[i] = offset;
        m_arena_bytes = std::max(m_arena_bytes, offset + size);
        placed.push_back(i);
    }
    for (size_t i = 0; i < count; ++i) m_offsets[i] = m_offsets[root(BufferId{static_cast<int>(i)})];
}

} // namespace widthwise::engine
