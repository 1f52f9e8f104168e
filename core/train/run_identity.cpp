#include "core/base/hash.h"
#include "core/train/byte_stream.h"
#include "core/train/checkpoint.h"

namespace widthwise::train {
namespace {

template <typename Numbers> void put_all(ByteWriter& to, const Numbers& numbers) {
    to.put(static_cast<uint64_t>(numbers.size()));
    for (const auto number : numbers) to.put(number);
}

/// Every field of every operation's attributes. Structured bindings and the lack of a default let neither a
/// new field nor a new kind of attributes go unseen.
struct AttributeWriter {
    ByteWriter& to;

    template <typename T> void put_one(const T& field) const {
        if constexpr (std::is_enum_v<T>) {
            to.put(static_cast<int>(field));
        } else if constexpr (std::is_arithmetic_v<T>) {
            to.put(field);
        } else {
            put_all(to, field);
        }
    }
    template <typename... T> void put(const T&... fields) const { (put_one(fields), ...); }

    void operator()(const std::monostate&) const {}
    void operator()(const ConvAttributes& a) const {
        const auto& [kernel, strides, pads, dilations, group] = a;
        put(kernel, strides, pads, dilations, group);
    }
    void operator()(const PoolAttributes& a) const {
        const auto& [kernel, strides, pads, ceil_mode, count_include_pad] = a;
        put(kernel, strides, pads, ceil_mode, count_include_pad);
    }
    void operator()(const BatchNormAttributes& a) const {
        const auto& [epsilon] = a;
        put(epsilon);
    }
    void operator()(const ClipAttributes& a) const {
        const auto& [lo, hi] = a;
        put(lo, hi);
    }
    void operator()(const LeakyReluAttributes& a) const {
        const auto& [alpha] = a;
        put(alpha);
    }
    void operator()(const SoftmaxAttributes& a) const {
        const auto& [axis, flatten_trailing, log] = a;
        put(axis, flatten_trailing, log);
    }
    void operator()(const ConcatAttributes& a) const {
        const auto& [axis] = a;
        put(axis);
    }
    void operator()(const SliceAttributes& a) const {
        const auto& [starts, ends, steps] = a;
        put(starts, ends, steps);
    }
    void operator()(const PadAttributes& a) const {
        const auto& [before, after, value] = a;
        put(before, after, value);
    }
    void operator()(const ReshapeAttributes& a) const {
        const auto& [shape] = a;
        put(shape);
    }
    void operator()(const TransposeAttributes& a) const {
        const auto& [perm] = a;
        put(perm);
    }
    void operator()(const ReduceAttributes& a) const {
        const auto& [axes, keep_dims, reduction] = a;
        put(axes, keep_dims, reduction);
    }
    void operator()(const ConvTransposeAttributes& a) const {
        const auto& [conv, output_padding] = a;
        (*this)(conv);
        put(output_padding);
    }
    void operator()(const FunctionAttributes& a) const {
        const auto& [function, alpha, beta] = a;
        put(function, alpha, beta);
    }
    void operator()(const CompareAttributes& a) const {
        const auto& [comparison] = a;
        put(comparison);
    }
    void operator()(const LrnAttributes& a) const {
        const auto& [size, alpha, beta, bias] = a;
        put(size, alpha, beta, bias);
    }
    void operator()(const NormAttributes& a) const {
        const auto& [axis, epsilon] = a;
        put(axis, epsilon);
    }
    void operator()(const ResizeAttributes& a) const {
        const auto& [mode, coordinates, rounding, size, scale, cubic_coefficient] = a;
        put(mode, coordinates, rounding, size, scale, cubic_coefficient);
    }
    void operator()(const BlockAttributes& a) const {
        const auto& [block, column_row_depth] = a;
        put(block, column_row_depth);
    }
    void operator()(const GatherAttributes& a) const {
        const auto& [axis, indices, drop_axis] = a;
        put(axis, indices, drop_axis);
    }
    void operator()(const ExpandAttributes& a) const {
        const auto& [shape, tile] = a;
        put(shape, tile);
    }
    void operator()(const ArgMaxAttributes& a) const {
        const auto& [axis, keep_dims, last, minimum] = a;
        put(axis, keep_dims, last, minimum);
    }
    void operator()(const MultiThresholdAttributes& a) const {
        const auto& [scale, bias] = a;
        put(scale, bias);
    }
};

void put(ByteWriter& to, const Attributes& attributes) {
    to.put(static_cast<uint64_t>(attributes.index()));
    std::visit(AttributeWriter{to}, attributes);
}

void put(ByteWriter& to, const Dataset& data) {
    to.put(data.hash());
    to.put(data.preprocessing());
    to.put(data.size());
    for (int64_t i = 0; i < data.size(); ++i) to.put(data.label(i));
}

} // namespace

std::string network_hash(const Graph& graph) {
    Sha256 hash;
    for (const Value& value : graph.values()) {
        ByteWriter facts;
        put_all(facts, value.shape.dims());
        facts.put(value.constant ? static_cast<int>(value.constant->type()) : -1);
        hash.update(facts.bytes());
        if (value.constant) hash.update(value.constant->bytes());
    }
    for (const Node& node : graph.nodes()) {
        ByteWriter facts;
        facts.put(node.name);
        facts.put(static_cast<int>(node.op));
        put(facts, node.attributes);
        for (const auto* ids : {&node.inputs, &node.outputs}) {
            facts.put(static_cast<uint64_t>(ids->size()));
            for (const ValueId id : *ids) facts.put(static_cast<uint64_t>(id.position()));
        }
        hash.update(facts.bytes());
    }
    return hash.finish();
}

std::string data_hash(const Dataset& training, const Dataset* validation) {
    ByteWriter facts;
    put(facts, training);
    if (validation) put(facts, *validation);
    return sha256(facts.bytes());
}

} // namespace widthwise::train
