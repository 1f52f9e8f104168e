#pragma once
// One search as its worker does it: data read, space made, searched, front measured. No window in sight.

#include "widgets/document/exploration_backend.h"
#include "widgets/document/exploration_feed.h"
#include "widgets/document/exploration_setup.h"
#include "widgets/document/project_store.h"

#include <filesystem>

namespace widthwise::gui {

/// What the worker gets: values and shared const.
struct ExplorationInputs {
    std::shared_ptr<const ExplorationWork> work;
    flow::Model model;
    DatasetPtr evaluation, calibration; ///< the window's; null where it has none, or others by now
    int64_t stored_id = 0;              ///< of its row, which exists
    ProjectStorePtr store;
};

/// Errors: of the data, and those of flow::run_exploration.
[[nodiscard]] Result<flow::ExploreOutcome> run_exploration(const ExplorationInputs& inputs,
                                                           const ExplorationBackend& backend,
                                                           ExplorationFeed& feed, const WorkControl& control);

/// Changes one row of the project; a row that is gone is left alone.
Result<void> update_row(ProjectStore& store, int64_t id,
                        const std::function<void(StoredExploration&)>& change);

/// The log of a search behind the project's lock; tells the feed of front designs.
class StoreLog : public flow::ExploreLog {
public:
    /// All but the store outlive the log.
    StoreLog(const ExplorationInputs& inputs, const ExplorationBackend& backend,
             const flow::ExploreRequest& request, ExplorationFeed& feed)
        : m_inputs(inputs), m_backend(backend), m_request(request), m_feed(feed) {}
    [[nodiscard]] Result<std::vector<flow::Candidate>> known() override;
    [[nodiscard]] Result<void> add(const flow::Candidate& candidate) override;
    [[nodiscard]] Result<int64_t> add_front(const explore::Choices& choices,
                                            const flow::EvaluationOutcome& report,
                                            const CostBreakdown& cost) override;
    [[nodiscard]] Result<std::optional<Sensitivity>> sensitivity(const std::string& request_json) override;
    [[nodiscard]] Result<void> add_sensitivity(const std::string& request_json,
                                               const Sensitivity& sensitivity) override;

private:
    /// `work` with the file's log, while nobody else uses the file.
    template <typename Value>
    Result<Value> with_log(const std::function<Result<Value>(flow::ExploreLog&)>& work);

    const ExplorationInputs& m_inputs;
    const ExplorationBackend& m_backend;
    const flow::ExploreRequest& m_request;
    ExplorationFeed& m_feed;
    /// The project can move to another file while the search runs.
    std::filesystem::path m_path;
    std::unique_ptr<flow::ExploreLog> m_log;
};

} // namespace widthwise::gui
