#include "core/engine/lowering.h"

#include "core/engine/quantization_groups.h"
#include "core/graph/layer_work.h"

#include <algorithm>

namespace widthwise::engine {
namespace {

/// Rounding before a move gives the same as after it.
bool moves_along(const Representation& r) {
    // An image's own range is that of what the layer reads, not of what it was cut from; and channels move.
    return !r.dynamic && !(r.grid && r.grid->channels_each > 0);
}

bool is_pure_move(const Node& node) {
    return moves_elements(node) && node.op != Op::max_pool && node.op != Op::concat;
}

} // namespace

OutputCut output_cut(const Clamp& clamp, const Representation& out) {
    return {std::max(clamp.lo / out.scale, static_cast<float>(-out.zero_point)),
            std::min(clamp.hi / out.scale, static_cast<float>(out.q_max - out.zero_point))};
}

Result<Program> Lowering::run() {
    if (Result<void> ok = check(); !ok) return forward_error(ok);
    m_units = fuse(m_graph);
    collect_demands();
    m_program.input = new_buffer(m_graph.inputs()[0], {});
    for (const Unit& unit : m_units)
        if (Result<void> done = lower_unit(unit); !done) {
            if (done.error().where.empty()) done.error().where = m_graph.node(unit.node).name;
            return forward_error(done);
        }
    m_step_name = "output";
    for (const ValueId output : m_graph.outputs()) m_program.outputs.push_back(buffer_for(output, {}));
    return std::move(m_program);
}

Representation Lowering::read_representation(const Node& node, size_t input) const {
    // Formats with one scale per input count activations only.
    size_t index = 0;
    for (size_t i = 0; i < input; ++i) index += m_graph.value(node.inputs[i]).constant == nullptr;
    return representation_of(m_plan.at(node.name).activations, index,
                             extent_of(m_graph.value(node.inputs[input]).shape).channels);
}

void Lowering::collect_demands() {
    m_demands.resize(m_graph.values().size());
    for (const ValueId output : m_graph.outputs()) demand(output, {});
    for (size_t u = m_units.size(); u-- > 0;) {
        const NodeId id = m_units[u].node;
        const Node& node = m_graph.node(id);
        if (is_pure_move(node)) {
            for (const Representation& r : m_demands[node.output().position()])
                demand(node.inputs[0], moves_along(r) ? r : Representation());
            continue;
        }
        for (size_t i = 0; i < node.inputs.size(); ++i) {
            if (m_graph.value(node.inputs[i]).constant) continue;
            demand(node.inputs[i],
                   reads_activations(m_graph, id) ? read_representation(node, i) : Representation{});
        }
    }
}

void Lowering::demand(ValueId value, const Representation& r) {
    Demands& list = m_demands[value.position()];
    if (std::find(list.begin(), list.end(), r) == list.end()) list.push_back(r);
}

Representation Lowering::preferred(ValueId value) const {
    const Demands& list = m_demands[value.position()];
    return list.size() == 1 && list.front().is_plain_u8() ? list.front() : Representation{};
}

BufferId Lowering::add_buffer(Buffer buffer) {
    m_program.buffers.push_back(buffer);
    return {static_cast<int>(m_program.buffers.size()) - 1};
}

BufferId Lowering::new_buffer(ValueId value, const Representation& r) {
    const BufferId id = add_buffer({extent_of(m_graph.value(value).shape), r, value, {}});
    m_available[value.position()].push_back(id);
    return id;
}

BufferId Lowering::buffer_for(ValueId value, const Representation& r) {
    auto& available = m_available[value.position()];
    if (available.empty() && m_graph.value(value).constant) constant_buffer(value);
    for (const BufferId id : available)
        if (buffer(id).representation == r) return id;
    const NodeId producer = m_graph.producer(value);
    if (producer.valid() && is_pure_move(m_graph.node(producer))) {
        if (moves_along(r)) return moved(value, r);
        const BufferId real = buffer_for(value, {}), out = new_buffer(value, r);
        add_step(QuantizeStep{real, out});
        return out;
    }
    for (const BufferId id : available)
        if (buffer(id).representation.is_plain_f32()) {
            const BufferId out = new_buffer(value, r);
            add_step(QuantizeStep{id, out});
            return out;
        }
    const BufferId rounded = available.front();
    const BufferId real = new_buffer(value, {});
    if (buffer(rounded).representation.element == Element::u8) {
        add_step(DequantizeStep{rounded, real});
    } else {
        m_program.buffers[real.position()].alias = rounded; // on a grid, and f32 already
    }
    return r.is_plain_f32() ? real : buffer_for(value, r);
}

BufferId Lowering::read(const Node& node, size_t input) {
    const bool takes_format = reads_activations(m_graph, m_graph.producer(node.output()));
    return buffer_for(node.inputs[input], takes_format ? read_representation(node, input) : Representation());
}

BufferId Lowering::read_real(const Node& node, size_t input) {
    const BufferId in = read(node, input);
    const Buffer from = buffer(in);
    if (from.representation.is_plain_f32()) return in;
    const bool integer = from.representation.element == Element::u8;
    const BufferId real = add_buffer({from.extent, {}, {}, integer ? BufferId() : in});
    if (integer) add_step(DequantizeStep{in, real});
    return real;
}

BufferId Lowering::constant_buffer(ValueId value) {
    const Value& v = m_graph.value(value);
    const auto from = v.constant->to_f32();
    const auto storage = storage_of_logical(v.shape);
    ConstantOperation operation{std::vector<float>(from.size())};
    for (size_t i = 0; i < from.size(); ++i) operation.values[static_cast<size_t>(storage[i])] = from[i];
    const BufferId out = new_buffer(value, {});
    add_step(FloatStep{{}, out, std::move(operation)});
    return out;
}

BufferId Lowering::moved(ValueId value, const Representation& r) {
    const Node* node = &m_graph.node(m_graph.producer(value));
    ElementMap map = element_map(m_graph, *node);
    ValueId base = node->inputs[0];
    while (true) {
        const NodeId up = m_graph.producer(base);
        if (!up.valid() || !is_pure_move(m_graph.node(up))) break;
        node = &m_graph.node(up);
        const ElementMap above = element_map(m_graph, *node);
        if (above.fill != map.fill) break; // two different fill values cannot be one step
        map = compose(above, map);
        base = node->inputs[0];
    }
    const BufferId in = buffer_for(base, r);
    const BufferId out = new_buffer(value, r);
    if (map.is_identity(buffer(in).extent.elements())) {
        m_program.buffers[out.position()].alias = in;
    } else {
        add_step(move_step(in, out, map));
    }
    return out;
}

MoveStep Lowering::move_step(BufferId in, BufferId out, const ElementMap& map) const {
    const Representation& r = buffer(out).representation;
    MoveStep step{{in}, out, runs_of(map), map.fill, 0};
    if (r.element == Element::u8) step.fill_u8 = stored(map.fill, r);
    if (r.grid) step.fill_f32 = r.grid->quantizers.front().round(map.fill);
    return step;
}

/// What QuantizeLinear-like nodes leave: their input in their format.
void Lowering::lower_quantize(const Unit& unit) {
    const Node& node = m_graph.node(unit.node);
    const Representation r = read_representation(node, 0);
    const BufferId rounded = buffer_for(node.inputs[0], r);
    m_program.buffers[new_buffer(unit.output, r).position()].alias = rounded;
}

Result<void> Lowering::lower_unit(const Unit& unit) {
    const Node& node = m_graph.node(unit.node);
    m_step_name = node.name;
    switch (node.op) {
    case Op::conv:
    case Op::conv_transpose:
    case Op::gemm:
        return is_gemm_of_maps(node) ? lower_gemm_of_maps(unit) : lower_weighted(unit);
    case Op::batch_norm:
        return lower_batch_norm(unit);
    case Op::add:
    case Op::sub:
    case Op::mul:
    case Op::div:
    case Op::pow:
    case Op::minimum:
    case Op::maximum:
    case Op::prelu:
    case Op::compare:
        return lower_binary(unit);
    case Op::where:
        return lower_where(unit);
    case Op::matmul:
        return lower_matmul(unit);
    case Op::max_pool:
    case Op::average_pool:
    case Op::global_average_pool:
    case Op::reduce_mean:
        return lower_pool(unit);
    case Op::reduce:
        return lower_reduce(unit);
    case Op::arg_max:
        return lower_arg_max(unit);
    case Op::concat:
        return lower_concat(unit);
    case Op::resize:
        if (is_pure_move(node)) return {};
        return lower_float(unit);
    case Op::instance_norm:
    case Op::layer_norm:
    case Op::lrn:
    case Op::relu:
    case Op::leaky_relu:
    case Op::clip:
    case Op::sigmoid:
    case Op::tanh:
    case Op::exp:
    case Op::function:
    case Op::softmax:
    case Op::multi_threshold:
        return lower_float(unit);
    case Op::quantize:
        lower_quantize(unit);
        return {};
    case Op::reshape:
    case Op::transpose:
    case Op::slice:
    case Op::pad:
    case Op::gather:
    case Op::expand:
    case Op::depth_to_space:
    case Op::space_to_depth:
    case Op::identity:
        return {}; // made where they are read
    case Op::unsupported:
        break;
    }
    return fail(ErrorCode::unsupported, node.op_type + " cannot be run", node.name);
}

Result<Program> lower(const Graph& graph, const PrecisionPlan& resolved, const LowerOptions& options) {
    return Lowering(graph, resolved, options).run();
}

} // namespace widthwise::engine
