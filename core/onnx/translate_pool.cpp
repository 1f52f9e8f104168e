// Pooling windows, and the pools over whole images.

#include "core/onnx/window.h"

namespace widthwise::onnx::translation {

namespace {

Result<Translated> pool(NodeView& view, const Batch&) {
    auto in = image_shape(view);
    if (!in) return forward_error(in);
    const bool max = view.op_type() == "MaxPool";
    PoolAttributes a;
    if (!view.has("kernel_shape")) return misfit("it has no kernel_shape");
    auto kernel = pair_of(view, "kernel_shape");
    if (!kernel) return forward_error(kernel);
    a.kernel = *kernel;
    auto strides = pair_of(view, "strides");
    if (!strides) return forward_error(strides);
    a.strides = *strides;
    auto dilations = pair_of(view, "dilations");
    if (!dilations) return forward_error(dilations);
    if (*dilations != Pair{1, 1}) return refuse("pooling with dilations is not run by this version");
    auto padding = pads_of(view, *in, a.kernel, a.strides, {1, 1});
    if (!padding) return forward_error(padding);
    a.pads = *padding;
    a.ceil_mode = view.integer("ceil_mode", 0) != 0;
    a.count_include_pad = !max && view.integer("count_include_pad", 0) != 0;
    return Translated{max ? Op::max_pool : Op::average_pool, a, {Source{0, nullptr}}};
}

Result<Translated> global_average_pool(NodeView& view, const Batch&) {
    auto in = image_shape(view);
    if (!in) return forward_error(in);
    return Translated{Op::global_average_pool, {}, {Source{0, nullptr}}};
}

/// One window as large as the image: integers have a kernel for it.
Result<Translated> global_max_pool(NodeView& view, const Batch&) {
    auto in = image_shape(view);
    if (!in) return forward_error(in);
    PoolAttributes a;
    a.kernel = {(*in)[2], (*in)[3]};
    return Translated{Op::max_pool, a, {Source{0, nullptr}}};
}

} // namespace

Function pool_function(const std::string& op_type) {
    if (op_type == "MaxPool" || op_type == "AveragePool") return pool;
    if (op_type == "GlobalAveragePool") return global_average_pool;
    if (op_type == "GlobalMaxPool") return global_max_pool;
    return nullptr;
}

} // namespace widthwise::onnx::translation
