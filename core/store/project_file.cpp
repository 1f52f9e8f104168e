#include "core/store/project_file.h"

#include "core/store/migrations.h"
#include "core/store/project_rows.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>

namespace widthwise {
namespace {

using store::add_row;
using store::bind_version;
using store::Database;
using store::Statement;

/// Long enough for another program's commit, short enough for a person to wait.
constexpr int k_busy_ms = 2000;

constexpr std::string_view k_network_columns =
    "path, hash, data, data_hash, calibration_data, target_json, current_plan_json";
constexpr std::string_view k_evaluation_columns =
    "label, plan_json, resolved_json, evaluation_json, cost_json, top1, energy_j, latency_s, area_mm2, "
    "model_bytes, created_utc, version";

tl::unexpected<Error> not_a_project(const std::filesystem::path& path, std::string what) {
    return fail(ErrorCode::invalid_input, std::move(what), path.string(), "choose a .widthwise file");
}

tl::unexpected<Error> damaged(const std::filesystem::path& path) {
    return fail(ErrorCode::invalid_input, "the project file is damaged", path.string(),
                "restore a backup copy");
}

bool not_empty(std::filesystem::path path, const char* suffix) {
    std::error_code failed;
    path += suffix;
    const uintmax_t size = std::filesystem::file_size(path, failed);
    return !failed && size > 0;
}

/// Looks at the header itself before sqlite does, because sqlite may write to a database by merely opening it
/// (hot journals, a left write-ahead log), and another program's file must stay untouched.
Result<void> check_header(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in)
        return fail(ErrorCode::io, std::string("cannot read the project (") + std::strerror(errno) + ")",
                    path.string());
    std::array<char, 100> header{};
    in.read(header.data(), header.size());
    const auto size = in.gcount();
    if (size == 0) return {}; // created and never written: as good as new
    constexpr std::string_view magic("SQLite format 3\0", 16);
    if (size < static_cast<std::streamsize>(header.size()) ||
        std::string_view(header.data(), magic.size()) != magic)
        return not_a_project(path, "this is no Widthwise project");
    // Offset 68, big-endian (SQLite's file format, section 1.3). It is written before the file is switched to
    // WAL mode, so it always stands in the main file.
    uint32_t application = 0;
    for (size_t i = 68; i < 72; ++i) application = application << 8 | static_cast<unsigned char>(header[i]);
    if (application != store::k_application_id)
        return not_a_project(path, "this is another program's database");
    // sqlite reads a page that was cut off as if zeros followed. After a crash that is right (a log beside it
    // holds the whole page), otherwise the file was truncated.
    const auto word = static_cast<unsigned char>(header[16]) << 8 | static_cast<unsigned char>(header[17]);
    const uintmax_t page_size = word == 1 ? 65536 : static_cast<uintmax_t>(word);
    std::error_code ignored;
    const bool has_log = not_empty(path, "-wal") || not_empty(path, "-journal");
    if (!has_log && (page_size == 0 || std::filesystem::file_size(path, ignored) % page_size != 0))
        return damaged(path);
    return {};
}

Result<void> check_path(const std::filesystem::path& path, bool& created) {
    std::error_code ignored;
    const std::filesystem::file_status status = std::filesystem::status(path, ignored);
    created = status.type() == std::filesystem::file_type::not_found;
    if (created) {
        const std::filesystem::path folder = path.parent_path();
        if (!std::filesystem::is_directory(folder, ignored))
            return fail(ErrorCode::io, "there is no folder " + folder.string(), path.string(),
                        "create it first");
        return {};
    }
    if (status.type() == std::filesystem::file_type::directory)
        return not_a_project(path, "this is a folder");
    if (status.type() == std::filesystem::file_type::regular) return check_header(path);
    if (status.type() == std::filesystem::file_type::none)
        return fail(ErrorCode::io, "cannot read the project", path.string(),
                    "check the folder's permissions");
    return not_a_project(path, "this is no regular file");
}

/// Settings, migrations and a look at whether every page can be read.
Result<void> prepare(Database& database) {
    if (database.read_only())
        return fail(ErrorCode::io, "the project cannot be written", database.path().string(),
                    "save a copy in a folder that can be written");
    // synchronous=FULL: with WAL, a commit is on disk when it returns.
    if (Result<void> set = database.execute("PRAGMA foreign_keys=ON; PRAGMA synchronous=FULL"); !set)
        return set;
    if (Result<void> migrated = store::migrate(database, store::migrations()); !migrated) return migrated;
    // Only now, so that the header names its program from the first byte on.
    if (Result<std::string> mode = database.query_text("PRAGMA journal_mode=WAL"); !mode)
        return forward_error(mode);
    Result<std::string> check = database.query_text("PRAGMA quick_check(1)");
    if (!check) return forward_error(check);
    if (*check != "ok") return damaged(database.path());
    return {};
}

void remove_new_files(const std::filesystem::path& path) {
    std::error_code ignored;
    for (const char* suffix : {"", "-journal", "-wal", "-shm"}) {
        std::filesystem::path file = path;
        file += suffix;
        std::filesystem::remove(file, ignored);
    }
}

} // namespace

