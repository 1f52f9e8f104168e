#include "core/engine/layout.h"
#include "core/engine/program.h"
#include "core/engine/quantization_groups.h"
#include "core/graph/layer_work.h"
#include "core/quant/affine.h"

#include <algorithm>
#include <cmath>

namespace widthwise::engine {
namespace {

/// How a layer reads its input number `input` under `format`.
Representation representation_of(const NumberFormat& format, size_t input) {
    if (!format.is_integer()) return {};
    const size_t i = format.scale.size() > 1 ? input : 0;
    const int32_t zero_point = format.zero_point.empty() ? 0 : format.zero_point[i];
    return {Element::u8, format.scale[i], zero_point - format.q_min(), format.q_max() - format.q_min()};
}

/// A clamp together with the output's own range, in output steps before the zero point is added.
struct OutputCut {
    float lo, hi;
};
OutputCut output_cut(const Clamp& clamp, const Representation& out) {
    return {std::max(clamp.lo / out.scale, static_cast<float>(-out.zero_point)),
            std::min(clamp.hi / out.scale, static_cast<float>(out.q_max - out.zero_point))};
}

/// Rounded to 16 significant bits.
float sixteen_bits(float value) {
    int exponent = 0;
    const float mantissa = std::frexp(value, &exponent);
    return std::ldexp(std::nearbyint(std::ldexp(mantissa, 16)), exponent - 16);
}

bool is_pure_move(Op op) {
    return moves_elements(op) && op != Op::max_pool && op != Op::concat;
}

class Lowering {
public:
    Lowering(const Graph& graph, const PrecisionPlan& plan) : m_graph(graph), m_plan(plan) {}

    Result<Program> run() {
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
        m_program.output = buffer_for(m_graph.outputs()[0], {});
        return std::move(m_program);
    }

private:
    using Demands = std::vector<Representation>;

    Result<void> check() const {
        if (m_graph.inputs().size() != 1)
            return fail(ErrorCode::unsupported, "a network with " + std::to_string(m_graph.inputs().size()) +
                                                    " inputs cannot be run by this version");
        if (const NodeId id = m_graph.first_unsupported(); id.valid()) {
            const Node& node = m_graph.node(id);
            return fail(ErrorCode::unsupported, node.op_type + " cannot be run: " + node.why_unsupported,
                        node.name);
        }
        // Element maps are 32-bit; a value of this size would need gigabytes anyway.
        constexpr int64_t largest = int64_t{1} << 28;
        for (const Node& node : m_graph.nodes()) {
            if (m_graph.value(node.output()).shape.elements() > largest)
                return fail(ErrorCode::unsupported,
                            "the output of " + m_graph.value(node.output()).shape.to_string() +
                                " elements is too large to run",
                            node.name);
            if (node.op == Op::conv || node.op == Op::gemm || node.op == Op::batch_norm)
                for (size_t i = 1; i < node.inputs.size(); ++i)
                    if (!m_graph.value(node.inputs[i]).constant)
                        return fail(ErrorCode::unsupported,
                                    node.op_type + " with computed weights cannot be run", node.name);
            const LayerPrecision& p = m_plan.at(node.name);
            for (const NumberFormat* f : {&p.weights, &p.activations})
                if (Result<void> ok = validate(*f); !ok) {
                    ok.error().where = node.name;
                    return ok;
                }
        }
        return {};
    }

    Representation read_representation(const Node& node, size_t input) const {
        return representation_of(m_plan.at(node.name).activations, node.op == Op::concat ? 0 : input);
    }

    /// Which representations each value is read in; moves hand their readers' wishes up.
    void collect_demands() {
        m_demands.resize(m_graph.values().size());
        demand(m_graph.outputs()[0], {});
        for (size_t u = m_units.size(); u-- > 0;) {
            const NodeId id = m_units[u].node;
            const Node& node = m_graph.node(id);
            if (is_pure_move(node.op)) {
                for (const Representation& r : m_demands[node.output().position()]) demand(node.inputs[0], r);
                continue;
            }
            for (size_t i = 0; i < node.inputs.size(); ++i) {
                if (m_graph.value(node.inputs[i]).constant) continue;
                demand(node.inputs[i],
                       reads_activations(m_graph, id) ? read_representation(node, i) : Representation{});
            }
        }
    }

    void demand(ValueId value, const Representation& r) {
        Demands& list = m_demands[value.position()];
        if (std::find(list.begin(), list.end(), r) == list.end()) list.push_back(r);
    }

