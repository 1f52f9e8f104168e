#pragma once

#include "widgets/document/exploration.h"

#include <QWidget>

class QCheckBox;
class QFormLayout;
class QLabel;
class QLineEdit;
class QTableWidget;
class QToolButton;

namespace widthwise::gui {

class ChoiceBox;
class LimitsEditor;
class NumberBox;

/// What to search for and how: algorithm, images, budget, goals and widths; the rest under "More". Remembers
/// what was started.
class ExploreForm : public QWidget {
    Q_OBJECT
public:
    ExploreForm(Document& document, Exploration& exploration, QWidget* parent = nullptr);
    /// As the fields have it.
    [[nodiscard]] ExplorationSetup setup() const;
    /// What was started comes up again next time.
    void remember();
    /// Why it cannot start; empty: it can.
    [[nodiscard]] QString whyNot() const;

signals:
    void edited();

private:
    void buildEssentials();
    void buildGoals();
    void buildMore();
    QLineEdit* addLine(const QString& text, const QString& tip, const QString& name, QFormLayout& form);
    NumberBox* addNumber(const QString& text, const QString& tip, const QString& name, int smallest,
                         int largest, int64_t& value, QFormLayout& form);
    void addCheck(const QString& text, const QString& tip, const QString& name, bool& value);
    QWidget* dataField(QLineEdit*& edit, const QString& name, const QString& tip);
    void reset();
    /// Images beside those that the window measures on, where there are any.
    void guessData();
    void refresh();
    void refreshScenarios();
    void refreshObjectives();
    void refreshHardware();
    void chooseScenario(int position);
    /// What the target has figures for; without the drop.
    [[nodiscard]] std::vector<explore::Metric> costs() const;

    Document& m_document;
    Exploration& m_exploration;
    ExplorationSetup m_setup;
    int64_t m_seed = 1;
    QString m_guess;           ///< of the search images
    int m_scenario = -1;       ///< position among the scenarios; -1: none
    std::string m_hardware_of; ///< the target whose parameters the table shows, as JSON
    QFormLayout *m_essentials = nullptr, *m_rest = nullptr;
    ChoiceBox *m_algorithm = nullptr, *m_scenario_box = nullptr;
    QLabel* m_note = nullptr;
    QLineEdit *m_data = nullptr, *m_report = nullptr;
    QLineEdit *m_weights = nullptr, *m_activations = nullptr;
    QLineEdit *m_weight_formats = nullptr, *m_activation_formats = nullptr, *m_frozen = nullptr;
    QToolButton *m_objectives = nullptr, *m_more = nullptr;
    LimitsEditor* m_limits = nullptr;
    QTableWidget* m_hardware = nullptr;
    QWidget* m_more_page = nullptr;
    std::vector<std::function<void()>> m_shows; ///< each brings one field up to date
};

} // namespace widthwise::gui
