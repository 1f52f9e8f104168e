#include "core/store/database.h"

#include <sqlite3.h>

#include <cerrno>
#include <cmath>
#include <cstring>
#include <fcntl.h>
#include <limits>
#include <unistd.h>

namespace widthwise::store {
namespace {

/// Flushes a file or folder to the disk; false with errno set.
bool sync_path(const std::filesystem::path& path, int flags) {
    const int descriptor = ::open(path.c_str(), flags | O_CLOEXEC);
    if (descriptor < 0) return false;
    const bool synced = ::fsync(descriptor) == 0;
    ::close(descriptor);
    return synced;
}

std::filesystem::path beside(const std::filesystem::path& path, const char* suffix) {
    std::filesystem::path other = path;
    other += suffix;
    return other;
}

/// Removes a database that was not completed, with what sqlite keeps beside it.
void remove_files(const std::filesystem::path& path) {
    std::error_code ignored;
    for (const char* suffix : {"", "-journal", "-wal", "-shm"})
        std::filesystem::remove(beside(path, suffix), ignored);
}

} // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const {
    sqlite3_finalize(statement);
}
void Database::Close::operator()(sqlite3* connection) const {
    sqlite3_close_v2(connection);
}

Statement& Statement::bind(int index, std::string_view text) {
    // A null pointer would bind NULL instead of the empty text.
    const char* data = text.empty() ? "" : text.data();
    const int code = m_code ? m_code
                            : sqlite3_bind_text64(m_statement.get(), index, data, text.size(),
                                                  SQLITE_TRANSIENT, SQLITE_UTF8);
    if (!m_code) m_code = code;
    return *this;
}

Statement& Statement::bind(int index, int64_t value) {
    if (!m_code) m_code = sqlite3_bind_int64(m_statement.get(), index, value);
    return *this;
}

Statement& Statement::bind(int index, double value) {
    if (!m_code) m_code = sqlite3_bind_double(m_statement.get(), index, value);
    return *this;
}

Statement& Statement::bind_null(int index) {
    if (!m_code) m_code = sqlite3_bind_null(m_statement.get(), index);
    return *this;
}

Statement& Statement::bind_blob(int index, std::string_view bytes) {
    // A null pointer would bind NULL instead of no bytes.
    const char* data = bytes.empty() ? "" : bytes.data();
    if (!m_code) m_code = sqlite3_bind_blob64(m_statement.get(), index, data, bytes.size(), SQLITE_STATIC);
    return *this;
}

Result<bool> Statement::step() {
    if (!m_code) {
        const int code = sqlite3_step(m_statement.get());
        if (code == SQLITE_ROW) return true;
        if (code == SQLITE_DONE) return false;
        m_code = code;
    }
    return tl::unexpected<Error>(m_database->error(m_code));
}

Result<void> Statement::run() {
    while (true) {
        const Result<bool> row = step();
        if (!row) return tl::unexpected<Error>(row.error());
        if (!*row) return {};
    }
}

std::string Statement::text(int column) const {
    const unsigned char* data = sqlite3_column_text(m_statement.get(), column);
    if (!data) return {};
    const int size = sqlite3_column_bytes(m_statement.get(), column);
    return {static_cast<const char*>(static_cast<const void*>(data)), static_cast<size_t>(size)};
}

std::string Statement::blob(int column) const {
    const void* data = sqlite3_column_blob(m_statement.get(), column);
    if (!data) return {};
    const int size = sqlite3_column_bytes(m_statement.get(), column);
    return {static_cast<const char*>(data), static_cast<size_t>(size)};
}

int64_t Statement::integer(int column) const {
    return sqlite3_column_int64(m_statement.get(), column);
}

double Statement::real(int column) const {
    if (sqlite3_column_type(m_statement.get(), column) == SQLITE_NULL)
        return std::numeric_limits<double>::quiet_NaN();
    return sqlite3_column_double(m_statement.get(), column);
}

Result<Database> Database::open(const std::filesystem::path& path, Mode mode, int busy_ms) {
    Database database;
    database.m_path = path;
    sqlite3* connection = nullptr;
    const int flags =
        SQLITE_OPEN_READWRITE | SQLITE_OPEN_FULLMUTEX | (mode == Mode::create ? SQLITE_OPEN_CREATE : 0);
    const int code = sqlite3_open_v2(path.c_str(), &connection, flags, nullptr);
    database.m_connection.reset(connection);
    if (code != SQLITE_OK) return tl::unexpected<Error>(database.error(code));
    sqlite3_extended_result_codes(connection, 1);
    sqlite3_busy_timeout(connection, busy_ms);
    return database;
}

Result<void> Database::execute(const std::string& sql) {
    const int code = sqlite3_exec(m_connection.get(), sql.c_str(), nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) return tl::unexpected<Error>(error(code));
    return {};
}

Statement Database::prepare(std::string_view sql) const {
    Statement statement;
    statement.m_database = this;
    sqlite3_stmt* raw = nullptr;
    statement.m_code =
        sqlite3_prepare_v2(m_connection.get(), sql.data(), static_cast<int>(sql.size()), &raw, nullptr);
    statement.m_statement.reset(raw);
    return statement;
}

