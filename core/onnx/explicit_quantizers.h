#pragma once
// A network and its design as one network with its quantizers written out: what quantized files say. The
// inverse of absorb_quantizers.

#include "core/design/precision_plan.h"
#include "core/onnx/export.h"
#include "core/quant/quantizer.h"

#include <map>

namespace widthwise::onnx {

/// Weights that a file holds as integers. Channels lie along `axis` of the constant.
struct IntegerConstant {
    NumberFormat format;
    std::vector<int32_t> codes; ///< of the format, in the constant's layout; empty for more than 8 bits
    std::vector<float> scales;  ///< one, or one per channel
    std::vector<int32_t> zero_points;
    int64_t axis = 0;
};

struct ExplicitNetwork {
    GraphPtr graph; ///< BatchNormalization folded where the design says so; weights rounded
    std::map<std::string, NumberFormat>
        quantizers; ///< of the Op::quantize nodes, one scale or one per channel
    std::map<ValueId, IntegerConstant> weights;
    std::map<ValueId, std::vector<float>> bias_scales; ///< biases of integer layers: of the sums, one or [O]
    /// What the written-out network does not say; empty: nothing.
    std::optional<PrecisionPlan> beside;
};

/// What stands before a weight's quantizer: what it makes of the weights, so that whoever reads the file gets
/// these very numbers; or the weights as they are, from which training can go on.
enum class WeightValues { rounded, real };

/// `graph` holds the values that the design carries (passes::with_values). Errors: unsupported naming the
/// layer and a format that `form` cannot hold; invalid_input where the design is not resolved or its values
/// are not in the graph.
[[nodiscard]] Result<ExplicitNetwork> write_out_quantizers(const Graph& graph, const PrecisionPlan& resolved,
                                                           QuantizedForm form,
                                                           WeightValues values = WeightValues::rounded);

} // namespace widthwise::onnx
