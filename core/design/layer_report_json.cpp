// The document of `evaluate --diagnostics`.
#include "core/design/json.h"
#include "core/design/json_values.h"
#include "core/design/short_double.h"

namespace widthwise {
namespace {

using nlohmann::ordered_json;

ordered_json write_fidelity(const Fidelity& fidelity) {
    return {{"sqnr_db", number(fidelity.sqnr_db)},
            {"cosine", number(fidelity.cosine)},
            {"kl", optional(fidelity.kl_nat)}};
}

ordered_json write_channels(const std::vector<Fidelity>& channels) {
    ordered_json list = ordered_json::array();
    for (const Fidelity& channel : channels) list.push_back(write_fidelity(channel));
    return list;
}

ordered_json write_counts(const BinnedCounts& counts) {
    if (counts.counts.empty()) return nullptr;
    return {{"lo", counts.lo}, {"bin_width", counts.bin_width}, {"counts", counts.counts}};
}

ordered_json write_histograms(const BinnedCounts& before, const BinnedCounts& after,
                              const BinnedCounts& error) {
    return {{"before", write_counts(before)}, {"after", write_counts(after)}, {"error", write_counts(error)}};
}

ordered_json write_levels(const std::vector<float>& levels) {
    ordered_json list = ordered_json::array();
    for (const float level : levels) list.push_back(short_double(level));
    return list;
}

ordered_json write_report(const LayerReport& report) {
    ordered_json out;
    out["name"] = report.layer;
    out["weights"] = report.weights ? write_fidelity(*report.weights) : ordered_json();
    out["weight_channels"] = write_channels(report.weight_channels);
    out["output"] = write_fidelity(report.output);
    out["output_channels"] = write_channels(report.output_channels);
    out["weights_clipped"] = number(report.weights_clipped);
    out["input_clipped"] = number(report.input_clipped);
    out["weight_levels"] = write_levels(report.weight_levels);
    out["input_levels"] = write_levels(report.input_levels);
    out["observed_accumulator_bits"] = optional(report.observed_accumulator_bits);
    out["histograms"]["weights"] =
        write_histograms(report.weights_before, report.weights_after, report.weight_error);
    out["histograms"]["input"] =
        write_histograms(report.input_before, report.input_after, report.input_error);
    out["histograms"]["output"] =
        write_histograms(report.output_before, report.output_after, report.output_error);
    return out;
}

} // namespace

std::string layer_reports_to_json(const std::vector<LayerReport>& reports, int64_t samples) {
    ordered_json out;
    out["samples"] = samples;
    out["layers"] = ordered_json::array();
    for (const LayerReport& report : reports) out["layers"].push_back(write_report(report));
    return out.dump(1, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

} // namespace widthwise
