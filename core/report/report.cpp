#include "core/report/report.h"

#include "core/base/output_file.h"
#include "core/base/text.h"
#include "core/design/json.h"
#include "core/design/judged.h"
#include "core/report/cost_metrics.h"
#include "core/report/escape.h"

#include <nlohmann/json.hpp>

#include <array>
#include <charconv>
#include <cmath>

namespace widthwise::report {
namespace {

/// Shortest text that reads back as the same double; empty where there is no number.
std::string number(double value) {
    if (!std::isfinite(value)) return {};
    std::array<char, 32> text{};
    return {text.data(), std::to_chars(text.data(), text.data() + text.size(), value).ptr};
}

constexpr std::array<const char*, 45> k_columns = {"id",
                                                   "design",
                                                   "top1",
                                                   "top1_ci95_lo",
                                                   "top1_ci95_hi",
                                                   "top5",
                                                   "float_top1",
                                                   "delta_top1",
                                                   "delta_ci95_lo",
                                                   "delta_ci95_hi",
                                                   "agreement",
                                                   "samples",
                                                   "target",
                                                   "batch",
                                                   "energy_j",
                                                   "latency_s",
                                                   "throughput_ips",
                                                   "power_w",
                                                   "area_mm2",
                                                   "weight_bytes",
                                                   "model_bytes",
                                                   "bops",
                                                   "dram_bytes",
                                                   "utilization",
                                                   "model",
                                                   "data",
                                                   "calibration_data",
                                                   "program_version",
                                                   "created_utc",
                                                   "output_sqnr_db",
                                                   "output_psnr_db",
                                                   "energy_per_inference_j",
                                                   "energy_per_mac_j",
                                                   "dram_bytes_per_s",
                                                   "on_chip_bytes",
                                                   "mapped_units",
                                                   "peak_activation_bytes",
                                                   "lut",
                                                   "dsp",
                                                   "bram18",
                                                   "uram",
                                                   "energy_known_as",
                                                   "latency_known_as",
                                                   "version",
                                                   "network"};

std::array<std::string, k_columns.size()> csv_values(const Design& design) {
    const Accuracy& a = design.evaluation.accuracy;
    const auto& agreement = design.evaluation.agreement;
    const auto if_known = [&](double value) {
        return has_accuracy(design.evaluation) ? number(value) : std::string();
    };
    const Provenance& p = design.evaluation.provenance;
    const CostBreakdown& c = design.cost;
    const auto on_fpga = [&](double FpgaResources::*part) {
        return c.resources ? number((*c.resources).*part) : std::string();
    };
    return {std::to_string(design.id),
            design.label,
            if_known(a.top1),
            if_known(a.top1_ci95.lo),
            if_known(a.top1_ci95.hi),
            a.top5 ? number(*a.top5) : "",
            if_known(a.float_top1),
            if_known(a.delta_top1),
            if_known(a.delta_ci95.lo),
            if_known(a.delta_ci95.hi),
            number(top1_agreement(design.evaluation)),
            std::to_string(images_run(design.evaluation)),
            c.target,
            std::to_string(c.batch),
            number(c.energy_j),
            number(c.latency_s),
            number(c.throughput_ips),
            number(c.power_w),
            number(c.area_mm2),
            number(c.weight_bytes),
            number(c.model_bytes),
            number(c.bops),
            number(c.dram_bytes),
            number(c.utilization),
            p.model,
            p.data,
            p.calibration.data,
            p.program_version,
            p.created_utc,
            agreement ? number(agreement->sqnr_db) : "",
            agreement ? number(agreement->psnr_db) : "",
            number(c.energy_j / static_cast<double>(c.batch)),
            number(c.energy_j / total_macs(c)),
            number(c.dram_bytes_per_s),
            number(c.on_chip_bytes),
            number(c.mapped_units),
            number(c.peak_activation_bytes),
            on_fpga(&FpgaResources::luts),
            on_fpga(&FpgaResources::dsps),
            on_fpga(&FpgaResources::bram18),
            on_fpga(&FpgaResources::urams),
            known_as(c, "energy"),
            known_as(c, "latency"),
            std::to_string(design.version),
            design.network};
}

} // namespace

std::string to_csv(const Report& report) {
    std::string text;
    for (const char* column : k_columns) text += (text.empty() ? "" : ",") + std::string(column);
    text += "\r\n";
    for (const Design& design : report.designs) {
        std::string row;
        for (const std::string& value : csv_values(design)) row += csv_field(value) + ",";
        row.pop_back();
        text += row + "\r\n";
    }
    return text;
}

std::string to_json(const Report& report) {
    using nlohmann::ordered_json;
    ordered_json out;
    out["title"] = report.title;
    out["model"] = report.model;
    out["data"] = report.data;
    out["target"] = report.target;
    out["designs"] = ordered_json::array();
    for (const Design& design : report.designs) {
        ordered_json item;
        item["id"] = design.id;
        item["label"] = design.label;
        item["version"] = design.version;
        item["network"] = design.network.empty() ? ordered_json(nullptr) : ordered_json(design.network);
        item["evaluation"] = ordered_json::parse(evaluation_to_json(design.evaluation));
        item["cost"] = ordered_json::parse(cost_to_json(design.cost));
        out["designs"].push_back(std::move(item));
    }
    return out.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

Result<int64_t> write(const Report& report, const std::filesystem::path& path) {
    const std::string extension = path.extension().string();
    std::string text;
    if (extension == ".html")
        text = to_html(report);
    else if (extension == ".md")
        text = to_markdown(report);
    else if (extension == ".csv")
        text = to_csv(report);
    else if (extension == ".json")
        text = to_json(report);
    else
        return fail(ErrorCode::usage, "reports are not written as " + in_quotes(extension), path.string(),
                    "use .html, .md, .csv or .json");
    if (Result<void> written = write_output(path, text); !written) return forward_error(written);
    return static_cast<int64_t>(text.size());
}

} // namespace widthwise::report
