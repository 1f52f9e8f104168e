// Softmax, reductions and the place of the largest.

#include "core/onnx/translate.h"

#include "core/onnx/shape_rules.h"

namespace widthwise::onnx::translation {

namespace {

/// Before operator set 13 softmax normalized over `axis` (1 by default) and all that follows, since then over
/// `axis` (the last by default) alone. The two agree where nothing but ones follows.
Result<Translated> softmax(NodeView& view, const Batch&) {
    auto in = activation_shape(view);
    if (!in) return forward_error(in);
    const bool old = view.opset() < 13;
    auto axis = resolve_axis(view.integer("axis", old ? 1 : -1), in->rank());
    if (!axis) return forward_error(axis);
    if (*axis == 0) return refuse(view.op_type() + " across the batch is not run");
    int64_t trailing = 1;
    for (size_t i = static_cast<size_t>(*axis) + 1; i < in->rank(); ++i) trailing *= (*in)[i];
    SoftmaxAttributes a{*axis, old && trailing > 1};
    a.log = view.op_type() == "LogSoftmax";
    return Translated{Op::softmax, a, {Source{0, nullptr}}};
}

/// `axes` are an attribute before operator set 18 (ReduceSum: 13), an input since.
template <Reduction reduction> Result<Translated> reduce(NodeView& view, const Batch&) {
    auto in = activation_shape(view);
    if (!in) return forward_error(in);
    auto given = view.integers("axes", 1);
    if (!given) return forward_error(given);
    const bool nothing = !*given || (*given)->empty();
    if (nothing && view.integer("noop_with_empty_axes", 0) != 0)
        return Translated{Op::identity, {}, {Source{0, nullptr}}}.as("Identity");
    if (nothing) return refuse(view.op_type() + " across the batch is not run");
    auto axes = resolve_axes(**given, in->rank());
    if (!axes) return forward_error(axes);
    if (axes->front() == 0) return refuse(view.op_type() + " across the batch is not run");
    const ReduceAttributes a{*axes, view.integer("keepdims", 1) != 0, reduction};
    return Translated{reduction == Reduction::mean ? Op::reduce_mean : Op::reduce, a, {Source{0, nullptr}}};
}

Result<Translated> arg_max(NodeView& view, const Batch&) {
    auto in = activation_shape(view);
    if (!in) return forward_error(in);
    auto axis = resolve_axis(view.integer("axis", 0), in->rank());
    if (!axis) return forward_error(axis);
    if (*axis == 0) return refuse(view.op_type() + " across the batch is not run");
    const ArgMaxAttributes a{*axis, view.integer("keepdims", 1) != 0,
                             view.integer("select_last_index", 0) != 0, view.op_type() == "ArgMin"};
    return Translated{Op::arg_max, a, {Source{0, nullptr}}, DataType::i64};
}

} // namespace

Function reduction_function(const std::string& op_type) {
    static const std::map<std::string, Function> functions{
        {"Softmax", softmax},
        {"LogSoftmax", softmax},
        {"ReduceMean", reduce<Reduction::mean>},
        {"ReduceSum", reduce<Reduction::sum>},
        {"ReduceMax", reduce<Reduction::max>},
        {"ReduceMin", reduce<Reduction::min>},
        {"ReduceProd", reduce<Reduction::prod>},
        {"ReduceL1", reduce<Reduction::l1>},
        {"ReduceL2", reduce<Reduction::l2>},
        {"ReduceSumSquare", reduce<Reduction::sum_square>},
        {"ReduceLogSum", reduce<Reduction::log_sum>},
        {"ReduceLogSumExp", reduce<Reduction::log_sum_exp>},
        {"ArgMax", arg_max},
        {"ArgMin", arg_max},
    };
    const auto it = functions.find(op_type);
    return it == functions.end() ? nullptr : it->second;
}

} // namespace widthwise::onnx::translation
