#include "core/design/format_pair.h"

#include "core/base/text.h"

#include <algorithm>
#include <array>

namespace widthwise {
namespace {

struct TypeWidths {
    std::string_view type;
    int least, most;
};
/// NumberFormat's types as multipliers tell them apart (fixed point runs as integers), and indices into a
/// table of shared weights.
constexpr std::array<TypeWidths, 10> k_types = {{{"integer", 2, 32},
                                                 {"float32", 32, 32},
                                                 {"float16", 16, 16},
                                                 {"bfloat16", 16, 16},
                                                 {"float8_e4m3", 8, 8},
                                                 {"float8_e5m2", 8, 8},
                                                 {"power_of_two", 2, 8},
                                                 {"ternary", 2, 2},
                                                 {"binary", 1, 1},
                                                 {"codebook", 1, 8}}};

const TypeWidths* find_type(std::string_view type) {
    const auto* found =
        std::find_if(k_types.begin(), k_types.end(), [&](const TypeWidths& t) { return t.type == type; });
    return found == k_types.end() ? nullptr : &*found;
}

OperandSupport integer(int bits) {
    if (bits == 1) return {"binary", 1};
    if (bits == 32) return {"float32", 32};
    return {"integer", bits};
}

bool is_integer(const OperandSupport& operand) {
    return operand.type == "integer" || operand.type == "binary";
}

} // namespace

std::string to_text(const OperandSupport& operand) {
    const TypeWidths* type = find_type(operand.type);
    if (type && type->least == type->most) return operand.type;
    return operand.type + ":" + std::to_string(operand.bits);
}

Result<OperandSupport> operand_from_text(std::string_view text) {
    const size_t colon = text.find(':');
    const std::string_view name = text.substr(0, colon);
    const TypeWidths* type = find_type(name);
    if (!type) {
        std::vector<std::string> names;
        for (const TypeWidths& t : k_types) names.emplace_back(t.type);
        return fail(ErrorCode::invalid_input, "unknown number type " + in_quotes(name), {},
                    "use " + join(names, " or "));
    }
    if (colon == std::string_view::npos) {
        if (type->least != type->most)
            return fail(ErrorCode::invalid_input, in_quotes(name) + " needs a width", {},
                        "write \"" + std::string(name) + ":8\"");
        return OperandSupport{std::string(name), type->least};
    }
    const auto bits = parse_int(text.substr(colon + 1));
    if (!bits || *bits < type->least || *bits > type->most)
        return fail(ErrorCode::invalid_input, "no width of " + in_quotes(text), {},
                    "give " + std::string(name) + " " + std::to_string(type->least) + " to " +
                        std::to_string(type->most) + " bits");
    return OperandSupport{std::string(name), static_cast<int>(*bits)};
}

std::string to_text(const FormatPair& pair) {
    if (pair.weights == pair.activations && pair.weights.type != "integer") return to_text(pair.weights);
    if (is_integer(pair.weights) && is_integer(pair.activations))
        return "w" + std::to_string(pair.weights.bits) + "a" + std::to_string(pair.activations.bits);
    return "weights " + to_text(pair.weights) + ", activations " + to_text(pair.activations);
}

Result<FormatPair> pair_from_text(std::string_view text) {
    const size_t a = text.find('a');
    if (text.starts_with('w') && a != std::string_view::npos) {
        const auto weights = parse_int(text.substr(1, a - 1));
        const auto activations = parse_int(text.substr(a + 1));
        const auto valid = [](const auto& bits) { return bits && *bits >= 1 && *bits <= 32; };
        if (!valid(weights) || !valid(activations))
            return fail(ErrorCode::invalid_input, "no pair of widths in " + in_quotes(text), {},
                        "write \"w8a8\", widths 1 to 32");
        return FormatPair{integer(static_cast<int>(*weights)), integer(static_cast<int>(*activations))};
    }
    auto both = operand_from_text(text);
    if (!both) return forward_error(both);
    return FormatPair{*both, *both};
}

} // namespace widthwise
