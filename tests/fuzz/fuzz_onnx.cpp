// Bytes are mutated by libFuzzer, and, as random bytes seldom remain a model, models by their structure: ops,
// attributes, dimensions, constants, wiring.

#include "tests/fuzz/fuzz_cases.h"

#include "core/onnx/libonnx.h"

#include <google/protobuf/stubs/logging.h>

#include <array>
#include <cstring>
#include <random>

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

namespace {

using Random = std::minstd_rand;

int below(Random& random, int count) {
    return static_cast<int>(random() % static_cast<unsigned>(count));
}

int64_t nasty(Random& random) {
    static constexpr std::array<int64_t, 20> numbers{
        INT64_MIN, -(1LL << 32), -100,  -3,        -2,        -1,        0,         1,        2, 3, 4, 5,
        7,         64,           65536, 1LL << 20, 1LL << 31, 1LL << 33, 1LL << 62, INT64_MAX};
    return numbers[static_cast<size_t>(below(random, static_cast<int>(numbers.size())))];
}

const char* some_op(Random& random) {
    static constexpr std::array ops{"Conv",
                                    "ConvTranspose",
                                    "Gemm",
                                    "MatMul",
                                    "BatchNormalization",
                                    "LRN",
                                    "LayerNormalization",
                                    "InstanceNormalization",
                                    "GroupNormalization",
                                    "Relu",
                                    "PRelu",
                                    "Clip",
                                    "Softmax",
                                    "Add",
                                    "Div",
                                    "Pow",
                                    "Min",
                                    "Equal",
                                    "Where",
                                    "And",
                                    "Not",
                                    "Cast",
                                    "MaxPool",
                                    "AveragePool",
                                    "GlobalMaxPool",
                                    "ReduceMean",
                                    "ReduceProd",
                                    "ArgMax",
                                    "Concat",
                                    "Split",
                                    "Slice",
                                    "Gather",
                                    "Pad",
                                    "Reshape",
                                    "Flatten",
                                    "Squeeze",
                                    "Unsqueeze",
                                    "Transpose",
                                    "Expand",
                                    "Tile",
                                    "Range",
                                    "Shape",
                                    "Size",
                                    "ConstantOfShape",
                                    "Resize",
                                    "Upsample",
                                    "DepthToSpace",
                                    "SpaceToDepth",
                                    "Mod",
                                    "QuantizeLinear",
                                    "DequantizeLinear",
                                    "DynamicQuantizeLinear",
                                    "QLinearConv",
                                    "QLinearMatMul",
                                    "ConvInteger",
                                    "MatMulInteger",
                                    "Quant",
                                    "BipolarQuant",
                                    "Trunc",
                                    "MultiThreshold",
                                    "Constant",
                                    "Identity",
                                    "Dropout"};
    return ops[static_cast<size_t>(below(random, static_cast<int>(ops.size())))];
}

void mutate_attribute(onnx::NodeProto& node, Random& random) {
    if (node.attribute_size() == 0) return;
    auto& a = *node.mutable_attribute(below(random, node.attribute_size()));
    const int choice = below(random, 4);
    if (a.ints_size() > 0 && choice < 2)
        a.set_ints(below(random, a.ints_size()), nasty(random));
    else if (a.ints_size() > 0 && choice == 2)
        a.mutable_ints()->RemoveLast();
    else if (a.ints_size() > 0)
        a.add_ints(nasty(random));
    else if (a.floats_size() > 0)
        a.set_floats(below(random, a.floats_size()), static_cast<float>(nasty(random)));
    else if (a.has_f())
        a.set_f(choice == 0 ? static_cast<float>(nasty(random)) : choice == 1 ? NAN : 0.5F);
    else if (a.has_i())
        a.set_i(nasty(random));
    else
        a.set_type(static_cast<onnx::AttributeProto::AttributeType>(below(random, 11)));
}

void mutate_node(onnx::GraphProto& graph, Random& random) {
    if (graph.node_size() == 0) return;
    auto& node = *graph.mutable_node(below(random, graph.node_size()));
    switch (below(random, 6)) {
    case 0:
        node.set_op_type(some_op(random));
        break;
    case 1:
        if (node.input_size() > 0 && graph.initializer_size() > 0)
            node.set_input(below(random, node.input_size()),
                           graph.initializer(below(random, graph.initializer_size())).name());
        break;
    case 2: {
        const auto& other = graph.node(below(random, graph.node_size()));
        if (node.input_size() > 0 && other.output_size() > 0)
            node.set_input(below(random, node.input_size()), other.output(0));
        break;
    }
    case 3:
        if (graph.initializer_size() > 0)
            node.add_input(graph.initializer(below(random, graph.initializer_size())).name());
        break;
    default:
        mutate_attribute(node, random);
    }
}

void mutate_tensor(onnx::GraphProto& graph, Random& random) {
    if (graph.initializer_size() == 0) return;
    auto& tensor = *graph.mutable_initializer(below(random, graph.initializer_size()));
    switch (below(random, 5)) {
    case 0:
        if (tensor.dims_size() > 0) tensor.set_dims(below(random, tensor.dims_size()), nasty(random));
        break;
    case 1:
        tensor.set_data_type(below(random, 25));
        break;
    case 2: // still as many numbers
        tensor.add_dims(1);
        break;
    default:
        if (tensor.raw_data().size() >= 8 && tensor.data_type() == onnx::TensorProto::INT64) {
            const int64_t value = nasty(random);
            const int at = below(random, static_cast<int>(tensor.raw_data().size() / 8)) * 8;
            std::memcpy(&(*tensor.mutable_raw_data())[static_cast<size_t>(at)], &value, 8);
        }
    }
}

void mutate_model(onnx::ModelProto& model, Random& random) {
    auto& graph = *model.mutable_graph();
    switch (below(random, 8)) {
    case 0:
        for (auto& import : *model.mutable_opset_import()) import.set_version(below(random, 24));
        break;
    case 1:
        if (graph.input_size() > 0) {
            auto& shape = *graph.mutable_input(0)->mutable_type()->mutable_tensor_type()->mutable_shape();
            if (shape.dim_size() > 0)
                shape.mutable_dim(below(random, shape.dim_size()))->set_dim_value(nasty(random));
        }
        break;
    case 2:
    case 3:
        mutate_tensor(graph, random);
        break;
    default:
        mutate_node(graph, random);
    }
}

} // namespace

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned seed) {
    Random random(seed);
    const google::protobuf::LogSilencer quiet;
    onnx::ModelProto model;
    if (below(random, 4) == 0 || !model.ParseFromArray(data, static_cast<int>(size)))
        return LLVMFuzzerMutate(data, size, max_size);
    for (int i = below(random, 3); i >= 0; --i) mutate_model(model, random);
    const std::string bytes = model.SerializeAsString();
    if (bytes.size() > max_size) return LLVMFuzzerMutate(data, size, max_size);
    std::memcpy(data, bytes.data(), bytes.size());
    return bytes.size();
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    widthwise::fuzz::run_onnx({data, size});
    return 0;
}
