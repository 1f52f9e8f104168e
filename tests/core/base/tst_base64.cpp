#include "core/base/base64.h"
#include "core/base/rng.h"

#include <QTest>

using namespace widthwise;

class TestBase64 : public QObject {
    Q_OBJECT

private slots:
    void publishedVectors_data() {
        QTest::addColumn<QByteArray>("bytes");
        QTest::addColumn<QByteArray>("text");
        // RFC 4648, section 10.
        QTest::newRow("0") << QByteArray("") << QByteArray("");
        QTest::newRow("1") << QByteArray("f") << QByteArray("Zg==");
        QTest::newRow("2") << QByteArray("fo") << QByteArray("Zm8=");
        QTest::newRow("3") << QByteArray("foo") << QByteArray("Zm9v");
        QTest::newRow("4") << QByteArray("foob") << QByteArray("Zm9vYg==");
        QTest::newRow("5") << QByteArray("fooba") << QByteArray("Zm9vYmE=");
        QTest::newRow("6") << QByteArray("foobar") << QByteArray("Zm9vYmFy");
    }
    void publishedVectors() {
        QFETCH(QByteArray, bytes);
        QFETCH(QByteArray, text);
        QCOMPARE(base64_encode(bytes.toStdString()), text.toStdString());
        const auto decoded = base64_decode(text.toStdString());
        QVERIFY(decoded.has_value());
        QCOMPARE(*decoded, bytes.toStdString());
    }

    void sameAsQt() {
        Rng rng(7);
        for (int length = 0; length < 200; ++length) {
            QByteArray bytes(length, '\0');
            for (char& c : bytes) c = static_cast<char>(rng.next());
            const std::string text = base64_encode(bytes.toStdString());
            QCOMPARE(text, bytes.toBase64().toStdString());
            QCOMPARE(*base64_decode(text), bytes.toStdString());
        }
    }

    void refusesEverythingElse_data() {
        QTest::addColumn<QString>("text");
        for (const char* text : {"Z", "Zg", "Zg=", "Zh==", "Zm9=", "=Zg=", "Z===", "====", "==", "Zg==Zg==",
                                 "Zm 9", "Zm9v\n", "Zm-v", "Zm_v", "Zm\xc3\xbc", "Zm8=Zm9v"})
            QTest::newRow(text) << text;
    }
    void refusesEverythingElse() {
        QFETCH(QString, text);
        QVERIFY(!base64_decode(text.toStdString()).has_value());
    }
};

QTEST_APPLESS_MAIN(TestBase64)
#include "tst_base64.moc"
