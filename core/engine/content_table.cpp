#include "core/engine/content_table.h"

#include <algorithm>

namespace widthwise::engine {
namespace {

/// Contents are a few dozen bytes each; enough for a thousand designs of a large network.
constexpr size_t k_max_contents = 200'000;

/// Calls `visit(BufferId&)` for what an operation reads, in the order of reads(), then for what it writes.
template <typename Visit> void for_each_buffer(Operation& operation, const Visit& visit) {
    std::visit(
        [&](auto& step) {
            if constexpr (requires { step.a; }) {
                if (step.a.valid()) visit(step.a);
                if (step.b.valid()) visit(step.b);
            }
            if constexpr (requires { step.in.begin(); }) {
                for (BufferId& id : step.in) visit(id);
            } else if constexpr (requires { step.in; }) {
                visit(step.in);
            }
            if constexpr (requires { step.dynamic_input; })
                if (step.dynamic_input.valid()) visit(step.dynamic_input);
            visit(step.out);
        },
        operation);
}

std::vector<BufferId> buffers_of(const Operation& operation) {
    std::vector<BufferId> ids = reads(operation);
    ids.push_back(writes(operation));
    return ids;
}

/// Names buffers by their place, so that equal work compares equal. Returns their names.
std::vector<BufferId> rename_to_places(Operation& operation) {
    std::vector<BufferId> names;
    for_each_buffer(operation, [&](BufferId& id) {
        names.push_back(id);
        id.index = static_cast<int>(names.size()) - 1;
    });
    return names;
}

bool same_storage(const std::vector<Buffer>& a, const std::vector<Buffer>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Buffer& x, const Buffer& y) {
        return x.extent == y.extent && x.representation == y.representation;
    });
}

int64_t weight_bytes(const Operation& operation) {
    const auto* conv = std::get_if<ConvStep>(&operation);
    if (!conv) return 0;
    return static_cast<int64_t>(conv->weights_q.size() + conv->weights_f32.size() * sizeof(float));
}

bool sums_floats(const Operation& operation) {
    const auto* conv = std::get_if<ConvStep>(&operation);
    return conv && !conv->is_integer();
}

} // namespace

BufferId storage(const Program& program, BufferId id) {
    while (program.buffers[id.position()].alias.valid()) id = program.buffers[id.position()].alias;
    return id;
}

OperationId ContentTable::operation_id(const Program& program, Step& step) {
    const std::vector<BufferId> own = buffers_of(step.operation);
    std::vector<Buffer> buffers;
    for (const BufferId id : own) buffers.push_back(program.buffers[id.position()]);
    const std::vector<BufferId> names = rename_to_places(step.operation);
    const bool known_form = names == own; // else it holds buffers that we do not know of: like no other
    const size_t hash =
        std::hash<std::string>()(step.node) ^ (step.operation.index() * 0x9e3779b97f4a7c15ULL);

    OperationId id;
    if (known_form) {
        const auto [begin, end] = m_by_hash.equal_range(hash);
        for (auto it = begin; it != end && !id.valid(); ++it) {
            KnownOperation& known = m_operations.at(it->second);
            if (known.node != step.node || !same_storage(known.buffers, buffers) ||
                !(known.operation == step.operation))
                continue;
            id = it->second;
            known.last_met = m_generation;
        }
    }
    if (!id.valid()) {
        id.index = m_next_operation++;
        if (known_form) {
            const int64_t bytes = weight_bytes(step.operation);
            m_operations.emplace(id, KnownOperation{step.node, step.operation, buffers, bytes, m_generation});
            m_bytes += bytes;
            m_by_hash.emplace(hash, id);
        }
    }
    size_t place = 0;
    for_each_buffer(step.operation, [&](BufferId& buffer) { buffer = names[place++]; });
    return id;
}

ContentId ContentTable::content_id(const ContentKey& key) {
    const auto [it, added] = m_content_ids.try_emplace(key, ContentId{m_next_content});
    if (added) ++m_next_content;
    m_contents[it->second].last_met = m_generation;
    return it->second;
}

Numbering ContentTable::number(Program& program, int batch, const std::string& input) {
    ++m_generation;
    forget_old();
    Numbering numbering;
    numbering.contents.resize(program.buffers.size());
    const auto set = [&](BufferId id, ContentId content) {
        numbering.contents[storage(program, id).position()] = content;
    };
    const Buffer& first = program.buffers[program.input.position()];
    const auto [it, added] = m_inputs.try_emplace(input + " " + std::to_string(first.extent.elements()),
                                                  ContentId{m_next_content});
    if (added) ++m_next_content;
    set(program.input, it->second);
    m_contents[it->second].last_met = m_generation;

    for (Step& step : program.steps) {
        const OperationId operation = operation_id(program, step);
        ContentKey key{operation.index, sums_floats(step.operation) ? batch : 0};
        for (const BufferId id : reads(step.operation))
            key.push_back(numbering.of(storage(program, id)).index);
        numbering.operations.push_back(operation);
        set(writes(step.operation), content_id(key));
    }
    for (size_t i = 0; i < program.buffers.size(); ++i)
        numbering.contents[i] = numbering.of(storage(program, BufferId{static_cast<int>(i)}));
    forget_beyond_budget();
    return numbering;
}

bool ContentTable::was_computed_before(ContentId id, int64_t generation) const {
    const auto found = m_contents.find(id);
    return found != m_contents.end() && found->second.computed > 0 && found->second.computed < generation;
}

void ContentTable::set_computed(ContentId id, int64_t generation) {
    int64_t& computed = m_contents[id].computed;
    if (computed == 0) computed = generation;
}

void ContentTable::forget_beyond_budget() {
    if (m_bytes <= m_budget) return;
    std::vector<std::pair<int64_t, OperationId>> oldest;
    for (const auto& [id, known] : m_operations)
        if (known.bytes > 0 && known.last_met < m_generation) oldest.emplace_back(known.last_met, id);
    std::sort(oldest.begin(), oldest.end());
    for (const auto& [last_met, id] : oldest) {
        if (m_bytes <= m_budget) break;
        m_bytes -= m_operations.at(id).bytes;
        m_operations.erase(id);
    }
    std::erase_if(m_by_hash, [&](const auto& item) { return !m_operations.contains(item.second); });
}

void ContentTable::forget_old() {
    std::erase_if(m_operations, [&](const auto& item) {
        const bool old = item.second.last_met + k_remembered < m_generation;
        if (old) m_bytes -= item.second.bytes;
        return old;
    });
    std::erase_if(m_by_hash, [&](const auto& item) { return !m_operations.contains(item.second); });
    if (m_contents.size() <= k_max_contents) return;
    // Later programs that meet them again start afresh, which costs time only.
    const int64_t oldest = m_generation - k_remembered;
    std::erase_if(m_contents, [&](const auto& item) { return item.second.last_met < oldest; });
    std::erase_if(m_content_ids, [&](const auto& item) { return !m_contents.contains(item.second); });
    std::erase_if(m_inputs, [&](const auto& item) { return !m_contents.contains(item.second); });
}

} // namespace widthwise::engine
