// What is done with the designs of a search: read from the project, applied, explained.
#include "widgets/document/exploration.h"
#include "widgets/document/exploration_read.h"
#include "widgets/number_text.h"

#include <QUndoStack>

namespace widthwise::gui {

void Exploration::read(const ExplorationRun& run) {
    const Version* version = m_document.versionById(run.version);
    if (!run.work || !version || !m_project.store()) return;
    m_reading.submit(tr("Reading %1").arg(run.label),
                     [this, id = run.id, stored = run.stored_id, work = run.work, model = version->model,
                      store = m_project.store(),
                      backend = m_backend](const WorkControl& control) -> JobLane::Deliver {
                         auto kept = read_exploration(stored, *work, model, *store, backend, control);
                         if (!kept)
                             return [this, error = kept.error()] {
                                 if (error.code != ErrorCode::cancelled) emit failed(to_problem(error));
                             };
                         return [this, id, kept = std::move(*kept)]() mutable {
                             ExplorationRun* found = find(id);
                             // Resumed meanwhile: it tells of them itself.
                             if (!found || !found->outcomes.empty()) return;
                             found->space = kept.space;
                             found->course = std::move(kept.course);
                             found->report = std::move(kept.front);
                             found->report_hypervolume = kept.report_hypervolume;
                             found->float_top1 = kept.float_top1;
                             found->add(std::move(kept.outcomes));
                             changed(*found);
                         };
                     });
}

bool Exploration::use(int64_t id, const explore::Choices& choices) {
    const ExplorationRun* run = runById(id);
    const Graph* graph = run ? graphOf(*run) : nullptr;
    if (!graph || !run->space) return false;
    const PrecisionPlan plan = canonical_plan(explore::plan_of(*run->space, choices), *graph);
    HardwareTarget target = m_document.target();
    if (run->space->has_hardware()) {
        auto found = explore::target_of(*run->space, choices);
        if (!found) {
            emit failed(to_problem(found.error()));
            return false;
        }
        target = std::move(*found);
    }
    if (run->version == m_document.version().id && plan == m_document.plan() && target == m_document.target())
        return true;
    // One command, whatever of it changes.
    const QString text = tr("design %1").arg(design_label(*run->space, choices, *graph));
    m_document.undoStack()->beginMacro(text);
    m_document.useVersion(run->version);
    m_document.applyPlan(plan, text);
    m_document.setTarget(target);
    m_document.undoStack()->endMacro();
    return true;
}

void Exploration::explain(int64_t id, const explore::Choices& choices) {
    const ExplorationRun* run = runById(id);
    const Version* version = run ? m_document.versionById(run->version) : nullptr;
    if (!version || !run->space) return;
    if (m_explaining != 0) m_reading.cancel(m_explaining);
    m_explaining =
        m_reading.submit(tr("Explaining a design"),
                         [this, graph = version->model.graph, space = run->space, options = run->work->cost,
                          store = m_project.store(), of = run->version,
                          choices](const WorkControl& control) -> JobLane::Deliver {
                             auto moves = explain_design(*graph, *space, options, choices, of, store.get());
                             if (control.cancel.cancelled()) return {};
                             if (!moves)
                                 return [this, error = moves.error()] { emit failed(to_problem(error)); };
                             return [this, moves = std::move(*moves)] { emit explained(moves); };
                         });
}

} // namespace widthwise::gui
