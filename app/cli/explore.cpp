#include "app/cli/command.h"
#include "app/cli/explore_options.h"
#include "app/cli/explore_text.h"
#include "core/base/output_file.h"
#include "core/base/text.h"
#include "core/flow/explore_project.h"
#include "core/flow/explore_summary.h"
#include "core/flow/project.h"

#include <chrono>
#include <filesystem>

namespace widthwise::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr const char* k_finished = "finished";

/// What the terminal shows while a search runs: designs of earlier sittings pass by without a word, so that
/// the time left is that of the work which is left.
class Watch {
public:
    Watch(Terminal& terminal, int64_t known, int threads)
        : m_terminal(terminal), m_known(known), m_show(terminal.control(threads)) {}

    [[nodiscard]] WorkControl control() {
        WorkControl control = m_show;
        control.progress = [this](const Progress& progress) {
            if (m_seen >= m_known) m_show.progress(progress);
        };
        return control;
    }
    [[nodiscard]] flow::ExploreObserver observer() {
        flow::ExploreObserver observer;
        observer.on_candidate = [this](const flow::Candidate& candidate, const flow::CoursePoint& now) {
            add(candidate, now);
        };
        return observer;
    }

private:
    void add(const flow::Candidate& candidate, const flow::CoursePoint& now) {
        ++m_seen;
        m_screened += candidate.outcome.verdict == explore::Verdict::screened;
        m_rejected += candidate.outcome.verdict == explore::Verdict::rejected;
        if (m_seen <= m_known + 1) { // what it took to get here is not the speed of designs
            m_evaluated_before = now.evaluations;
            m_began = Clock::now();
        }
        const double seconds = std::chrono::duration<double>(Clock::now() - m_began).count();
        const auto run = static_cast<double>(now.evaluations - m_evaluated_before);
        m_terminal.set_detail(course_text(now, m_screened, m_rejected, seconds > 1 ? run / seconds : 0));
    }

    Terminal& m_terminal;
    int64_t m_known, m_seen = 0, m_screened = 0, m_rejected = 0, m_evaluated_before = 0;
    Clock::time_point m_began = Clock::now();
    WorkControl m_show;
};

Result<void> save_designs(const std::string& folder, const flow::ExploreRequest& request,
                          const flow::ExploreOutcome& outcome) {
    if (folder.empty()) return {};
    for (const flow::FrontDesign& design : outcome.front) {
        if (design.design_id == 0) continue;
        const std::string id = std::to_string(design.design_id);
        const std::filesystem::path path(folder);
        if (auto written =
                write_output((path / ("design-" + id + ".json")).string(), plan_to_json(design.plan));
            !written)
            return written;
        if (!request.space.has_hardware()) continue;
        auto target = explore::target_of(request.space, design.choices);
        if (!target) return forward_error(target);
        if (auto written =
                write_output((path / ("target-" + id + ".json")).string(), target_to_json(*target));
            !written)
            return written;
    }
    return {};
}

constexpr int64_t k_own_network = 0;

/// Why --resume cannot go on: the project's searches were asked for something else.
tl::unexpected<Error> refuse_resume(const ProjectFile& project, const StoredExploration& newest,
                                    const flow::ExploreRequest& request) {
    return fail(ErrorCode::usage,
                "search " + std::to_string(newest.id) + " was asked for something else: " +
                    flow::request_difference(newest.request_json, flow::request_to_json(request)),
                project.path().string(), "ask for the same, or leave --resume out to begin another search");
}

/// The row of the search to go on with, or of a new one.
Result<StoredExploration> find_or_begin(const ExploreOptions& options, const flow::ExploreRequest& request,
                                        ProjectFile& project, Terminal& terminal) {
    auto found = flow::find_exploration(project, request, k_own_network);
    if (!found) return forward_error(found);
    if (options.resume) {
        if (*found) return std::move(**found);
        auto others = project.explorations();
        if (!others) return forward_error(others);
        if (!others->empty()) return refuse_resume(project, others->back(), request);
        terminal.note("note: no search to resume in " + options.project + ", one begins");
    } else if (*found && (*found)->status != k_finished) {
        terminal.note("note: search " + std::to_string((*found)->id) +
                      " asked for the same and was interrupted; --resume would have gone on with it");
    }
    StoredExploration row;
    auto id = flow::begin_exploration(project, request, k_own_network,
                                      options.name.empty() ? request.space.target.name : options.name);
    if (!id) return forward_error(id);
    row.id = *id;
    return row;
}

Result<void> search(const ExploreOptions& options, const flow::ExploreRequest& request, ProjectFile& project,
                    Terminal& terminal) {
    auto row = find_or_begin(options, request, project, terminal);
    if (!row) return forward_error(row);
    const bool told = row->status == k_finished && !row->summary_json.empty();
    if (told && options.json && options.save_designs.empty()) return terminal.print(row->summary_json);
    auto known = project.candidates(row->id, "search");
    if (!known) return forward_error(known);
    Watch watch(terminal, static_cast<int64_t>(known->size()), options.run.threads);
    auto outcome = flow::explore_in_project(project, row->id, request, watch.control(), watch.observer());
    if (!outcome) {
        // What could not even begin is in nobody's way.
        if (auto concluded = project.candidates(row->id, "search"); concluded && concluded->empty())
            if (auto removed = project.remove_exploration(row->id); !removed) return removed;
        return forward_error(outcome);
    }
    if (outcome->cancelled)
        return fail(ErrorCode::cancelled,
                    "cancelled after " + std::to_string(outcome->evaluations) + " designs", options.project,
                    "nothing is lost: --resume goes on");
    if (auto saved = save_designs(options.save_designs, request, *outcome); !saved) return saved;
    return terminal.print(options.json ? flow::summary_to_json(request, *outcome, row->id)
                                       : exploration_text(request, *outcome, row->id));
}

Result<void> run(ExploreOptions& options, Terminal& terminal) {
    if (!options.save_designs.empty()) {
        std::error_code failed;
        const std::filesystem::path folder(options.save_designs);
        std::filesystem::create_directories(folder, failed);
        if (auto writable = check_writable(folder / "design.json"); !writable) return writable;
    }
    auto request = options.request(terminal);
    if (!request) return forward_error(request);
    auto project = ProjectFile::open(options.project);
    if (!project) return forward_error(project);
    if (auto adopted = flow::adopt_network(**project, request->model, *request->data, options.run.calibration,
                                           target_to_json(request->space.target), request->space.base);
        !adopted)
        return adopted;
    return search(options, *request, **project, terminal);
}

} // namespace

Command explore_command(CLI::App& app) {
    CLI::App* command = app.add_subcommand(
        "explore", "Search for the designs that trade accuracy against cost best: widths per layer, formats, "
                   "hardware; every design is kept as soon as it is finished");
    auto options = std::make_shared<ExploreOptions>();
    options->declare(*command);
    return {command, [options](Terminal& terminal) { return run(*options, terminal); }};
}

} // namespace widthwise::cli
