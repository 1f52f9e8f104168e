// Cutting, joining and padding: each must leave the batch whole and outermost.

#include "core/onnx/translate.h"

#include "core/base/text.h"
#include "core/onnx/shape_rules.h"

namespace widthwise::onnx::translation {

namespace {

constexpr int64_t longest_axis = int64_t{1} << 24; ///< index lists and constants are kept in memory

SliceAttributes whole_of(const Shape& in) {
    return {std::vector<int64_t>(in.rank(), 0), in.dims(), std::vector<int64_t>(in.rank(), 1)};
}

Result<Translated> slice(NodeView& view, const Batch& batch) {
    auto in = activation_shape(view);
    if (!in) return forward_error(in);
    Shape original = *in; // a slice of the file's own batch must be whole
    original[0] = batch.is_free ? 2 : batch.fixed;
    auto range = resolve_slice(view, original);
    if (!range) return forward_error(range);
    if (range->starts[0] != 0 || range->ends[0] != original[0] || range->steps[0] != 1)
        return refuse("Slice of the batch is not run");
    range->ends[0] = 1;
    for (size_t i = 0; i < in->rank(); ++i) {
        if (slice_extent(range->starts[i], range->ends[i], range->steps[i]) == 0)
            return misfit("its slice of axis " + std::to_string(i) + " is empty");
    }
    return Translated{Op::slice, *range, {Source{0, nullptr}}, type_of_input(view)};
}

Result<Translated> split(NodeView& view, const Batch&) {
    auto in = activation_shape(view);
    if (!in) return forward_error(in);
    auto axis = resolve_axis(view.integer("axis", 0), in->rank());
    if (!axis) return forward_error(axis);
    if (*axis == 0) return moves_batch(view);
    const auto a = static_cast<size_t>(*axis);
    auto sizes = split_sizes(view, (*in)[a]);
    if (!sizes) return forward_error(sizes);
    Translated out;
    int64_t start = 0;
    for (size_t i = 0; i < view.node().outputs.size(); ++i) {
        SliceAttributes piece = whole_of(*in);
        piece.starts[a] = start;
        piece.ends[a] = start += (*sizes)[i];
        if (view.node().outputs[i].empty()) continue;
        out.then(Op::slice, piece, {Source{0, nullptr}}, "Slice");
        out.steps.back().output = static_cast<int>(i);
        out.steps.back().type = type_of_input(view);
    }
    return out;
}

/// The constants of a Concat in their places, zeros elsewhere.
Tensor placed_constants(const NodeView& view, const Shape& out, size_t axis) {
    Tensor sum(DataType::f32, out);
    const auto to = sum.as<float>();
    int64_t inner = 1, outer = 1, offset = 0;
    for (size_t i = 0; i < out.rank(); ++i) (i < axis ? outer : inner) *= out[i]; // inner: `axis` included
    const int64_t cell = inner / out[axis];
    for (const Operand& operand : view.inputs()) {
        const int64_t run = (*operand.shape)[axis] * cell;
        for (int64_t o = 0; operand.constant && run > 0 && o < outer; ++o) {
            const auto from =
                operand.constant->as<float>().subspan(static_cast<size_t>(o * run), static_cast<size_t>(run));
            std::copy(from.begin(), from.end(), to.begin() + o * inner + offset);
        }
        offset += run;
    }
    return sum;
}

/// Concat with constants (a class token): the activations with zeros where the constants go, plus the
/// constants with zeros where the activations are.
Result<Translated> concat_with_constants(const NodeView& view, const Shape& out, size_t axis) {
    Translated translated;
    std::vector<Source> parts;
    const size_t count = view.inputs().size();
    for (size_t i = 0; i < count; ++i) {
        if (view.input(i)->constant) continue;
        PadAttributes gap{std::vector<int64_t>(out.rank(), 0), std::vector<int64_t>(out.rank(), 0), 0};
        if (parts.empty()) {
            for (size_t k = 0; k < i; ++k) gap.before[axis] += (*view.input(k)->shape)[axis];
        }
        for (size_t k = i + 1; k < count && view.input(k)->constant; ++k)
            gap.after[axis] += (*view.input(k)->shape)[axis];
        const bool none = gap.before[axis] + gap.after[axis] == 0;
        parts.push_back(none ? Source{i, nullptr}
                             : translated.then(Op::pad, gap, {Source{i, nullptr}}, "Pad"));
    }
    Source joined = parts.front();
    if (parts.size() > 1)
        joined = translated.then(Op::concat, ConcatAttributes{static_cast<int64_t>(axis)}, parts, "Concat");
    const Source constants = made_constant(view, placed_constants(view, out, axis), "constants");
    translated.then(Op::add, {}, {joined, constants}, "Add");
    return std::move(translated).finished();
}

Result<Translated> concat(NodeView& view, const Batch&) {
    if (!view.input(0)) return misfit("it has no input");
    if (view.opset() >= 4 && !view.has("axis")) return misfit("it has no axis");
    const Shape& first = *view.input(0)->shape;
    auto axis = resolve_axis(view.integer("axis", 1), first.rank());
    if (!axis) return forward_error(axis);
    if (*axis == 0) return moves_batch(view);
    const auto a = static_cast<size_t>(*axis);
    Shape out = first;
    std::vector<Source> inputs;
    bool constants = false;
    for (size_t i = 0; i < view.inputs().size(); ++i) {
        const Operand* operand = view.input(i);
        if (!operand) return misfit("it lacks an input");
        const Shape& shape = *operand->shape;
        bool fits = shape.rank() == first.rank();
        for (size_t k = 0; fits && k < first.rank(); ++k) fits = k == a || shape[k] == first[k];
        if (!fits)
            return misfit("shapes " + first.to_string() + " and " + shape.to_string() + " cannot be joined");
        if (i > 0 && __builtin_add_overflow(out[a], shape[a], &out[a]))
            return misfit("its output is too large");
        inputs.push_back({i, nullptr});
        constants |= operand->constant != nullptr;
        if (operand->constant && operand->constant->type() != DataType::f32)
            return refuse("Concat with a constant of " + std::string(to_string(operand->constant->type())) +
                          " is not run");
    }
    if (!out.checked_elements()) return misfit("its output " + out.to_string() + " is too large");
    if (constants && out.elements() > longest_axis)
        return refuse("Concat with a constant to " + out.to_string() + " is not run");
    if (constants) return concat_with_constants(view, out, a);
    return Translated{Op::concat, ConcatAttributes{*axis}, std::move(inputs), type_of_input(view)};
}

/// Constant indices: a list, one number (the axis disappears), or a table (its axes replace the axis).
Result<Translated> gather(NodeView& view, const Batch&) {
    auto in = activation_shape(view);
    if (!in) return forward_error(in);
    const Operand* indices = view.input(1);
    if (!indices) return misfit("it has no indices");
    if (!indices->constant) return refuse("its indices are computed, not constant");
    const DataType kind = indices->constant->type();
    if (kind != DataType::i64 && kind != DataType::i32) return misfit("its indices are no integers");
    auto axis = resolve_axis(view.integer("axis", 0), in->rank());
    if (!axis) return forward_error(axis);
    if (*axis == 0) return moves_batch(view);
    const auto a = static_cast<size_t>(*axis);
    if (indices->constant->elements() < 1 || indices->constant->elements() > longest_axis)
        return misfit("it has " + std::to_string(indices->constant->elements()) + " indices");
    GatherAttributes attributes{*axis, indices->constant->to_i64(), indices->constant->shape().rank() == 0};
    for (int64_t& index : attributes.indices) {
        const int64_t extent = (*in)[a];
        if (index < -extent || index >= extent)
            return misfit("index " + std::to_string(index) + " does not exist in " + in->to_string());
        if (index < 0) index += extent;
    }
    const DataType type = type_of_input(view);
    const Shape& table = indices->constant->shape();
    if (table.rank() < 2) return Translated{Op::gather, attributes, {Source{0, nullptr}}, type};
    std::vector<int64_t> dims(in->dims().begin(), in->dims().begin() + *axis);
    dims.insert(dims.end(), table.dims().begin(), table.dims().end());
    dims.insert(dims.end(), in->dims().begin() + *axis + 1, in->dims().end());
    Translated out;
    const Source flat = out.then(Op::gather, attributes, {Source{0, nullptr}}, "Gather");
    out.then(Op::reshape, ReshapeAttributes{std::move(dims)}, {flat}, "Reshape");
    return std::move(out).finished(type);
}

} // namespace

Function piece_function(const std::string& op_type) {
    if (op_type == "Slice") return slice;
    if (op_type == "Split") return split;
    if (op_type == "Concat") return concat;
    if (op_type == "Gather") return gather;
    return nullptr;
}

} // namespace widthwise::onnx::translation