    /// What a producer that can write anything should write.
    Representation preferred(ValueId value) const {
        const Demands& list = m_demands[value.position()];
        return list.size() == 1 ? list.front() : Representation{};
    }

    BufferId add_buffer(Buffer buffer) {
        m_program.buffers.push_back(buffer);
        return {static_cast<int>(m_program.buffers.size()) - 1};
    }

    BufferId new_buffer(ValueId value, const Representation& r) {
        const BufferId id = add_buffer({extent_of(m_graph.value(value).shape), r, value, {}});
        m_available[value.position()].push_back(id);
        return id;
    }

    const Buffer& buffer(BufferId id) const { return m_program.buffers[id.position()]; }

    void emit(Operation operation) { m_program.steps.push_back({m_step_name, std::move(operation)}); }

    /// The value in this representation, converted or moved into place where it is not there yet.
    BufferId buffer_for(ValueId value, const Representation& r) {
        auto& available = m_available[value.position()];
        for (const BufferId id : available)
            if (buffer(id).representation == r) return id;
        const NodeId producer = m_graph.producer(value);
        if (producer.valid() && is_pure_move(m_graph.node(producer).op)) return moved(value, r);
        for (const BufferId id : available)
            if (buffer(id).representation.element == Element::f32) {
                const BufferId out = new_buffer(value, r);
                emit(QuantizeStep{id, out});
                return out;
            }
        const BufferId quantized = available.front();
        const BufferId real = new_buffer(value, {});
        emit(DequantizeStep{quantized, real});
        return r.element == Element::f32 ? real : buffer_for(value, r);
    }

    /// A chain of moves becomes one step from the value where it begins.
    BufferId moved(ValueId value, const Representation& r) {
        const Node* node = &m_graph.node(m_graph.producer(value));
        ElementMap map = element_map(m_graph, *node);
        ValueId base = node->inputs[0];
        while (true) {
            const NodeId up = m_graph.producer(base);
            if (!up.valid() || !is_pure_move(m_graph.node(up).op)) break;
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
            emit(move_step(in, out, map));
        }
        return out;
    }

    MoveStep move_step(BufferId in, BufferId out, const ElementMap& map) const {
        const Representation& r = buffer(out).representation;
        const auto fill = quantize_value(map.fill, {r.scale, r.zero_point, 0, r.q_max});
        return {{in}, out, runs_of(map), map.fill, static_cast<uint8_t>(fill)};
    }

    Result<void> lower_unit(const Unit& unit) {
        const Node& node = m_graph.node(unit.node);
        m_step_name = node.name;
        switch (node.op) {
        case Op::conv:
        case Op::gemm:
            return lower_weighted(unit);
        case Op::batch_norm:
            return lower_batch_norm(unit);
        case Op::add:
        case Op::sub:
        case Op::mul:
        case Op::div:
            return lower_binary(unit);
        case Op::max_pool:
        case Op::average_pool:
        case Op::global_average_pool:
        case Op::reduce_mean:
            return lower_pool(unit);
        case Op::concat:
            return lower_concat(unit);
        case Op::softmax:
            return lower_softmax(unit);
        case Op::relu:
        case Op::leaky_relu:
        case Op::clip:
        case Op::sigmoid:
        case Op::tanh:
        case Op::exp:
            return lower_unary(unit);
        case Op::reshape:
        case Op::transpose:
        case Op::slice:
        case Op::pad:
        case Op::identity:
            return {}; // made where they are read
        case Op::unsupported:
            break;
        }
        return fail(ErrorCode::unsupported, node.op_type + " cannot be run", node.name);
    }

    Result<void> lower_weighted(const Unit& unit) {
        const Node& node = m_graph.node(unit.node);
        const LayerPrecision& precision = m_plan.at(node.name);
        const Shape& weight_shape = m_graph.value(node.inputs[1]).shape;
        FoldedWeights folded = folded_weights(m_graph, unit);
        ConvStep step;
        step.fully_connected = node.op == Op::gemm;
        if (node.op == Op::conv) step.attributes = std::get<ConvAttributes>(node.attributes);
        step.out_channels = weight_shape[0];
        step.in_channels = weight_shape[1] * step.attributes.group;
        step.in = buffer_for(node.inputs[0], read_representation(node, 0));

        const bool integer = precision.weights.is_integer() && precision.activations.is_integer();
        if (precision.weights.is_integer()) {
            Result<QuantizedWeights> q =
                quantize_weights(folded.weights, step.out_channels, precision.weights);
            if (!q) return forward_error(q);
            if (integer) return lower_integer(unit, std::move(step), folded, std::move(*q));
            const size_t per_channel = folded.weights.size() / static_cast<size_t>(step.out_channels);
            for (size_t i = 0; i < folded.weights.size(); ++i)
                folded.weights[i] = q->channel(i / per_channel).dequantize(q->q[i]);
        }
        // One operand float: the other one is rounded to its format and the layer runs in float.
        if (buffer(step.in).representation.element == Element::u8) {
            const BufferId real = add_buffer({buffer(step.in).extent, {}, {}, {}});
            emit(DequantizeStep{step.in, real});
            step.in = real;
        }
        step.weights_f32 = std::move(folded.weights);
        step.bias = std::move(folded.bias);
        step.clamp_lo = unit.clamp.lo;
        step.clamp_hi = unit.clamp.hi;
        step.out = new_buffer(unit.output, {});
        emit(std::move(step));
        return {};
    }

