#include "core/flow/explore_summary.h"

#include "core/base/text.h"
#include "core/flow/explore_front.h"
#include "core/flow/explore_request.h"

#include <nlohmann/json.hpp>

#include <array>
#include <cmath>
#include <set>

namespace widthwise::flow {
namespace {

using explore::Metric;
using explore::Variable;
using Json = nlohmann::ordered_json;

constexpr double k_one_point = 0.01;
constexpr size_t k_longest_value = 40; ///< that is shown where two requests differ
constexpr size_t k_most_differences = 4;
constexpr int k_deepest = 64; ///< levels; no document of ours comes near

constexpr std::array<std::pair<Metric, const char*>, 10> k_cost_keys = {
    {{Metric::energy, "energy_j"},
     {Metric::latency, "latency_s"},
     {Metric::area, "area_mm2"},
     {Metric::size, "model_bytes"},
     {Metric::power, "power_w"},
     {Metric::throughput, "throughput_ips"},
     {Metric::luts, "luts"},
     {Metric::dsps, "dsps"},
     {Metric::bram18, "bram18"},
     {Metric::urams, "urams"}}};

Json number(double value) {
    return std::isfinite(value) ? Json(value) : Json(nullptr);
}

Json text_or_null(const std::string& text) {
    return text.empty() ? Json(nullptr) : Json(text);
}

bool confirmed(const FrontDesign& design) {
    return design.design_id != 0;
}

/// "bit_serial" of a JSON text, for people.
std::string unquoted(const std::string& value) {
    const Json json = Json::parse(value, nullptr, false);
    return json.is_string() ? json.get<std::string>() : value;
}

Json figures_json(const explore::Figures& figures) {
    Json json = Json::object();
    for (const auto& [metric, key] : k_cost_keys) json[key] = number(figures[metric]);
    return json;
}

Json hardware_json(const explore::Space& space, const explore::Choices& choices) {
    Json hardware = Json::object();
    for (size_t i = 0; i < space.variables.size(); ++i)
        if (const Variable& variable = space.variables[i]; variable.kind == Variable::Kind::hardware)
            hardware[variable.parameter] = Json::parse(variable.values[choices[i]], nullptr, false);
    return hardware;
}

Json design_json(const ExploreRequest& request, const FrontDesign& design) {
    const bool labelled = confirmed(design) && design.report.samples > 0;
    Json json{
        {"design_id", confirmed(design) ? Json(design.design_id) : Json(nullptr)},
        {"label", design_label(request.space, design.choices, *request.model.graph)},
        {"top1", number(design.top1)},
        {"report_top1", confirmed(design) ? number(design.report_top1) : Json(nullptr)},
        {"report_delta_ci95",
         labelled ? Json::array({design.report.delta_ci95.lo, design.report.delta_ci95.hi}) : Json(nullptr)},
        {"within_one_point", design.within_one_point ? Json(*design.within_one_point) : Json(nullptr)},
        {"knee", design.knee}};
    json.update(figures_json(design.figures));
    if (request.space.has_hardware()) json["hardware"] = hardware_json(request.space, design.choices);
    return json;
}

Json id_json(const FrontDesign* design) {
    return design ? Json(design->design_id) : Json(nullptr);
}

/// Leaves of `a` and `b` that differ; arrays count as one.
void compare(const Json& a, const Json& b, const std::string& key, std::vector<std::string>& differences) {
    if (a == b) return;
    if (a.is_object() && b.is_object()) {
        std::set<std::string> names;
        for (const Json* side : {&a, &b})
            for (const auto& [name, value] : side->items()) names.insert(name);
        const Json none = nullptr;
        for (const std::string& name : names)
            compare(a.contains(name) ? a[name] : none, b.contains(name) ? b[name] : none,
                    key.empty() ? name : key + "." + name, differences);
        return;
    }
    const auto text = [](const Json& value) {
        return value.dump(-1, ' ', false, Json::error_handler_t::replace);
    };
    const std::string was = text(a), is = text(b);
    differences.push_back(was.size() + is.size() > k_longest_value ? key
                                                                   : key + " (" + was + ", here " + is + ")");
}

} // namespace

std::string design_label(const explore::Space& space, const explore::Choices& choices, const Graph& graph) {
    std::string text = plan_label(explore::plan_of(space, choices), graph);
    for (size_t i = 0; i < space.variables.size(); ++i)
        if (const Variable& variable = space.variables[i]; variable.kind == Variable::Kind::hardware)
            text += ", " + variable.parameter + "=" + unquoted(variable.values[choices[i]]);
    return text;
}

Metric cost_of(const explore::Goals& goals) {
    for (const Metric metric : goals.objectives)
        if (metric != Metric::drop) return metric;
    return Metric::energy;
}

const FrontDesign* cheapest_within_one_point(const ExploreRequest& request, const ExploreOutcome& outcome,
                                             bool surely) {
    const Metric cost = cost_of(request.goals);
    std::vector<explore::Tested> tested;
    std::vector<const FrontDesign*> designs;
    for (const FrontDesign& design : outcome.front) {
        if (!confirmed(design)) continue;
        const bool within = surely ? design.within_one_point == true : report_drop(design) <= k_one_point;
        tested.push_back({design.figures[Metric::drop], design.figures.loss(cost), within});
        designs.push_back(&design);
    }
    const auto last = explore::last_of_sequence(tested);
    return last ? designs[*last] : nullptr;
}

std::string summary_to_json(const ExploreRequest& request, const ExploreOutcome& outcome, int64_t id) {
    Json front = Json::array(), course = Json::array(), knees = Json::array();
    for (const FrontDesign& design : outcome.front) {
        front.push_back(design_json(request, design));
        if (design.knee && confirmed(design)) knees.push_back(design.design_id);
    }
    for (const CoursePoint& point : outcome.course)
        course.push_back({{"evaluations", point.evaluations},
                          {"seconds", point.seconds},
                          {"hypervolume", point.hypervolume}});
    Json baseline{{"label", outcome.baseline_label}};
    baseline.update(figures_json(outcome.baseline));
    const Json document{
        {"exploration", id},
        {"algorithm", algorithm_name(request)},
        {"target", request.space.target.name},
        {"seed", request.seed},
        {"budget", request.budget},
        {"evaluations", outcome.evaluations},
        {"measured", outcome.measured},
        {"screened", outcome.screened},
        {"rejected", outcome.rejected},
        {"sensitivity_evaluations", outcome.sensitivity_evaluations},
        {"images_run", outcome.images_run},
        {"search_images", outcome.search_images},
        {"report_images", outcome.report_images},
        {"seconds", outcome.seconds},
        {"float_top1", number(outcome.float_top1)},
        {"report_float_top1", number(outcome.report_float_top1)},
        {"baseline", std::move(baseline)},
        {"front", std::move(front)},
        {"hypervolume", outcome.hypervolume},
        {"search_hypervolume", outcome.search_hypervolume},
        {"knee", std::move(knees)},
        {"cheapest_within_one_point", id_json(cheapest_within_one_point(request, outcome, true))},
        {"cheapest_measured_within_one_point", id_json(cheapest_within_one_point(request, outcome, false))},
        {"nothing_feasible", text_or_null(outcome.nothing_feasible)},
        {"ended_early", text_or_null(outcome.ended_early)},
        {"notes", outcome.notes},
        {"course", std::move(course)}};
    return document.dump(1, ' ', false, Json::error_handler_t::replace);
}

bool is_shallow(std::string_view json) {
    int depth = 0;
    bool in_text = false;
    for (size_t i = 0; i < json.size(); ++i) {
        const char c = json[i];
        if (in_text && c == '\\') ++i; // what it escapes
        if (c == '"') in_text = !in_text;
        if (in_text) continue;
        if (c == '{' || c == '[') ++depth;
        if (c == '}' || c == ']') --depth;
        if (depth > k_deepest) return false;
    }
    return true;
}

std::string request_difference(std::string_view stored, std::string_view asked) {
    if (stored == asked) return {};
    constexpr const char* k_unreadable = "what it asked for cannot be read";
    if (!is_shallow(stored) || !is_shallow(asked)) return k_unreadable;
    const Json a = Json::parse(stored, nullptr, false), b = Json::parse(asked, nullptr, false);
    if (!a.is_object() || !b.is_object()) return k_unreadable;
    std::vector<std::string> differences;
    compare(a, b, {}, differences);
    if (differences.size() > k_most_differences) {
        const size_t more = differences.size() - k_most_differences;
        differences.resize(k_most_differences);
        differences.push_back(std::to_string(more) + " more");
    }
    return join(differences, ", ");
}

} // namespace widthwise::flow
