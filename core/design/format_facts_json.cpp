// The `formats --json` document.
#include "core/design/json.h"
#include "core/design/json_values.h"

namespace widthwise {

std::string formats_to_json(const std::vector<NumberFormat>& formats) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const NumberFormat& format : formats) {
        const FormatFacts fact = facts(format);
        list.push_back({{"name", format.to_string()},
                        {"type", to_string(format.type)},
                        {"bits", format.bits},
                        {"storage_bits", format.storage_bits()},
                        {"lowest", number(fact.lowest)},
                        {"highest", number(fact.highest)},
                        {"smallest_step", number(fact.smallest_step)},
                        {"largest_step", number(fact.largest_step)},
                        {"levels", fact.levels > 0 ? nlohmann::ordered_json(fact.levels) : nullptr},
                        {"dynamic_range_db", number(fact.dynamic_range_db)},
                        {"max_relative_error", number(fact.max_relative_error)},
                        {"max_absolute_error", number(fact.max_absolute_error)}});
    }
    return nlohmann::ordered_json({{"formats", std::move(list)}}).dump(2) + "\n";
}

} // namespace widthwise
