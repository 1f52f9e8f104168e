#pragma once
// A project's rows as another program sees them.

#include <QString>
#include <QStringList>

#include <sqlite3.h>

namespace widthwise::test {

/// The rows of a query as text, columns joined by '|', blobs in hex; none where the file is not there yet or
/// is busy.
inline QStringList project_rows(const QString& project, const char* sql) {
    QStringList rows;
    sqlite3* connection = nullptr;
    sqlite3_stmt* query = nullptr;
    if (sqlite3_open_v2(project.toUtf8().constData(), &connection, SQLITE_OPEN_READWRITE, nullptr) ==
            SQLITE_OK &&
        sqlite3_prepare_v2(connection, sql, -1, &query, nullptr) == SQLITE_OK)
        while (sqlite3_step(query) == SQLITE_ROW) {
            QStringList columns;
            for (int i = 0; i < sqlite3_column_count(query); ++i) {
                const auto* bytes = static_cast<const char*>(sqlite3_column_blob(query, i));
                const QByteArray cell(bytes, sqlite3_column_bytes(query, i));
                columns += sqlite3_column_type(query, i) == SQLITE_BLOB ? QString::fromLatin1(cell.toHex())
                                                                        : QString::fromUtf8(cell);
            }
            rows += columns.join('|');
        }
    sqlite3_finalize(query);
    sqlite3_close(connection);
    return rows;
}

/// What a search concluded, in order; times aside.
inline QStringList candidate_rows(const QString& project) {
    return project_rows(project, "SELECT stage, number, choices, verdict, reason, figures_json, samples, "
                                 "answers FROM candidate WHERE stage = 'search' ORDER BY number");
}

} // namespace widthwise::test
