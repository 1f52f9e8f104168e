#pragma once

#include "widgets/document/exploration.h"
#include "widgets/document/exploration_front.h"

#include <QWidget>

class QLabel;
class QPushButton;
class QSortFilterProxyModel;
class QTableView;
class QTabWidget;

namespace widthwise::gui {

class ExplorationCandidatesModel;
class ExplorationFrontModel;
class LimitsEditor;
class MovesModel;

/// What searches found: all of them, the front under limits that can be played with, why a design of it is
/// what it is, and every candidate.
class ExploreResults : public QWidget {
    Q_OBJECT
public:
    ExploreResults(Document& document, Exploration& exploration, QWidget* parent = nullptr);
    /// The one whose candidates are shown: that which was selected, else the newest. Null: there is none.
    [[nodiscard]] const ExplorationRun* selectedRun() const;
    /// Of the runs that are shown or, where they do not go together, of the selected one.
    [[nodiscard]] const std::vector<FrontEntry>& front() const;
    /// Shows a candidate in the tables; an id of the charts.
    void showCandidate(int64_t id);
    /// Shows a design of the front, by the document's id.
    void showDesign(int64_t id);

signals:
    void selectionChanged();
    void frontChanged();
    /// A candidate or a design of the front, by the charts' id.
    void pointed(qint64 id);

private:
    QWidget* buildRuns();
    QWidget* buildFront();
    QWidget* buildMoves();
    QWidget* buildCandidates();
    QTableView* table(const QString& name, const QString& title, QAbstractItemModel* model);
    void refresh();
    void refreshFront();
    void refreshButtons();
    void useFront(const QModelIndex& index);
    void explain(const FrontEntry& entry);
    [[nodiscard]] const FrontEntry* selectedEntry() const;
    [[nodiscard]] QString labelOf(const FrontEntry& entry) const;
    /// The front's goals: the runs' own, with the limits of the what-if.
    [[nodiscard]] explore::Goals goals(const ExplorationRun& run) const;

    Document& m_document;
    Exploration& m_exploration;
    int64_t m_selected = 0;
    int64_t m_limits_of = 0; ///< the run whose limits the what-if began with
    QTabWidget* m_tabs;
    QTableView *m_runs = nullptr, *m_front = nullptr, *m_moves = nullptr, *m_candidates = nullptr;
    ExplorationFrontModel* m_front_model = nullptr;
    ExplorationCandidatesModel* m_candidates_model = nullptr;
    MovesModel* m_moves_model = nullptr;
    QLabel *m_front_note = nullptr, *m_moves_note = nullptr;
    LimitsEditor* m_what_if = nullptr;
    QPushButton *m_resume = nullptr, *m_remove = nullptr, *m_use = nullptr;
};

} // namespace widthwise::gui
