#include "core/onnx/export_node.h"

#include "core/base/text.h"
#include "core/onnx/libonnx.h"

#include <cmath>
#include <limits>

namespace widthwise::onnx {

namespace {

/// Fills one NodeProto.
class NodeWriter {
public:
    NodeWriter(const ExportContext& context, const std::string& name, const std::string& op_type)
        : m_proto(*context.proto.add_node()) {
        m_proto.set_name(name);
        m_proto.set_op_type(op_type);
    }
    NodeWriter& reads(const std::string& name) {
        m_proto.add_input(name);
        return *this;
    }
    NodeWriter& writes(const std::string& name) {
        m_proto.add_output(name);
        return *this;
    }
    NodeWriter& integer(const std::string& name, int64_t value) {
        attribute(name, ::onnx::AttributeProto::INT).set_i(value);
        return *this;
    }
    NodeWriter& real(const std::string& name, float value) {
        attribute(name, ::onnx::AttributeProto::FLOAT).set_f(value);
        return *this;
    }
    template <typename Values> NodeWriter& integers(const std::string& name, const Values& values) {
        auto& out = attribute(name, ::onnx::AttributeProto::INTS);
        for (const int64_t v : values) out.add_ints(v);
        return *this;
    }

private:
    ::onnx::AttributeProto& attribute(const std::string& name, ::onnx::AttributeProto::AttributeType type) {
        auto& out = *m_proto.add_attribute();
        out.set_name(name);
        out.set_type(type);
        return out;
    }
    ::onnx::NodeProto& m_proto;
};

std::string write_integers(const ExportContext& c, const std::string& stem, std::vector<int64_t> values) {
    const auto count = static_cast<int64_t>(values.size());
    return c.write_constant(stem, Tensor::from_i64(Shape{count}, std::move(values)));
}

std::string write_scalar(const ExportContext& c, const std::string& stem, float value) {
    return c.write_constant(stem, Tensor::from_f32(Shape{}, {value}));
}

NodeWriter start(const ExportContext& c, const Node& node, const std::string& op_type) {
    NodeWriter writer(c, node.name, op_type);
    for (const ValueId input : node.inputs) writer.reads(c.name_of(input));
    writer.writes(c.name_of(node.output()));
    return writer;
}

/// The file's own word for the op where several mean the same to us.
std::string spelled(const Node& node, std::initializer_list<const char*> allowed) {
    for (const char* name : allowed) {
        if (node.op_type == name) return name;
    }
    return *allowed.begin();
}

void write_conv(const ExportContext& c, const Node& node) {
    const auto& a = std::get<ConvAttributes>(node.attributes);
    start(c, node, "Conv")
        .integers("dilations", a.dilations)
        .integer("group", a.group)
        .integers("kernel_shape", a.kernel)
        .integers("pads", a.pads)
        .integers("strides", a.strides);
}

/// MatMul keeps its name: its weights go back to [I, O]. All else becomes Gemm with transB.
void write_gemm(const ExportContext& c, const Node& node) {
    if (node.op_type != "MatMul" || node.inputs.size() != 2) {
        start(c, node, "Gemm").integer("transB", 1);
        return;
    }
    const Value& weights = c.graph.value(node.inputs[1]);
    const int64_t outputs = weights.shape[0], inputs = weights.shape[1];
    const auto from = weights.constant->as<float>();
    std::vector<float> transposed(from.size());
    for (int64_t o = 0; o < outputs; ++o) {
        for (int64_t i = 0; i < inputs; ++i) {
            transposed[static_cast<size_t>(i * outputs + o)] = from[static_cast<size_t>(o * inputs + i)];
        }
    }
    const auto matrix =
        c.write_constant(weights.name, Tensor::from_f32(Shape{inputs, outputs}, std::move(transposed)));
    NodeWriter(c, node.name, "MatMul")
        .reads(c.name_of(node.inputs[0]))
        .reads(matrix)
        .writes(c.name_of(node.output()));
}

void write_pool(const ExportContext& c, const Node& node) {
    const auto& a = std::get<PoolAttributes>(node.attributes);
    auto writer = start(c, node, node.op == Op::max_pool ? "MaxPool" : "AveragePool");
    writer.integer("ceil_mode", a.ceil_mode);
    if (node.op == Op::average_pool) writer.integer("count_include_pad", a.count_include_pad);
    writer.integers("kernel_shape", a.kernel).integers("pads", a.pads).integers("strides", a.strides);
}

void write_clip(const ExportContext& c, const Node& node) {
    const auto& a = std::get<ClipAttributes>(node.attributes);
    const auto bound = [&](const char* suffix, float value) {
        return std::isinf(value) ? std::string() : write_scalar(c, node.name + suffix, value);
    };
    const std::string lo = bound(".min", a.lo), hi = bound(".max", a.hi);
    NodeWriter writer(c, node.name, "Clip");
    writer.reads(c.name_of(node.inputs[0]));
    if (!lo.empty() || !hi.empty()) writer.reads(lo);
    if (!hi.empty()) writer.reads(hi);
    writer.writes(c.name_of(node.output()));
}

/// Target shapes copy the batch (0), so that the file stays free in it.
std::vector<int64_t> batch_free(const Shape& shape) {
    std::vector<int64_t> dims = shape.dims();
    dims[0] = 0;
    return dims;
}

void write_reshape_to(const ExportContext& c, const std::string& name, const std::string& from,
                      const std::string& to, const Shape& shape) {
    const std::string target = write_integers(c, name + ".shape", batch_free(shape));
    NodeWriter(c, name, "Reshape").reads(from).reads(target).writes(to);
}

/// The axes that turn `from` into `to` by leaving out (Squeeze) or adding (Unsqueeze) ones; empty where none
/// do.
std::vector<int64_t> single_axes(const Shape& longer, const Shape& shorter) {
    std::vector<int64_t> axes;
    size_t next = 0;
    for (size_t i = 0; i < longer.rank(); ++i) {
        if (next < shorter.rank() && longer[i] == shorter[next] &&
            !(i > 0 && longer[i] == 1 && longer.rank() - i > shorter.rank() - next)) {
            ++next;
        } else if (longer[i] == 1) {
            axes.push_back(static_cast<int64_t>(i));
        } else {
            return {};
        }
    }
    return next == shorter.rank() ? axes : std::vector<int64_t>{};
}

void write_reshape(const ExportContext& c, const Node& node) {
    const Shape& in = c.graph.value(node.inputs[0]).shape;
    const Shape& out = c.graph.value(node.output()).shape;
    if (node.op_type == "Flatten" && out.rank() == 2) {
        start(c, node, "Flatten").integer("axis", 1);
        return;
    }
    const bool squeeze = node.op_type == "Squeeze";
    if (squeeze || node.op_type == "Unsqueeze") {
        const auto axes = squeeze ? single_axes(in, out) : single_axes(out, in);
        if (!axes.empty()) {
            const std::string constant = write_integers(c, node.name + ".axes", axes);
            NodeWriter(c, node.name, node.op_type)
                .reads(c.name_of(node.inputs[0]))
                .reads(constant)
                .writes(c.name_of(node.output()));
            return;
        }
    }
    write_reshape_to(c, node.name, c.name_of(node.inputs[0]), c.name_of(node.output()), out);
}

/// Softmax over several axes, as operator sets before 13 had it, is one over their flattened product.
void write_softmax(const ExportContext& c, const Node& node) {
    const auto& a = std::get<SoftmaxAttributes>(node.attributes);
    if (!a.flatten_trailing) {
        start(c, node, "Softmax").integer("axis", a.axis);
        return;
    }
    const Shape& shape = c.graph.value(node.output()).shape;
    std::vector<int64_t> flat(shape.dims().begin(), shape.dims().begin() + a.axis);
    flat.push_back(1);
    for (size_t i = static_cast<size_t>(a.axis); i < shape.rank(); ++i) flat.back() *= shape[i];
    const std::string joined = c.fresh_name(node.name + ".joined"),
                      soft = c.fresh_name(node.name + ".softmax");
    write_reshape_to(c, joined, c.name_of(node.inputs[0]), joined, Shape(flat));
    NodeWriter(c, node.name, "Softmax").reads(joined).writes(soft).integer("axis", a.axis);
    write_reshape_to(c, c.fresh_name(node.name + ".split"), soft, c.name_of(node.output()), shape);
}

void write_slice(const ExportContext& c, const Node& node) {
    const auto& a = std::get<SliceAttributes>(node.attributes);
    std::vector<int64_t> starts, ends, axes, steps;
    for (size_t i = 1; i < a.starts.size(); ++i) { // the batch stays whole
        starts.push_back(a.starts[i]);
        // "-1" would mean the last element: what ends before the first one says so with the smallest number.
        ends.push_back(a.ends[i] < 0 ? std::numeric_limits<int64_t>::min() : a.ends[i]);
        axes.push_back(static_cast<int64_t>(i));
        steps.push_back(a.steps[i]);
    }
    const auto first = write_integers(c, node.name + ".starts", starts);
    const auto last = write_integers(c, node.name + ".ends", ends);
    const auto which = write_integers(c, node.name + ".axes", axes);
    const auto by = write_integers(c, node.name + ".steps", steps);
    NodeWriter(c, node.name, "Slice")
        .reads(c.name_of(node.inputs[0]))
        .reads(first)
        .reads(last)
        .reads(which)
        .reads(by)
        .writes(c.name_of(node.output()));
}

void write_pad(const ExportContext& c, const Node& node) {
    const auto& a = std::get<PadAttributes>(node.attributes);
    std::vector<int64_t> pads = a.before;
    pads.insert(pads.end(), a.after.begin(), a.after.end());
    const auto amounts = write_integers(c, node.name + ".pads", pads);
    const auto value = write_scalar(c, node.name + ".value", a.value);
    NodeWriter(c, node.name, "Pad")
        .reads(c.name_of(node.inputs[0]))
        .reads(amounts)
        .reads(value)
        .writes(c.name_of(node.output()));
}

} // namespace

Result<void> export_node(const ExportContext& c, const Node& node) {
    switch (node.op) {
    case Op::conv:
        write_conv(c, node);
        return {};
    case Op::gemm:
        write_gemm(c, node);
        return {};
    case Op::batch_norm:
        start(c, node, "BatchNormalization")
            .real("epsilon", std::get<BatchNormAttributes>(node.attributes).epsilon);
        return {};
    case Op::relu:
        start(c, node, "Relu");
        return {};
    case Op::leaky_relu:
        start(c, node, "LeakyRelu").real("alpha", std::get<LeakyReluAttributes>(node.attributes).alpha);
        return {};
    case Op::clip:
        write_clip(c, node);
        return {};
    case Op::sigmoid:
        start(c, node, "Sigmoid");
        return {};
    case Op::tanh:
        start(c, node, "Tanh");
        return {};
    case Op::exp:
        start(c, node, "Exp");
        return {};
    case Op::softmax:
        write_softmax(c, node);
        return {};
    case Op::add:
        start(c, node, spelled(node, {"Add", "Sum"}));
        return {};
    case Op::sub:
        start(c, node, "Sub");
        return {};
    case Op::mul:
        start(c, node, "Mul");
        return {};
    case Op::div:
        start(c, node, "Div");
        return {};
    case Op::max_pool:
    case Op::average_pool:
        write_pool(c, node);
        return {};
    case Op::global_average_pool:
        start(c, node, "GlobalAveragePool");
        return {};
    case Op::reduce_mean: {
        const auto& a = std::get<ReduceAttributes>(node.attributes);
        start(c, node, "ReduceMean").integers("axes", a.axes).integer("keepdims", a.keep_dims);
        return {};
    }
    case Op::concat:
        start(c, node, "Concat").integer("axis", std::get<ConcatAttributes>(node.attributes).axis);
        return {};
    case Op::slice:
        write_slice(c, node);
        return {};
    case Op::pad:
        write_pad(c, node);
        return {};
    case Op::reshape:
        write_reshape(c, node);
        return {};
    case Op::transpose:
        start(c, node, "Transpose").integers("perm", std::get<TransposeAttributes>(node.attributes).perm);
        return {};
    case Op::identity:
        if (node.op_type == "Cast")
            start(c, node, "Cast").integer("to", ::onnx::TensorProto::FLOAT);
        else
            start(c, node, spelled(node, {"Identity", "Dropout"}));
        return {};
    case Op::pow:
        start(c, node, "Pow");
        return {};
    case Op::minimum:
        start(c, node, "Min");
        return {};
    case Op::maximum:
        start(c, node, "Max");
        return {};
    case Op::prelu:
        start(c, node, "PRelu");
        return {};
    case Op::matmul:
        start(c, node, "MatMul");
        return {};
    case Op::conv_transpose:
    case Op::instance_norm:
    case Op::layer_norm:
    case Op::lrn:
    case Op::function:
    case Op::compare:
    case Op::where:
    case Op::reduce:
    case Op::arg_max:
    case Op::gather:
    case Op::expand:
    case Op::depth_to_space:
    case Op::space_to_depth:
    case Op::resize:
    case Op::quantize:
    case Op::multi_threshold:
        return fail(ErrorCode::unsupported,
                    "the network cannot be exported: " + node.op_type + " cannot be written by this version",
                    "node " + in_quotes(node.name));
    case Op::unsupported:
        break;
    }
    return fail(ErrorCode::unsupported, "the network cannot be exported: " + node.why_unsupported,
                "node " + in_quotes(node.name));
}

} // namespace widthwise::onnx
