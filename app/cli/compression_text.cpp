#include "app/cli/compression_text.h"

#include "app/cli/json_output.h"
#include "app/cli/table.h"
#include "core/base/format.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <variant>

namespace widthwise::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr int64_t k_most_distinct = 256; ///< LayerSize counts no further

std::string bytes_text(int64_t bytes) {
    return format_bytes(static_cast<double>(bytes));
}

std::string label(const CompressionStep& step) {
    return step.method ? passes::description(*step.method) : "as it came";
}

std::string distinct_text(const passes::LayerSize& layer) {
    if (layer.vector_length > 1) return "vectors of " + std::to_string(layer.vector_length);
    return layer.distinct > k_most_distinct ? "> " + std::to_string(k_most_distinct)
                                            : std::to_string(layer.distinct);
}

/// The form that takes the fewest bytes.
const char* best_form(const passes::LayerSize& layer) {
    if (layer.dense_bytes <= std::min(layer.sparse_bytes, layer.huffman_bytes)) return "dense";
    return layer.sparse_bytes <= layer.huffman_bytes ? "sparse" : "Huffman";
}

std::string steps_text(const CompressionReport& report) {
    std::vector<std::string> headers{"step", "dense", "sparse", "Huffman", "parameters", "MACs"};
    const bool costed = report.steps.front().energy_j.has_value();
    const bool measured = report.steps.front().accuracy.has_value();
    if (costed) headers.insert(headers.end(), {"energy", "latency"});
    if (measured) headers.insert(headers.end(), {"top-1", "change"});
    Table table(std::move(headers));
    for (const CompressionStep& step : report.steps) {
        std::vector<std::string> cells{label(step),
                                       bytes_text(step.size.dense_bytes),
                                       bytes_text(step.size.sparse_bytes),
                                       bytes_text(step.size.huffman_bytes),
                                       grouped(step.parameters),
                                       grouped(step.macs)};
        if (costed) {
            cells.push_back(format_si(*step.energy_j, "J"));
            cells.push_back(format_si(*step.latency_s, "s"));
        }
        if (measured) {
            cells.push_back(format_percent(step.accuracy->top1, 2));
            cells.push_back(format_points(step.accuracy->top1 - report.steps.front().accuracy->top1));
        }
        table.add(std::move(cells));
    }
    return table.to_string();
}

std::string change_text(int64_t before, int64_t after) {
    return before == after ? grouped(after) : grouped(before) + " > " + grouped(after);
}

/// Layers that lose channels are other layers: nothing remains to compare weight by weight.
bool has_error(const CompressionStep& step) {
    return step.method && !std::holds_alternative<passes::PruneChannels>(*step.method);
}

std::string changes_text(const CompressionStep& step) {
    Table table({"layer", "weights", "non-zero", "MACs", "error", "note"});
    for (const passes::LayerChange& change : step.changes)
        table.add({change.layer, change_text(change.weights_before, change.weights_after),
                   change_text(change.nonzero_before, change.nonzero_after),
                   change_text(change.macs_before, change.macs_after),
                   has_error(step) ? format_percent(change.relative_error) : "–", change.note});
    return label(step) + "\n" + table.to_string();
}

std::string sizes_text(const passes::NetworkSize& size) {
    Table table({"layer", "weights", "density", "values", "bits", "dense", "sparse", "Huffman", "least"});
    for (const passes::LayerSize& layer : size.layers)
        table.add({layer.layer, grouped(layer.weights), format_percent(layer.density()), distinct_text(layer),
                   std::to_string(layer.weight_bits), bytes_text(layer.dense_bytes),
                   bytes_text(layer.sparse_bytes), bytes_text(layer.huffman_bytes), best_form(layer)});
    return table.to_string();
}

Json size_json(const passes::NetworkSize& size) {
    return {{"float_bytes", size.float_bytes},
            {"dense_bytes", size.dense_bytes},
            {"sparse_bytes", size.sparse_bytes},
            {"huffman_bytes", size.huffman_bytes},
            {"best_bytes", size.best_bytes}};
}

Json layers_json(const passes::NetworkSize& size) {
    Json layers = Json::array();
    for (const passes::LayerSize& layer : size.layers)
        layers.push_back(
            {{"name", layer.layer},
             {"weights", layer.weights},
             {"nonzero", layer.nonzero},
             {"density", layer.density()},
             {"distinct_values", layer.distinct > k_most_distinct ? Json(nullptr) : Json(layer.distinct)},
             {"weight_bits", layer.weight_bits},
             {"codebook", layer.codebook},
             {"vector_length", layer.vector_length},
             {"dense_bytes", layer.dense_bytes},
             {"sparse_bytes", layer.sparse_bytes},
             {"huffman_bytes", layer.huffman_bytes}});
    return layers;
}

Json step_json(const CompressionStep& step) {
    const auto number = [](const std::optional<double>& value) {
        return value ? Json(*value) : Json(nullptr);
    };
    Json changes = Json::array();
    for (const passes::LayerChange& change : step.changes)
        changes.push_back({{"name", change.layer},
                           {"weights_before", change.weights_before},
                           {"weights_after", change.weights_after},
                           {"nonzero_before", change.nonzero_before},
                           {"nonzero_after", change.nonzero_after},
                           {"macs_before", change.macs_before},
                           {"macs_after", change.macs_after},
                           {"relative_error", has_error(step) ? Json(change.relative_error) : Json(nullptr)},
                           {"note", change.note}});
    Json json{{"method", step.method ? Json(passes::to_string(*step.method)) : Json(nullptr)},
              {"description", label(step)},
              {"size", size_json(step.size)},
              {"parameters", step.parameters},
              {"macs", step.macs},
              {"energy_j", number(step.energy_j)},
              {"latency_s", number(step.latency_s)},
              {"top1", step.accuracy ? Json(step.accuracy->top1) : Json(nullptr)},
              {"top1_ci95", nullptr},
              {"samples", step.accuracy ? Json(step.accuracy->samples) : Json(nullptr)},
              {"changes", changes}};
    if (step.accuracy) json["top1_ci95"] = {step.accuracy->top1_ci95.lo, step.accuracy->top1_ci95.hi};
    return json;
}

} // namespace

std::string compression_text(const CompressionReport& report) {
    std::string text = steps_text(report);
    for (const CompressionStep& step : report.steps)
        if (!step.changes.empty()) text += "\n" + changes_text(step);
    text += "\n" + sizes_text(report.steps.back().size);
    if (!report.output.empty()) text += "\n" + report.output + " written, " + bytes_text(report.output_bytes);
    return text;
}

std::string compression_json(const CompressionReport& report) {
    const auto name = [](const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); };
    Json steps = Json::array();
    for (const CompressionStep& step : report.steps) steps.push_back(step_json(step));
    return dump({{"model", report.model},
                 {"target", name(report.target)},
                 {"data", name(report.data)},
                 {"activation_zeros_measured", report.activation_zeros},
                 {"steps", steps},
                 {"layers", layers_json(report.steps.back().size)},
                 {"path", name(report.output)},
                 {"bytes", report.output.empty() ? Json(nullptr) : Json(report.output_bytes)}});
}

} // namespace widthwise::cli
