#include "app/cli/command.h"
#include "app/cli/json_output.h"
#include "app/cli/table.h"
#include "core/base/format.h"
#include "core/flow/explore_summary.h"
#include "core/store/project_file.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>

namespace widthwise::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
    std::string project;
    int64_t remove = 0;
    bool json = false;
};

/// Null where it cannot be read.
Json parse(const std::string& text) {
    if (!flow::is_shallow(text)) return nullptr;
    Json document = Json::parse(text, nullptr, false);
    return document.is_discarded() ? Json(nullptr) : document;
}

/// `document[key][...]`, null where another program wrote something else.
Json look_up(const Json& document, std::initializer_list<const char*> keys) {
    Json value = document;
    for (const char* key : keys) {
        if (!value.is_object() || !value.contains(key)) return nullptr;
        value = Json(value[key]);
    }
    return value;
}

Result<Json> describe(const ProjectFile& project, const StoredExploration& search) {
    auto candidates = project.candidates(search.id, "search");
    if (!candidates) return forward_error(candidates);
    const auto rejected = std::ranges::count(*candidates, "rejected", &StoredCandidate::verdict);
    const auto again = std::ranges::count(*candidates, "completed", &StoredCandidate::verdict);
    const Json request = parse(search.request_json), summary = parse(search.summary_json);
    const Json front = look_up(summary, {"front"});
    return Json{{"exploration", search.id},
                {"label", search.label},
                {"status", search.status},
                {"algorithm", look_up(request, {"algorithm"})},
                {"target", look_up(request, {"target", "name"})},
                {"goals", look_up(request, {"goals"})},
                {"seed", look_up(request, {"seed"})},
                {"budget", look_up(request, {"budget"})},
                {"evaluations", static_cast<int64_t>(candidates->size()) - rejected - again},
                {"rejected", rejected},
                {"front", front.is_array() ? Json(front.size()) : Json(nullptr)},
                {"hypervolume", look_up(summary, {"hypervolume"})},
                {"seconds", search.seconds},
                {"created_utc", search.created_utc}};
}

std::string cell(const Json& value) {
    if (value.is_null()) return "-";
    return value.is_string() ? value.get<std::string>() : value.dump();
}

std::string to_text(const Json& searches) {
    if (searches.empty()) return "no search yet\n";
    Table table(
        {"search", "name", "status", "algorithm", "target", "run", "of", "front", "hypervolume", "took"});
    for (const Json& search : searches)
        table.add(
            {cell(search["exploration"]), cell(search["label"]), cell(search["status"]),
             cell(search["algorithm"]), cell(search["target"]), cell(search["evaluations"]),
             cell(search["budget"]), cell(search["front"]),
             search["hypervolume"].is_number() ? format_fixed(search["hypervolume"].get<double>(), 4) : "-",
             format_si(search["seconds"].is_number() ? search["seconds"].get<double>() : 0, "s")});
    return table.to_string();
}

Result<void> run(const Options& options, Terminal& terminal) {
    std::error_code error;
    if (!std::filesystem::exists(options.project, error)) // opening would make an empty one
        return fail(ErrorCode::invalid_input, "no such project", options.project,
                    "explore with --project to make one");
    auto project = ProjectFile::open(options.project);
    if (!project) return forward_error(project);
    if (options.remove > 0)
        if (auto removed = (*project)->remove_exploration(options.remove); !removed) return removed;
    auto stored = (*project)->explorations();
    if (!stored) return forward_error(stored);
    Json searches = Json::array();
    for (const StoredExploration& search : *stored) {
        auto described = describe(**project, search);
        if (!described) return forward_error(described);
        searches.push_back(std::move(*described));
    }
    return terminal.print(options.json ? dump({{"searches", searches}}) : to_text(searches));
}

} // namespace

Command searches_command(CLI::App& app) {
    CLI::App* command =
        app.add_subcommand("searches", "The searches that a project holds, with what they found");
    auto options = std::make_shared<Options>();
    command->add_option("PROJECT", options->project, "A .widthwise file")->required();
    command
        ->add_option("--remove", options->remove,
                     "Drop this search with all that it looked at; designs of its front stay")
        ->check(CLI::Range(int64_t{1}, int64_t{1} << 60).description(""))
        ->type_name("ID");
    command->add_flag("--json", options->json, "One JSON document on stdout");
    return {command, [options](Terminal& terminal) { return run(*options, terminal); }};
}

} // namespace widthwise::cli
