// Cards: what stands in them, and that every slip is named.

#include "core/data/dataset_card.h"
#include "tests/core/data/data_files.h"

using namespace widthwise;
using namespace widthwise::test;

namespace {

Result<DatasetCard> card(const std::string& text) {
    const std::filesystem::path path = scratch_dir() / "card.json";
    write_file(path, text);
    return read_card(path);
}

/// A good idx card with `more` in it.
Result<DatasetCard> idx_card(const std::string& more) {
    return card(R"({"format": "idx", "images": "i", "labels": "l", )" + more + "}");
}

} // namespace

class TestDatasetCard : public QObject {
    Q_OBJECT
private slots:
    void every_key_is_read() {
        const auto read =
            card(R"({"format": "folder", "images": "pics", "labels": "/abs/l.csv", "classes": ["a", "b"],
            "resize": 256, "crop": 224, "channels": "bgr", "layout": "nhwc", "scale": 0.5, "mean": [1, 2, 3], "std": 4})");
        QVERIFY(read.has_value());
        QCOMPARE(read->format, DataFormat::folder);
        QCOMPARE(read->images.front(), scratch_dir() / "pics");
        QCOMPARE(*read->labels, std::filesystem::path("/abs/l.csv"));
        QCOMPARE(read->classes, (std::vector<std::string>{"a", "b"}));
        QCOMPARE(read->preprocessing.resize, 256);
        QCOMPARE(read->preprocessing.crop, 224);
        QCOMPARE(read->preprocessing.channels, ChannelOrder::bgr);
        QVERIFY(read->network_is_nhwc);
        QCOMPARE(read->preprocessing.scale.value(), 0.5);
        QCOMPARE(read->preprocessing.mean, (std::vector<double>{1, 2, 3}));
        QCOMPARE(read->preprocessing.std, (std::vector<double>{4}));
    }

    void what_is_left_out_has_defaults() {
        const auto read = card(R"({"format": "npy", "images": "i", "labels": "l", "mean": null})");
        QVERIFY(read.has_value());
        QCOMPARE(read->preprocessing.channels, ChannelOrder::as_stored);
        QVERIFY(!read->preprocessing.scale);
        QCOMPARE(read->preprocessing.mean, (std::vector<double>{0}));
        QCOMPARE(read->preprocessing.std, (std::vector<double>{1}));
        QVERIFY(!read->network_is_nhwc);
        const auto folder = card(R"({"format": "folder"})");
        QVERIFY(folder.has_value());
        QCOMPARE(folder->images.front(), scratch_dir() / ".");
        QCOMPARE(folder->preprocessing.channels, ChannelOrder::rgb);
        const auto batches = card(R"({"format": "cifar10", "images": ["a", "b"]})");
        QVERIFY(batches.has_value());
        QCOMPARE(batches->images.size(), size_t{2});
    }

    void slips_are_named_data() {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("named");
        const auto row = [](const char* text, const char* named) { QTest::newRow(text) << text << named; };
        row("", "not a dataset card");
        row("[]", "not a JSON object");
        row("{\"format\": ", "not a dataset card");
        row("{}", "\"format\" is missing");
        row(R"({"format": "tfrecord", "images": "x"})", "use one of idx, cifar10, cifar100, folder, npy");
        row(R"({"format": 3, "images": "x"})", "\"format\" is 3");
        row(R"({"format": "idx", "labels": "l"})", "\"images\" is missing");
        row(R"({"format": "npy", "images": 1, "labels": "l"})", "\"images\" is 1");
        row(R"({"format": "npy", "images": ["a"], "labels": "l"})", "\"images\" is [\"a\"]");
        row(R"({"format": "npy", "images": "", "labels": "l"})", "\"images\" is \"\"");
        row(R"({"format": "npy", "images": "a\u0000b", "labels": "l"})", "\"images\" is");
        row(R"({"format": "cifar10", "images": "i", "labels": "l"})", "carry their labels");
        row(R"({"format": "cifar10", "images": []})", "\"images\" is missing");
    }
    void slips_are_named() {
        QFETCH(QString, text);
        QFETCH(QString, named);
        WIDTHWISE_FAILS_WITH(card(text.toStdString()), named.toStdString());
        QVERIFY(card(text.toStdString()).error().to_line().find("card.json") != std::string::npos);
    }

    void values_out_of_range_are_named() {
        WIDTHWISE_FAILS_WITH(idx_card(R"("chanels": "rgb")"), "unknown key \"chanels\"");
        WIDTHWISE_FAILS_WITH(idx_card(R"("chanels": "rgb")"), "did you mean \"channels\"?");
        WIDTHWISE_FAILS_WITH(idx_card(R"("whatever": 1)"), "the keys are format, images");
        WIDTHWISE_FAILS_WITH(idx_card(R"("channels": "rbg")"), "\"channels\" is \"rbg\"");
        WIDTHWISE_FAILS_WITH(idx_card(R"("layout": true)"), "\"layout\" is true");
        WIDTHWISE_FAILS_WITH(idx_card(R"("std": [0.2, 0])"), "\"std\" is 0");
        WIDTHWISE_FAILS_WITH(idx_card(R"("std": -1)"), "\"std\" is -1");
        WIDTHWISE_FAILS_WITH(idx_card(R"("std": [])"), "\"std\" is empty");
        WIDTHWISE_FAILS_WITH(idx_card(R"("mean": ["a"])"), "\"mean\" is \"a\"");
        WIDTHWISE_FAILS_WITH(idx_card(R"("mean": NaN)"), "not a dataset card");
        WIDTHWISE_FAILS_WITH(idx_card(R"("mean": 1e999)"), "not a dataset card");
        WIDTHWISE_FAILS_WITH(idx_card(R"("scale": 0)"), "\"scale\" is 0");
        WIDTHWISE_FAILS_WITH(idx_card(R"("scale": "1/255")"), "\"scale\" is \"1/255\"");
        WIDTHWISE_FAILS_WITH(idx_card(R"("scale": [1])"), "\"scale\" is [1]");
        WIDTHWISE_FAILS_WITH(idx_card(R"("resize": 0)"), "\"resize\" is 0");
        WIDTHWISE_FAILS_WITH(idx_card(R"("resize": 2.5)"), "\"resize\" is 2.5");
        WIDTHWISE_FAILS_WITH(idx_card(R"("resize": 18446744073709551615)"), "\"resize\" is 1844");
        WIDTHWISE_FAILS_WITH(idx_card(R"("crop": -224)"), "\"crop\" is -224");
        WIDTHWISE_FAILS_WITH(idx_card(R"("crop": 224, "resize": 200)"), "larger than \"resize\"");
        WIDTHWISE_FAILS_WITH(idx_card(R"("classes": "a,b")"), "\"classes\" is no list");
        WIDTHWISE_FAILS_WITH(idx_card(R"("classes": [1, 2])"), "something else than names");
        QCOMPARE(idx_card(R"("scale": 0)").error().code, ErrorCode::invalid_input);
        const std::string deep(200000, '[');
        WIDTHWISE_FAILS_WITH(card(deep), "not a dataset card");
    }

    void cards_are_told_from_other_json() {
        const std::filesystem::path folder = fresh_folder("cards");
        write_file(folder / "b.json", R"({"format": "idx"})");
        write_file(folder / "a.json", R"({"format": "npy"})");
        write_file(folder / "annotations.json", R"({"images": []})");
        write_file(folder / "list.json", "[1, 2]");
        write_file(folder / "broken.json", "{");
        write_file(folder / "card.txt", R"({"format": "npy"})");
        QCOMPARE(find_cards(folder),
                 (std::vector<std::filesystem::path>{folder / "a.json", folder / "b.json"}));
        QVERIFY(find_cards(folder / "absent").empty());
    }
};

QTEST_APPLESS_MAIN(TestDatasetCard)
#include "tst_dataset_card.moc"
