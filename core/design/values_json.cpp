#include "core/design/values_json.h"

#include "core/base/base64.h"
#include "core/base/text.h"
#include "core/design/layer_lookup.h"
#include "core/design/short_double.h"

#include <nlohmann/json.hpp>

#include <bit>
#include <cmath>
#include <cstring>

namespace widthwise {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

static_assert(std::endian::native == std::endian::little && sizeof(float) == 4);

Result<std::vector<float>> read_floats(const json& value, int64_t count, const KeyPath& at) {
    if (!value.is_string()) return fail_at(at, "expected base64 text");
    const auto& text = value.get_ref<const std::string&>();
    const std::optional<std::string> bytes = base64_decode(text);
    if (!bytes) return fail_at(at, "damaged base64 text", "write the design again with --save-design");
    if (bytes->size() != static_cast<size_t>(count) * sizeof(float))
        return fail_at(at, std::to_string(bytes->size()) + " bytes for " + std::to_string(count) +
                               " numbers of 4 bytes");
    std::vector<float> values(static_cast<size_t>(count));
    if (count > 0) std::memcpy(values.data(), bytes->data(), bytes->size());
    for (const float v : values)
        if (!std::isfinite(v)) return fail_at(at, "a value is not finite");
    return values;
}

std::string write_floats(const std::vector<float>& values) {
    std::string bytes(values.size() * sizeof(float), '\0');
    if (!values.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
    return base64_encode(bytes);
}

} // namespace

Result<LayerValues> read_values(const json& object, const Graph& graph, NodeId layer, const KeyPath& at) {
    if (!object.is_object()) return fail_at(at, "expected an object of weights and bias");
    for (const auto& item : object.items())
        if (item.key() != "weights" && item.key() != "bias" && item.key() != "clip_hi")
            return fail_at(at.key(item.key()), "unknown key " + in_quotes(item.key()),
                           "known keys are weights, bias, clip_hi");
    for (const char* key : {"weights", "bias"})
        if (!object.contains(key)) return fail_at(at, "missing key " + in_quotes(key));
    LayerValues values;
    auto weights = read_floats(object.at("weights"), weight_elements(graph, layer), at.key("weights"));
    if (!weights) return forward_error(weights);
    values.weights = std::move(*weights);
    auto bias = read_floats(object.at("bias"), weight_channels(graph, layer), at.key("bias"));
    if (!bias) return forward_error(bias);
    values.bias = std::move(*bias);
    if (const auto found = object.find("clip_hi"); found != object.end()) {
        const double hi = found->is_number() ? found->get<double>() : std::nan("");
        if (!std::isfinite(static_cast<float>(hi))) return fail_at(at.key("clip_hi"), "expected a number");
        values.clip_hi = static_cast<float>(hi);
    }
    return values;
}

ordered_json write_values(const LayerValues& values) {
    ordered_json out;
    out["weights"] = write_floats(values.weights);
    out["bias"] = write_floats(values.bias);
    if (values.clip_hi) out["clip_hi"] = short_double(*values.clip_hi);
    return out;
}

} // namespace widthwise
