#include "core/design/mapping_json.h"

#include "core/design/target_names.h"

#include <set>

namespace widthwise {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr std::string_view k_letters = "NGKCPQRS"; ///< by Dim
constexpr size_t k_most_levels = 8, k_most_loops = 64;
constexpr int64_t k_most_extent = int64_t{1} << 40;
constexpr double k_most_count = 1e300;

ordered_json loops_json(const std::vector<Loop>& loops) {
    ordered_json list = ordered_json::array();
    for (const Loop& loop : loops)
        list.push_back(ordered_json::array({std::string(1, to_char(loop.dim)), loop.extent}));
    return list;
}

std::vector<Loop> read_loops(ObjectReader& reader, const char* key) {
    std::vector<Loop> loops;
    if (!reader.has(key)) return loops;
    const json& list = reader.at(key);
    if (!list.is_array() || list.size() > k_most_loops) {
        reader.complain(reader.path(key), "expected an array of at most 64 loops", "write [[\"K\", 4]]");
        return loops;
    }
    for (size_t i = 0; i < list.size(); ++i) {
        const KeyPath at = element(reader.path(key), i);
        const json& pair = list[i];
        if (!pair.is_array() || pair.size() != 2 || !pair[0].is_string() || !pair[1].is_number_integer()) {
            reader.complain(at, "expected a loop and its extent", "write [\"K\", 4]");
            return loops;
        }
        const auto& letter = pair[0].get_ref<const std::string&>();
        const size_t dim = letter.size() == 1 ? k_letters.find(letter[0]) : std::string_view::npos;
        if (dim == std::string_view::npos)
            reader.complain(at, "unknown loop", "use one of N, G, K, C, P, Q, R, S");
        const double extent = pair[1].get<double>();
        if (!(extent >= 1 && extent <= static_cast<double>(k_most_extent))) {
            reader.complain(at, "an extent of " + pair[1].dump(),
                            "give 1 to " + std::to_string(k_most_extent));
            return loops;
        }
        loops.push_back({static_cast<Dim>(dim), static_cast<int64_t>(extent)});
    }
    return loops;
}

ordered_json accesses_json(const LevelAccesses& level) {
    ordered_json object = {{"level", level.level}, {"instances", level.instances}};
    for (size_t i = 0; i < k_operands; ++i) {
        const OperandAccesses& operand = level.operands[i];
        object[std::string(k_operand_names[i])] = {{"reads", operand.reads},
                                                   {"fills", operand.fills},
                                                   {"updates", operand.updates},
                                                   {"tile", operand.tile}};
    }
    return object;
}

LevelAccesses read_accesses(const json& value, const KeyPath& at, Complaint& complaint) {
    ObjectReader reader(value, at, {"level", "instances", "weights", "inputs", "outputs"}, complaint);
    LevelAccesses level;
    reader.text("level", level.level);
    reader.number("instances", 0, k_most_count, level.instances);
    for (size_t i = 0; i < k_operands; ++i)
        reader.section(k_operand_names[i].data(), {"reads", "fills", "updates", "tile"},
                       [&](ObjectReader& counts) {
                           OperandAccesses& operand = level.operands[i];
                           counts.number("reads", 0, k_most_count, operand.reads);
                           counts.number("fills", 0, k_most_count, operand.fills);
                           counts.number("updates", 0, k_most_count, operand.updates);
                           counts.number("tile", 0, k_most_count, operand.tile);
                       });
    return level;
}

/// Calls `each` with every object of the array under `key`.
template <typename Each> void for_levels(ObjectReader& reader, const char* key, Each each) {
    if (!reader.has(key)) return;
    const json& list = reader.at(key);
    if (!list.is_array() || list.size() > k_most_levels)
        return reader.complain(reader.path(key), "expected an array of at most 8 levels, outermost first");
    for (size_t i = 0; i < list.size(); ++i) each(list[i], element(reader.path(key), i));
}

} // namespace

char to_char(Dim dim) {
    return k_letters[static_cast<size_t>(dim)];
}

std::string_view to_string(Operand operand) {
    return k_operand_names[static_cast<size_t>(operand)];
}

ordered_json levels_json(const Mapping& mapping) {
    ordered_json levels = ordered_json::array();
    for (const MappingLevel& level : mapping.levels)
        levels.push_back({{"level", level.level},
                          {"temporal", loops_json(level.temporal)},
                          {"x", loops_json(level.spatial_x)},
                          {"y", loops_json(level.spatial_y)}});
    return levels;
}

Mapping read_levels(ObjectReader& reader) {
    Mapping mapping;
    std::set<std::string> names;
    reader.missing("levels", "name the memory levels, outermost first, each with its loops");
    for_levels(reader, "levels", [&](const json& value, const KeyPath& at) {
        ObjectReader entry(value, at, {"level", "temporal", "x", "y"}, reader.complaint());
        MappingLevel level;
        entry.missing("level", "name the memory level");
        entry.text("level", level.level);
        level.temporal = read_loops(entry, "temporal");
        level.spatial_x = read_loops(entry, "x");
        level.spatial_y = read_loops(entry, "y");
        if (!names.insert(level.level).second)
            entry.complain(entry.path("level"), "\"" + level.level + "\" stands twice",
                           "put all of a level's loops in one entry");
        mapping.levels.push_back(std::move(level));
    });
    return mapping;
}

ordered_json nest_json(const MappedNest& nest) {
    ordered_json accesses = ordered_json::array();
    for (const LevelAccesses& level : nest.accesses) accesses.push_back(accesses_json(level));
    return {{"levels", levels_json(nest.mapping)}, {"accesses", std::move(accesses)}, {"legend", nest.legend},
            {"searched", nest.searched},           {"examined", nest.examined},       {"gap", nest.gap}};
}

MappedNest read_nest(ObjectReader& reader) {
    MappedNest nest;
    nest.mapping = read_levels(reader);
    for_levels(reader, "accesses", [&](const json& value, const KeyPath& at) {
        nest.accesses.push_back(read_accesses(value, at, reader.complaint()));
    });
    reader.text("legend", nest.legend);
    reader.flag("searched", nest.searched);
    reader.number("examined", 0, k_most_count, nest.examined);
    reader.number("gap", 0, k_most_count, nest.gap);
    return nest;
}

std::string mapping_to_json(const Mapping& mapping) {
    const ordered_json document = {{"levels", levels_json(mapping)}};
    return document.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

Result<Mapping> mapping_from_json(std::string_view text, const std::string& where) {
    const KeyPath top{where, {}};
    auto document = parse_document(text, top);
    if (!document) return forward_error(document);
    Complaint complaint;
    // What cost --json says of a layer's nest may be passed back as it is.
    ObjectReader reader(*document, top, {"levels", "accesses", "legend", "searched", "examined", "gap"},
                        complaint);
    Mapping mapping = read_levels(reader);
    if (mapping.levels.empty())
        complaint.add(top.key("levels"), "no levels", "name the memory levels, outermost first");
    if (auto done = complaint.done(); !done) return forward_error(done);
    return mapping;
}

} // namespace widthwise
