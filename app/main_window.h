#pragma once
// The composition: document, project and measurements below, panels above, menus around. No logic of its own.

#include "widgets/document/accuracy_estimates.h"
#include "widgets/document/compression.h"
#include "widgets/document/diagnostics.h"
#include "widgets/document/exploration.h"
#include "widgets/document/measurements.h"
#include "widgets/document/project.h"
#include "widgets/document/sensitivity.h"
#include "widgets/document/training.h"
#include "widgets/document/weight_analysis.h"
#include "widgets/document/zero_counts.h"
#include "widgets/theme.h"

#include <QMainWindow>

class QMenu;
class QSplitter;
class QStackedWidget;
class QTabWidget;

namespace widthwise::gui {

class ActivityBar;
class Banner;
class DesignPanel;
class ExplorePanel;
class FiguresStrip;
class HardwarePanel;
class Inspector;
class LayerPanel;
class LayerTableModel;
class RecentFiles;
class SensitivityPanel;
class TargetCombo;
class TrainingPanel;
class VersionCombo;

class MainWindow : public QMainWindow {
    Q_OBJECT
public:
    explicit MainWindow(QWidget* parent = nullptr) : MainWindow(TrainingBackend::real(), parent) {}
    /// `training`: what trains and compresses; `exploration`: what searches.
    explicit MainWindow(const TrainingBackend& training, QWidget* parent = nullptr)
        : MainWindow(training, ExplorationBackend::real(), parent) {}
    MainWindow(const TrainingBackend& training, const ExplorationBackend& exploration,
               QWidget* parent = nullptr);
    ~MainWindow() override;

    /// What the command line named: a network, project or "demo"; `images`, its data, may be empty.
    void open(const QString& source, const QString& images = {});
    [[nodiscard]] Document& document() { return m_document; }
    [[nodiscard]] Project& project() { return m_project; }
    [[nodiscard]] Measurements& measurements() { return m_measurements; }
    [[nodiscard]] WeightAnalysis& analysis() { return m_analysis; }
    [[nodiscard]] Diagnostics& diagnostics() { return m_diagnostics; }
    [[nodiscard]] Training& training() { return m_training; }
    [[nodiscard]] Compression& compression() { return m_compression; }
    [[nodiscard]] Exploration& exploration() { return m_exploration; }

protected:
    void closeEvent(QCloseEvent* event) override;
    void dragEnterEvent(QDragEnterEvent* event) override;
    void dropEvent(QDropEvent* event) override;

private:
    void buildPanels();
    void buildMenus();
    void buildFileMenu();
    void buildExportMenu(QMenu& file);
    void buildEditMenu();
    void buildViewMenu();
    void buildEvaluateMenu();
    void buildNetworkMenu();
    void buildExploreMenu();
    QWidget* buildCorner();
    void connectAll();
    void openDialog();
    void openDataDialog();
    bool saveAsDialog();
    void exportDialog();
    void exportNetworkDialog(flow::Evaluator::ExportForm form);
    void openTargetDialog();
    void compareTargets();
    void openZoo();
    void showTraining();
    void openCompression();
    /// Connects training and compression with the rest.
    void connectTraining();
    /// In the activity bar, behind all else that is watched.
    void watchTraining();
    void tellTrained(int64_t run, bool shown);
    void showExploration();
    /// Connects searches with the rest.
    void connectExploration();
    void watchExploration();
    void tellExplored(int64_t run);
    /// Goes on with all searches that something broke off.
    void resumeInterrupted();
    /// Good news of training or compression.
    void tellNews(const QString& text);
    void cancelWork();
    void applyRemedy(Problem::Remedy remedy);
    void refreshTitle();
    void refreshRestText();
    /// A design that the target cannot take stands in the banner until it can.
    void refreshCostProblem();
    void restoreLayout();
    void resetLayout();
    void setTheme(Theme theme);

    Document m_document;
    Project m_project{m_document};
    Measurements m_measurements{m_document, m_project};
    WeightAnalysis m_analysis{m_document};
    Diagnostics m_diagnostics{m_document, m_measurements};
    Training m_training;
    Compression m_compression;
    ZeroCounts m_zeros;
    Exploration m_exploration;
    AccuracyEstimates m_estimates;
    SensitivityStudy m_sensitivity{m_document, m_project};
    LayerTableModel* m_layers = nullptr;
    Banner* m_banner = nullptr;
    ActivityBar* m_activity = nullptr;
    TargetCombo* m_target = nullptr;
    VersionCombo* m_versions = nullptr;
    LayerPanel* m_layer_panel = nullptr;
    Inspector* m_inspector = nullptr;
    DesignPanel* m_designs = nullptr;
    HardwarePanel* m_hardware = nullptr;
    TrainingPanel* m_training_panel = nullptr;
    ExplorePanel* m_explore_panel = nullptr;
    SensitivityPanel* m_sensitivity_panel = nullptr;
    QTabWidget* m_lower = nullptr; ///< the design space, the hardware, training, searches, sensitivities
    QStackedWidget* m_stack = nullptr;
    QSplitter *m_columns = nullptr, *m_rows = nullptr;
    RecentFiles* m_recent = nullptr;
    QString m_cost_problem;  ///< in the banner
    QString m_training_news; ///< what training or compression said there last
};

} // namespace widthwise::gui
