// Ops that move numbers without changing them. Each must leave the batch where it is: outermost, and alone on
// its axis.

#include "core/onnx/translate.h"

#include "core/base/text.h"
#include "core/onnx/shape_rules.h"

namespace widthwise::onnx::translation {

namespace {

tl::unexpected<Error> moves_batch(const NodeView& view) {
    return refuse(view.op_type() + " mixes the batch with other axes, which is not run");
}

/// Reshape's target as if the file had been written for batch 1.
void free_batch(std::vector<int64_t>& target, const Batch& batch) {
    if (batch.fixed > 1 && !target.empty() && target.front() == batch.fixed) target.front() = 1;
}

Result<Translated> reshape(NodeView& view, const Batch& batch) {
    auto in = activation_shape(view);
    if (!in) return forward_error(in);
    const bool squeeze = view.op_type() == "Squeeze", unsqueeze = view.op_type() == "Unsqueeze";
    Result<Shape> out = Shape{};
    if (squeeze || unsqueeze) {
        auto given = view.integers("axes", 1);
        if (!given) return forward_error(given);
        const size_t rank = in->rank() + (unsqueeze && *given ? (*given)->size() : 0);
        if (*given) {
            auto axes = resolve_axes(**given, rank);
            if (!axes) return forward_error(axes);
            if (!axes->empty() && axes->front() == 0) return moves_batch(view);
        } else if (squeeze && !batch.is_free && batch.fixed == 1) {
            return moves_batch(view); // it would squeeze the batch away as well
        }
        out = reshaped(view, *in);
        if (out && squeeze && !*given) { // ... whereas a free batch counts as larger than 1
            std::vector<int64_t> dims = out->dims();
            dims.insert(dims.begin(), 1);
            out = Shape(std::move(dims));
        }
    } else if (view.op_type() == "Flatten") {
        out = reshaped(view, *in);
        if (out && view.integer("axis", 1) == 0 && (batch.is_free || batch.fixed > 1))
            return moves_batch(view);
    } else {
        auto target = view.integers("shape", 1);
        if (!target) return forward_error(target);
        if (!*target) return misfit("it has no target shape");
        free_batch(**target, batch);
        out = resolve_reshape(*in, **target, view.integer("allowzero", 0) != 0);
    }
    if (!out) return forward_error(out);
    if (out->rank() == 0 || (*out)[0] != 1) return moves_batch(view);
    return Translated{Op::reshape, ReshapeAttributes{out->dims()}, {Source{0, nullptr}}};
}

Result<Translated> transpose(NodeView& view, const Batch&) {
    auto in = activation_shape(view);
    if (!in) return forward_error(in);
    std::vector<int64_t> perm;
    if (auto given = view.integers("perm"))
        perm = *given;
    else
        for (size_t i = in->rank(); i-- > 0;) perm.push_back(static_cast<int64_t>(i));
    if (perm.size() != in->rank() || !resolve_axes(perm, perm.size()) ||
        *std::min_element(perm.begin(), perm.end()) < 0) {
        return misfit("its perm is no permutation of " + std::to_string(in->rank()) + " axes");
    }
    if (perm.front() != 0) return moves_batch(view);
    return Translated{Op::transpose, TransposeAttributes{perm}, {Source{0, nullptr}}};
}

Result<Translated> concat(NodeView& view, const Batch&) {
    auto in = activation_shape(view);
    if (!in) return forward_error(in);
    Translated out{Op::concat, {}, {}};
    for (size_t i = 0; i < view.inputs().size(); ++i) {
        const Operand* operand = view.input(i);
        if (!operand) return misfit("it lacks an input");
        if (operand->constant)
            return refuse("Concat with a constant (" + in_quotes(operand->name) + ") is not run");
        out.inputs.push_back({i, nullptr});
    }
    if (view.opset() >= 4 && !view.has("axis")) return misfit("it has no axis");
    auto axis = resolve_axis(view.integer("axis", 1), in->rank());
    if (!axis) return forward_error(axis);
    if (*axis == 0) return moves_batch(view);
    out.attributes = ConcatAttributes{*axis};
    return out;
}

Result<Translated> slice(NodeView& view, const Batch& batch) {
    auto in = activation_shape(view);
    if (!in) return forward_error(in);
    Shape original = *in; // a slice of the file's own batch must be whole
    original[0] = batch.is_free ? 2 : batch.fixed;
    auto whole = resolve_slice(view, original);
    if (!whole) return forward_error(whole);
    if (whole->starts[0] != 0 || whole->ends[0] != original[0] || whole->steps[0] != 1) {
        return refuse("Slice of the batch is not run");
    }
    whole->ends[0] = 1;
    for (size_t i = 0; i < in->rank(); ++i) {
        if (slice_extent(whole->starts[i], whole->ends[i], whole->steps[i]) == 0) {
            return misfit("its slice of axis " + std::to_string(i) + " is empty");
        }
    }
    return Translated{Op::slice, *whole, {Source{0, nullptr}}};
}

Result<Translated> pad(NodeView& view, const Batch&) {
    auto in = activation_shape(view);
    if (!in) return forward_error(in);
    if (const auto mode = view.text("mode", "constant"); mode != "constant") {
        return refuse("Pad in mode " + in_quotes(mode) + " is not run");
    }
    auto given = view.integers(view.has("paddings") ? "paddings" : "pads", 1);
    if (!given) return forward_error(given);
    if (!*given) return misfit("it has no pads");
    std::vector<int64_t> axes(in->rank());
    for (size_t i = 0; i < axes.size(); ++i) axes[i] = static_cast<int64_t>(i);
    if (view.input(3)) { // operator set 18: only the axes that are named
        auto named = view.integers("axes", 3);
        if (!named) return forward_error(named);
        axes = **named;
    }
    if ((*given)->size() != 2 * axes.size()) {
        return misfit("its pads are " + std::to_string((*given)->size()) + " values, not " +
                      std::to_string(2 * axes.size()));
    }
    PadAttributes a;
    a.before.assign(in->rank(), 0);
    a.after.assign(in->rank(), 0);
    for (size_t i = 0; i < axes.size(); ++i) {
        auto axis = resolve_axis(axes[i], in->rank());
        if (!axis) return forward_error(axis);
        a.before[static_cast<size_t>(*axis)] = (**given)[i];
        a.after[static_cast<size_t>(*axis)] = (**given)[axes.size() + i];
    }
    for (size_t i = 0; i < in->rank(); ++i) {
        if (a.before[i] < 0 || a.after[i] < 0) return refuse("Pad with negative pads is not run");
    }
    if (a.before[0] != 0 || a.after[0] != 0) return refuse("Pad of the batch is not run");
    a.value = view.real("value", 0);
    if (const Operand* value = view.input(2)) {
        if (!value->constant) return refuse("its padding value is computed, not constant");
        if (value->constant->type() != DataType::f32 || value->constant->elements() != 1) {
            return misfit("its padding value is no single float32 number");
        }
        a.value = value->constant->as<float>()[0];
    }
    return Translated{Op::pad, a, {Source{0, nullptr}}};
}

} // namespace

Function shape_function(const std::string& op_type) {
    static const std::map<std::string, Function> functions{
        {"Reshape", reshape}, {"Flatten", reshape},     {"Squeeze", reshape}, {"Unsqueeze", reshape},
        {"Concat", concat},   {"Transpose", transpose}, {"Slice", slice},     {"Pad", pad},
    };
    const auto it = functions.find(op_type);
    return it == functions.end() ? nullptr : it->second;
}

} // namespace widthwise::onnx::translation
