// Small malformed files that once failed, and the first ones that a fuzzer would try: each ends in an Error
// or in success, never in a crash.

#include "tests/fuzz/fuzz_cases.h"
#include "tests/support/test_data.h"

using namespace widthwise;

class TestFuzzCorpus : public QObject {
    Q_OBJECT

    static void add_files(const char* kind) {
        QTest::addColumn<QString>("path");
        const auto folder = test::fixture_dir().parent_path() / "fuzz" / "corpus" / kind;
        for (const auto& entry : std::filesystem::directory_iterator(folder))
            QTest::newRow(entry.path().filename().c_str()) << QString::fromStdString(entry.path().string());
    }
    template <typename Run> static void run(const Run& work) {
        QFETCH(QString, path);
        const std::string bytes = test::read_file(path.toStdString());
        QVERIFY(!bytes.empty());
        work({static_cast<const uint8_t*>(static_cast<const void*>(bytes.data())), bytes.size()});
    }

private slots:
    void onnx_data() { add_files("onnx"); }
    void onnx() { run(fuzz::run_onnx); }
    void data_files_data() { add_files("data"); }
    void data_files() { run(fuzz::run_data); }
};

QTEST_GUILESS_MAIN(TestFuzzCorpus)
#include "tst_fuzz_corpus.moc"
