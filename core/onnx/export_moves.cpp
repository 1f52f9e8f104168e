// Ops that move numbers: shapes, orders, pieces, sizes of images.

#include "core/onnx/export_writer.h"

#include <cmath>
#include <limits>

namespace widthwise::onnx::exporting {

namespace {

/// Target shapes copy the batch (0), so that the file stays free in it.
std::vector<int64_t> batch_free(const Shape& shape) {
    std::vector<int64_t> dims = shape.dims();
    dims[0] = 0;
    return dims;
}

} // namespace

void write_reshape_to(const ExportContext& c, const std::string& name, const std::string& from,
                      const std::string& to, const Shape& shape) {
    const std::string target = write_integers(c, name + ".shape", batch_free(shape));
    NodeWriter(c, name, "Reshape").reads(from).reads(target).writes(to);
}

namespace {

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
        start_moving(c, node, "Flatten").integer("axis", 1);
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
    const std::string input = read_as(c, node.inputs[0], DataType::f32);
    NodeWriter(c, node.name, "Pad").reads(input).reads(amounts).reads(value).writes(c.name_of(node.output()));
}

/// Numbers that ONNX calls differently become float32 before they are joined.
void write_concat(const ExportContext& c, const Node& node) {
    std::vector<std::string> inputs;
    for (const ValueId input : node.inputs) inputs.push_back(read_as(c, input, DataType::f32));
    NodeWriter writer(c, node.name, "Concat");
    for (const std::string& input : inputs) writer.reads(input);
    writer.writes(c.name_of(node.output()));
    writer.integer("axis", std::get<ConcatAttributes>(node.attributes).axis);
}

void write_gather(const ExportContext& c, const Node& node) {
    const auto& a = std::get<GatherAttributes>(node.attributes);
    const std::string indices =
        a.drop_axis ? c.write_constant(node.name + ".indices", Tensor::from_i64(Shape{}, a.indices))
                    : write_integers(c, node.name + ".indices", a.indices);
    NodeWriter(c, node.name, "Gather")
        .reads(c.name_of(node.inputs[0]))
        .reads(indices)
        .writes(c.name_of(node.output()))
        .integer("axis", a.axis);
}

/// A target that begins with 1 leaves the batch as it is.
void write_expand(const ExportContext& c, const Node& node) {
    const auto& a = std::get<ExpandAttributes>(node.attributes);
    std::vector<int64_t> amounts = a.shape;
    if (a.tile) {
        const Shape& in = c.graph.value(node.inputs[0]).shape;
        for (size_t i = 0; i < amounts.size(); ++i) amounts[i] /= in[i];
    }
    const std::string target = write_integers(c, node.name + (a.tile ? ".repeats" : ".shape"), amounts);
    NodeWriter(c, node.name, a.tile ? "Tile" : "Expand")
        .reads(c.name_of(node.inputs[0]))
        .reads(target)
        .writes(c.name_of(node.output()));
}

const char* name_of(ResizeCoordinates coordinates) {
    switch (coordinates) {
    case ResizeCoordinates::half_pixel:
        return "half_pixel";
    case ResizeCoordinates::pytorch_half_pixel:
        return "pytorch_half_pixel";
    case ResizeCoordinates::asymmetric:
        return "asymmetric";
    case ResizeCoordinates::align_corners:
        return "align_corners";
    }
    return "";
}

const char* name_of(ResizeRounding rounding) {
    switch (rounding) {
    case ResizeRounding::prefer_floor:
        return "round_prefer_floor";
    case ResizeRounding::prefer_ceil:
        return "round_prefer_ceil";
    case ResizeRounding::floor:
        return "floor";
    case ResizeRounding::ceil:
        return "ceil";
    }
    return "";
}

/// By scales where they give the size that we have (the batch stays free), else by sizes: batch and channels
/// are then the scale 1 of nothing, so sizes need the batch fixed at 1 and are the last resort.
void write_resize(const ExportContext& c, const Node& node) {
    const auto& a = std::get<ResizeAttributes>(node.attributes);
    const Shape& in = c.graph.value(node.inputs[0]).shape;
    bool by_scale = true;
    std::vector<float> scales{1, 1};
    for (size_t i = 0; i < 2; ++i) {
        auto scale = static_cast<float>(a.scale[i]);
        const auto reaches = [&] {
            return std::floor(static_cast<float>(in[2 + i]) * scale) == static_cast<float>(a.size[i]);
        };
        if (!reaches()) scale = std::nextafter(scale, std::numeric_limits<float>::infinity());
        by_scale = by_scale && reaches();
        scales.push_back(scale);
    }
    const std::string amounts =
        by_scale ? c.write_constant(node.name + ".scales", Tensor::from_f32(Shape{4}, scales))
                 : write_integers(c, node.name + ".sizes", {in[0], in[1], a.size[0], a.size[1]});
    const std::string input = read_as(c, node.inputs[0], DataType::f32);
    NodeWriter writer(c, node.name, "Resize");
    writer.reads(input).reads("");
    if (!by_scale) writer.reads("");
    writer.reads(amounts).writes(c.name_of(node.output()));
    const char* mode = a.mode == ResizeMode::nearest  ? "nearest"
                       : a.mode == ResizeMode::linear ? "linear"
                                                      : "cubic";
    writer.text("mode", mode)
        .text("coordinate_transformation_mode", name_of(a.coordinates))
        .text("nearest_mode", name_of(a.rounding))
        .real("cubic_coeff_a", a.cubic_coefficient);
}

void write_blocks(const ExportContext& c, const Node& node) {
    const auto& a = std::get<BlockAttributes>(node.attributes);
    const bool deep = node.op == Op::space_to_depth;
    auto writer = start(c, node, deep ? "SpaceToDepth" : "DepthToSpace");
    writer.integer("blocksize", a.block);
    if (!deep) writer.text("mode", a.column_row_depth ? "CRD" : "DCR");
}

} // namespace

bool write_move(const ExportContext& c, const Node& node) {
    switch (node.op) {
    case Op::concat:
        write_concat(c, node);
        return true;
    case Op::slice:
        write_slice(c, node);
        return true;
    case Op::pad:
        write_pad(c, node);
        return true;
    case Op::reshape:
        write_reshape(c, node);
        return true;
    case Op::transpose:
        start_moving(c, node, "Transpose")
            .integers("perm", std::get<TransposeAttributes>(node.attributes).perm);
        return true;
    case Op::gather:
        write_gather(c, node);
        return true;
    case Op::expand:
        write_expand(c, node);
        return true;
    case Op::depth_to_space:
    case Op::space_to_depth:
        write_blocks(c, node);
        return true;
    case Op::resize:
        write_resize(c, node);
        return true;
    default:
        return false;
    }
}

} // namespace widthwise::onnx::exporting
