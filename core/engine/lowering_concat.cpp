#include "core/engine/lowering.h"

#include <algorithm>

namespace widthwise::engine {
namespace {

/// Numbers the inputs' elements through the output, then cuts the output into runs.
std::vector<MoveStep::Run> joining_runs(const std::vector<Shape>& inputs, size_t axis, const Shape& out) {
    std::vector<std::pair<int32_t, int32_t>> origin(static_cast<size_t>(out.elements()));
    int64_t inner = 1;
    for (size_t a = axis + 1; a < out.rank(); ++a) inner *= out[a];
    const int64_t out_block = out[axis] * inner;
    const auto out_storage = storage_of_logical(out);
    int64_t offset = 0;
    for (size_t i = 0; i < inputs.size(); ++i) {
        const int64_t block = inputs[i][axis] * inner;
        const auto in_storage = storage_of_logical(inputs[i]);
        for (int64_t logical = 0; logical < inputs[i].elements(); ++logical) {
            const int64_t to = logical / block * out_block + offset + logical % block;
            origin[static_cast<size_t>(out_storage[static_cast<size_t>(to)])] = {
                static_cast<int32_t>(i), in_storage[static_cast<size_t>(logical)]};
        }
        offset += block;
    }
    std::vector<MoveStep::Run> runs;
    for (size_t i = 0; i < origin.size(); ++i) {
        const auto [source, from] = origin[i];
        if (!runs.empty() && runs.back().source == source && runs.back().from + runs.back().length == from) {
            ++runs.back().length;
        } else {
            runs.push_back({source, from, static_cast<int64_t>(i), 1});
        }
    }
    return runs;
}

} // namespace

/// Inputs of one representation are joined as they are stored. Others are made real, and rounded anew where
/// the output's readers agree on how.
Result<void> Lowering::lower_concat(const Unit& unit) {
    const Node& node = m_graph.node(unit.node);
    std::vector<Shape> shapes;
    std::vector<Representation> read_as;
    for (size_t i = 0; i < node.inputs.size(); ++i) {
        shapes.push_back(m_graph.value(node.inputs[i]).shape);
        if (!m_graph.value(node.inputs[i]).constant) read_as.push_back(read_representation(node, i));
    }
    const auto differs = [&](const Representation& r) { return r != read_as.front(); };
    Representation joined = read_as.empty() ? Representation() : read_as.front();
    if (std::any_of(read_as.begin(), read_as.end(), differs) ||
        (joined.grid && joined.grid->channels_each > 0))
        joined = preferred(unit.output);

    MoveStep step;
    for (size_t i = 0; i < node.inputs.size(); ++i) {
        const bool constant = m_graph.value(node.inputs[i]).constant != nullptr;
        if (constant || read_representation(node, i) == joined) {
            step.in.push_back(buffer_for(node.inputs[i], joined));
            continue;
        }
        BufferId in = read_real(node, i);
        if (!joined.is_plain_f32()) {
            const BufferId rounded = add_buffer({buffer(in).extent, joined, {}, {}});
            add_step(QuantizeStep{in, rounded});
            in = rounded;
        }
        step.in.push_back(in);
    }
    const auto axis = static_cast<size_t>(std::get<ConcatAttributes>(node.attributes).axis);
    step.runs = joining_runs(shapes, axis, m_graph.value(unit.output).shape);
    step.out = new_buffer(unit.output, joined);
    add_step(std::move(step));
    return {};
}

} // namespace widthwise::engine
