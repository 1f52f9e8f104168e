#include "widgets/document/plan_edit.h"

#include "core/design/layer_lookup.h"
#include "core/graph/layer_work.h"
#include "widgets/number_text.h"

#include <QObject>

namespace widthwise::gui {
namespace {

NumberFormat& format_in(LayerPrecision& precision, LayerOperand operand) {
    return operand == LayerOperand::weights ? precision.weights : precision.activations;
}

/// Applies `edit` to the precision of every layer that takes the operand.
template <typename Edit>
PrecisionPlan edited(const PrecisionPlan& plan, const Graph& graph, const QStringList& layers,
                     LayerOperand operand, Edit edit) {
    PrecisionPlan result = plan;
    for (const QString& layer : layers) {
        const std::string name = layer.toStdString();
        if (!takes_bits(graph, name, operand)) continue;
        LayerPrecision precision = plan.at(name);
        edit(precision);
        if (precision != plan.at(name)) result.set(name, std::move(precision));
    }
    return result;
}

/// Typing the width that stands there changes nothing, except that a type without widths gives way.
bool stands_at(const NumberFormat& format, int bits) {
    if (!format.is_quantized()) return bits == k_float_bits;
    if (!has_field(format.type, FormatField::bits) && bits > 2) return false;
    return format.storage_bits() == bits;
}

} // namespace

bool takes_bits(const Graph& graph, const std::string& layer, LayerOperand operand) {
    const NodeId id = graph.find_node(layer);
    if (!id.valid()) return false;
    return operand == LayerOperand::weights ? is_weighted(graph, id) : reads_activations(graph, id);
}

const NumberFormat& format_of(const LayerPrecision& precision, LayerOperand operand) {
    return operand == LayerOperand::weights ? precision.weights : precision.activations;
}

const NumberFormat& format_of(const PrecisionPlan& plan, const std::string& layer, LayerOperand operand) {
    return format_of(plan.at(layer), operand);
}

int bits_of(const PrecisionPlan& plan, const std::string& layer, LayerOperand operand) {
    const NumberFormat& format = format_of(plan, layer, operand);
    return format.is_quantized() ? format.storage_bits() : k_float_bits;
}

NumberFormat with_bits(const NumberFormat& format, int bits, LayerOperand operand) {
    if (bits == k_float_bits) return float32_format();
    const auto usual = [&] {
        return operand == LayerOperand::weights ? weight_integer(bits) : activation_integer(bits);
    };
    if (!format.is_quantized()) return usual();
    FormatChange change;
    change.bits = bits;
    if (auto same_type = changed(format, change, operand)) return *same_type;
    change.type = bits == 1 ? FormatType::binary : FormatType::integer;
    if (bits == 1) change.bits.reset();
    if (auto other_type = changed(format, change, operand)) return *other_type;
    return usual();
}

PrecisionPlan with_bits(const PrecisionPlan& plan, const Graph& graph, const QStringList& layers,
                        LayerOperand operand, int bits) {
    return edited(plan, graph, layers, operand, [&](LayerPrecision& precision) {
        NumberFormat& format = format_in(precision, operand);
        if (!stands_at(format, bits)) format = with_bits(format, bits, operand);
    });
}

PrecisionPlan with_step(const PrecisionPlan& plan, const Graph& graph, const QStringList& layers,
                        LayerOperand operand, int step) {
    return edited(plan, graph, layers, operand, [&](LayerPrecision& precision) {
        NumberFormat& format = format_in(precision, operand);
        const int old = format.is_quantized() ? std::min(format.storage_bits(), k_max_bits) : k_max_bits + 1;
        const int place = std::clamp(old + step, k_min_bits, k_max_bits + 1);
        const int bits = place > k_max_bits ? k_float_bits : place;
        if (place != old) format = with_bits(format, bits, operand);
    });
}

std::vector<NumberFormat> formats_of(const PrecisionPlan& plan, const Graph& graph, const QStringList& layers,
                                     LayerOperand operand) {
    std::vector<NumberFormat> formats;
    for (const QString& layer : layers)
        if (const std::string name = layer.toStdString(); takes_bits(graph, name, operand))
            formats.push_back(format_of(plan, name, operand));
    return formats;
}

PrecisionPlan with_format(const PrecisionPlan& plan, const Graph& graph, const QStringList& layers,
                          LayerOperand operand, const FormatChange& change) {
    return edited(plan, graph, layers, operand, [&](LayerPrecision& precision) {
        NumberFormat& format = format_in(precision, operand);
        if (auto result = changed(format, change, operand)) format = std::move(*result);
    });
}

PrecisionPlan with_accumulator(const PrecisionPlan& plan, const Graph& graph, const QStringList& layers,
                               std::optional<int> bits, std::optional<Overflow> overflow) {
    return edited(plan, graph, layers, LayerOperand::weights, [&](LayerPrecision& precision) {
        if (bits) precision.accumulator.bits = *bits;
        if (overflow) precision.accumulator.overflow = *overflow;
    });
}

PrecisionPlan with_pass(const PrecisionPlan& plan, Pass pass, bool on) {
    std::vector<Pass> passes = plan.passes();
    std::erase(passes, pass);
    if (on) passes.push_back(pass);
    PrecisionPlan result = plan;
    result.set_passes(std::move(passes));
    return result;
}

PrecisionPlan without_parameters(const PrecisionPlan& plan) {
    const auto open = [](LayerPrecision precision) {
        precision.weights = without_parameters(std::move(precision.weights));
        precision.activations = without_parameters(std::move(precision.activations));
        return precision;
    };
    PrecisionPlan result(open(plan.default_precision()));
    for (const auto& [layer, precision] : plan.layers()) result.set(layer, open(precision));
    result.set_requantization(plan.requantization());
    result.set_folds_batch_norm(plan.folds_batch_norm());
    result.set_passes(plan.passes());
    return result;
}

PrecisionPlan canonical_plan(const PrecisionPlan& plan, const Graph& graph) {
    std::vector<std::pair<LayerPrecision, int>> votes;
    for (const NodeId id : graph.node_ids()) {
        if (!is_weighted(graph, id)) continue;
        const LayerPrecision& precision = plan.at(graph.node(id).name);
        const auto found = std::find_if(votes.begin(), votes.end(),
                                        [&](const auto& vote) { return vote.first == precision; });
        if (found != votes.end())
            ++found->second;
        else
            votes.emplace_back(precision, 1);
    }
    const auto winner = std::max_element(votes.begin(), votes.end(),
                                         [](const auto& a, const auto& b) { return a.second < b.second; });
    PrecisionPlan canonical(winner == votes.end() ? plan.default_precision() : winner->first);
    for (const NodeId id : graph.node_ids()) {
        if (!takes_precision(graph, id)) continue;
        const std::string& name = graph.node(id).name;
        LayerPrecision precision = plan.at(name);
        // A weight format, or a register for sums, on a layer without weights says nothing.
        if (!is_weighted(graph, id)) {
            precision.weights = canonical.default_precision().weights;
            precision.accumulator = canonical.default_precision().accumulator;
        }
        if (precision != canonical.default_precision()) canonical.set(name, precision);
    }
    canonical.set_requantization(plan.requantization());
    canonical.set_folds_batch_norm(plan.folds_batch_norm());
    canonical.set_passes(plan.passes());
    for (const auto& [layer, values] : plan.values()) canonical.set_values(layer, values);
    return canonical;
}

PrecisionPlan uniform_plan(int weight_bits, int activation_bits) {
    return PrecisionPlan({with_bits(float32_format(), weight_bits, LayerOperand::weights),
                          with_bits(float32_format(), activation_bits, LayerOperand::activations),
                          {}});
}

QString pass_name(Pass pass) {
    switch (pass) {
    case Pass::equalize:
        return QObject::tr("Cross-layer equalization");
    case Pass::absorb_bias:
        return QObject::tr("High-bias absorption");
    case Pass::reestimate_batch_norm:
        return QObject::tr("BatchNorm re-estimation");
    case Pass::adaround:
        return QObject::tr("AdaRound");
    case Pass::bias_correction_analytic:
        return QObject::tr("Bias correction, analytic");
    case Pass::bias_correction:
        return QObject::tr("Bias correction, empirical");
    }
    return {};
}

QString pass_explanation(Pass pass) {
    switch (pass) {
    case Pass::equalize:
        return QObject::tr("Evens out the channels' weight ranges between layers; needs no data");
    case Pass::absorb_bias:
        return QObject::tr("Moves high biases into the next layer, so that activations range less; no data");
    case Pass::reestimate_batch_norm:
        return QObject::tr("Measures means and variances again with quantized weights");
    case Pass::adaround:
        return QObject::tr("Learns layer by layer which weights to round up; the strongest, takes longest");
    case Pass::bias_correction_analytic:
        return QObject::tr("Removes the mean error of each channel from BatchNorm's statistics; no data");
    case Pass::bias_correction:
        return QObject::tr("Removes the mean error of each channel as measured on calibration images");
    }
    return {};
}

QString pass_short_name(Pass pass) {
    switch (pass) {
    case Pass::equalize:
        return QObject::tr("CLE");
    case Pass::absorb_bias:
        return QObject::tr("HBA");
    case Pass::reestimate_batch_norm:
        return QObject::tr("BN");
    case Pass::adaround:
        return QObject::tr("AdaRound");
    case Pass::bias_correction_analytic:
        return QObject::tr("BC analytic");
    case Pass::bias_correction:
        return QObject::tr("BC");
    }
    return {};
}

QString label_with_passes(const PrecisionPlan& plan, const Graph& graph) {
    QString label = qt(plan_label(plan, graph));
    for (const Pass pass : plan.passes()) label += QStringLiteral(" + ") + pass_short_name(pass);
    return label;
}

} // namespace widthwise::gui
