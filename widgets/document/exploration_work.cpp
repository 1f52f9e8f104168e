#include "widgets/document/exploration_work.h"

#include "core/flow/explore_project.h"
#include "core/flow/explore_summary.h"
#include "widgets/number_text.h"

#include <algorithm>

namespace widthwise::gui {
namespace {

/// The window's own images where it still has those that the search was asked for with.
Result<DatasetPtr> load(const QString& source, const DatasetPtr& present, const Graph& graph,
                        const ExplorationBackend& backend) {
    if (present && qt(present->name()) == source) return present;
    auto data = backend.load_data(source.toStdString());
    if (!data) return data;
    if (auto fit = flow::check_fit(graph, **data); !fit) return forward_error(fit);
    return data;
}

Result<flow::ExploreRequest> request_of(const ExplorationInputs& inputs, const ExplorationBackend& backend) {
    const ExplorationWork& work = *inputs.work;
    const Graph& graph = *inputs.model.graph;
    flow::ExploreRequest request;
    request.model = inputs.model;
    auto space = backend.make_space(graph, work.base, work.target, work.setup.space);
    if (!space) return forward_error(space);
    request.space = std::move(*space);
    const bool others = !work.setup.data.isEmpty();
    auto data = load(others ? work.setup.data : work.evaluation, inputs.evaluation, graph, backend);
    if (!data) return forward_error(data);
    request.data = std::move(*data);
    const QString report = !work.setup.report.isEmpty() ? work.setup.report
                           : others                     ? work.evaluation
                                                        : QString();
    // The same images for both are split, as where nothing is said.
    if (!report.isEmpty() && report != qt(request.data->name())) {
        auto reported = load(report, inputs.evaluation, graph, backend);
        if (!reported) return forward_error(reported);
        request.report_data = std::move(*reported);
    }
    if (!work.calibration.isEmpty()) {
        auto calibration = load(work.calibration, inputs.calibration, graph, backend);
        if (!calibration) return forward_error(calibration);
        request.calibration = std::move(*calibration);
    }
    request.limit = work.setup.limit;
    request.cost = work.cost;
    request.goals = work.setup.goals;
    request.algorithm = work.setup.algorithm;
    request.budget = work.setup.budget;
    request.seed = work.setup.seed;
    request.start = {work.base};
    return request;
}

} // namespace

Result<void> update_row(ProjectStore& store, int64_t id,
                        const std::function<void(StoredExploration&)>& change) {
    return store.exclusively([&](ProjectFile& file) -> Result<void> {
        auto rows = file.explorations();
        if (!rows) return forward_error(rows);
        const auto row = std::ranges::find(*rows, id, &StoredExploration::id);
        if (row == rows->end()) return {};
        change(*row);
        return file.update_exploration(*row);
    });
}

Result<flow::ExploreOutcome> run_exploration(const ExplorationInputs& inputs,
                                             const ExplorationBackend& backend, ExplorationFeed& feed,
                                             const WorkControl& control) {
    feed.begin();
    auto request = request_of(inputs, backend);
    if (!request) return forward_error(request);
    feed.add(std::make_shared<const explore::Space>(request->space));
    // From here on it can be resumed: by the same request only.
    const std::string json = flow::request_to_json(*request);
    std::string different;
    auto begun = update_row(*inputs.store, inputs.stored_id, [&](StoredExploration& row) {
        if (row.request_json.empty()) {
            row.request_json = json;
            row.provenance_json = work_to_json(*inputs.work, flow::exploration_provenance(*request));
        }
        different = flow::request_difference(row.request_json, json);
        if (different.empty()) row.status = "running";
    });
    if (!begun) return forward_error(begun);
    if (!different.empty())
        return fail(ErrorCode::invalid_input, "the search was another one: " + different,
                    inputs.store->path().toStdString(), "start a new one");
    StoreLog log(inputs, backend, *request, feed);
    const flow::ExploreObserver observer{
        [&](const flow::Candidate& candidate, const flow::CoursePoint& course) {
            feed.add(candidate, course, control.cancel);
        },
        [&](const flow::FrontDesign& design) { feed.add(design); }};
    auto outcome = backend.run(*request, log, control, observer);
    // What the end of the program cancels stays "running", to be gone on with.
    if (outcome && !outcome->cancelled) {
        auto ended = update_row(*inputs.store, inputs.stored_id, [&](StoredExploration& row) {
            row.status = "finished";
            row.seconds = outcome->seconds;
            row.summary_json = flow::summary_to_json(*request, *outcome, row.id);
        });
        if (!ended) return forward_error(ended);
    }
    return outcome;
}

template <typename Value>
Result<Value> StoreLog::with_log(const std::function<Result<Value>(flow::ExploreLog&)>& work) {
    return m_inputs.store->exclusively([&](ProjectFile& file) -> Result<Value> {
        if (!m_log || m_path != file.path()) {
            auto opened = m_backend.open_log(file, m_inputs.stored_id, m_request);
            if (!opened) return forward_error(opened);
            m_log = std::move(*opened);
            m_path = file.path();
        }
        return work(*m_log);
    });
}

Result<std::vector<flow::Candidate>> StoreLog::known() {
    return with_log<std::vector<flow::Candidate>>([](flow::ExploreLog& log) { return log.known(); });
}

Result<void> StoreLog::add(const flow::Candidate& candidate) {
    return with_log<void>([&](flow::ExploreLog& log) { return log.add(candidate); });
}

Result<int64_t> StoreLog::add_front(const explore::Choices& choices, const flow::EvaluationOutcome& report,
                                    const CostBreakdown& cost) {
    auto id = with_log<int64_t>([&](flow::ExploreLog& log) { return log.add_front(choices, report, cost); });
    if (!id) return id;
    report::Design design;
    design.id = *id;
    design.evaluation = report.evaluation;
    design.cost = cost;
    design.version = m_inputs.work->version;
    m_feed.add(std::move(design));
    return id;
}

Result<std::optional<Sensitivity>> StoreLog::sensitivity(const std::string& request_json) {
    return with_log<std::optional<Sensitivity>>(
        [&](flow::ExploreLog& log) { return log.sensitivity(request_json); });
}

Result<void> StoreLog::add_sensitivity(const std::string& request_json, const Sensitivity& sensitivity) {
    return with_log<void>(
        [&](flow::ExploreLog& log) { return log.add_sensitivity(request_json, sensitivity); });
}

} // namespace widthwise::gui
