#include "core/store/migrations.h"

#include <array>
#include <iterator>

namespace widthwise::store {
namespace {

constexpr std::array<std::string_view, 3> k_steps = {
    // One network a project: the row with id 1. AUTOINCREMENT: the id of a removed evaluation is never given
    // again, so an id in a report or on screen always means the same design.
    R"sql(
CREATE TABLE network (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    path TEXT NOT NULL,
    hash TEXT NOT NULL,
    data TEXT NOT NULL,
    data_hash TEXT NOT NULL,
    calibration_data TEXT NOT NULL,
    target_json TEXT NOT NULL,
    current_plan_json TEXT NOT NULL
) STRICT;
CREATE TABLE evaluation (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    label TEXT NOT NULL,
    plan_json TEXT NOT NULL,
    resolved_json TEXT NOT NULL,
    evaluation_json TEXT NOT NULL,
    cost_json TEXT NOT NULL,
    top1 REAL,
    energy_j REAL,
    latency_s REAL,
    area_mm2 REAL,
    model_bytes REAL,
    created_utc TEXT NOT NULL
) STRICT;
)sql",
    // Networks that were trained or compressed here, and the runs that made them. A NULL version or parent is
    // the network that the project was made with. The file's bytes stand last: the other columns are read
    // without them.
    R"sql(
CREATE TABLE network_version (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    parent INTEGER REFERENCES network_version (id),
    label TEXT NOT NULL,
    kind TEXT NOT NULL,
    recipe_json TEXT NOT NULL,
    plan_json TEXT NOT NULL,
    created_utc TEXT NOT NULL,
    onnx BLOB NOT NULL
) STRICT;
CREATE TABLE training_run (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    parent INTEGER REFERENCES network_version (id),
    version INTEGER REFERENCES network_version (id),
    label TEXT NOT NULL,
    kind TEXT NOT NULL,
    options_json TEXT NOT NULL,
    epochs_json TEXT NOT NULL,
    status TEXT NOT NULL,
    created_utc TEXT NOT NULL
) STRICT;
ALTER TABLE network ADD COLUMN current_version INTEGER REFERENCES network_version (id);
ALTER TABLE evaluation ADD COLUMN version INTEGER REFERENCES network_version (id);
)sql",
    // Searches. A candidate's stage and number say when its search was told of it; the front's name the
    // design
    // that they became, which may be removed without them.
    R"sql(
CREATE TABLE sensitivity (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    version INTEGER REFERENCES network_version (id),
    request_json TEXT NOT NULL,
    sensitivity_json TEXT NOT NULL,
    created_utc TEXT NOT NULL
) STRICT;
CREATE TABLE exploration (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    version INTEGER REFERENCES network_version (id),
    label TEXT NOT NULL,
    request_json TEXT NOT NULL,
    provenance_json TEXT NOT NULL,
    status TEXT NOT NULL,
    summary_json TEXT NOT NULL,
    seconds REAL,
    created_utc TEXT NOT NULL
) STRICT;
CREATE TABLE candidate (
    exploration INTEGER NOT NULL REFERENCES exploration (id) ON DELETE CASCADE,
    stage TEXT NOT NULL,
    number INTEGER NOT NULL CHECK (number >= 0),
    choices TEXT NOT NULL,
    verdict TEXT NOT NULL,
    reason TEXT NOT NULL,
    figures_json TEXT NOT NULL,
    samples INTEGER NOT NULL,
    answers BLOB NOT NULL,
    seconds REAL,
    evaluation INTEGER REFERENCES evaluation (id) ON DELETE SET NULL,
    PRIMARY KEY (exploration, stage, number)
) STRICT;
)sql"};

} // namespace

std::span<const std::string_view> migrations() {
    return k_steps;
}

Result<void> migrate(Database& database, std::span<const std::string_view> steps) {
    const auto newest = static_cast<int64_t>(steps.size());
    Result<int64_t> version = database.query_integer("PRAGMA user_version");
    if (!version) return forward_error(version);
    if (*version > 0 && *version < newest) {
        std::filesystem::path backup = database.path();
        backup += ".v" + std::to_string(*version) + ".backup";
        if (Result<void> copied = database.copy_to(backup); !copied) return forward_error(copied);
    }
    while (true) {
        Result<int64_t> current = database.query_integer("PRAGMA user_version");
        if (!current) return forward_error(current);
        if (*current > newest)
            return fail(ErrorCode::invalid_input,
                        "the project was made by a newer version of Widthwise (format " +
                            std::to_string(*current) + ", this one reads up to " + std::to_string(newest) +
                            ")",
                        database.path().string(), "open it with that version");
        if (*current == newest) return {};
        Result<Transaction> transaction = Transaction::begin(database);
        if (!transaction) return forward_error(transaction);
        // Another program may have taken the step while we waited for the lock.
        Result<int64_t> locked = database.query_integer("PRAGMA user_version");
        if (!locked) return forward_error(locked);
        if (*locked != *current) continue;
        std::string sql(steps[static_cast<size_t>(*current)]);
        sql += ";PRAGMA application_id = " + std::to_string(k_application_id);
        sql += ";PRAGMA user_version = " + std::to_string(*current + 1);
        if (Result<void> done = database.execute(sql); !done) return done;
        if (Result<void> done = transaction->commit(); !done) return done;
    }
}

} // namespace widthwise::store