ProjectFile::ProjectFile() = default;
ProjectFile::~ProjectFile() = default;

Result<std::unique_ptr<ProjectFile>> ProjectFile::open(const std::filesystem::path& given) {
    // Absolute: a name like "file:x" or ":memory:" must mean a file of that name.
    std::error_code failed;
    const std::filesystem::path path = std::filesystem::absolute(given, failed);
    if (failed || given.empty())
        return fail(ErrorCode::invalid_input, "this is no file name", given.string());
    bool created = false;
    if (Result<void> usable = check_path(path, created); !usable) return forward_error(usable);

    Result<Database> database =
        Database::open(path, created ? Database::Mode::create : Database::Mode::existing, k_busy_ms);
    Result<void> prepared = database ? prepare(*database) : Result<void>(forward_error(database));
    if (!prepared) {
        if (created) {
            if (database) *database = Database{};
            remove_new_files(path);
        }
        return forward_error(prepared);
    }
    std::unique_ptr<ProjectFile> project(new ProjectFile);
    project->m_impl = std::make_unique<Impl>(Impl{std::move(*database)});
    return project;
}

const std::filesystem::path& ProjectFile::path() const {
    return m_impl->database.path();
}

Result<std::optional<StoredNetwork>> ProjectFile::network() const {
    Statement query =
        m_impl->database.prepare("SELECT " + std::string(k_network_columns) + " FROM network WHERE id = 1");
    Result<bool> row = query.step();
    if (!row) return forward_error(row);
    if (!*row) return std::optional<StoredNetwork>();
    return std::optional<StoredNetwork>(StoredNetwork{query.text(0), query.text(1), query.text(2),
                                                      query.text(3), query.text(4), query.text(5),
                                                      query.text(6)});
}

Result<void> ProjectFile::set_network(const StoredNetwork& network) {
    return m_impl->database
        .prepare("INSERT INTO network (id, " + std::string(k_network_columns) +
                 ") VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (id) DO UPDATE SET "
                 "path = ?1, hash = ?2, data = ?3, data_hash = ?4, calibration_data = ?5, "
                 "target_json = ?6, current_plan_json = ?7")
        .bind(1, network.path)
        .bind(2, network.hash)
        .bind(3, network.data)
        .bind(4, network.data_hash)
        .bind(5, network.calibration_data)
        .bind(6, network.target_json)
        .bind(7, network.current_plan_json)
        .run();
}

Result<int64_t> ProjectFile::add_evaluation(const StoredEvaluation& evaluation) {
    if (auto known = m_impl->check_version(evaluation.version); !known) return forward_error(known);
    Statement insert =
        m_impl->database.prepare("INSERT INTO evaluation (" + std::string(k_evaluation_columns) +
                                 ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) RETURNING id");
    insert.bind(1, evaluation.label)
        .bind(2, evaluation.plan_json)
        .bind(3, evaluation.resolved_json)
        .bind(4, evaluation.evaluation_json)
        .bind(5, evaluation.cost_json)
        .bind(6, evaluation.top1)
        .bind(7, evaluation.energy_j)
        .bind(8, evaluation.latency_s)
        .bind(9, evaluation.area_mm2)
        .bind(10, evaluation.model_bytes)
        .bind(11, evaluation.created_utc);
    bind_version(insert, 12, evaluation.version);
    return add_row(insert);
}

Result<std::vector<StoredEvaluation>> ProjectFile::evaluations() const {
    Statement query = m_impl->database.prepare("SELECT id, " + std::string(k_evaluation_columns) +
                                               " FROM evaluation ORDER BY id");
    std::vector<StoredEvaluation> rows;
    while (true) {
        Result<bool> row = query.step();
        if (!row) return forward_error(row);
        if (!*row) return rows;
        rows.push_back(StoredEvaluation{query.integer(0), query.text(1), query.text(2), query.text(3),
                                        query.text(4), query.text(5), query.real(6), query.real(7),
                                        query.real(8), query.real(9), query.real(10), query.text(11),
                                        query.integer(12)});
    }
}

Result<void> ProjectFile::remove_evaluation(int64_t id) {
    Statement remove = m_impl->database.prepare("DELETE FROM evaluation WHERE id = ?1");
    if (Result<void> done = remove.bind(1, id).run(); !done) return done;
    if (m_impl->database.changes() == 0)
        return fail(ErrorCode::invalid_input, "there is no design " + std::to_string(id), path().string());
    return {};
}

Result<void> ProjectFile::save_copy(const std::filesystem::path& target) const {
    std::error_code ignored;
    if (std::filesystem::equivalent(target, path(), ignored)) return {}; // every commit is already in it
    if (std::filesystem::is_directory(target, ignored))
        return fail(ErrorCode::io, "this is a folder", target.string(), "choose a file name");
    return m_impl->database.copy_to(target);
}

} // namespace widthwise
