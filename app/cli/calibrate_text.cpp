#include "app/cli/calibrate_text.h"

#include "app/cli/json_output.h"
#include "app/cli/table.h"
#include "core/base/format.h"

#include <nlohmann/json.hpp>

#include <cmath>

namespace widthwise::cli {
namespace {

using Json = nlohmann::ordered_json;
using cost::FitQuality;

constexpr double k_poor = 0.3;

std::string number_text(const std::optional<double>& value) {
    return value ? format_number(*value, 4) : std::string(k_no_number);
}

std::string error_text(double value, double measured) {
    const double share = value / measured - 1;
    return (share < 0 ? "-" : "+") + format_percent(std::abs(share));
}

/// One standard error over the value.
std::string doubt(const cost::FittedConstant& constant) {
    if (!constant.fitted || std::isnan(constant.relative_error)) return std::string(k_no_number);
    return constant.relative_error > 1 ? "not determined" : format_percent(constant.relative_error);
}

std::string constants_text(const cost::TargetFit& fit) {
    Table table({"constant", "before", "after", "+-", ""});
    for (const cost::FittedConstant& constant : fit.constants) {
        std::string note = constant.note;
        if (!constant.fitted) note = "left alone: " + note;
        table.add({constant.key, number_text(constant.before), number_text(constant.after), doubt(constant),
                   (constant.unit.empty() ? "" : constant.unit + "  ") + note});
    }
    return table.to_string();
}

std::string quality_text(const FitQuality& quality, const char* figure, const char* unit) {
    Table table({figure, "measured", "before", "fitted", "error", "from the others", "error"});
    for (const cost::LayerFit& layer : quality.layers)
        table.add({layer.layer, format_si(layer.measured, unit), format_si(layer.before, unit),
                   format_si(layer.after, unit), error_text(layer.after, layer.measured),
                   format_si(layer.left_out, unit), error_text(layer.left_out, layer.measured)});
    return "\n" + table.to_string() + "mean error " + format_percent(quality.mean) +
           " (before: " + format_percent(quality.mean_before) + "), worst " + format_percent(quality.worst) +
           " (" + quality.worst_layer + "); each layer predicted from the others: mean " +
           format_percent(quality.mean_left_out) + ", worst " + format_percent(quality.worst_left_out) +
           "\n" +
           (quality.mean > k_poor
                ? "The constants alone do not explain these figures: are array, memories and "
                  "batch those of the chip?\n"
                : "");
}

std::string table_text(const cost::TableFit& fit) {
    Table table({"constant", "before", "after", "from"});
    for (const cost::TableChange& change : fit.changes)
        table.add({change.key, number_text(change.before), number_text(change.after), change.from});
    std::string text = table.to_string();
    for (const std::string& component : fit.unused)
        text += "not used: " + component + " (--component NAME=LEVEL:BITS names its memory level)\n";
    return text;
}

Json number_json(double value) {
    return std::isfinite(value) ? Json(value) : Json(nullptr);
}

Json optional_json(const std::optional<double>& value) {
    return value ? number_json(*value) : Json(nullptr);
}

Json quality_json(const std::optional<FitQuality>& quality, const std::string& suffix) {
    if (!quality) return nullptr;
    Json layers = Json::array();
    for (const cost::LayerFit& layer : quality->layers)
        layers.push_back({{"name", layer.layer},
                          {"measured" + suffix, layer.measured},
                          {"before" + suffix, number_json(layer.before)},
                          {"modelled" + suffix, number_json(layer.after)},
                          {"left_out" + suffix, number_json(layer.left_out)}});
    return {{"mean", number_json(quality->mean)},
            {"worst", number_json(quality->worst)},
            {"worst_layer", quality->worst_layer},
            {"mean_left_out", number_json(quality->mean_left_out)},
            {"worst_left_out", number_json(quality->worst_left_out)},
            {"mean_before", number_json(quality->mean_before)},
            {"layers", layers}};
}

} // namespace

std::string calibration_text(const Calibration& calibration) {
    std::string text;
    if (calibration.table) text += table_text(*calibration.table);
    if (calibration.table && calibration.fit) text += "\n";
    if (calibration.fit) {
        text += constants_text(*calibration.fit);
        if (calibration.fit->latency) text += quality_text(*calibration.fit->latency, "latency", "s");
        if (calibration.fit->energy) text += quality_text(*calibration.fit->energy, "energy", "J");
    }
    return text + (calibration.path.empty() ? "\nNothing is written: add -o FILE.json to keep the target\n"
                                            : "\n" + calibration.path + "\n");
}

std::string calibration_json(const Calibration& calibration) {
    Json constants = Json::array(), changes = Json::array(), unused = Json::array();
    std::optional<FitQuality> latency, energy;
    if (calibration.fit) {
        for (const cost::FittedConstant& constant : calibration.fit->constants)
            constants.push_back({{"key", constant.key},
                                 {"unit", constant.unit},
                                 {"before", optional_json(constant.before)},
                                 {"after", optional_json(constant.after)},
                                 {"fitted", constant.fitted},
                                 {"relative_error", number_json(constant.relative_error)},
                                 {"note", constant.note}});
        latency = calibration.fit->latency;
        energy = calibration.fit->energy;
    }
    if (calibration.table) {
        for (const cost::TableChange& change : calibration.table->changes)
            changes.push_back({{"key", change.key},
                               {"before", optional_json(change.before)},
                               {"after", change.after},
                               {"from", change.from}});
        unused = calibration.table->unused;
    }
    return dump({{"target", calibration.target().name},
                 {"path", calibration.path.empty() ? Json(nullptr) : Json(calibration.path)},
                 {"constants", constants},
                 {"latency", quality_json(latency, "_s")},
                 {"energy", quality_json(energy, "_j")},
                 {"table", changes},
                 {"unused", unused}});
}

} // namespace widthwise::cli
