// What changes the size of images: padding, resizing, blocks of pixels to channels and back.

#include "core/onnx/translate.h"

#include "core/base/text.h"
#include "core/onnx/shape_rules.h"

#include <cmath>

namespace widthwise::onnx::translation {

namespace {

constexpr int64_t longest_axis = int64_t{1} << 20;

struct Pads {
    std::vector<int64_t> before, after; ///< one per axis; negative ones crop
};

Result<Pads> read_pads(NodeView& view, const Shape& in) {
    auto given = view.integers(view.has("paddings") ? "paddings" : "pads", 1);
    if (!given) return forward_error(given);
    if (!*given) return misfit("it has no pads");
    std::vector<int64_t> axes(in.rank());
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
    Pads pads{std::vector<int64_t>(in.rank(), 0), std::vector<int64_t>(in.rank(), 0)};
    for (size_t i = 0; i < axes.size(); ++i) {
        auto axis = resolve_axis(axes[i], in.rank());
        if (!axis) return forward_error(axis);
        const auto a = static_cast<size_t>(*axis);
        for (const int64_t pad : {(**given)[i], (**given)[axes.size() + i]}) {
            constexpr int64_t most = int64_t{1} << 31;
            if (pad < -most || pad > most) return misfit("its pads hold " + std::to_string(pad));
        }
        pads.before[a] = (**given)[i];
        pads.after[a] = (**given)[axes.size() + i];
    }
    if (pads.before[0] != 0 || pads.after[0] != 0) return refuse("Pad of the batch is not run");
    return pads;
}

/// Which element of an axis stands at `position` outside it.
int64_t mirrored(int64_t position, int64_t extent, const std::string& mode) {
    if (mode == "edge") return std::clamp<int64_t>(position, 0, extent - 1);
    if (mode == "wrap") return ((position % extent) + extent) % extent;
    return position < 0 ? -position : position >= extent ? 2 * (extent - 1) - position : position; // reflect
}

/// reflect, edge and wrap: each axis gathers its own elements once more.
Result<void> pad_by_gathering(const Shape& in, const Pads& pads, const std::string& mode, Translated& out,
                              Source& source) {
    for (size_t axis = 1; axis < in.rank(); ++axis) {
        const int64_t before = pads.before[axis], after = pads.after[axis], extent = in[axis];
        if (before == 0 && after == 0) continue;
        if (before < 0 || after < 0 || before + extent + after > longest_axis ||
            (mode == "reflect" && std::max(before, after) >= extent))
            return refuse("Pad in mode " + in_quotes(mode) + " by " + std::to_string(before) + " and " +
                          std::to_string(after) + " of " + std::to_string(extent) + " is not run");
        GatherAttributes a{static_cast<int64_t>(axis), {}, false};
        for (int64_t i = -before; i < extent + after; ++i) a.indices.push_back(mirrored(i, extent, mode));
        source = out.then(Op::gather, std::move(a), {source}, "Gather");
    }
    return {};
}

Result<Translated> pad(NodeView& view, const Batch&) {
    auto in = activation_shape(view);
    if (!in) return forward_error(in);
    const auto mode = view.text("mode", "constant");
    if (mode != "constant" && mode != "reflect" && mode != "edge" && mode != "wrap")
        return misfit("its mode is " + in_quotes(mode));
    auto pads = read_pads(view, *in);
    if (!pads) return forward_error(pads);
    Translated out;
    Source source{0, nullptr};
    if (mode != "constant") {
        if (auto ok = pad_by_gathering(*in, *pads, mode, out, source); !ok) return forward_error(ok);
        if (out.steps.empty()) out.then(Op::identity, {}, {source}, "Identity");
        return std::move(out).finished();
    }
    SliceAttributes crop{std::vector<int64_t>(in->rank(), 0), in->dims(),
                         std::vector<int64_t>(in->rank(), 1)};
    bool crops = false;
    for (size_t i = 0; i < in->rank(); ++i) {
        crop.starts[i] = std::max<int64_t>(0, -pads->before[i]);
        crop.ends[i] = (*in)[i] - std::max<int64_t>(0, -pads->after[i]);
        crops |= pads->before[i] < 0 || pads->after[i] < 0;
        if (crop.starts[i] >= crop.ends[i]) return misfit("it crops all of " + in->to_string());
        pads->before[i] = std::max<int64_t>(0, pads->before[i]);
        pads->after[i] = std::max<int64_t>(0, pads->after[i]);
    }
    PadAttributes a{pads->before, pads->after, view.real("value", 0)};
    auto value = single_number(view, 2, "padding value");
    if (!value) return forward_error(value);
    if (*value) a.value = static_cast<float>(**value);
    if (crops) source = out.then(Op::slice, crop, {source}, "Slice");
    const auto none = [](const std::vector<int64_t>& amounts) {
        return std::all_of(amounts.begin(), amounts.end(), [](int64_t v) { return v == 0; });
    };
    if (!crops || !none(a.before) || !none(a.after)) out.then(Op::pad, a, {source}, "Pad");
    return std::move(out).finished();
}

/// Scales (as the file's float32) of all four axes, or sizes; whichever is there.
struct Target {
    std::vector<double> scales;
    std::vector<int64_t> sizes;
};

Result<Target> read_target(NodeView& view) {
    Target target;
    const bool old = view.op_type() == "Upsample" || view.opset() < 11;
    if (const auto it = view.node().attributes.find("scales"); it != view.node().attributes.end()) {
        if (const auto* values = std::get_if<std::vector<float>>(&it->second))
            target.scales.assign(values->begin(), values->end());
        return target;
    }
    const Operand* scales = view.input(old ? 1 : 2);
    const Operand* sizes = old ? nullptr : view.input(3);
    for (const Operand* operand : {scales, sizes}) {
        if (operand && !operand->constant)
            return refuse("its size (" + in_quotes(operand->name) + ") is computed, not constant");
        if (operand && operand->constant->elements() > 64) return misfit("its size has too many numbers");
    }
    if (sizes) {
        if (sizes->constant->type() != DataType::i64) return misfit("its sizes are no int64");
        target.sizes = sizes->constant->to_i64();
    }
    if (scales && scales->constant->elements() > 0 && target.sizes.empty()) {
        if (scales->constant->type() != DataType::f32) return misfit("its scales are no float32");
        const auto values = scales->constant->to_f32();
        target.scales.assign(values.begin(), values.end());
    }
    return target;
}

/// Fills what `axes` (operator set 18) leaves out.
Result<void> spread_over_axes(NodeView& view, const Shape& in, Target& target) {
    const auto given = view.integers("axes");
    if (!given) return {};
    Target full{std::vector<double>(in.rank(), 1), in.dims()};
    for (size_t i = 0; i < given->size(); ++i) {
        auto axis = resolve_axis((*given)[i], in.rank());
        if (!axis) return forward_error(axis);
        if (i < target.scales.size()) full.scales[static_cast<size_t>(*axis)] = target.scales[i];
        if (i < target.sizes.size()) full.sizes[static_cast<size_t>(*axis)] = target.sizes[i];
    }
    if (target.scales.empty() ? target.sizes.size() != given->size() : target.scales.size() != given->size())
        return misfit("its axes do not belong to its scales or sizes");
    if (target.scales.empty())
        target.sizes = full.sizes;
    else
        target.scales = full.scales;
    return {};
}

/// Output size = floor(input * scale) as the specification says; float32 throughout, as ONNX Runtime
/// computes.
Result<void> apply_target(const Target& target, const Shape& in, const Batch& batch, ResizeAttributes& a) {
    const bool by_scale = !target.scales.empty();
    if ((by_scale ? target.scales.size() : target.sizes.size()) != in.rank())
        return misfit("its scales or sizes do not fit " + in.to_string());
    for (size_t i = 0; i < in.rank(); ++i) {
        if (by_scale && !(target.scales[i] > 0 && target.scales[i] < double(longest_axis)))
            return misfit("its scales hold " + std::to_string(target.scales[i]));
        const double size = by_scale
                                ? std::floor(static_cast<float>(in[i]) * static_cast<float>(target.scales[i]))
                                : static_cast<double>(target.sizes[i]);
        if (!(size >= 1 && size <= double(longest_axis)))
            return misfit("its output has " + std::to_string(size) + " elements on axis " +
                          std::to_string(i));
        const auto whole = static_cast<int64_t>(size);
        const bool same = whole == in[i] || (i == 0 && !by_scale && whole == batch.fixed);
        if (i < 2 && (!same || (by_scale && target.scales[i] != 1)))
            return refuse("Resize of batch or channels is not run");
        if (i < 2) continue;
        a.size[i - 2] = whole;
        a.scale[i - 2] = by_scale ? target.scales[i] : static_cast<float>(size) / static_cast<float>(in[i]);
    }
    return {};
}

/// Resize of operator set 11 on has all its choices as attributes.
Result<void> read_choices(NodeView& view, ResizeAttributes& a) {
    const std::string mode = view.text("coordinate_transformation_mode", "half_pixel"),
                      rounding = view.text("nearest_mode", "round_prefer_floor");
    static const std::map<std::string, ResizeRounding> roundings{
        {"round_prefer_floor", ResizeRounding::prefer_floor},
        {"round_prefer_ceil", ResizeRounding::prefer_ceil},
        {"floor", ResizeRounding::floor},
        {"ceil", ResizeRounding::ceil}};
    static const std::map<std::string, ResizeCoordinates> coordinates{
        {"half_pixel", ResizeCoordinates::half_pixel},
        {"pytorch_half_pixel", ResizeCoordinates::pytorch_half_pixel},
        {"asymmetric", ResizeCoordinates::asymmetric},
        {"align_corners", ResizeCoordinates::align_corners}};
    const auto rounds = roundings.find(rounding);
    if (rounds == roundings.end()) return misfit("its nearest_mode is " + in_quotes(rounding));
    a.rounding = rounds->second;
    a.cubic_coefficient = view.real("cubic_coeff_a", -0.75F);
    if (view.integer("exclude_outside", 0) != 0 && a.mode != ResizeMode::nearest)
        return refuse("Resize with exclude_outside is not run");
    if (view.integer("antialias", 0) != 0 && a.mode != ResizeMode::nearest &&
        (a.scale[0] < 1 || a.scale[1] < 1))
        return refuse("Resize with antialias is not run");
    if (view.text("keep_aspect_ratio_policy", "stretch") != "stretch")
        return refuse("Resize that keeps the aspect ratio is not run");
    // floor((x + 0.5) / scale) is half_pixel rounded up from one half.
    if (mode == "tf_half_pixel_for_nn" && a.mode == ResizeMode::nearest &&
        a.rounding == ResizeRounding::floor) {
        a.coordinates = ResizeCoordinates::half_pixel;
        a.rounding = ResizeRounding::prefer_ceil;
        return {};
    }
    const auto place = coordinates.find(mode);
    if (place == coordinates.end())
        return refuse("Resize with coordinates " + in_quotes(mode) + " is not run");
    a.coordinates = place->second;
    return {};
}

Result<Translated> resize(NodeView& view, const Batch& batch) {
    auto in = image_shape(view);
    if (!in) return forward_error(in);
    ResizeAttributes a;
    const std::string mode = view.text("mode", "nearest");
    if (mode != "nearest" && mode != "linear" && mode != "bilinear" && mode != "cubic")
        return misfit("its mode is " + in_quotes(mode));
    a.mode = mode == "nearest" ? ResizeMode::nearest
             : mode == "cubic" ? ResizeMode::cubic
                               : ResizeMode::linear;
    auto target = read_target(view);
    if (!target) return forward_error(target);
    if (auto ok = spread_over_axes(view, *in, *target); !ok) return forward_error(ok);
    if (auto ok = apply_target(*target, *in, batch, a); !ok) return forward_error(ok);
    if (view.op_type() == "Upsample" || view.opset() < 11) {
        a.coordinates = ResizeCoordinates::asymmetric;
        // What ONNX Runtime does for these operator sets, whose text leaves it open.
        a.rounding = a.scale[0] < 1 && a.scale[1] < 1 ? ResizeRounding::ceil : ResizeRounding::floor;
    } else if (auto ok = read_choices(view, a); !ok) {
        return forward_error(ok);
    }
    return Translated{Op::resize, a, {Source{0, nullptr}}}.as("Resize");
}

Result<Translated> depth_to_space(NodeView& view, const Batch&) {
    auto in = image_shape(view);
    if (!in) return forward_error(in);
    const std::string mode = view.text("mode", "DCR");
    if (mode != "DCR" && mode != "CRD") return misfit("its mode is " + in_quotes(mode));
    const BlockAttributes a{view.integer("blocksize", 0), mode == "CRD"};
    if (a.block < 1 || a.block > longest_axis) return misfit("its blocksize is " + std::to_string(a.block));
    const bool back = view.op_type() == "SpaceToDepth";
    return Translated{back ? Op::space_to_depth : Op::depth_to_space, a, {Source{0, nullptr}}};
}

} // namespace

Function image_function(const std::string& op_type) {
    if (op_type == "Pad") return pad;
    if (op_type == "Resize" || op_type == "Upsample") return resize;
    if (op_type == "DepthToSpace" || op_type == "SpaceToDepth") return depth_to_space;
    return nullptr;
}

} // namespace widthwise::onnx::translation
