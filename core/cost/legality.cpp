#include "core/cost/legality.h"

#include "core/cost/graph_roles.h"

namespace widthwise::cost {

OperandFormat operand_format(const NumberFormat& format) {
    const int bits = operand_bits(format);
    switch (format.type) {
    case FormatType::float32:
        return {Numeric::float32, bits};
    case FormatType::float16:
        return {Numeric::float16, bits};
    case FormatType::bfloat16:
        return {Numeric::bfloat16, bits};
    case FormatType::float8_e4m3:
    case FormatType::float8_e5m2:
        return {Numeric::float8, bits};
    case FormatType::power_of_two:
        return {Numeric::power_of_two, bits};
    case FormatType::ternary:
        return {Numeric::ternary, bits};
    case FormatType::binary:
        return {Numeric::binary, bits};
    case FormatType::integer:
    case FormatType::fixed_point:
    case FormatType::dynamic_fixed_point:
        break;
    }
    return {bits == 32 ? Numeric::float32 : Numeric::integer, bits};
}

Result<RunFormats> run_formats(const HardwareTarget& target, const NumberFormat& weights,
                               const NumberFormat& activations) {
    RunFormats run{{operand_format(weights), operand_format(activations)}, {}};
    const Operands& operands = run.operands;
    if (target.sizing == Sizing::fixed && !operands.floating() &&
        (operands.weights.bits > target.mac.weight_bits ||
         operands.activations.bits > target.mac.activation_bits))
        return fail(ErrorCode::invalid_input,
                    "w" + std::to_string(operands.weights.bits) + "a" +
                        std::to_string(operands.activations.bits) + " does not fit the MACs of target '" +
                        target.name + "' (" + std::to_string(target.mac.weight_bits) + " x " +
                        std::to_string(target.mac.activation_bits) + " bits)",
                    {}, "use narrower formats or a target with \"sizing\": \"to_design\"");
    return run;
}

} // namespace widthwise::cost