    Result<void> lower_integer(const Unit& unit, ConvStep step, const FoldedWeights& folded,
                               QuantizedWeights q) {
        const Representation in = buffer(step.in).representation;
        const Representation out = preferred(unit.output);
        const auto channels = static_cast<size_t>(step.out_channels);
        const size_t per_channel = q.q.size() / channels;
        if (per_channel > (size_t{1} << 31) / (255 * 128))
            return fail(ErrorCode::unsupported, "sums of " + std::to_string(per_channel) +
                                                    " products do not fit a 32-bit accumulator");
        const double out_scale = out.element == Element::u8 ? static_cast<double>(out.scale) : 1.0;
        for (size_t c = 0; c < channels; ++c) {
            int64_t weight_sum = 0;
            for (size_t i = 0; i < per_channel; ++i) weight_sum += q.q[c * per_channel + i];
            const double scale = static_cast<double>(in.scale) * static_cast<double>(q.channel(c).scale);
            const double bias = std::nearbyint(folded.bias[c] / scale);
            step.bias.push_back(static_cast<float>(bias - static_cast<double>(in.zero_point * weight_sum)));
            step.multiplier.push_back(static_cast<float>(scale / out_scale));
        }
        step.clamp_lo = unit.clamp.lo;
        step.clamp_hi = unit.clamp.hi;
        if (out.element == Element::u8) {
            step.clamp_lo = std::max(unit.clamp.lo / out.scale, static_cast<float>(-out.zero_point));
            step.clamp_hi =
                std::min(unit.clamp.hi / out.scale, static_cast<float>(out.q_max - out.zero_point));
        }
        const auto& pads = step.attributes.pads;
        if (in.zero_point != 0 && std::any_of(pads.begin(), pads.end(), [](int64_t p) { return p != 0; }))
            step.in = padded(step.in, step.attributes);
        step.weights_q = std::move(q.q);
        step.out = new_buffer(unit.output, out);
        emit(std::move(step));
        return {};
    }

    /// The input with its padding written out as zero points, so that the convolution needs none.
    BufferId padded(BufferId in, ConvAttributes& attributes) {
        const auto [top, left, bottom, right] = attributes.pads;
        const Extent from = buffer(in).extent;
        const Extent to{from.height + top + bottom, from.width + left + right, from.channels};
        ElementMap map{std::vector<int32_t>(static_cast<size_t>(to.elements()), -1), 0};
        for (int64_t h = 0; h < from.height; ++h)
            for (int64_t i = 0; i < from.width * from.channels; ++i)
                map.source[static_cast<size_t>(((h + top) * to.width + left) * to.channels + i)] =
                    static_cast<int32_t>(h * from.width * from.channels + i);
        attributes.pads = {};
        const BufferId out = add_buffer({to, buffer(in).representation, {}, {}});
        emit(move_step(in, out, map));
        return out;
    }

    Result<void> lower_batch_norm(const Unit& unit) {
        const Node& node = m_graph.node(unit.node);
        const auto constant = [&](size_t input) {
            return m_graph.value(node.inputs[input]).constant->to_f32();
        };
        const auto gamma = constant(1), beta = constant(2), mean = constant(3), variance = constant(4);
        const double epsilon = std::get<BatchNormAttributes>(node.attributes).epsilon;
        ScaleShiftStep step;
        step.clamp = unit.clamp;
        const Shape& shape = m_graph.value(unit.output).shape;
        if (shape.rank() != 4 && shape.rank() != 2)
            return fail(ErrorCode::unsupported, "BatchNormalization of rank " + std::to_string(shape.rank()));
        for (size_t c = 0; c < gamma.size(); ++c) {
            const double factor = gamma[c] / std::sqrt(variance[c] + epsilon);
            step.scale.push_back(static_cast<float>(factor));
            step.shift.push_back(static_cast<float>(beta[c] - mean[c] * factor));
        }
        step.in = buffer_for(node.inputs[0], {});
        step.out = new_buffer(unit.output, {});
        emit(std::move(step));
        return {};
    }

