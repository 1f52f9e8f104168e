#include "core/base/hash.h"
#include "core/train/byte_stream.h"
#include "core/train/checkpoint.h"

namespace widthwise::train {
namespace {

template <typename Numbers> void put_all(ByteWriter& to, const Numbers& numbers) {
    to.put(static_cast<uint64_t>(numbers.size()));
    for (const auto number : numbers) to.put(number);
}

/// Attributes of operations whose meaning their shapes do not settle.
void put(ByteWriter& to, const Attributes& attributes) {
    to.put(static_cast<uint64_t>(attributes.index()));
    if (const auto* conv = std::get_if<ConvAttributes>(&attributes)) {
        put_all(to, conv->strides);
        put_all(to, conv->pads);
        put_all(to, conv->dilations);
        to.put(conv->group);
    } else if (const auto* pool = std::get_if<PoolAttributes>(&attributes)) {
        put_all(to, pool->kernel);
        put_all(to, pool->strides);
        put_all(to, pool->pads);
        to.put(pool->count_include_pad);
    } else if (const auto* norm = std::get_if<BatchNormAttributes>(&attributes)) {
        to.put(norm->epsilon);
    } else if (const auto* clip = std::get_if<ClipAttributes>(&attributes)) {
        to.put(clip->lo);
        to.put(clip->hi);
    } else if (const auto* leaky = std::get_if<LeakyReluAttributes>(&attributes)) {
        to.put(leaky->alpha);
    } else if (const auto* transpose = std::get_if<TransposeAttributes>(&attributes)) {
        put_all(to, transpose->perm);
    } else if (const auto* slice = std::get_if<SliceAttributes>(&attributes)) {
        put_all(to, slice->starts);
        put_all(to, slice->steps);
    } else if (const auto* pad = std::get_if<PadAttributes>(&attributes)) {
        put_all(to, pad->before);
        to.put(pad->value);
    }
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
