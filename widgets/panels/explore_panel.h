#pragma once

#include "widgets/document/exploration.h"

#include <QWidget>

class QLabel;
class QPushButton;
class QSplitter;
class QStackedLayout;

namespace widthwise::gui {

class CourseChart;
class DesignSpaceView;
class ExploreForm;
class ExploreResults;

/// Searching the design space: what to search for on the left, the front growing in the middle, what was
/// found on the right.
class ExplorePanel : public QWidget {
    Q_OBJECT
public:
    ExplorePanel(Document& document, Exploration& exploration, QWidget* parent = nullptr);
    [[nodiscard]] QSplitter& splitter() { return *m_splitter; }
    [[nodiscard]] ExploreForm& form() { return *m_form; }
    /// With the keyboard in the first field.
    void focusForm();
    /// As the form has it.
    void start();

protected:
    void showEvent(QShowEvent* event) override;

private:
    QWidget* buildLeft();
    QWidget* buildCharts();
    void refresh();
    void refreshButtons();
    void refreshProgress();
    void refreshCharts();
    void use(qint64 id);

    Document& m_document;
    Exploration& m_exploration;
    QSplitter* m_splitter;
    ExploreForm* m_form;
    ExploreResults* m_results;
    QStackedLayout* m_stack = nullptr; ///< charts, or what to do first
    DesignSpaceView* m_space = nullptr;
    CourseChart* m_course = nullptr;
    QLabel *m_progress = nullptr, *m_counts = nullptr, *m_why = nullptr;
    QPushButton *m_start = nullptr, *m_pause = nullptr, *m_cancel = nullptr;
};

/// "98 measured, 25 screened, 40 rejected: energy … is above the limit of … (30), ...".
[[nodiscard]] QString counts_text(const ExplorationRun& run);

} // namespace widthwise::gui
