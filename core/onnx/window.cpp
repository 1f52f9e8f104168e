#include "core/onnx/window.h"

#include "core/base/text.h"

namespace widthwise::onnx::translation {

namespace {

constexpr int64_t longest = int64_t{1} << 31; ///< products of two stay within 64 bits

} // namespace

Result<Pair> pair_of(NodeView& view, const std::string& name) {
    const auto values = view.integers(name);
    if (!values) return Pair{1, 1};
    if (values->size() != 2)
        return misfit("its " + name + " are " + std::to_string(values->size()) + " values, not 2");
    for (const int64_t v : *values) {
        if (v < 1 || v > longest) return misfit("its " + name + " hold " + std::to_string(v));
    }
    return Pair{(*values)[0], (*values)[1]};
}

/// SAME makes the output ceil(input / stride), the odd pixel goes behind (SAME_UPPER) or before (SAME_LOWER)
/// the image.
Result<std::array<int64_t, 4>> pads_of(NodeView& view, const Shape& in, const Pair& kernel,
                                       const Pair& strides, const Pair& dilations) {
    std::array<int64_t, 4> out{};
    const std::string mode = view.text("auto_pad", "NOTSET");
    if (mode == "VALID") return out;
    if (mode == "SAME_UPPER" || mode == "SAME_LOWER") {
        for (size_t i = 0; i < 2; ++i) {
            const int64_t outputs = (in[2 + i] - 1) / strides[i] + 1;
            const int64_t reach = (kernel[i] - 1) * dilations[i] + 1;
            const int64_t total = std::max<int64_t>(0, (outputs - 1) * strides[i] + reach - in[2 + i]);
            out[i] = mode == "SAME_UPPER" ? total / 2 : total - total / 2;
            out[2 + i] = total - out[i];
        }
        return out;
    }
    if (mode != "NOTSET") return misfit("its auto_pad is " + in_quotes(mode));
    const auto values = view.integers("pads");
    if (!values) return out;
    if (values->size() != 4)
        return misfit("its pads are " + std::to_string(values->size()) + " values, not 4");
    for (size_t i = 0; i < 4; ++i) {
        if ((*values)[i] < 0 || (*values)[i] > longest)
            return misfit("its pads hold " + std::to_string((*values)[i]));
        out[i] = (*values)[i];
    }
    return out;
}

} // namespace widthwise::onnx::translation
