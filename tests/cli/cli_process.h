#pragma once
// The built widthwise-cli, run as scripts run it.

#include "tests/support/test_data.h"

#include <QByteArray>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QStringList>

#include <functional>
#include <optional>

namespace widthwise::test {

struct CliRun {
    int code = -1; ///< -1: crashed or hung
    QByteArray out, err;

    /// The one document on stdout; empty unless stdout is exactly one JSON object.
    [[nodiscard]] QJsonObject json() const;
    /// Stderr without progress lines: the last line.
    [[nodiscard]] QString error_line() const;
};

struct CliSetup {
    QStringList environment = {}; ///< "NAME=value" beside the inherited ones
    QString stdout_file = {};     ///< instead of a pipe
    /// Bytes that the process may write to one file: a disk that fills up.
    std::optional<qint64> file_size_limit = {};
};

[[nodiscard]] CliRun run_cli(const QStringList& arguments, const CliSetup& setup = {});

/// Starts the program, waits for its first words on stderr, sends SIGINT, and waits for its end.
[[nodiscard]] CliRun interrupt_cli(const QStringList& arguments);

/// A fresh folder below scratch_dir().
[[nodiscard]] QString fresh_folder(const char* name);
/// Names in it, hidden ones too, sorted.
[[nodiscard]] QStringList files_in(const QString& folder);

/// True when `line` is the contract's error line; a test fails with what is wrong.
void expect_error(const CliRun& run, int code, const QStringList& words);

} // namespace widthwise::test