    Result<void> lower_binary(const Unit& unit) {
        const Node& node = m_graph.node(unit.node);
        BinaryStep step;
        step.op = node.op == Op::add   ? BinaryOp::add
                  : node.op == Op::sub ? BinaryOp::sub
                  : node.op == Op::mul ? BinaryOp::mul
                                       : BinaryOp::div;
        step.clamp = unit.clamp;
        const Shape& out_shape = m_graph.value(unit.output).shape;
        for (size_t i = 0; i < 2; ++i) {
            const Value& operand = m_graph.value(node.inputs[i]);
            const bool constant = operand.constant != nullptr;
            (i == 0 ? step.index_a : step.index_b) = broadcast_map(operand.shape, out_shape, constant);
            if (constant) {
                step.constant = operand.constant->to_f32();
            } else {
                (i == 0 ? step.a : step.b) = buffer_for(node.inputs[i], read_representation(node, i));
            }
        }
        step.out = new_buffer(unit.output, preferred(unit.output));
        const auto integer = [&](BufferId id) {
            return id.valid() && buffer(id).representation.element == Element::u8;
        };
        if (step.op == BinaryOp::add && integer(step.a) && integer(step.b) && integer(step.out) &&
            step.index_a.empty() && step.index_b.empty()) {
            emit(add_integers(step));
        } else {
            emit(std::move(step));
        }
        return {};
    }

    AddIntegersStep add_integers(const BinaryStep& step) const {
        const Representation &a = buffer(step.a).representation, &b = buffer(step.b).representation,
                             &out = buffer(step.out).representation;
        const OutputCut cut = output_cut(step.clamp, out);
        return {
            step.a, step.b, step.out, sixteen_bits(a.scale / out.scale), sixteen_bits(b.scale / out.scale),
            cut.lo, cut.hi};
    }

    Result<void> lower_pool(const Unit& unit) {
        const Node& node = m_graph.node(unit.node);
        const Shape& shape = m_graph.value(node.inputs[0]).shape;
        PoolStep step;
        step.average = node.op != Op::max_pool;
        if (node.op == Op::global_average_pool || node.op == Op::reduce_mean) {
            if (node.op == Op::reduce_mean &&
                (shape.rank() != 4 ||
                 std::get<ReduceAttributes>(node.attributes).axes != std::vector<int64_t>{2, 3}))
                return lower_mean(unit);
            step.attributes.kernel = {shape[2], shape[3]};
        } else {
            step.attributes = std::get<PoolAttributes>(node.attributes);
        }
        const Representation read = read_representation(node, 0);
        step.in = buffer_for(node.inputs[0], read);
        step.out = new_buffer(unit.output, step.average ? preferred(unit.output) : read);
        emit(std::move(step));
        return {};
    }

    Result<void> lower_mean(const Unit& unit) {
        const Node& node = m_graph.node(unit.node);
        const Shape& in = m_graph.value(node.inputs[0]).shape;
        const auto& axes = std::get<ReduceAttributes>(node.attributes).axes;
        const auto in_storage = storage_of_logical(in);
        // Logical coordinates of the kept axes name the output element.
        std::vector<int64_t> kept;
        for (size_t axis = 0; axis < in.rank(); ++axis)
            kept.push_back(
                std::find(axes.begin(), axes.end(), static_cast<int64_t>(axis)) == axes.end() ? in[axis] : 1);
        const auto target = broadcast_map(Shape(kept), in, true);
        const auto out_storage = storage_of_logical(m_graph.value(unit.output).shape);
        MeanStep step;
        step.count = in.elements() / std::max<int64_t>(1, Shape(kept).elements());
        std::vector<std::vector<int32_t>> members(out_storage.size());
        for (const int32_t storage : in_storage)
            members[static_cast<size_t>(
                        out_storage[static_cast<size_t>(target[static_cast<size_t>(storage)])])]
                .push_back(storage);
        for (const auto& list : members) step.members.insert(step.members.end(), list.begin(), list.end());
        const BufferId read = buffer_for(node.inputs[0], read_representation(node, 0));
        step.in = read;
        if (buffer(read).representation.element == Element::u8) step.in = buffer_for(node.inputs[0], {});
        step.out = new_buffer(unit.output, {});
        emit(std::move(step));
        return {};
    }

