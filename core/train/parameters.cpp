#include "core/train/parameters.h"

#include <algorithm>
#include <cassert>

namespace widthwise::train {
namespace {

std::vector<float> gather(const Graph& graph, const std::unordered_map<ValueId, Slice>& slices,
                          int64_t total) {
    std::vector<float> all(static_cast<size_t>(total));
    for (const auto& [id, slice] : slices)
        std::ranges::copy(graph.value(id).constant->to_f32(), slice.of(std::span<float>(all)).begin());
    return all;
}

} // namespace

Slice ParameterLayout::claim(const Graph& graph, ValueId value, std::unordered_map<ValueId, Slice>& slices,
                             int64_t& total) {
    const auto [entry, fresh] = slices.try_emplace(value, Slice{total, graph.value(value).shape.elements()});
    if (fresh) total += entry->second.size;
    return fresh ? entry->second : Slice{};
}

ParameterLayout::ParameterLayout(const Graph& graph) {
    for (const Node& node : graph.nodes()) {
        const bool weighted = node.op == Op::conv || node.op == Op::conv_transpose || node.op == Op::gemm;
        if (!weighted && node.op != Op::batch_norm) continue;
        for (size_t i = 1; i < node.inputs.size(); ++i) {
            const ValueId value = node.inputs[i];
            if (!graph.value(value).constant) continue; // refused later, by name
            if (node.op == Op::batch_norm && i >= 3) {
                claim(graph, value, m_statistics, m_statistics_size);
            } else {
                const Slice slice = claim(graph, value, m_trained, m_trained_size);
                if (weighted && i == 1 && slice.size > 0) m_weights.push_back(slice);
            }
        }
    }
    m_decayed = m_weights;
}

Slice ParameterLayout::claim_slots(int64_t count, bool decayed) {
    const Slice slice{m_trained_size, count};
    m_trained_size += count;
    if (decayed) m_decayed.push_back(slice);
    return slice;
}

std::vector<float> ParameterLayout::read_trained(const Graph& graph) const {
    return gather(graph, m_trained, m_trained_size);
}

std::vector<float> ParameterLayout::read_statistics(const Graph& graph) const {
    return gather(graph, m_statistics, m_statistics_size);
}

Result<GraphPtr> ParameterLayout::rebuild(const Graph& graph, std::span<const float> trained,
                                          std::span<const float> statistics) const {
    assert(std::ssize(trained) == m_trained_size && std::ssize(statistics) == m_statistics_size);
    GraphBuilder builder(graph.name(), graph.opset());
    std::vector<ValueId> moved(graph.values().size());
    for (const ValueId id : graph.inputs())
        moved[id.position()] = builder.input(graph.value(id).name, graph.value(id).shape);

    const auto constant = [&](ValueId id) {
        const Value& value = graph.value(id);
        TensorPtr tensor = value.constant;
        const auto replace = [&](Slice slice, std::span<const float> numbers) {
            const std::span<const float> part = slice.of(numbers);
            tensor = std::make_shared<const Tensor>(
                Tensor::from_f32(value.shape, std::vector<float>(part.begin(), part.end())));
        };
        if (const auto found = m_trained.find(id); found != m_trained.end()) replace(found->second, trained);
        if (const auto found = m_statistics.find(id); found != m_statistics.end())
            replace(found->second, statistics);
        return builder.constant(value.name, std::move(tensor));
    };
    for (const Node& node : graph.nodes()) {
        std::vector<ValueId> inputs;
        for (const ValueId id : node.inputs) {
            ValueId& target = moved[id.position()];
            if (!target.valid()) target = constant(id);
            inputs.push_back(target);
        }
        Result<ValueId> added = builder.add(node.op, node.op_type, node.name, node.attributes,
                                            std::move(inputs), graph.value(node.output()).name);
        if (!added) return forward_error(added);
        moved[node.output().position()] = *added;
    }
    for (const ValueId id : graph.outputs()) builder.output(moved[id.position()]);
    return builder.build();
}

} // namespace widthwise::train
