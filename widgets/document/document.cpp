#include "widgets/document/document.h"

#include "widgets/document/commands/set_options.h"
#include "widgets/document/commands/set_plan.h"
#include "widgets/document/commands/set_target.h"
#include "widgets/number_text.h"

#include <QUndoStack>

#include <algorithm>

namespace widthwise::gui {
namespace {

QString edit_text(const QStringList& layers, LayerOperand operand, int bits) {
    const QString what =
        operand == LayerOperand::weights ? Document::tr("weights") : Document::tr("activations");
    const QString width = bits == k_float_bits ? Document::tr("float") : Document::tr("%1 bits").arg(bits);
    const QString where = layers.size() == 1
                              ? layers.first()
                              : Document::tr("%n layer(s)", nullptr, static_cast<int>(layers.size()))
                                    .replace(QStringLiteral("(s)"), QStringLiteral("s"));
    return Document::tr("%1 of %2 to %3").arg(what, where, width);
}

} // namespace

Document::Document(QObject* parent) : QObject(parent), m_undo(new QUndoStack(this)) {
    m_undo->setUndoLimit(1000);
    connect(&m_estimates, &CostEstimates::answered, this, [this](const CostAnswer& answer) {
        takeCosts(answer);
        refreshDesigns();
        emit designsReset();
        emit costChanged();
    });
}

Document::~Document() = default;

QString Document::whyNotMeasurable() const {
    if (!hasNetwork()) return tr("no network is open");
    if (m_model.topology) return tr("a topology has layers but no network to run");
    if (const NodeId bad = graph().first_unsupported(); bad.valid()) {
        const Node& node = graph().node(bad);
        return tr("%1 (%2) cannot be run: %3").arg(qt(node.name), qt(node.op_type), qt(node.why_unsupported));
    }
    if (!m_model.trained) return tr("the network is not trained");
    return {};
}

const Design* Document::designOf(const PrecisionPlan& plan) const {
    const auto found = std::find_if(m_designs.rbegin(), m_designs.rend(),
                                    [&](const Design& design) { return design.evaluation.plan == plan; });
    return found == m_designs.rend() ? nullptr : &*found;
}

const Design* Document::designById(int64_t id) const {
    const auto found = std::ranges::find(m_designs, id, &Design::id);
    return found == m_designs.end() ? nullptr : &*found;
}

const Design* Document::lastShownDesign() const {
    const Design* shown = designById(m_last_shown_id);
    return shown || m_designs.empty() ? shown : &m_designs.back();
}

QString Document::labelOf(const PrecisionPlan& plan) const {
    if (m_imported_plan && plan == *m_imported_plan) return tr("as imported");
    return label_with_passes(plan, graph());
}

void Document::open(Opened opened_) {
    m_undo->clear();
    m_model = std::move(opened_.model);
    m_plan = canonical_plan(opened_.plan, graph());
    m_baseline_plan = canonical_plan(uniform_plan(8, 8), graph());
    m_imported_plan.reset();
    if (m_model.carried_design) m_imported_plan = canonical_plan(*m_model.carried_design, graph());
    if (opened_.target) m_target = std::move(*opened_.target);
    m_options = {};
    m_data = std::move(opened_.data);
    m_calibration = std::move(opened_.calibration);
    m_all_designs = std::move(opened_.designs);
    for (Design& design : m_all_designs) dress(design);
    m_selection.clear();
    m_last_shown_id = 0;
    m_cost.reset();
    m_baseline_cost.reset();
    forgetCosts();
    refreshCosts();
    refreshDesigns();
    emit opened();
    emit targetChanged();
    emit dataChanged();
    emit designsReset();
    emit planChanged();
    emit costChanged();
    emit selectionChanged();
}

void Document::setData(DatasetPtr data, DatasetPtr calibration) {
    m_data = std::move(data);
    m_calibration = std::move(calibration);
    refreshDesigns();
    emit dataChanged();
    emit designsReset();
}

void Document::addDesign(Design design) {
    dress(design);
    m_uncosted.insert(design.id);
    m_all_designs.push_back(std::move(design));
    refreshCosts();
    const Design& added = m_all_designs.back();
    if (m_data && added.evaluation.provenance.data_hash != m_data->hash()) return;
    m_designs.push_back(added);
    if (added.evaluation.plan == m_plan) m_last_shown_id = added.id;
    emit designAdded();
}

void Document::setBits(const QStringList& layers, LayerOperand operand, int bits, quint64 gesture) {
    if (!hasNetwork() || (bits != k_float_bits && (bits < k_min_bits || bits > k_max_bits))) return;
    QStringList touched;
    for (const QString& layer : layers)
        if (takes_bits(graph(), layer.toStdString(), operand)) touched += layer;
    applyPlan(with_bits(m_plan, graph(), touched, operand, bits), edit_text(touched, operand, bits), gesture);
}

void Document::stepBits(const QStringList& layers, LayerOperand operand, int step, quint64 gesture) {
    if (!hasNetwork()) return;
    applyPlan(with_step(m_plan, graph(), layers, operand, step),
              step > 0 ? tr("more bits") : tr("fewer bits"), gesture);
}

void Document::applyPlan(const PrecisionPlan& wanted, const QString& text, quint64 gesture) {
    if (!hasNetwork()) return;
    PrecisionPlan plan = canonical_plan(wanted, graph());
    if (plan != m_plan) m_undo->push(new SetPlanCommand(*this, std::move(plan), text, gesture));
}

void Document::setTarget(const HardwareTarget& target) {
    if (target == m_target) return;
    // Choosing a target before there is a network is not an edit of anything.
    if (hasNetwork())
        m_undo->push(new SetTargetCommand(*this, target));
    else
        putTarget(target);
}

void Document::setModelOptions(const cost::Options& options, const QString& text) {
    if (hasNetwork() && options != m_options) m_undo->push(new SetOptionsCommand(*this, options, text));
}

quint64 Document::newGesture() {
    static quint64 last = 0;
    return ++last;
}

void Document::setSelection(const QStringList& layers) {
    if (layers == m_selection) return;
    m_selection = layers;
    emit selectionChanged();
}

void Document::putPlan(const PrecisionPlan& plan) {
    m_plan = plan;
    if (const Design* design = currentDesign()) m_last_shown_id = design->id;
    m_uncosted.insert(k_current);
    refreshCosts();
    emit planChanged();
    emit costChanged();
}

void Document::putTarget(const HardwareTarget& target) {
    m_target = target;
    costAgain();
    emit targetChanged();
    emit designsReset();
    emit costChanged();
}

void Document::putOptions(const cost::Options& options) {
    m_options = options;
    costAgain();
    emit designsReset();
    emit costChanged();
}

void Document::costAgain() {
    forgetCosts();
    refreshCosts();
    refreshDesigns();
}

void Document::forgetCosts() {
    m_uncosted.clear();
    if (!hasNetwork() || m_target.memory.empty()) return;
    m_uncosted = {k_current, k_baseline};
    for (const Design& design : m_all_designs) m_uncosted.insert(design.id);
}

void Document::refreshCosts() {
    if (!hasNetwork() || m_uncosted.empty()) return;
    CostRequest request{m_model.graph, m_target, m_options, {}};
    if (m_uncosted.contains(k_current)) request.designs.emplace_back(k_current, m_plan);
    if (m_uncosted.contains(k_baseline)) request.designs.emplace_back(k_baseline, m_baseline_plan);
    for (const Design& design : m_all_designs)
        if (m_uncosted.contains(design.id)) request.designs.emplace_back(design.id, design.evaluation.plan);
    if (const auto answer = m_estimates.ask(std::move(request))) takeCosts(*answer);
}

void Document::takeCosts(const CostAnswer& answer) {
    for (const auto& [id, cost] : answer.costs) {
        m_uncosted.erase(id);
        if (id == k_current) {
            if (cost)
                m_cost = *cost;
            else if (m_cost && m_cost->target != m_target.name)
                m_cost.reset(); // another target's figures are no hint
            m_cost_problem = cost ? std::nullopt : std::optional(cost.error());
        } else if (id == k_baseline) {
            m_baseline_cost = cost ? std::optional(*cost) : std::nullopt;
        } else if (const auto found = std::ranges::find(m_all_designs, id, &Design::id);
                   cost && found != m_all_designs.end()) {
            found->cost = *cost;
        }
    }
}

void Document::refreshDesigns() {
    m_designs.clear();
    for (const Design& design : m_all_designs)
        if (!m_data || design.evaluation.provenance.data_hash == m_data->hash()) m_designs.push_back(design);
    if (const Design* design = hasNetwork() ? currentDesign() : nullptr) m_last_shown_id = design->id;
}

void Document::dress(Design& design) const {
    design.evaluation.plan = canonical_plan(design.evaluation.plan, graph());
    design.label = labelOf(design.evaluation.plan).toStdString();
}

} // namespace widthwise::gui
