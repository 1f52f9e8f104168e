#include "core/passes/compression_plan.h"

#include "core/graph/folding.h"
#include "core/graph/layer_work.h"

#include <algorithm>

namespace widthwise::passes {
namespace {

/// What was chosen is to be chosen again.
void open(NumberFormat& format) {
    format.scale.clear();
    format.zero_point.clear();
    format.threshold.clear();
    format.codebook.clear();
}

/// One entry of each channel that stays; what is one for all stays.
template <typename T> void cut(std::vector<T>& list, size_t channels, const std::vector<int64_t>& kept) {
    if (list.size() != channels || channels <= 1) return;
    std::vector<T> left;
    for (const int64_t channel : kept) left.push_back(list[static_cast<size_t>(channel)]);
    list = std::move(left);
}

class Fit {
public:
    Fit(const Graph& before, const PrecisionPlan& plan, const Compressed& compressed)
        : m_before(before), m_after(*compressed.graph), m_plan(plan), m_compressed(compressed) {}

    PrecisionPlan run() {
        m_fitted = PrecisionPlan(m_plan.default_precision());
        m_fitted.set_requantization(m_plan.requantization());
        m_fitted.set_passes(m_plan.passes());
        m_fitted.set_folds_batch_norm(m_plan.folds_batch_norm());
        for (const auto& [name, precision] : m_plan.layers())
            if (m_after.find_node(name).valid()) m_fitted.set(name, precision);
        for (const auto& [added, from] : m_compressed.derived) split(added, from);
        for (const LayerChange& change : m_compressed.layers) follow(change);
        for (const NodeId id : m_after.node_ids()) open_cut_activations(m_after.node(id));
        store_codebooks();
        return std::move(m_fitted);
    }

private:
    /// Only what was named, or differs from the default, is named.
    void set(const std::string& layer, const LayerPrecision& precision) {
        if (m_fitted.layers().contains(layer) || precision != m_fitted.default_precision())
            m_fitted.set(layer, precision);
    }
    void split(const std::string& added, const std::string& from) {
        LayerPrecision first = m_fitted.at(from);
        open(first.weights);
        LayerPrecision second = first;
        open(second.activations);
        set(added, first);
        set(from, second);
    }
    void follow(const LayerChange& change) {
        LayerPrecision precision = m_fitted.at(change.layer);
        NumberFormat& weights = precision.weights;
        const bool as_it_was = change.weights_after == change.weights_before &&
                               change.nonzero_after == change.nonzero_before && change.relative_error == 0;
        if (as_it_was) return;
        if (change.weights_after != change.weights_before && weights.granularity == Granularity::group)
            open(weights);
        if (!change.kept_channels.empty()) {
            const Node& node = m_before.node(m_before.find_node(change.layer));
            const auto channels = static_cast<size_t>(output_channels(m_before, node));
            cut(weights.scale, channels, change.kept_channels);
            cut(weights.zero_point, channels, change.kept_channels);
            cut(weights.threshold, channels, change.kept_channels);
        }
        if (change.relative_error > 0) weights.codebook.clear();
        set(change.layer, precision);
    }
    void open_cut_activations(const Node& node) {
        LayerPrecision precision = m_fitted.at(node.name);
        if (precision.activations.granularity == Granularity::tensor || precision.activations.scale.empty())
            return;
        const NodeId was = m_before.find_node(node.name);
        if (was.valid() &&
            m_before.value(m_before.node(was).inputs[0]).shape == m_after.value(node.inputs[0]).shape)
            return;
        open(precision.activations);
        set(node.name, precision);
    }
    void store_codebooks() {
        for (const auto& [layer, format] : m_compressed.weight_formats) {
            LayerPrecision precision = m_fitted.at(layer);
            precision.weights = format;
            m_fitted.set(layer, precision);
        }
        if (!m_plan.folds_batch_norm()) return;
        const std::vector<Unit> units = fuse(m_after);
        const auto name = [&](const Unit& unit) { return m_after.node(unit.node).name; };
        const bool folded = std::any_of(units.begin(), units.end(), [&](const Unit& unit) {
            return unit.batch_norm.valid() && m_compressed.weight_formats.contains(name(unit));
        });
        if (!folded) return;
        m_fitted.set_folds_batch_norm(false);
        for (const Unit& unit : units) {
            if (!unit.batch_norm.valid() || m_compressed.weight_formats.contains(name(unit))) continue;
            LayerPrecision precision = m_fitted.at(name(unit));
            open(precision.weights);
            set(name(unit), precision);
        }
    }

    const Graph& m_before;
    const Graph& m_after;
    const PrecisionPlan& m_plan;
    const Compressed& m_compressed;
    PrecisionPlan m_fitted;
};

} // namespace

PrecisionPlan fitted_plan(const Graph& before, const PrecisionPlan& plan, const Compressed& compressed) {
    return Fit(before, plan, compressed).run();
}

} // namespace widthwise::passes
