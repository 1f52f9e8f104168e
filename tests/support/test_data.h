#pragma once
// Real networks and reference numbers that lie beside the project, not in it.

#include <QTest>

#include <filesystem>

namespace widthwise::test {

/// WIDTHWISE_TEST_DATA, else ../shared/data beside the source tree.
[[nodiscard]] std::filesystem::path data_dir();
/// WIDTHWISE_TEST_REFERENCE, else ../shared/reference beside the source tree.
[[nodiscard]] std::filesystem::path reference_dir();
/// tests/data in the source tree.
[[nodiscard]] std::filesystem::path fixture_dir();

/// Unique, removed at exit.
[[nodiscard]] std::filesystem::path scratch_dir();
void write_file(const std::filesystem::path& path, std::string_view content);
[[nodiscard]] std::string read_file(const std::filesystem::path& path);

} // namespace widthwise::test

/// Skips the test function with a clear line where the shared data are absent.
#define WIDTHWISE_NEED(path)                                                                                 \
    do {                                                                                                     \
        if (!std::filesystem::exists(path))                                                                  \
            QSKIP(qPrintable(QStringLiteral("not present: ") + QString::fromStdString((path).string())));    \
    } while (false)
