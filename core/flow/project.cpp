#include "core/flow/project.h"

#include "core/base/text.h"
#include "core/design/json.h"

#include <algorithm>
#include <utility>

namespace widthwise::flow {
namespace {

std::string version_source(const ProjectFile& project, int64_t id) {
    return project.path().string() + "#" + std::to_string(id);
}

/// Whether `model` came from load_version of this project.
bool is_version_of(const ProjectFile& project, const Model& model) {
    return model.source.starts_with(project.path().string() + "#");
}

} // namespace

StoredEvaluation to_stored(const Evaluation& evaluation, const CostBreakdown& cost, const Graph& graph) {
    StoredEvaluation stored;
    stored.label = plan_label(evaluation.plan, graph);
    stored.plan_json = plan_to_json(evaluation.plan);
    stored.resolved_json = plan_to_json(evaluation.resolved);
    stored.evaluation_json = evaluation_to_json(evaluation);
    stored.cost_json = cost_to_json(cost, CostDetail::without_nests);
    stored.top1 = evaluation.accuracy.top1;
    stored.energy_j = cost.energy_j;
    stored.latency_s = cost.latency_s;
    stored.area_mm2 = cost.area_mm2;
    stored.model_bytes = cost.model_bytes;
    stored.created_utc = evaluation.provenance.created_utc;
    return stored;
}

Result<report::Design> from_stored(const StoredEvaluation& stored, const Graph& graph, std::string network) {
    const std::string where = "design " + std::to_string(stored.id);
    auto evaluation = evaluation_from_json(stored.evaluation_json, graph, where);
    if (!evaluation) return forward_error(evaluation);
    auto cost = cost_from_json(stored.cost_json, where);
    if (!cost) return forward_error(cost);
    return report::Design{stored.id,        stored.label,   std::move(*evaluation),
                          std::move(*cost), stored.version, std::move(network)};
}

Result<Model> load_version(const ProjectFile& project, int64_t id) {
    const std::string path = project.path().string();
    if (id == 0) {
        auto network = project.network();
        if (!network) return forward_error(network);
        if (!*network)
            return fail(ErrorCode::invalid_input, "the project names no network", path,
                        "open one and evaluate it first");
        return load_model((*network)->path);
    }
    auto versions = project.versions();
    if (!versions) return forward_error(versions);
    auto bytes = project.version_onnx(id);
    if (!bytes) return forward_error(bytes);
    const auto stored = std::ranges::find(*versions, id, &StoredVersion::id);
    return load_model_bytes(*bytes, version_source(project, id),
                            stored == versions->end() ? std::string() : stored->label);
}

Result<const Model*> ProjectNetworks::at(int64_t version) {
    auto found = m_models.find(version);
    if (found == m_models.end()) {
        auto model = load_version(m_project, version);
        if (!model) return forward_error(model);
        found = m_models.emplace(version, std::move(*model)).first;
    }
    return &found->second;
}

Result<report::Design> ProjectNetworks::design(const StoredEvaluation& stored) {
    auto model = at(stored.version);
    if (!model) return forward_error(model);
    return from_stored(stored, *(*model)->graph, stored.version == 0 ? std::string() : (*model)->name);
}

Result<void> adopt_network(ProjectFile& project, const Model& model, const Dataset& data,
                           const std::string& calibration, const std::string& target_json,
                           const PrecisionPlan& plan) {
    auto network = project.network();
    if (!network) return forward_error(network);
    if (*network) {
        if ((*network)->hash == model.hash || is_version_of(project, model)) return {};
        return fail(ErrorCode::invalid_input,
                    "the project belongs to another network (" + (*network)->path + ")",
                    project.path().string(), "choose another project file");
    }
    StoredNetwork stored;
    stored.path = model.source;
    stored.hash = model.hash;
    stored.data = data.name();
    stored.data_hash = data.hash();
    stored.calibration_data = calibration;
    stored.target_json = target_json;
    stored.current_plan_json = plan_to_json(plan);
    return project.set_network(stored);
}

namespace {

Result<std::vector<StoredEvaluation>> chosen(std::vector<StoredEvaluation> all, std::span<const int64_t> ids,
                                             const std::string& where) {
    if (all.empty())
        return fail(ErrorCode::invalid_input, "the project holds no evaluated design", where,
                    "evaluate one with --project first");
    if (ids.empty()) return all;
    std::vector<std::string> known;
    known.reserve(all.size());
    for (const StoredEvaluation& row : all) known.push_back(std::to_string(row.id));
    for (const int64_t id : ids)
        if (std::ranges::none_of(all, [&](const StoredEvaluation& row) { return row.id == id; }))
            return fail(ErrorCode::invalid_input, "no design " + std::to_string(id), where,
                        "choose from " + join(known, ", "));
    std::erase_if(all,
                  [&](const StoredEvaluation& row) { return std::ranges::find(ids, row.id) == ids.end(); });
    return all;
}

} // namespace

Result<report::Report> project_report(const ProjectFile& project, std::span<const int64_t> ids) {
    const std::string where = project.path().string();
    auto network = project.network();
    if (!network) return forward_error(network);
    auto stored = project.evaluations();
    if (!stored) return forward_error(stored);
    auto rows = chosen(std::move(*stored), ids, where);
    if (!rows) return forward_error(rows);
    if (!*network)
        return fail(ErrorCode::invalid_input, "the project names no network", where,
                    "open one and evaluate it first");
    ProjectNetworks networks(project);
    auto own = networks.at(0);
    if (!own) return forward_error(own);

    report::Report report;
    report.title = "Widthwise: " + (*own)->name;
    report.model = (*network)->path;
    report.data = (*network)->data;
    for (const StoredEvaluation& row : *rows) {
        auto design = networks.design(row);
        if (!design) return forward_error(design);
        report.designs.push_back(std::move(*design));
    }
    report.target = report.designs.front().cost.target;
    return report;
}

} // namespace widthwise::flow
