// Searches, what they looked at, and the sensitivities that they start from.
#include "core/store/project_rows.h"

namespace widthwise {
namespace {

using store::add_row;
using store::bind_version;
using store::Statement;

constexpr std::string_view k_sensitivity_columns = "version, request_json, sensitivity_json, created_utc";
constexpr std::string_view k_exploration_columns =
    "version, label, request_json, provenance_json, status, summary_json, seconds, created_utc";
constexpr std::string_view k_candidate_columns =
    "exploration, stage, number, choices, verdict, reason, figures_json, samples, answers, seconds, "
    "evaluation";

/// Parameters 1 to 8, in the order of k_exploration_columns.
void bind_exploration(Statement& statement, const StoredExploration& exploration) {
    bind_version(statement, 1, exploration.version);
    statement.bind(2, exploration.label)
        .bind(3, exploration.request_json)
        .bind(4, exploration.provenance_json)
        .bind(5, exploration.status)
        .bind(6, exploration.summary_json)
        .bind(7, exploration.seconds)
        .bind(8, exploration.created_utc);
}

tl::unexpected<Error> no_exploration(int64_t id, const std::filesystem::path& path) {
    return fail(ErrorCode::invalid_input, "there is no exploration " + std::to_string(id), path.string());
}

/// True when `query`, with `id` as its parameter, finds a row.
Result<bool> exists(Statement query, int64_t id) {
    return query.bind(1, id).step();
}

Result<void> check_evaluation(store::Database& database, int64_t id, const std::filesystem::path& path) {
    auto known = exists(database.prepare("SELECT 1 FROM evaluation WHERE id = ?1"), id);
    if (!known) return forward_error(known);
    if (*known) return {};
    return fail(ErrorCode::invalid_input, "there is no design " + std::to_string(id), path.string());
}

} // namespace

Result<int64_t> ProjectFile::add_sensitivity(const StoredSensitivity& sensitivity) {
    if (auto known = m_impl->check_version(sensitivity.version); !known) return forward_error(known);
    Statement insert =
        m_impl->database.prepare("INSERT INTO sensitivity (" + std::string(k_sensitivity_columns) +
                                 ") VALUES (?1, ?2, ?3, ?4) RETURNING id");
    bind_version(insert, 1, sensitivity.version);
    insert.bind(2, sensitivity.request_json)
        .bind(3, sensitivity.sensitivity_json)
        .bind(4, sensitivity.created_utc);
    return add_row(insert);
}

Result<std::vector<StoredSensitivity>> ProjectFile::sensitivities() const {
    Statement query = m_impl->database.prepare("SELECT id, " + std::string(k_sensitivity_columns) +
                                               " FROM sensitivity ORDER BY id");
    std::vector<StoredSensitivity> rows;
    while (true) {
        Result<bool> row = query.step();
        if (!row) return forward_error(row);
        if (!*row) return rows;
        rows.push_back(StoredSensitivity{query.integer(0), query.integer(1), query.text(2), query.text(3),
                                         query.text(4)});
    }
}

Result<int64_t> ProjectFile::add_exploration(const StoredExploration& exploration) {
    if (auto known = m_impl->check_version(exploration.version); !known) return forward_error(known);
    Statement insert =
        m_impl->database.prepare("INSERT INTO exploration (" + std::string(k_exploration_columns) +
                                 ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) RETURNING id");
    bind_exploration(insert, exploration);
    return add_row(insert);
}

Result<void> ProjectFile::update_exploration(const StoredExploration& exploration) {
    if (auto known = m_impl->check_version(exploration.version); !known) return known;
    Statement update = m_impl->database.prepare(
        "UPDATE exploration SET version = ?1, label = ?2, request_json = ?3, provenance_json = ?4, "
        "status = ?5, summary_json = ?6, seconds = ?7, created_utc = ?8 WHERE id = ?9 RETURNING id");
    bind_exploration(update, exploration);
    Result<bool> found = update.bind(9, exploration.id).step();
    if (!found) return forward_error(found);
    if (!*found) return no_exploration(exploration.id, path());
    return update.run();
}

Result<std::vector<StoredExploration>> ProjectFile::explorations() const {
    Statement query = m_impl->database.prepare("SELECT id, " + std::string(k_exploration_columns) +
                                               " FROM exploration ORDER BY id");
    std::vector<StoredExploration> rows;
    while (true) {
        Result<bool> row = query.step();
        if (!row) return forward_error(row);
        if (!*row) return rows;
        rows.push_back(StoredExploration{query.integer(0), query.integer(1), query.text(2), query.text(3),
                                         query.text(4), query.text(5), query.text(6), query.real(7),
                                         query.text(8)});
    }
}

Result<void> ProjectFile::remove_exploration(int64_t id) {
    Statement remove = m_impl->database.prepare("DELETE FROM exploration WHERE id = ?1 RETURNING id");
    Result<bool> found = remove.bind(1, id).step();
    if (!found) return forward_error(found);
    if (!*found) return no_exploration(id, path());
    return remove.run();
}

Result<void> ProjectFile::add_candidate(const StoredCandidate& candidate) {
    auto known =
        exists(m_impl->database.prepare("SELECT 1 FROM exploration WHERE id = ?1"), candidate.exploration);
    if (!known) return forward_error(known);
    if (!*known) return no_exploration(candidate.exploration, path());
    if (candidate.evaluation != 0)
        if (auto ok = check_evaluation(m_impl->database, candidate.evaluation, path()); !ok) return ok;
    // One statement, so that two programs cannot both take a number.
    Statement insert = m_impl->database.prepare(
        "INSERT INTO candidate (" + std::string(k_candidate_columns) +
        ") SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11 WHERE ?3 = "
        "(SELECT coalesce(max(number) + 1, 0) FROM candidate WHERE exploration = ?1 AND stage = ?2) "
        "RETURNING number");
    insert.bind(1, candidate.exploration)
        .bind(2, candidate.stage)
        .bind(3, candidate.number)
        .bind(4, candidate.choices)
        .bind(5, candidate.verdict)
        .bind(6, candidate.reason)
        .bind(7, candidate.figures_json)
        .bind(8, candidate.samples)
        .bind_blob(9, candidate.answers)
        .bind(10, candidate.seconds);
    bind_version(insert, 11, candidate.evaluation);
    Result<bool> inserted = insert.step();
    if (!inserted) return forward_error(inserted);
    if (!*inserted)
        return fail(ErrorCode::invalid_input,
                    "candidate " + std::to_string(candidate.number) + " of exploration " +
                        std::to_string(candidate.exploration) + " does not follow the last one",
                    path().string(), "another program may be searching in this project");
    return insert.run(); // commits
}

Result<void> ProjectFile::set_candidate_evaluation(int64_t exploration, std::string_view stage,
                                                   int64_t number, int64_t evaluation) {
    if (auto ok = check_evaluation(m_impl->database, evaluation, path()); !ok) return ok;
    Statement update = m_impl->database.prepare("UPDATE candidate SET evaluation = ?4 WHERE exploration = ?1 "
                                                "AND stage = ?2 AND number = ?3 RETURNING number");
    Result<bool> found =
        update.bind(1, exploration).bind(2, stage).bind(3, number).bind(4, evaluation).step();
    if (!found) return forward_error(found);
    if (!*found)
        return fail(ErrorCode::invalid_input,
                    "there is no candidate " + std::to_string(number) + " of exploration " +
                        std::to_string(exploration),
                    path().string());
    return update.run(); // commits
}

Result<std::vector<StoredCandidate>> ProjectFile::candidates(int64_t exploration,
                                                             std::string_view stage) const {
    Statement query =
        m_impl->database.prepare("SELECT " + std::string(k_candidate_columns) +
                                 " FROM candidate WHERE exploration = ?1 AND stage = ?2 ORDER BY number");
    query.bind(1, exploration).bind(2, stage);
    std::vector<StoredCandidate> rows;
    while (true) {
        Result<bool> row = query.step();
        if (!row) return forward_error(row);
        if (!*row) return rows;
        if (query.integer(2) != static_cast<int64_t>(rows.size()))
            return fail(ErrorCode::invalid_input,
                        "candidate " + std::to_string(rows.size()) + " of exploration " +
                            std::to_string(exploration) + " is missing",
                        path().string(), "restore a backup copy or remove the exploration");
        rows.push_back(StoredCandidate{query.integer(0), query.text(1), query.integer(2), query.text(3),
                                       query.text(4), query.text(5), query.text(6), query.integer(7),
                                       query.blob(8), query.real(9), query.integer(10)});
    }
}

} // namespace widthwise