    Result<void> lower_concat(const Unit& unit) {
        const Node& node = m_graph.node(unit.node);
        const Shape& out_shape = m_graph.value(unit.output).shape;
        const auto axis = static_cast<size_t>(std::get<ConcatAttributes>(node.attributes).axis);
        const Representation r = read_representation(node, 0);
        MoveStep step;
        // Number the input's elements through the output, then cut the output into runs.
        std::vector<std::pair<int32_t, int32_t>> origin(static_cast<size_t>(out_shape.elements()));
        int64_t offset = 0;
        const auto out_storage = storage_of_logical(out_shape);
        for (size_t i = 0; i < node.inputs.size(); ++i) {
            const Value& input = m_graph.value(node.inputs[i]);
            if (input.constant) return fail(ErrorCode::unsupported, "Concat with a constant cannot be run");
            step.in.push_back(buffer_for(node.inputs[i], r));
            int64_t inner = 1;
            for (size_t a = axis + 1; a < out_shape.rank(); ++a) inner *= out_shape[a];
            const int64_t block = input.shape[axis] * inner, out_block = out_shape[axis] * inner;
            const auto in_storage = storage_of_logical(input.shape);
            for (int64_t logical = 0; logical < input.shape.elements(); ++logical) {
                const int64_t to = logical / block * out_block + offset + logical % block;
                origin[static_cast<size_t>(out_storage[static_cast<size_t>(to)])] = {
                    static_cast<int32_t>(i), in_storage[static_cast<size_t>(logical)]};
            }
            offset += block;
        }
        for (size_t i = 0; i < origin.size(); ++i) {
            const auto [source, from] = origin[i];
            if (!step.runs.empty() && step.runs.back().source == source &&
                step.runs.back().from + step.runs.back().length == from) {
                ++step.runs.back().length;
            } else {
                step.runs.push_back({source, from, static_cast<int64_t>(i), 1});
            }
        }
        step.out = new_buffer(unit.output, r);
        emit(std::move(step));
        return {};
    }

    Result<void> lower_softmax(const Unit& unit) {
        const Node& node = m_graph.node(unit.node);
        const auto& a = std::get<SoftmaxAttributes>(node.attributes);
        const Shape& shape = m_graph.value(unit.output).shape;
        const auto axis = static_cast<size_t>(a.axis);
        SoftmaxStep step;
        step.axis_size = shape[axis];
        if (a.flatten_trailing)
            for (size_t i = axis + 1; i < shape.rank(); ++i) step.axis_size *= shape[i];
        const bool channels_last = shape.rank() == 4;
        if (channels_last && axis > 1) {
            step.stride = shape[1];
            if (!a.flatten_trailing && axis == 2) step.stride *= shape[3];
        } else if (!channels_last && !a.flatten_trailing) {
            for (size_t i = axis + 1; i < shape.rank(); ++i) step.stride *= shape[i];
        }
        step.in = buffer_for(node.inputs[0], {});
        step.out = new_buffer(unit.output, {});
        emit(step);
        return {};
    }

    Result<void> lower_unary(const Unit& unit) {
        const Node& node = m_graph.node(unit.node);
        UnaryStep step;
        switch (node.op) {
        case Op::relu:
            step.op = UnaryOp::relu;
            break;
        case Op::leaky_relu:
            step.op = UnaryOp::leaky_relu;
            step.alpha = std::get<LeakyReluAttributes>(node.attributes).alpha;
            break;
        case Op::clip: {
            const auto& a = std::get<ClipAttributes>(node.attributes);
            step.op = UnaryOp::clip;
            step.clamp = {a.lo, a.hi};
            break;
        }
        case Op::sigmoid:
            step.op = UnaryOp::sigmoid;
            break;
        case Op::tanh:
            step.op = UnaryOp::tanh;
            break;
        default:
            step.op = UnaryOp::exp;
            break;
        }
        step.in = buffer_for(node.inputs[0], {});
        step.out = new_buffer(unit.output, {});
        emit(step);
        return {};
    }

    const Graph& m_graph;
    const PrecisionPlan& m_plan;
    Program m_program;
    std::vector<Unit> m_units;
    std::vector<Demands> m_demands;
    std::vector<std::vector<BufferId>> m_available{m_graph.values().size()};
    std::string m_step_name;
};

} // namespace

Result<Program> lower(const Graph& graph, const PrecisionPlan& resolved) {
    return Lowering(graph, resolved).run();
}

} // namespace widthwise::engine
