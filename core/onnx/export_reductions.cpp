// Softmax, reductions, the place of the largest.

#include "core/onnx/export_writer.h"

namespace widthwise::onnx::exporting {

namespace {

/// Softmax over several axes, as operator sets before 13 had it, is one over their flattened product.
void write_softmax(const ExportContext& c, const Node& node) {
    const auto& a = std::get<SoftmaxAttributes>(node.attributes);
    const char* op_type = a.log ? "LogSoftmax" : "Softmax";
    if (!a.flatten_trailing) {
        start(c, node, op_type).integer("axis", a.axis);
        return;
    }
    const Shape& shape = c.graph.value(node.output()).shape;
    std::vector<int64_t> flat(shape.dims().begin(), shape.dims().begin() + a.axis);
    flat.push_back(1);
    for (size_t i = static_cast<size_t>(a.axis); i < shape.rank(); ++i) flat.back() *= shape[i];
    const std::string joined = c.fresh_name(node.name + ".joined"),
                      soft = c.fresh_name(node.name + ".softmax");
    write_reshape_to(c, joined, read_as(c, node.inputs[0], DataType::f32), joined, Shape(flat));
    NodeWriter(c, node.name, op_type).reads(joined).writes(soft).integer("axis", a.axis);
    write_reshape_to(c, c.fresh_name(node.name + ".split"), soft, c.name_of(node.output()), shape);
}

const char* name_of(Reduction reduction) {
    switch (reduction) {
    case Reduction::mean:
        return "ReduceMean";
    case Reduction::sum:
        return "ReduceSum";
    case Reduction::max:
        return "ReduceMax";
    case Reduction::min:
        return "ReduceMin";
    case Reduction::prod:
        return "ReduceProd";
    case Reduction::l1:
        return "ReduceL1";
    case Reduction::l2:
        return "ReduceL2";
    case Reduction::sum_square:
        return "ReduceSumSquare";
    case Reduction::log_sum:
        return "ReduceLogSum";
    case Reduction::log_sum_exp:
        return "ReduceLogSumExp";
    }
    return "";
}

/// Axes moved from an attribute to an input with operator set 13 (ReduceSum) or 18 (the others).
void write_reduce(const ExportContext& c, const Node& node) {
    const auto& a = std::get<ReduceAttributes>(node.attributes);
    const bool as_input = c.opset >= (a.reduction == Reduction::sum ? 13 : 18);
    const std::string axes = as_input ? write_integers(c, node.name + ".axes", a.axes) : std::string();
    auto writer = start(c, node, name_of(a.reduction));
    if (as_input)
        writer.reads(axes);
    else
        writer.integers("axes", a.axes);
    writer.integer("keepdims", a.keep_dims);
}

void write_arg_max(const ExportContext& c, const Node& node) {
    const auto& a = std::get<ArgMaxAttributes>(node.attributes);
    start(c, node, a.minimum ? "ArgMin" : "ArgMax")
        .integer("axis", a.axis)
        .integer("keepdims", a.keep_dims)
        .integer("select_last_index", a.last);
}

} // namespace

bool write_reduction(const ExportContext& c, const Node& node) {
    switch (node.op) {
    case Op::softmax:
        write_softmax(c, node);
        return true;
    case Op::reduce_mean:
    case Op::reduce:
        write_reduce(c, node);
        return true;
    case Op::arg_max:
        write_arg_max(c, node);
        return true;
    default:
        return false;
    }
}

} // namespace widthwise::onnx::exporting
