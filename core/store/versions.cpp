// Networks that the project holds, and the runs that made them.
#include "core/store/project_rows.h"

namespace widthwise {
namespace {

using store::add_row;
using store::bind_version;
using store::Statement;

constexpr std::string_view k_version_columns = "parent, label, kind, recipe_json, plan_json, created_utc";
constexpr std::string_view k_run_columns =
    "parent, version, label, kind, options_json, epochs_json, status, created_utc";

/// Parameters 1 to 8, in the order of k_run_columns.
void bind_run(Statement& statement, const StoredRun& run) {
    bind_version(statement, 1, run.parent);
    bind_version(statement, 2, run.version);
    statement.bind(3, run.label)
        .bind(4, run.kind)
        .bind(5, run.options_json)
        .bind(6, run.epochs_json)
        .bind(7, run.status)
        .bind(8, run.created_utc);
}

} // namespace

namespace store {

void bind_version(Statement& statement, int index, int64_t version) {
    if (version == 0)
        statement.bind_null(index);
    else
        statement.bind(index, version);
}

Result<int64_t> add_row(Statement& insert) {
    Result<bool> row = insert.step();
    if (!row) return forward_error(row);
    const int64_t id = insert.integer(0);
    // The commit happens when the statement ends, not at its first row.
    if (Result<void> committed = insert.run(); !committed) return forward_error(committed);
    return id;
}

} // namespace store

Result<void> ProjectFile::Impl::check_version(int64_t id) const {
    if (id == 0) return {};
    Statement query = database.prepare("SELECT 1 FROM network_version WHERE id = ?1");
    Result<bool> row = query.bind(1, id).step();
    if (!row) return forward_error(row);
    if (*row) return {};
    return fail(ErrorCode::invalid_input, "there is no version " + std::to_string(id),
                database.path().string());
}

Result<int64_t> ProjectFile::add_version(const StoredVersion& version, std::string_view onnx) {
    if (auto known = m_impl->check_version(version.parent); !known) return forward_error(known);
    Statement insert =
        m_impl->database.prepare("INSERT INTO network_version (" + std::string(k_version_columns) +
                                 ", onnx) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) RETURNING id");
    bind_version(insert, 1, version.parent);
    insert.bind(2, version.label)
        .bind(3, version.kind)
        .bind(4, version.recipe_json)
        .bind(5, version.plan_json)
        .bind(6, version.created_utc)
        .bind_blob(7, onnx);
    return add_row(insert);
}

Result<std::vector<StoredVersion>> ProjectFile::versions() const {
    Statement query = m_impl->database.prepare("SELECT id, " + std::string(k_version_columns) +
                                               " FROM network_version ORDER BY id");
    std::vector<StoredVersion> rows;
    while (true) {
        Result<bool> row = query.step();
        if (!row) return forward_error(row);
        if (!*row) return rows;
        rows.push_back(StoredVersion{query.integer(0), query.integer(1), query.text(2), query.text(3),
                                     query.text(4), query.text(5), query.text(6)});
    }
}

Result<std::string> ProjectFile::version_onnx(int64_t id) const {
    Statement query = m_impl->database.prepare("SELECT onnx FROM network_version WHERE id = ?1");
    Result<bool> row = query.bind(1, id).step();
    if (!row) return forward_error(row);
    if (!*row)
        return fail(ErrorCode::invalid_input, "there is no version " + std::to_string(id), path().string());
    return query.blob(0);
}

Result<int64_t> ProjectFile::current_version() const {
    return m_impl->database.query_integer("SELECT current_version FROM network WHERE id = 1");
}

Result<void> ProjectFile::set_current_version(int64_t id) {
    if (auto known = m_impl->check_version(id); !known) return known;
    Statement update = m_impl->database.prepare("UPDATE network SET current_version = ?1 WHERE id = 1");
    bind_version(update, 1, id);
    if (Result<void> done = update.run(); !done) return done;
    if (m_impl->database.changes() == 0)
        return fail(ErrorCode::invalid_input, "the project names no network", path().string(),
                    "open one first");
    return {};
}

Result<int64_t> ProjectFile::add_run(const StoredRun& run) {
    for (const int64_t version : {run.parent, run.version})
        if (auto known = m_impl->check_version(version); !known) return forward_error(known);
    Statement insert = m_impl->database.prepare("INSERT INTO training_run (" + std::string(k_run_columns) +
                                                ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) RETURNING id");
    bind_run(insert, run);
    return add_row(insert);
}

Result<void> ProjectFile::update_run(const StoredRun& run) {
    for (const int64_t version : {run.parent, run.version})
        if (auto known = m_impl->check_version(version); !known) return known;
    Statement update = m_impl->database.prepare(
        "UPDATE training_run SET parent = ?1, version = ?2, label = ?3, kind = ?4, options_json = ?5, "
        "epochs_json = ?6, status = ?7, created_utc = ?8 WHERE id = ?9");
    bind_run(update, run);
    if (Result<void> done = update.bind(9, run.id).run(); !done) return done;
    if (m_impl->database.changes() == 0)
        return fail(ErrorCode::invalid_input, "there is no training run " + std::to_string(run.id),
                    path().string());
    return {};
}

Result<std::vector<StoredRun>> ProjectFile::runs() const {
    Statement query = m_impl->database.prepare("SELECT id, " + std::string(k_run_columns) +
                                               " FROM training_run ORDER BY id");
    std::vector<StoredRun> rows;
    while (true) {
        Result<bool> row = query.step();
        if (!row) return forward_error(row);
        if (!*row) return rows;
        rows.push_back(StoredRun{query.integer(0), query.integer(1), query.integer(2), query.text(3),
                                 query.text(4), query.text(5), query.text(6), query.text(7), query.text(8)});
    }
}

} // namespace widthwise