Result<std::string> Database::query_text(std::string_view sql) const {
    Statement statement = prepare(sql);
    const Result<bool> row = statement.step();
    if (!row) return tl::unexpected<Error>(row.error());
    return *row ? statement.text(0) : std::string();
}

Result<int64_t> Database::query_integer(std::string_view sql) const {
    Statement statement = prepare(sql);
    const Result<bool> row = statement.step();
    if (!row) return tl::unexpected<Error>(row.error());
    return *row ? statement.integer(0) : 0;
}

int64_t Database::last_insert_id() const {
    return sqlite3_last_insert_rowid(m_connection.get());
}
int64_t Database::changes() const {
    return sqlite3_changes64(m_connection.get());
}
bool Database::read_only() const {
    return sqlite3_db_readonly(m_connection.get(), "main") == 1;
}

Result<void> Database::copy_to(const std::filesystem::path& target) const {
    // A write-ahead log left beside the target would be replayed into the copy.
    std::error_code ignored;
    const std::filesystem::path log = beside(target, "-wal");
    if (std::filesystem::exists(log, ignored) && std::filesystem::file_size(log, ignored) > 0)
        return fail(ErrorCode::io, "the file to replace is open elsewhere or was not closed", target.string(),
                    "choose another name, or open and close it once");

    const std::filesystem::path temporary = beside(target, (".tmp" + std::to_string(::getpid())).c_str());
    remove_files(temporary);
    const auto stop = [&](Error reason) {
        remove_files(temporary);
        reason.where = target.string();
        return tl::unexpected<Error>(std::move(reason));
    };
    {
        Result<Database> copy = open(temporary, Mode::create, 0);
        if (!copy) return stop(std::move(copy.error()));
        sqlite3_backup* backup =
            sqlite3_backup_init(copy->m_connection.get(), "main", m_connection.get(), "main");
        if (!backup) return stop(copy->error(sqlite3_extended_errcode(copy->m_connection.get())));
        int code = SQLITE_OK;
        do {
            code = sqlite3_backup_step(backup, -1);
        } while (code == SQLITE_OK);
        sqlite3_backup_finish(backup);
        if (code != SQLITE_DONE) return stop(copy->error(code));
    }
    std::error_code failed;
    if (!sync_path(temporary, O_RDWR)) failed.assign(errno, std::generic_category());
    if (!failed) std::filesystem::rename(temporary, target, failed);
    if (failed) return stop(Error{ErrorCode::io, "cannot write the copy (" + failed.message() + ")", {}, {}});
    sync_path(target.parent_path().empty() ? "." : target.parent_path(), O_RDONLY | O_DIRECTORY);
    for (const char* suffix : {"-wal", "-shm"}) std::filesystem::remove(beside(target, suffix), ignored);
    return {};
}

Error Database::error(int code) const {
    Error error{ErrorCode::io, {}, m_path.string(), {}};
    const auto say = [&](std::string_view message, std::string_view remedy, bool with_reason = false) {
        error.message = message;
        error.remedy = remedy;
        const int reason = m_connection ? sqlite3_system_errno(m_connection.get()) : errno;
        if (with_reason && reason) error.message.append(" (").append(std::strerror(reason)).append(")");
        return error;
    };
    switch (code & 0xff) {
    case SQLITE_FULL:
        return say("the disk is full", "free some space; nothing that was stored before is lost");
    case SQLITE_IOERR:
        return say("cannot read or write the project",
                   "check the disk and its free space; nothing that was stored before is lost", true);
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return say("cannot write the project", "choose a file in a folder that can be written", true);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return say("another program is writing to the project", "try again when it has finished");
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        error.code = ErrorCode::invalid_input;
        return say("the project file is damaged", "restore a backup copy");
    case SQLITE_TOOBIG:
        error.code = ErrorCode::unsupported;
        return say("this is larger than a project can hold (1 GB)", "keep it in a file of its own");
    case SQLITE_NOMEM:
        error.code = ErrorCode::out_of_memory;
        return say("out of memory", {});
    default:
        break;
    }
    error.code = ErrorCode::failed;
    say("the project file cannot be used: ", {});
    error.message += m_connection ? sqlite3_errmsg(m_connection.get()) : sqlite3_errstr(code);
    return error;
}

Result<Transaction> Transaction::begin(Database& database) {
    if (Result<void> begun = database.execute("BEGIN IMMEDIATE"); !begun) return forward_error(begun);
    return Transaction(database);
}

Result<void> Transaction::commit() {
    Result<void> committed = m_database->execute("COMMIT");
    if (committed) m_database = nullptr;
    return committed;
}

Transaction::~Transaction() {
    // sqlite may have rolled back by itself (full disk): then this says so, and there is nothing left to do.
    if (m_database) (void)m_database->execute("ROLLBACK");
}

} // namespace widthwise::store
