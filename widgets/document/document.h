#pragma once
// What the window shows: a network and its versions, its precision plan, a hardware target, data, and the
// designs measured so far. The only thing that changes state; every edit by the user is an undoable command.
// Lives on the GUI thread and never blocks it.

#include "core/cost/cost_model.h"
#include "core/flow/session.h"
#include "core/report/report.h"
#include "widgets/document/cost_estimates.h"
#include "widgets/document/plan_edit.h"
#include "widgets/document/version.h"

#include <QObject>
#include <QStringList>

#include <map>
#include <optional>
#include <set>
#include <vector>

class QUndoStack;

namespace widthwise::gui {

/// A finished evaluation, as reports have it. `cost` is always of the document's target.
using Design = report::Design;

class Document : public QObject {
    Q_OBJECT
public:
    explicit Document(QObject* parent = nullptr);
    ~Document() override;

    [[nodiscard]] bool hasNetwork() const { return m_model.graph != nullptr; }
    /// Of the version that is shown.
    [[nodiscard]] const flow::Model& model() const { return m_model; }
    /// Only with a network.
    [[nodiscard]] const Graph& graph() const { return *m_model.graph; }
    [[nodiscard]] const PrecisionPlan& plan() const { return m_plan; }
    [[nodiscard]] const HardwareTarget& target() const { return m_target; }
    /// How the model runs the network on the target: what stays on the chip, fusion, order; with the zeros
    /// measured of this version where they are used.
    [[nodiscard]] cost::Options modelOptions() const { return optionsOf(m_version); }
    [[nodiscard]] bool usesMeasuredZeros() const { return m_uses_zeros; }
    /// Of this version, by layer; null: not measured.
    [[nodiscard]] const std::map<std::string, cost::Zeros>* measuredZeros() const;
    [[nodiscard]] const DatasetPtr& data() const { return m_data; }
    [[nodiscard]] const DatasetPtr& calibration() const { return m_calibration; }
    /// Unsupported networks, topologies and untrained ones have costs but no accuracy worth measuring: why,
    /// or empty.
    [[nodiscard]] QString whyNotMeasurable() const;

    /// Of the current plan. Stale while the model is still at work: of the plan or target before. Where the
    /// model refuses the plan, costProblem() says why, and this is of the last one that the target ran;
    /// nullopt: there was none.
    [[nodiscard]] const std::optional<CostBreakdown>& cost() const { return m_cost; }
    [[nodiscard]] const std::optional<CostBreakdown>& baselineCost() const { return m_baseline_cost; }
    [[nodiscard]] const std::optional<Error>& costProblem() const { return m_cost_problem; }
    [[nodiscard]] bool costStale() const { return m_uncosted.contains(k_current); }
    [[nodiscard]] JobLane& costing() { return m_estimates.lane(); }

    /// Measured on the current data, in the order of measuring.
    [[nodiscard]] const std::vector<Design>& designs() const { return m_designs; }
    /// The newest design of this version with this plan; null when it was not measured.
    [[nodiscard]] const Design* designOf(const PrecisionPlan& plan) const {
        return designOf(plan, m_version);
    }
    [[nodiscard]] const Design* designOf(const PrecisionPlan& plan, int64_t version) const;
    /// The current plan's.
    [[nodiscard]] const Design* currentDesign() const { return designOf(m_plan); }
    /// What to show, greyed, while the current plan is not measured: the design shown last.
    [[nodiscard]] const Design* lastShownDesign() const;
    [[nodiscard]] const Design* designById(int64_t id) const;
    /// What changes are told against: the project's own network at w8a8.
    [[nodiscard]] const Design* baselineDesign() const { return designOf(m_baseline_plan, 0); }

    [[nodiscard]] const QStringList& selection() const { return m_selection; }
    [[nodiscard]] QUndoStack* undoStack() const { return m_undo; }

    /// A design's name: what the network was imported or trained with, or its widths and passes.
    [[nodiscard]] QString labelOf(const PrecisionPlan& plan) const { return labelOf(plan, version()); }
    /// What a network that was quantized elsewhere, or trained quantized, brings along; nullopt: a float
    /// network.
    [[nodiscard]] const std::optional<PrecisionPlan>& importedPlan() const { return version().carried; }

    /// The project's own network first. Only with a network.
    [[nodiscard]] const std::vector<Version>& versions() const { return m_versions; }
    /// The one that is shown.
    [[nodiscard]] const Version& version() const { return *versionById(m_version); }
    /// Null: there is none.
    [[nodiscard]] const Version* versionById(int64_t id) const;

