#include "widgets/document/document.h"

#include "widgets/document/commands/set_network.h"
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

const Design* Document::designOf(const PrecisionPlan& plan, int64_t version) const {
    const auto found = std::find_if(m_designs.rbegin(), m_designs.rend(), [&](const Design& design) {
        return design.version == version && design.evaluation.plan == plan;
    });
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

QString Document::labelOf(const PrecisionPlan& plan, const Version& version) const {
    const bool carried = version.carried && plan == *version.carried;
    if (carried && version.id == 0) return tr("as imported");
    const QString label = label_with_passes(plan, *version.model.graph);
    return carried && version.kind != QLatin1String("compress") ? tr("%1 trained").arg(label) : label;
}

const Version* Document::versionById(int64_t id) const {
    const auto found = std::ranges::find(m_versions, id, &Version::id);
    return found == m_versions.end() ? nullptr : &*found;
}

const std::map<std::string, cost::Zeros>* Document::measuredZeros() const {
    const auto found = m_zeros.find(m_version);
    return found == m_zeros.end() ? nullptr : &found->second;
}

cost::Options Document::optionsOf(int64_t version) const {
    cost::Options options = m_options;
    if (const auto found = m_zeros.find(version); m_uses_zeros && found != m_zeros.end())
        options.zeros = found->second;
    return options;
}

void Document::open(Opened opened_) {
    m_undo->clear();
    Version own;
    own.label = tr("as opened");
    own.model = std::move(opened_.model);
    own.plan = own.model.carried_design.value_or(uniform_plan(8, 8));
    m_versions.clear();
    m_versions.push_back(std::move(own));
    std::ranges::move(opened_.versions, std::back_inserter(m_versions));
    for (Version& version : m_versions) dress(version);
    m_version = versionById(opened_.version) ? opened_.version : 0;
    m_model = version().model;
    m_plan = canonical_plan(opened_.plan, graph());
    m_baseline_plan = canonical_plan(uniform_plan(8, 8), *m_versions.front().model.graph);
    if (opened_.target) m_target = std::move(*opened_.target);
    m_options = {};
    m_uses_zeros = false;
    m_zeros.clear();
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
    emit networkChanged();
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
    if (added.version == m_version && added.evaluation.plan == m_plan) m_last_shown_id = added.id;
    emit designAdded();
}

void Document::addVersion(Version version) {
    dress(version);
    m_versions.push_back(std::move(version));
    emit versionAdded();
}

void Document::useVersion(int64_t id) {
    const Version* wanted = versionById(id);
    if (wanted && id != m_version) pushNetwork(id, wanted->plan, tr("version \"%1\"").arg(wanted->label));
}

void Document::useDesign(int64_t id) {
    const Design* design = designById(id);
    if (!design || !versionById(design->version)) return;
    const QString text = tr("design %1 (%2)").arg(id).arg(qt(design->label));
    if (design->version == m_version)
        applyPlan(design->evaluation.plan, text);
    else
        pushNetwork(design->version, design->evaluation.plan, text);
}

void Document::pushNetwork(int64_t version, const PrecisionPlan& plan, const QString& text) {
    // A copy: the command takes the plan from the very design or version that it changes.
    m_undo->push(new SetNetworkCommand(*this, version, plan, text));
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

void Document::setModelOptions(cost::Options options, const QString& text) {
    options.zeros.clear();
    if (hasNetwork() && options != m_options)
        m_undo->push(new SetOptionsCommand(*this, std::move(options), m_uses_zeros, text));
}

void Document::useMeasuredZeros(bool use) {
    if (hasNetwork() && use != m_uses_zeros)
        m_undo->push(new SetOptionsCommand(*this, m_options, use, tr("measured zeros")));
}

void Document::setMeasuredZeros(int64_t version, std::map<std::string, cost::Zeros> zeros) {
    m_zeros[version] = std::move(zeros);
    if (m_uses_zeros) putOptions(m_options, true);
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

void Document::putNetwork(int64_t id, const PrecisionPlan& plan) {
    m_version = id;
    m_model = version().model;
    m_plan = plan;
    // Costs are by the layers of the network before.
    m_cost.reset();
    m_cost_problem.reset();
    QStringList kept;
    for (const QString& layer : m_selection)
        if (graph().find_node(layer.toStdString()).valid()) kept += layer;
    const bool reselected = kept != m_selection;
    m_selection = kept;
    m_uncosted.insert(k_current);
    refreshCosts();
    refreshDesigns();
    emit networkChanged();
    emit designsReset();
    emit planChanged();
    emit costChanged();
    if (reselected) emit selectionChanged();
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

void Document::putOptions(const cost::Options& options, bool uses_zeros) {
    m_options = options;
    m_uses_zeros = uses_zeros;
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
    CostRequest request{m_target, {}};
    const auto add = [&](const Version& of) {
        CostRequest::Network network{of.model.graph, optionsOf(of.id), {}};
        if (of.id == m_version && m_uncosted.contains(k_current))
            network.designs.emplace_back(k_current, m_plan);
        if (of.id == 0 && m_uncosted.contains(k_baseline))
            network.designs.emplace_back(k_baseline, m_baseline_plan);
        for (const Design& design : m_all_designs)
            if (design.version == of.id && m_uncosted.contains(design.id))
                network.designs.emplace_back(design.id, design.evaluation.plan);
        if (!network.designs.empty()) request.networks.push_back(std::move(network));
    };
    for (const Version& other : m_versions)
        if (other.id != m_version) add(other);
    add(version());
    if (request.networks.empty()) return;
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

void Document::dress(Version& version) {
    const Graph& graph = *version.model.graph;
    version.plan = canonical_plan(version.plan, graph);
    version.carried.reset();
    if (version.model.carried_design) version.carried = canonical_plan(*version.model.carried_design, graph);
}

void Document::dress(Design& design) const {
    const Version* of = versionById(design.version);
    if (!of) return; // of a version that could not be read
    design.evaluation.plan = canonical_plan(design.evaluation.plan, *of->model.graph);
    design.label = labelOf(design.evaluation.plan, *of).toStdString();
}

} // namespace widthwise::gui
