#pragma once
// RAII over the sqlite3 C interface, for this room only: a connection, a prepared statement, a transaction.

#include "core/base/result.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace widthwise::store {

class Database;

/// A prepared statement; parameters count from 1, columns from 0.
class Statement {
public:
    /// A failed bind or prepare shows at the next step().
    Statement& bind(int index, std::string_view text);
    Statement& bind(int index, int64_t value);
    Statement& bind(int index, double value); ///< NaN is stored as NULL
    Statement& bind_null(int index);
    /// As they are, without a copy: `bytes` outlive the next step().
    Statement& bind_blob(int index, std::string_view bytes);
    /// True when there is a row, false when done.
    [[nodiscard]] Result<bool> step();
    /// Runs to the end, rows ignored.
    [[nodiscard]] Result<void> run();

    [[nodiscard]] std::string text(int column) const;
    [[nodiscard]] std::string blob(int column) const;
    [[nodiscard]] int64_t integer(int column) const; ///< NULL is 0
    [[nodiscard]] double real(int column) const;     ///< NULL is NaN

private:
    friend class Database;
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const;
    };
    std::unique_ptr<sqlite3_stmt, Finalize> m_statement;
    const Database* m_database = nullptr;
    int m_code = 0; ///< first failure
};

class Database {
public:
    enum class Mode { existing, create };

    /// Waits up to `busy_ms` for another program's lock. Errors: as error().
    [[nodiscard]] static Result<Database> open(const std::filesystem::path& path, Mode mode, int busy_ms);

    [[nodiscard]] const std::filesystem::path& path() const { return m_path; }
    /// One or more statements without results or parameters.
    [[nodiscard]] Result<void> execute(const std::string& sql);
    [[nodiscard]] Statement prepare(std::string_view sql) const;
    /// First column of the first row of a pragma or query.
    [[nodiscard]] Result<std::string> query_text(std::string_view sql) const;
    [[nodiscard]] Result<int64_t> query_integer(std::string_view sql) const;
    [[nodiscard]] int64_t last_insert_id() const;
    [[nodiscard]] int64_t changes() const;
    /// The file cannot be written, though it could be opened.
    [[nodiscard]] bool read_only() const;
    /// Copies every page into `target`, which is replaced only when the copy is complete and on disk. Errors:
    /// io.
    [[nodiscard]] Result<void> copy_to(const std::filesystem::path& target) const;

    /// sqlite's result code as an error that names the file: full or failing disk, no permission and a lock
    /// are io; a damaged file is invalid_input.
    [[nodiscard]] Error error(int code) const;

private:
    struct Close {
        void operator()(sqlite3* connection) const;
    };
    std::unique_ptr<sqlite3, Close> m_connection;
    std::filesystem::path m_path;
};

/// BEGIN IMMEDIATE ... COMMIT; rolled back when it goes out of scope uncommitted.
class Transaction {
public:
    [[nodiscard]] static Result<Transaction> begin(Database& database);
    [[nodiscard]] Result<void> commit();
    ~Transaction();
    Transaction(Transaction&& other) noexcept : m_database(std::exchange(other.m_database, nullptr)) {}
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    Transaction& operator=(Transaction&&) = delete;

private:
    explicit Transaction(Database& database) : m_database(&database) {}
    Database* m_database;
};

} // namespace widthwise::store
