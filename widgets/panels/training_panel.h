#pragma once

#include "widgets/charts/training_curves.h"
#include "widgets/document/training.h"

#include <QWidget>

class QLabel;
class QPushButton;
class QSplitter;
class QStackedLayout;
class QTableView;

namespace widthwise::gui {

class TrainingChart;
class TrainingForm;

/// The runs' curves as the charts' plain values: those that are shown.
[[nodiscard]] TrainingCurves training_curves_of(const Training& training);

/// Training: what to train on the left, curves live in the middle, all runs on the right.
class TrainingPanel : public QWidget {
    Q_OBJECT
public:
    TrainingPanel(Document& document, Training& training, QWidget* parent = nullptr);
    [[nodiscard]] QSplitter& splitter() { return *m_splitter; }
    [[nodiscard]] TrainingForm& form() { return *m_form; }
    /// With the keyboard in the first field.
    void focusForm();

protected:
    void showEvent(QShowEvent* event) override;

private:
    QWidget* buildLeft();
    QWidget* buildCharts();
    QWidget* buildRuns();
    void start();
    void refresh();
    void refreshButtons();
    void refreshCharts();
    void useRun(int64_t id);
    [[nodiscard]] int64_t selectedRun() const;

    Document& m_document;
    Training& m_training;
    QSplitter* m_splitter;
    TrainingForm* m_form;
    QStackedLayout* m_stack = nullptr; ///< charts, or what to do first
    TrainingChart *m_loss = nullptr, *m_accuracy = nullptr;
    QLabel *m_progress = nullptr, *m_why = nullptr;
    QPushButton *m_start = nullptr, *m_pause = nullptr, *m_cancel = nullptr, *m_use = nullptr,
                *m_best = nullptr;
    QTableView* m_table = nullptr;
};

} // namespace widthwise::gui
