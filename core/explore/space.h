#pragma once
// What a search may choose: a list of variables with a few choices each. A design is one choice per variable.

#include "core/design/hardware_target.h"
#include "core/design/precision_plan.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace widthwise::explore {

/// One position per variable, in the space's order.
using Choices = std::vector<uint8_t>;

struct Variable {
    enum class Kind { weights, activations, both, hardware };
    Kind kind = Kind::weights;
    std::string name;                  ///< "conv1 weights", "array.rows": unique in the space
    std::vector<std::string> layers;   ///< that it sets; several: tied. Empty for hardware
    std::vector<NumberFormat> formats; ///< narrowest first, 1..255; of both: the weights'. Hardware: empty
    /// Of both: what the layers' activations get beside formats[i], as many; else empty.
    std::vector<NumberFormat> activation_formats;
    std::string parameter;           ///< hardware: key path in the target's document (target_parameter.h)
    std::vector<std::string> values; ///< hardware: JSON values, smallest first, 1..255
    [[nodiscard]] size_t size() const { return kind == Kind::hardware ? values.size() : formats.size(); }
    bool operator==(const Variable&) const = default;
};

struct Space {
    PrecisionPlan base;    ///< what holds of everything that is not a variable
    HardwareTarget target; ///< the same of hardware
    std::vector<Variable> variables;

    /// Designs in all; nullopt: more than 2^62.
    [[nodiscard]] std::optional<int64_t> designs() const;
    [[nodiscard]] bool has_hardware() const;
};

[[nodiscard]] PrecisionPlan plan_of(const Space& space, std::span<const uint8_t> choices);
/// Errors: invalid_input where the values contradict each other, as target_from_json.
[[nodiscard]] Result<HardwareTarget> target_of(const Space& space, std::span<const uint8_t> choices);
/// The design of the space that is this plan (hardware variables stand at the base target's values); nullopt:
/// the plan is not in the space.
[[nodiscard]] std::optional<Choices> choices_of(const Space& space, const PrecisionPlan& plan);
/// All variables at the format of `weight_bits`/`activation_bits` or the next wider one, integers before
/// others; where none is as wide at the finest (comparable_bits() in noise.h: 8-bit integers are finer than
/// 8-bit powers of two). Hardware at the base target's values, else at the largest.
[[nodiscard]] Choices uniform_choices(const Space& space, int weight_bits, int activation_bits);

/// "3,0,4": how designs are written in the project file; the reader refuses what the space does not have.
[[nodiscard]] std::string to_text(std::span<const uint8_t> choices);
[[nodiscard]] Result<Choices> choices_from_text(std::string_view text, const Space& space);

} // namespace widthwise::explore
