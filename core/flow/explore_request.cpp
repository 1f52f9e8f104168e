#include "core/flow/explore_request.h"

#include "core/base/hash.h"
#include "core/design/format_json.h"
#include "core/flow/explore_data.h"
#include "core/passes/prepare.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include <set>

namespace widthwise::flow {
namespace {

using Json = nlohmann::ordered_json;
using explore::Variable;

Json data_to_json(const DatasetPtr& data) {
    if (!data) return nullptr;
    return {{"name", data->name()}, {"hash", data->hash()}, {"images", data->size()}};
}

Json formats_to_array(const std::vector<NumberFormat>& formats) {
    Json list = Json::array();
    for (const NumberFormat& format : formats) list.push_back(write_format(format));
    return list;
}

std::string_view kind_name(Variable::Kind kind) {
    switch (kind) {
    case Variable::Kind::weights:
        return "weights";
    case Variable::Kind::activations:
        return "activations";
    case Variable::Kind::both:
        return "both";
    case Variable::Kind::hardware:
        break;
    }
    return "hardware";
}

Json variable_to_json(const Variable& variable) {
    Json json{{"name", variable.name}, {"kind", kind_name(variable.kind)}};
    if (variable.kind == Variable::Kind::hardware) {
        json["parameter"] = variable.parameter;
        json["values"] = variable.values;
        return json;
    }
    json["layers"] = variable.layers;
    json["formats"] = formats_to_array(variable.formats);
    if (variable.kind == Variable::Kind::both)
        json["activation_formats"] = formats_to_array(variable.activation_formats);
    return json;
}

Json goals_to_json(const explore::Goals& goals) {
    Json json{{"objectives", Json::array()}, {"constraints", Json::array()}};
    for (const explore::Metric metric : goals.objectives)
        json["objectives"].push_back(explore::to_string(metric));
    for (const explore::Constraint& c : goals.constraints)
        json["constraints"].push_back({{"metric", explore::to_string(c.metric)}, {"limit", c.limit}});
    return json;
}

Json cost_options_to_json(const cost::Options& options) {
    Json json{{"batch", options.batch},
              {"keep_feature_maps", nullptr},
              {"fuse_layers", options.fuse_layers},
              {"reorder", options.reorder}};
    if (options.keep_feature_maps) json["keep_feature_maps"] = *options.keep_feature_maps;
    for (const auto& [layer, zeros] : options.zeros)
        json["zeros"][layer] = {zeros.inputs, zeros.weights, zeros.outputs};
    for (const auto& [layer, mapping] : options.mappings)
        json["mappings"][layer] = Json::parse(mapping_to_json(mapping));
    return json;
}

/// Values are long: what stands for them is their sum.
Json plan_identity(const PrecisionPlan& plan) {
    return {{"design", Json::parse(plan_to_json(passes::without_values(plan)))},
            {"values", plan.values().empty() ? Json(nullptr) : Json(sha256(plan_to_json(plan)))}};
}

std::set<int> widths_of(const explore::Space& space) {
    std::set<int> widths;
    const auto add = [&](const std::vector<NumberFormat>& formats) {
        for (const NumberFormat& format : formats)
            if (format.type == FormatType::integer || format.type == FormatType::binary)
                widths.insert(format.bits);
    };
    for (const Variable& variable : space.variables) {
        add(variable.formats);
        add(variable.activation_formats);
    }
    return widths;
}

/// The space's own format of that many bits, where it has one.
NumberFormat format_of(const explore::Space& space, FormatRole role, int bits) {
    const bool weights = role == FormatRole::weights;
    for (const Variable& variable : space.variables) {
        const bool sets = variable.kind == Variable::Kind::both ||
                          variable.kind == (weights ? Variable::Kind::weights : Variable::Kind::activations);
        if (!sets) continue;
        const bool second = variable.kind == Variable::Kind::both && !weights;
        for (const NumberFormat& format : second ? variable.activation_formats : variable.formats)
            if (format.bits == bits &&
                (format.type == FormatType::integer || format.type == FormatType::binary))
                return format;
    }
    return weights ? weight_integer(bits) : activation_integer(bits);
}

} // namespace

std::string algorithm_name(const ExploreRequest& request) {
    return request.algorithm.empty() ? explore::algorithms().front().name : request.algorithm;
}

std::string request_to_json(const ExploreRequest& request) {
    Json json{{"format", "widthwise-search/1"},
              {"model", {{"source", request.model.source}, {"hash", request.model.hash}}},
              {"data", data_to_json(request.data)},
              {"report_data", data_to_json(request.report_data)},
              {"calibration", data_to_json(request.calibration)},
              {"calibration_samples", request.calibration_samples},
              {"limit", request.limit},
              {"algorithm", algorithm_name(request)},
              {"budget", request.budget},
              {"seed", request.seed},
              {"sensitivity_samples", request.sensitivity_samples},
              {"screen", request.screen},
              {"goals", goals_to_json(request.goals)},
              {"cost", cost_options_to_json(request.cost)}};
    for (const PrecisionPlan& plan : request.start) json["start"].push_back(plan_identity(plan));
    json["target"] = Json::parse(target_to_json(request.space.target));
    json["base"] = plan_identity(request.space.base);
    for (const Variable& variable : request.space.variables)
        json["variables"].push_back(variable_to_json(variable));
    return json.dump();
}

SensitivityRequest sensitivity_request(const ExploreRequest& request, const DatasetPtr& images,
                                       const DatasetPtr& calibration) {
    const explore::Space& space = request.space;
    SensitivityRequest asked;
    asked.base.model = request.model;
    asked.base.data = images;
    asked.base.calibration = calibration;
    asked.base.calibration_samples = request.calibration_samples;
    asked.base.seed = request.seed;
    asked.base.plan = explore::plan_of(space, explore::uniform_choices(space, 8, 8));
    for (const Variable& variable : space.variables)
        for (const std::string& layer : variable.layers)
            if (std::ranges::find(asked.layers, layer) == asked.layers.end()) asked.layers.push_back(layer);
    const std::set<int> widths = widths_of(space);
    asked.widths.clear();
    // All at 8 bits is what the others are compared with: it adds no noise to itself.
    for (const int bits : widths)
        if (bits != 8 || widths.size() == 1) asked.widths.push_back(bits);
    if (asked.widths.empty()) asked.widths = {2, 4, 8}; // other formats are placed between these
    asked.weight_format = [space](int bits) { return format_of(space, FormatRole::weights, bits); };
    asked.activation_format = [space](int bits) { return format_of(space, FormatRole::activations, bits); };
    return asked;
}

std::string sensitivity_request_to_json(const SensitivityRequest& request) {
    Json json{{"format", "widthwise-sensitivity-request/1"},
              {"model", request.base.model.hash},
              {"data", data_to_json(request.base.data)},
              {"calibration", data_to_json(request.base.calibration)},
              {"calibration_samples", request.base.calibration_samples},
              {"seed", request.base.seed},
              {"base", plan_identity(request.base.plan)}};
    for (const int bits : request.widths)
        json["widths"].push_back({{"bits", bits},
                                  {"weights", write_format(request.weight_format(bits))},
                                  {"activations", write_format(request.activation_format(bits))}});
    if (!request.layers.empty()) json["layers"] = request.layers;
    if (request.base.limit > 0) json["limit"] = request.base.limit;
    if (request.decide_within) json["decide_within"] = *request.decide_within;
    if (const auto& traces = request.traces)
        json["traces"] = {{"samples", traces->samples},
                          {"probes", traces->probes},
                          {"tolerance", traces->tolerance},
                          {"seed", traces->seed}};
    return json.dump();
}

Result<Sensitivity> explore_sensitivity(const ExploreRequest& request, ExploreLog& log,
                                        const WorkControl& control) {
    auto data = explore_data(request);
    if (!data) return forward_error(data);
    const SensitivityRequest asked = sensitivity_request(
        request, data->sensitivity, request.calibration ? request.calibration : data->search);
    const std::string document = sensitivity_request_to_json(asked);
    auto known = log.sensitivity(document);
    if (!known) return forward_error(known);
    if (*known) return std::move(**known);
    Evaluator evaluator;
    if (!request.incremental) evaluator.set_memory_budget(0); // every entry from the first layer on
    auto measured = evaluator.sensitivity(asked, control);
    if (!measured) return measured;
    if (auto ok = log.add_sensitivity(document, *measured); !ok) return forward_error(ok);
    return measured;
}

} // namespace widthwise::flow
