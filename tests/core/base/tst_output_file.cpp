#include "core/base/input_file.h"
#include "core/base/output_file.h"
#include "tests/support/test_data.h"

#include <csignal>
#include <sys/resource.h>
#include <sys/stat.h>

using namespace widthwise;
namespace fs = std::filesystem;

namespace {

fs::path fresh_folder() {
    const fs::path folder = test::scratch_dir() / "output";
    fs::remove_all(folder);
    fs::create_directories(folder);
    return folder;
}

int64_t count_files(const fs::path& folder) {
    return std::distance(fs::directory_iterator(folder), fs::directory_iterator());
}

/// Files may not grow beyond `bytes` while it lives, as on a disk that fills up.
class SmallDisk {
public:
    explicit SmallDisk(rlim_t bytes) {
        std::signal(SIGXFSZ, SIG_IGN);
        ::getrlimit(RLIMIT_FSIZE, &m_old);
        rlimit limit = m_old;
        limit.rlim_cur = bytes;
        ::setrlimit(RLIMIT_FSIZE, &limit);
    }
    ~SmallDisk() { ::setrlimit(RLIMIT_FSIZE, &m_old); }
    SmallDisk(const SmallDisk&) = delete;
    SmallDisk& operator=(const SmallDisk&) = delete;

private:
    rlimit m_old{};
};

} // namespace

class TestOutputFile : public QObject {
    Q_OBJECT
private slots:
    void writesAndReplaces();
    void followsLinks();
    void failedWriteKeepsTheOldFile();
    void refusesBeforeTheWork();
    void devicesAreWrittenDirectly();
    void readsWhatWasWritten();
};

void TestOutputFile::writesAndReplaces() {
    const fs::path folder = fresh_folder();
    QVERIFY(write_output(folder / "a", "one").has_value());
    QCOMPARE(test::read_file(folder / "a"), std::string("one"));
    fs::permissions(folder / "a", fs::perms::owner_read | fs::perms::owner_write);
    QVERIFY(write_output(folder / "a", std::string("t\0wo", 4)).has_value());
    QCOMPARE(test::read_file(folder / "a"), std::string("t\0wo", 4));
    QCOMPARE(fs::status(folder / "a").permissions(), fs::perms::owner_read | fs::perms::owner_write);
    QCOMPARE(count_files(folder), 1);
}

void TestOutputFile::followsLinks() {
    const fs::path folder = fresh_folder();
    test::write_file(folder / "real", "old");
    fs::create_symlink("real", folder / "link");
    QVERIFY(write_output(folder / "link", "new").has_value());
    QVERIFY(fs::is_symlink(folder / "link"));
    QCOMPARE(test::read_file(folder / "real"), std::string("new"));
}

void TestOutputFile::failedWriteKeepsTheOldFile() {
    const fs::path folder = fresh_folder();
    test::write_file(folder / "a", "old");
    const SmallDisk disk(1000);
    const auto written = write_output(folder / "a", std::string(5000, 'x'));
    QVERIFY(!written);
    QCOMPARE(written.error().code, ErrorCode::io);
    QCOMPARE(written.error().where, (folder / "a").string());
    QCOMPARE(test::read_file(folder / "a"), std::string("old"));
    QCOMPARE(count_files(folder), 1);
}

void TestOutputFile::refusesBeforeTheWork() {
    const fs::path folder = fresh_folder();
    QVERIFY(check_writable(folder / "new").has_value());
    for (const fs::path& bad : {folder, folder / "missing" / "file", fs::path("/proc/self/status/x")}) {
        const auto writable = check_writable(bad);
        QVERIFY2(!writable, bad.c_str());
        QCOMPARE(writable.error().code, ErrorCode::io);
        QCOMPARE(writable.error().where, bad.string());
        QVERIFY(!write_output(bad, "x"));
    }
    QCOMPARE(count_files(folder), 0);
}

void TestOutputFile::devicesAreWrittenDirectly() {
    QVERIFY(write_output("/dev/null", "gone").has_value());
    const auto full = write_output("/dev/full", "x");
    QVERIFY(!full);
    QCOMPARE(full.error().code, ErrorCode::io);
    QVERIFY(full.error().remedy.find("space") != std::string::npos);
    QVERIFY(fs::is_character_file("/dev/full"));
}

void TestOutputFile::readsWhatWasWritten() {
    const fs::path folder = fresh_folder();
    const std::string content(100000, 'x');
    test::write_file(folder / "a", content);
    QCOMPARE(read_input(folder / "a").value(), content);
    QVERIFY(!read_input(folder / "a", 99999));
    for (const fs::path& bad : {folder / "none", folder}) {
        const auto read = read_input(bad);
        QVERIFY2(!read, bad.c_str());
        QCOMPARE(read.error().code, ErrorCode::invalid_input);
        QCOMPARE(read.error().where, bad.string());
    }
}

QTEST_APPLESS_MAIN(TestOutputFile)
#include "tst_output_file.moc"
