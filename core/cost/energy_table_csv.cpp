#include "core/base/text.h"
#include "core/cost/csv_table.h"
#include "core/cost/energy_table_text.h"

#include <algorithm>
#include <set>

namespace widthwise::cost {
namespace {

constexpr double k_most = 1e15;

/// The rows of one design; all where the table has no such column.
Result<std::vector<CsvRow>> rows_of(const CsvTable& table, const std::string& where,
                                    const std::string& design) {
    const auto column = table.column("design");
    if (!column) return table.rows();
    std::set<std::string> names;
    std::vector<CsvRow> rows;
    for (const CsvRow& row : table.rows()) {
        names.insert(row.cells[*column]);
        if (design.empty() || row.cells[*column] == design) rows.push_back(row);
    }
    const std::vector<std::string> all(names.begin(), names.end());
    if (design.empty() && names.size() > 1)
        return fail(ErrorCode::invalid_input, "the table holds several designs", where,
                    "choose one: " + join(all, ", "));
    if (rows.empty())
        return fail(ErrorCode::invalid_input, "the table has no design " + in_quotes(design), where,
                    "it has " + join(all, ", "));
    return rows;
}

} // namespace

Result<EnergyTable> energy_table_from_csv(std::string_view text, const std::string& where,
                                          const std::string& design) {
    auto table = CsvTable::parse(text, where);
    if (!table) return forward_error(table);
    const auto component = table->required("component");
    if (!component) return tl::unexpected<Error>(component.error());
    const auto value = table->required("value");
    if (!value) return tl::unexpected<Error>(value.error());
    const auto unit = table->required("unit");
    if (!unit) return tl::unexpected<Error>(unit.error());
    const auto alternative = table->column("action_or_area");
    const auto action = alternative ? Result<size_t>(*alternative) : table->required("action");
    if (!action) return tl::unexpected<Error>(action.error());
    auto rows = rows_of(*table, where, design);
    if (!rows) return forward_error(rows);

    EnergyTable result;
    result.source = where;
    for (const CsvRow& row : *rows) {
        const std::string& path = row.cells[*component];
        auto found = std::find_if(result.components.begin(), result.components.end(),
                                  [&](const TableComponent& c) { return c.path == path; });
        if (found == result.components.end()) {
            if (result.components.size() == k_most_components)
                return table->complain(row, *component, "more than 10000 components");
            auto made = component_of(path);
            if (!made)
                return table->complain(row, *component, "no component: " + in_quotes(path.substr(0, 80)));
            result.components.push_back(std::move(*made));
            found = result.components.end() - 1;
        }
        const std::string& name = row.cells[*action];
        if (name.empty()) return table->complain(row, *action, "no action");
        auto number = table->number(row, *value, 0, k_most, "a number of 0 or more");
        if (!number) return forward_error(number);
        if (!*number) return table->complain(row, *value, "a value is missing");
        const bool area = name == "area";
        const std::string& given = row.cells[*unit];
        if (area ? given != "um^2" && given != "um^2 per instance" : given != "pJ" && given != "pJ/action")
            return table->complain(row, *unit, "unknown unit " + in_quotes(given.substr(0, 40)),
                                   area ? "areas are in um^2" : "energies are in pJ");
        if (area ? found->area_um2.has_value() : found->action_pj.contains(name))
            return table->complain(row, *action, "the action " + in_quotes(name) + " stands twice");
        if (area)
            found->area_um2 = **number;
        else
            found->action_pj[name] = **number;
    }
    return result;
}

} // namespace widthwise::cost
