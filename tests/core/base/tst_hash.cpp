#include "core/base/hash.h"
#include "tests/support/test_data.h"

#include <QTest>

using namespace widthwise;

class TestHash : public QObject {
    Q_OBJECT

private slots:
    void published_data() {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QString>("digest");
        // FIPS 180-4's examples (NIST, "SHA256.pdf"), then lengths around the padding's borders from Python's
        // hashlib.
        QTest::newRow("empty") << QByteArray()
                               << "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        QTest::newRow("abc") << QByteArray("abc")
                             << "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        QTest::newRow("448 bits") << QByteArray("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")
                                  << "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1";
        QTest::newRow("896 bits") << QByteArray("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijk"
                                                "lmnoijklmnopjklmnopqklmnopqrlmnopqrsm"
                                                "nopqrstnopqrstu")
                                  << "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1";
        QTest::newRow("million") << QByteArray(1'000'000, 'a')
                                 << "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";
        QTest::newRow("55") << QByteArray(55, 'a')
                            << "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318";
        QTest::newRow("56") << QByteArray(56, 'a')
                            << "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a";
        QTest::newRow("63") << QByteArray(63, 'a')
                            << "7d3e74a05d7db15bce4ad9ec0658ea98e3f06eeecf16b4c6fff2da457ddc2f34";
        QTest::newRow("64") << QByteArray(64, 'a')
                            << "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb";
        QTest::newRow("65") << QByteArray(65, 'a')
                            << "635361c48bb9eab14198e76ea8ab7f1a41685d6ad62aa9146d301d4f17eb0ae0";
        QTest::newRow("119") << QByteArray(119, 'a')
                             << "31eba51c313a5c08226adf18d4a359cfdfd8d2e816b13f4af952f7ea6584dcfb";
        QTest::newRow("120") << QByteArray(120, 'a')
                             << "2f3d335432c70b580af0e8e1b3674a7c020d683aa5f73aaaedfdc55af904c21c";
    }
    void published() {
        QFETCH(QByteArray, text);
        QFETCH(QString, digest);
        QCOMPARE(sha256(text.toStdString()), digest.toStdString());
        // However the text is cut.
        for (const qsizetype piece : {1, 7, 64, 1000}) {
            Sha256 hash;
            for (qsizetype i = 0; i < text.size(); i += piece) hash.update(text.mid(i, piece).toStdString());
            QCOMPARE(hash.finish(), digest.toStdString());
        }
        const std::filesystem::path path = test::scratch_dir() / "hashed";
        test::write_file(path, text.toStdString());
        QCOMPARE(*sha256_file(path), digest.toStdString());
    }

    void unreadableFilesAreErrors() {
        for (const std::filesystem::path& path : {test::scratch_dir() / "absent", test::scratch_dir()}) {
            const Result<std::string> hash = sha256_file(path);
            QVERIFY2(!hash.has_value(), path.c_str());
            QCOMPARE(hash.error().code, ErrorCode::invalid_input);
        }
    }
};

QTEST_APPLESS_MAIN(TestHash)
#include "tst_hash.moc"