    // Replacing the whole: not undoable.
    struct Opened {
        flow::Model model; ///< the project's own network
        PrecisionPlan plan;
        std::optional<HardwareTarget> target; ///< nullopt: keep the present one
        DatasetPtr data, calibration;         ///< null: none
        std::vector<Design> designs;
        std::vector<Version> versions; ///< besides the project's own
        int64_t version = 0;           ///< to show; `plan` is of it
    };
    void open(Opened opened);
    void setData(DatasetPtr data, DatasetPtr calibration);
    /// Of a design that is already in the project file.
    void addDesign(Design design);
    /// Of a version that is already in the project file; it is not shown yet.
    void addVersion(Version version);
    /// What was measured; counts only while measured zeros are used.
    void setMeasuredZeros(int64_t version, std::map<std::string, cost::Zeros> zeros);

    // Edits: each one command; edits with the same non-zero `gesture` merge.
    /// Layers that do not take this operand are left alone.
    void setBits(const QStringList& layers, LayerOperand operand, int bits, quint64 gesture = 0);
    /// Adds `step` within k_min_bits..k_max_bits; float counts as one above.
    void stepBits(const QStringList& layers, LayerOperand operand, int step, quint64 gesture = 0);
    /// Any other edit: the whole plan as it shall be, made by plan_edit's functions.
    void applyPlan(const PrecisionPlan& plan, const QString& text, quint64 gesture = 0);
    void setTarget(const HardwareTarget& target);
    /// Zeros in `options` are left out: those that were measured are used, or none.
    void setModelOptions(cost::Options options, const QString& text);
    void useMeasuredZeros(bool use);
    /// Shows another version, with the design that it came with.
    void useVersion(int64_t id);
    /// Takes over a design that was measured, with the version that it was measured of.
    void useDesign(int64_t id);
    [[nodiscard]] static quint64 newGesture();

    void setSelection(const QStringList& layers);

signals:
    void opened();
    /// Another network is shown, opened or a version; what follows from it is announced after.
    void networkChanged();
    void versionAdded();
    void planChanged();
    void costChanged();
    void targetChanged();
    void dataChanged();
    void designsReset();
    void designAdded();
    void selectionChanged();

private:
    friend class SetPlanCommand;
    friend class SetTargetCommand;
    friend class SetOptionsCommand;
    friend class SetNetworkCommand;
    void putNetwork(int64_t version, const PrecisionPlan& plan);
    void pushNetwork(int64_t version, const PrecisionPlan& plan, const QString& text);
    void putPlan(const PrecisionPlan& plan);
    void putTarget(const HardwareTarget& target);
    void putOptions(const cost::Options& options, bool uses_zeros);
    [[nodiscard]] cost::Options optionsOf(int64_t version) const;
    [[nodiscard]] QString labelOf(const PrecisionPlan& plan, const Version& version) const;
    /// What the document adds to a stored version: canonical plans.
    static void dress(Version& version);
    void costAgain();
    /// Asks for all costs that are not known; those that are ready soon are taken at once.
    void refreshCosts();
    void forgetCosts();
    void takeCosts(const CostAnswer& answer);
    void refreshDesigns();
    /// What the document adds to a stored design: the canonical plan and the label.
    void dress(Design& design) const;

    std::vector<Version> m_versions;
    int64_t m_version = 0;
    flow::Model m_model; ///< of the version that is shown
    PrecisionPlan m_plan, m_baseline_plan;
    HardwareTarget m_target;
    cost::Options m_options; ///< without zeros
    bool m_uses_zeros = false;
    std::map<int64_t, std::map<std::string, cost::Zeros>> m_zeros; ///< by version
    DatasetPtr m_data, m_calibration;
    std::optional<CostBreakdown> m_cost, m_baseline_cost;
    std::optional<Error> m_cost_problem;
    std::vector<Design> m_all_designs; ///< of any data; m_designs are those of m_data
    std::vector<Design> m_designs;
    /// Ids of designs whose cost on the target is not known yet, and these two.
    static constexpr int64_t k_current = -1, k_baseline = -2;
    std::set<int64_t> m_uncosted;
    int64_t m_last_shown_id = 0;
    QStringList m_selection;
    QUndoStack* m_undo = nullptr;
    CostEstimates m_estimates;
};

} // namespace widthwise::gui
