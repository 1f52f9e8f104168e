#include "app/cli/command.h"
#include "app/cli/table.h"
#include "core/base/format.h"
#include "core/design/json.h"

#include <array>
#include <cmath>
#include <cstdio>

namespace widthwise::cli {
namespace {

/// Every type at every width, at scale 1.
std::vector<NumberFormat> all_formats() {
    std::vector<NumberFormat> formats;
    const auto add = [&](NumberFormat format, int bits) {
        format.bits = bits;
        format.granularity = Granularity::tensor;
        formats.push_back(std::move(format));
    };
    for (const FormatType type : k_format_types) {
        const NumberFormat usual = default_weight_format(type);
        if (type == FormatType::integer) {
            for (int bits = 2; bits <= k_max_bits; ++bits) add(weight_integer(bits), bits);
            for (int bits = 2; bits <= k_max_bits; ++bits) add(activation_integer(bits), bits);
        } else if (type == FormatType::fixed_point || type == FormatType::dynamic_fixed_point) {
            for (int bits = 2; bits <= k_max_bits; ++bits) add(usual, bits);
        } else if (type == FormatType::power_of_two) {
            for (int bits = 2; bits <= 8; ++bits) add(usual, bits);
        } else if (type == FormatType::codebook) {
            for (int bits = 1; bits <= 8; ++bits) add(usual, bits);
        } else {
            add(usual, usual.bits);
        }
    }
    return formats;
}

std::string to_text(const std::vector<NumberFormat>& formats) {
    Table table({"format", "bits", "lowest", "highest", "smallest step", "largest step", "levels",
                 "dynamic range", "relative error", "absolute error"});
    for (const NumberFormat& format : formats) {
        const FormatFacts fact = facts(format);
        const auto figure = [](double value) {
            if (std::isnan(value)) return std::string("-");
            std::array<char, 32> text{};
            std::snprintf(text.data(), text.size(), "%.5g", value);
            return std::string(text.data());
        };
        table.add({format.to_string(), std::to_string(format.storage_bits()), figure(fact.lowest),
                   figure(fact.highest), figure(fact.smallest_step), figure(fact.largest_step),
                   fact.levels > 0 ? grouped(fact.levels) : "> 2^32",
                   std::isnan(fact.dynamic_range_db) ? "-" : decibels(fact.dynamic_range_db),
                   figure(fact.max_relative_error), figure(fact.max_absolute_error)});
    }
    return table.to_string() +
           "\nAt scale 1, where the format has a scale. Errors are the largest: relative within the normal "
           "range, absolute between lowest and highest. A codebook's levels are its layer's own.\n";
}

} // namespace

Command formats_command(CLI::App& app) {
    CLI::App* command = app.add_subcommand(
        "formats", "Every number format's range, steps, levels, dynamic range (dB) and largest errors");
    auto json = std::make_shared<bool>(false);
    command->add_flag("--json", *json, "One JSON document on stdout");
    return {command, [json](Terminal& terminal) {
                const std::vector<NumberFormat> formats = all_formats();
                return terminal.print(*json ? formats_to_json(formats) : to_text(formats));
            }};
}

} // namespace widthwise::cli
