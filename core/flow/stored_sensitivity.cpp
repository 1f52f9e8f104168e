#include "core/flow/stored_sensitivity.h"

#include "core/design/json.h"
#include "core/flow/evaluator_state.h"
#include "core/flow/explore_request.h"

#include <nlohmann/json.hpp>

namespace widthwise::flow {

StoredSensitivity to_stored(const SensitivityRequest& request, const Sensitivity& sensitivity,
                            int64_t version) {
    return {0, version, sensitivity_request_to_json(request), sensitivity_to_json(sensitivity), now_utc()};
}

SensitivityFit fit_of(const StoredSensitivity& stored, const SensitivityRequest& request) {
    using Json = nlohmann::json;
    const std::string document = sensitivity_request_to_json(request);
    if (stored.request_json == document) return {true, true, true};
    const Json there = Json::parse(stored.request_json, nullptr, false), here = Json::parse(document);
    if (!there.is_object()) return {};
    const auto same = [&](const char* key) { return there.contains(key) && there.at(key) == here.at(key); };
    return {same("model"), same("data"), false};
}

} // namespace widthwise::flow
