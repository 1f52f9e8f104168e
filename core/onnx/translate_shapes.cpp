// New shapes, orders and repetitions of the same numbers. Each must leave the batch where it is: outermost,
// and alone on its axis.

#include "core/onnx/translate.h"

#include "core/base/text.h"
#include "core/onnx/shape_rules.h"

namespace widthwise::onnx::translation {

namespace {

/// `translated`, unless its output is larger than any shape may be.
Result<Translated> fitting(const Shape& out, Translated translated) {
    if (!out.checked_elements()) return misfit("its output " + out.to_string() + " is too large");
    return translated;
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
    return Translated{Op::reshape, ReshapeAttributes{out->dims()}, {Source{0, nullptr}}, type_of_input(view)};
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
    return Translated{Op::transpose, TransposeAttributes{perm}, {Source{0, nullptr}}, type_of_input(view)};
}

/// Expand's target may have more axes than it broadcasts; both sides count ones.
Result<Translated> expand(NodeView& view, const Batch& batch) {
    auto in = activation_shape(view);
    if (!in) return forward_error(in);
    auto target = view.integers("shape", 1);
    if (!target) return forward_error(target);
    if (!*target) return misfit("it has no target shape");
    free_batch(**target, batch);
    Shape wanted(**target);
    if (!wanted.checked_elements()) return misfit("its shape " + wanted.to_string() + " is impossible");
    auto out = broadcast_shape(*in, wanted);
    if (!out) return forward_error(out);
    if (out->rank() != in->rank() || (*out)[0] != 1) return moves_batch(view);
    const DataType type = type_of_input(view);
    if (*out == *in) return Translated{Op::identity, {}, {Source{0, nullptr}}, type}.as("Identity");
    return fitting(*out,
                   Translated{Op::expand, ExpandAttributes{out->dims(), false}, {Source{0, nullptr}}, type});
}

Result<Translated> tile(NodeView& view, const Batch&) {
    auto in = activation_shape(view);
    if (!in) return forward_error(in);
    auto repeats = view.integers("repeats", 1);
    if (!repeats) return forward_error(repeats);
    if (!*repeats || (*repeats)->size() != in->rank())
        return misfit("its repeats do not fit " + in->to_string());
    if ((**repeats)[0] != 1) return moves_batch(view);
    Shape out = *in;
    for (size_t i = 1; i < in->rank(); ++i) {
        constexpr int64_t most = int64_t{1} << 20;
        if ((**repeats)[i] < 1 || (**repeats)[i] > most)
            return misfit("its repeats hold " + std::to_string((**repeats)[i]));
        if (__builtin_mul_overflow(out[i], (**repeats)[i], &out[i])) return misfit("its output is too large");
    }
    const DataType type = type_of_input(view);
    return fitting(out,
                   Translated{Op::expand, ExpandAttributes{out.dims(), true}, {Source{0, nullptr}}, type});
}

} // namespace

Function shape_function(const std::string& op_type) {
    static const std::map<std::string, Function> functions{
        {"Reshape", reshape},     {"Flatten", reshape}, {"Squeeze", reshape}, {"Unsqueeze", reshape},
        {"Transpose", transpose}, {"Expand", expand},   {"Tile", tile},
    };
    const auto it = functions.find(op_type);
    return it == functions.end() ? nullptr : it->second;
}

} // namespace widthwise::onnx::translation
