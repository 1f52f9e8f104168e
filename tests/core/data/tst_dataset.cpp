// open_dataset(): whole sets, small ones made here and the real ones beside the project.

#include "core/base/worker_pool.h"
#include "core/data/dataset.h"
#include "tests/core/data/data_files.h"

#include <sys/stat.h>

using namespace widthwise;
using namespace widthwise::test;
namespace fs = std::filesystem;

namespace {

std::vector<float> pixels_of(const Dataset& set, int64_t index) {
    const auto shape = set.image_shape();
    std::vector<float> pixels(static_cast<size_t>(shape[0] * shape[1] * shape[2]));
    const Result<void> done = set.read(index, pixels);
    return done ? pixels : std::vector<float>{};
}

Result<DatasetPtr> open_card(const fs::path& folder, const std::string& text) {
    write_file(folder / "card.json", text);
    return open_dataset((folder / "card.json").string());
}

/// Three 2 x 2 gray images with labels 1, 0, 2.
fs::path idx_folder(const std::string& name) {
    const fs::path folder = fresh_folder(name);
    write_file(folder / "i.gz",
               gzip(idx_file({3, 2, 2}, bytes_of({0, 51, 102, 153, 1, 2, 3, 4, 5, 6, 7, 255}))));
    write_file(folder / "l", idx_file({3}, bytes_of({1, 0, 2})));
    return folder;
}

constexpr const char* k_idx_card = R"({"format": "idx", "images": "i.gz", "labels": "l", "scale": 1})";

/// cat/ and dog/ with plain 4 x 3 images of the given gray level.
fs::path class_folder(const std::string& name) {
    const fs::path folder = fresh_folder(name);
    fs::create_directories(folder / "dog");
    fs::create_directories(folder / "cat");
    fs::create_directories(folder / ".hidden");
    write_file(folder / "dog" / "b.png", plain_png(4, 3, 30, 31, 32));
    write_file(folder / "cat" / "z.PNG", plain_png(4, 3, 10, 11, 12));
    write_file(folder / "cat" / "a.png", plain_png(4, 3, 20, 21, 22));
    write_file(folder / "cat" / "notes.txt", "no image");
    return folder;
}

} // namespace

class TestDataset : public QObject {
    Q_OBJECT
private slots:
    void idx_set() {
        const auto set = open_card(idx_folder("idx"), k_idx_card);
        QVERIFY2(set.has_value(), set.has_value() ? "" : set.error().to_line().c_str());
        QCOMPARE((*set)->size(), 3);
        QCOMPARE((*set)->image_shape(), (std::array<int64_t, 3>{1, 2, 2}));
        QCOMPARE((*set)->label(0), 1);
        QCOMPARE((*set)->label(2), 2);
        QCOMPARE((*set)->class_count(), 3);
        QVERIFY((*set)->classes().empty());
        QCOMPARE(pixels_of(**set, 0), (std::vector<float>{0, 51, 102, 153}));
        QCOMPARE(pixels_of(**set, 2), (std::vector<float>{5, 6, 7, 255}));
        QCOMPARE((*set)->preprocessing(), std::string("idx, 1 channel, x*1, mean 0, std 1"));
        QCOMPARE((*set)->hash().size(), size_t{64});
    }

    void a_card_may_resize_and_crop_arrays() {
        const auto set = open_card(
            idx_folder("idxcrop"),
            R"({"format": "idx", "images": "i.gz", "labels": "l", "scale": 1, "resize": 4, "crop": 3, "channels": "rgb"})");
        QVERIFY(set.has_value());
        QCOMPARE((*set)->image_shape(), (std::array<int64_t, 3>{3, 3, 3}));
        const std::vector<float> pixels = pixels_of(**set, 0);
        QCOMPARE(pixels.size(), size_t{27});
        QCOMPARE(pixels[0], 0.0F); // resized by 2, the corner keeps its value
        QCOMPARE(pixels[1], pixels[0]);
    }

    void the_hash_follows_card_and_files() {
        const fs::path folder = idx_folder("hash");
        const std::string first = (*open_card(folder, k_idx_card))->hash();
        QCOMPARE((*open_card(folder, k_idx_card))->hash(), first);
        const fs::path moved = scratch_dir() / "hash-moved";
        fs::remove_all(moved);
        fs::rename(folder, moved);
        QCOMPARE((*open_card(moved, k_idx_card))->hash(), first);
        QVERIFY((*open_card(moved, std::string(k_idx_card) + "\n"))->hash() != first);
        write_file(moved / "l", idx_file({3}, bytes_of({1, 0, 1})));
        QVERIFY((*open_card(moved, k_idx_card))->hash() != first);
    }

    void images_and_labels_must_agree() {
        const fs::path folder = idx_folder("disagree");
        write_file(folder / "l", idx_file({2}, bytes_of({1, 0})));
        WIDTHWISE_FAILS_WITH(open_card(folder, k_idx_card), "3 images but 2 labels");
        write_file(folder / "l", idx_file({3}, bytes_of({1, 0, 2})));
        WIDTHWISE_FAILS_WITH(
            open_card(folder, R"({"format": "idx", "images": "i.gz", "labels": "l", "classes": ["a", "b"]})"),
            "image 2 has the label 2, but the card names 2 classes");
        WIDTHWISE_FAILS_WITH(
            open_card(folder, R"({"format": "idx", "images": "i.gz", "labels": "l", "mean": [1, 2]})"),
            "2 and 1 elements for 1 channels");
        WIDTHWISE_FAILS_WITH(
            open_card(folder, R"({"format": "idx", "images": "i.gz", "labels": "l", "crop": 3})"),
            "smaller than the crop");
        WIDTHWISE_FAILS_WITH(open_card(folder, R"({"format": "idx", "images": "none", "labels": "l"})"),
                             "none");
        WIDTHWISE_FAILS_WITH(open_card(folder, R"({"format": "idx", "images": "i.gz", "labels": "none"})"),
                             "file not found");
        QCOMPARE(open_card(folder, R"({"format": "idx", "images": "i.gz", "labels": "none"})").error().code,
                 ErrorCode::invalid_input);
    }

    void one_folder_per_class() {
        const fs::path folder = class_folder("classes");
        const auto set = open_dataset(folder.string());
        QVERIFY2(set.has_value(), set.has_value() ? "" : set.error().to_line().c_str());
        QCOMPARE((*set)->size(), 3);
        QCOMPARE((*set)->classes(), (std::vector<std::string>{"cat", "dog"}));
        QCOMPARE((*set)->image_shape(), (std::array<int64_t, 3>{3, 3, 4}));
        QCOMPARE((*set)->label(0), 0);
        QCOMPARE((*set)->label(2), 1);
        QCOMPARE((*set)->preprocessing(), std::string("folder, rgb, x*0.00392156862745098, mean 0, std 1"));
        const std::vector<float> first = pixels_of(**set, 0); // cat/a.png: names are sorted
        QCOMPARE(first[0], static_cast<float>(20.0 / 255));
        QCOMPARE(first[35], static_cast<float>(22.0 / 255));
        // The card's order of classes counts, and its folders must be among them.
        const auto carded = open_card(
            folder, R"({"format": "folder", "classes": ["emu", "dog", "cat"], "channels": "gray"})");
        QVERIFY(carded.has_value());
        QCOMPARE((*carded)->label(0), 2);
        QCOMPARE((*carded)->class_count(), 3);
        QCOMPARE((*carded)->image_shape(), (std::array<int64_t, 3>{1, 3, 4}));
        WIDTHWISE_FAILS_WITH(open_card(folder, R"({"format": "folder", "classes": ["cat"]})"),
                             "none of the card's classes");
    }

    void images_of_other_sizes_need_a_crop() {
        const fs::path folder = class_folder("sizes");
        write_file(folder / "dog" / "c.png", plain_png(8, 6, 1, 2, 3));
        const auto plain = open_dataset(folder.string());
        QVERIFY(plain.has_value());
        std::vector<float> pixels(36);
        WIDTHWISE_FAILS_WITH((*plain)->read(3, pixels), "dog/c.png");
        QVERIFY((*plain)->read(2, pixels).has_value());
        const auto fitted = open_card(folder, R"({"format": "folder", "resize": 3, "crop": 3, "scale": 1})");
        QVERIFY(fitted.has_value());
        QCOMPARE(pixels_of(**fitted, 3)[0], 1.0F);
        const auto too_small = open_card(folder, R"({"format": "folder", "crop": 5, "scale": 1})");
        QVERIFY(too_small.has_value()); // nothing was decoded yet
        std::vector<float> five(75);
        WIDTHWISE_FAILS_WITH((*too_small)->read(0, five), "smaller than the crop");
        QVERIFY((*too_small)->read(3, five).has_value());
    }

    void flat_folder_with_labels() {
        const fs::path folder = fresh_folder("flat");
        write_file(folder / "a, b.png", plain_png(2, 2, 1, 1, 1));
        write_file(folder / "c.png", plain_png(2, 2, 2, 2, 2));
        write_file(folder / "labels.csv", "\xef\xbb\xbf"
                                          "file,label\r\n\"a, b.png\",7\r\n\r\nc.png, 0\r\na, b.png,3");
        const auto set = open_dataset(folder.string());
        QVERIFY2(set.has_value(), set.has_value() ? "" : set.error().to_line().c_str());
        QCOMPARE((*set)->size(), 3);
        QCOMPARE((*set)->label(0), 7);
        QCOMPARE((*set)->label(1), 0);
        QCOMPARE((*set)->label(2), 3);
        QCOMPARE((*set)->class_count(), 8);
        QCOMPARE(pixels_of(**set, 1)[0], static_cast<float>(2.0 / 255));
    }

    void bad_label_lists_are_named() {
        const fs::path folder = fresh_folder("badlist");
        write_file(folder / "c.png", plain_png(2, 2, 2, 2, 2));
        const auto with = [&](const std::string& list) {
            write_file(folder / "labels.csv", list);
            return open_dataset(folder.string());
        };
        QVERIFY(with("c.png,0\n").has_value());
        WIDTHWISE_FAILS_WITH(with("file,label\n"), "names no image");
        WIDTHWISE_FAILS_WITH(with(""), "names no image");
        WIDTHWISE_FAILS_WITH(with("file,label\nc.png,0\nmissing.png,1\n"), "missing.png");
        WIDTHWISE_FAILS_WITH(with("c.png,0\nc.png,cat\n"), "labels.csv:2");
        WIDTHWISE_FAILS_WITH(with("c.png,-1\n"), "label \"-1\" is no class number");
        WIDTHWISE_FAILS_WITH(with("c.png,1.5\n"), "label \"1.5\"");
        WIDTHWISE_FAILS_WITH(with("c.png,99999999999999999999\n"), "no class number");
        WIDTHWISE_FAILS_WITH(with("c.png,2000000\n"), "no class number");
        WIDTHWISE_FAILS_WITH(with("c.png\n"), "no class number");
        WIDTHWISE_FAILS_WITH(with(",3\n"), "names no file");
        WIDTHWISE_FAILS_WITH(with(std::string("a\0b,3\n", 6)), "names no file");
        fs::create_directories(folder / "sub.png");
        WIDTHWISE_FAILS_WITH(with("sub.png,0\n"), "is a directory");
        QCOMPARE(::mkfifo((folder / "fifo.png").c_str(), 0600), 0);
        WIDTHWISE_FAILS_WITH(with("fifo.png,0\n"), "not a regular file");
        write_file(folder / "labels.csv", "c.png,2\n");
        WIDTHWISE_FAILS_WITH(
            open_card(folder, R"({"format": "folder", "classes": ["a", "b"], "labels": "labels.csv"})"),
            "c.png has the label 2, but the card names 2 classes");
    }

    void damaged_images_are_named_when_read() {
        const fs::path folder = class_folder("damaged");
        write_file(folder / "cat" / "a.png", plain_png(4, 3, 1, 2, 3).substr(0, 50));
        WIDTHWISE_FAILS_WITH(open_dataset(folder.string()), "cat/a.png"); // the first gives the size
        const auto set = open_card(folder, R"({"format": "folder", "crop": 3})");
        QVERIFY(set.has_value());
        std::vector<float> pixels(27);
        WIDTHWISE_FAILS_WITH((*set)->read(0, pixels), "cat/a.png");
        QVERIFY((*set)->read(1, pixels).has_value());
        fs::remove(folder / "dog" / "b.png");
        WIDTHWISE_FAILS_WITH((*set)->read(2, pixels), "file not found"); // gone since it was opened
    }

    void a_flat_folder_of_images_is_unlabelled() {
        const fs::path folder = fresh_folder("flat");
        write_file(folder / "b.png", plain_png(4, 3, 30, 31, 32));
        write_file(folder / "a.png", plain_png(4, 3, 10, 11, 12));
        write_file(folder / "notes.txt", "no image");
        const auto set = open_dataset(folder.string());
        QVERIFY2(set.has_value(), set.has_value() ? "" : set.error().to_line().c_str());
        QCOMPARE((*set)->size(), 2);
        QCOMPARE((*set)->class_count(), 0);
        QCOMPARE((*set)->label(0), -1);
        QCOMPARE((*set)->label(1), -1);
        QCOMPARE(pixels_of(**set, 0)[0], 10.0F / 255); // sorted by name
        // A card that names classes wants them found.
        write_file(folder / "card.json", R"({"format": "folder", "images": ".", "classes": ["cat", "dog"]})");
        QVERIFY(!open_dataset((folder / "card.json").string()));
    }

    void arrays_without_labels_are_unlabelled() {
        const fs::path folder = fresh_folder("bare");
        write_file(folder / "x.npy", npy_file(npy_header("|u1", "(2, 1, 1, 2)"), bytes_of({1, 2, 3, 4})));
        write_file(folder / "card.json", R"({"format": "npy", "images": "x.npy"})");
        const auto set = open_dataset((folder / "card.json").string());
        QVERIFY2(set.has_value(), set.has_value() ? "" : set.error().to_line().c_str());
        QCOMPARE((*set)->size(), 2);
        QCOMPARE((*set)->class_count(), 0);
        QCOMPARE((*set)->label(1), -1);
    }

    void folders_that_hold_no_set() {
        const fs::path empty = fresh_folder("empty");
        WIDTHWISE_FAILS_WITH(open_dataset(empty.string()), "no data set");
        fs::create_directories(empty / "cat");
        WIDTHWISE_FAILS_WITH(open_dataset(empty.string()), "no data set");
        const fs::path half = class_folder("half");
        fs::create_directories(half / "emu");
        WIDTHWISE_FAILS_WITH(open_dataset(half.string()), "emu");
        write_file(half / "one.json", R"({"format": "folder"})");
        write_file(half / "two.json", R"({"format": "folder"})");
        WIDTHWISE_FAILS_WITH(open_dataset(half.string()), "name one of them: one.json two.json");
        WIDTHWISE_FAILS_WITH(open_dataset((half / "none.json").string()), "file not found");
        WIDTHWISE_FAILS_WITH(open_dataset(""), "no data named");
        WIDTHWISE_FAILS_WITH(open_card(empty, R"({"format": "folder", "images": "nowhere"})"),
                             "folder not found");
        write_file(empty / "file", "x");
        WIDTHWISE_FAILS_WITH(open_card(empty, R"({"format": "folder", "images": "file"})"), "is no folder");
        WIDTHWISE_FAILS_WITH(open_card(empty, R"({"format": "npy", "images": "cat", "labels": "cat"})"),
                             "is a directory");
    }

    void a_directory_with_one_card_is_that_card() {
        const fs::path folder = idx_folder("onecard");
        QVERIFY(open_card(folder, k_idx_card).has_value());
        const auto set = open_dataset(folder.string());
        QVERIFY(set.has_value());
        QCOMPARE((*set)->size(), 3);
        QCOMPARE((*set)->name(), folder.string());
    }

    void joined_sets_follow_each_other() {
        const DatasetPtr a = *open_card(idx_folder("joined"), k_idx_card);
        const DatasetPtr b = first_images(a, 2);
        const auto joined = join_datasets({a, b, a});
        QVERIFY(joined.has_value());
        QCOMPARE((*joined)->size(), 8);
        for (int64_t i = 0; i < 8; ++i) {
            const Dataset& part = i < 3 ? *a : i < 5 ? *b : *a;
            const int64_t local = i < 3 ? i : i < 5 ? i - 3 : i - 5;
            QCOMPARE((*joined)->label(i), part.label(local));
            QCOMPARE(pixels_of(**joined, i), pixels_of(part, local));
        }
        QVERIFY((*joined)->hash() != a->hash());
        QCOMPARE(join_datasets({a})->get(), a.get());
        const auto other = join_datasets({a, *open_dataset("demo")});
        QVERIFY(!other.has_value());
        QVERIFY(other.error().to_line().find("demo") != std::string::npos);
    }

    void first_images_are_a_prefix() {
        const auto set = open_card(idx_folder("first"), k_idx_card);
        QVERIFY(set.has_value());
        const DatasetPtr two = first_images(*set, 2);
        QCOMPARE(two->size(), 2);
        QCOMPARE(two->label(1), 0);
        QCOMPARE(two->class_count(), 3);
        QCOMPARE(pixels_of(*two, 1), pixels_of(**set, 1));
        QCOMPARE(two->name(), (*set)->name());
        QVERIFY(two->hash() != (*set)->hash());
        QCOMPARE(first_images(*set, 3)->hash(), (*set)->hash());
        QCOMPARE(first_images(*set, 1000)->size(), 3);
        QCOMPARE(first_images(*set, 0)->size(), 1);
    }

    void real_sets_open_data() {
        QTest::addColumn<QString>("card");
        QTest::addColumn<int>("size");
        QTest::addColumn<int>("channels");
        QTest::addColumn<int>("side");
        QTest::addColumn<int>("classes");
        const auto row = [](const char* card, int size, int channels, int side, int classes) {
            QTest::newRow(card) << card << size << channels << side << classes;
        };
        row("cifar10/test.json", 846, 3, 32, 10);
        row("cifar10/test-raw255.json", 846, 3, 32, 10);
        row("cifar10/train.json", 4660, 3, 32, 10);
        row("cifar10/train-raw255.json", 4660, 3, 32, 10);
        row("cifar10-jpeg/test.json", 10000, 3, 32, 10);
        row("cifar10-jpeg/train-10k.json", 10000, 3, 32, 10);
        row("cifar10-jpeg/train-10k-raw255.json", 10000, 3, 32, 10);
        row("mnist/test.json", 10000, 1, 28, 10);
        row("mnist/train.json", 60000, 1, 28, 10);
        row("fashion-mnist/test.json", 10000, 1, 28, 10);
        row("fashion-mnist/train.json", 60000, 1, 28, 10);
        row("vww/test.json", 1000, 3, 96, 2);
        row("imagenet-sample/caffe227.json", 500, 3, 227, 999);
        row("imagenet-sample/torch224.json", 500, 3, 224, 999);
        row("imagenet-sample/tf160.json", 500, 3, 160, 1000);
        row("imagenet-sample/tf192.json", 500, 3, 192, 1000);
        row("imagenet-sample/tf224.json", 500, 3, 224, 1000);
    }
    void real_sets_open() {
        QFETCH(QString, card);
        QFETCH(int, size);
        QFETCH(int, channels);
        QFETCH(int, side);
        QFETCH(int, classes);
        const fs::path path = data_dir() / card.toStdString();
        WIDTHWISE_NEED(path);
        const auto set = open_dataset(path.string());
        QVERIFY2(set.has_value(), set.has_value() ? "" : set.error().to_line().c_str());
        QCOMPARE((*set)->size(), size);
        QCOMPARE((*set)->image_shape(), (std::array<int64_t, 3>{channels, side, side}));
        QCOMPARE((*set)->class_count(), classes);
        QVERIFY(!pixels_of(**set, size - 1).empty());
    }

    void real_pixels() { // read with numpy and Pillow
        const auto rounded = [](const std::string& card, int64_t index, size_t element, double scale) {
            const auto set = open_dataset((data_dir() / card).string());
            return set ? std::round(pixels_of(**set, index)[element] * scale) : -1.0;
        };
        WIDTHWISE_NEED(data_dir() / "cifar10/test.json");
        const auto cifar = open_dataset((data_dir() / "cifar10/test-raw255.json").string());
        QVERIFY(cifar.has_value());
        const std::vector<float> first = pixels_of(**cifar, 0), last = pixels_of(**cifar, 845);
        QCOMPARE((std::vector<float>(first.begin(), first.begin() + 3)), (std::vector<float>{158, 112, 49}));
        QCOMPARE((std::vector<float>(last.end() - 3, last.end())), (std::vector<float>{50, 58, 35}));
        QCOMPARE((*cifar)->label(0), 3);
        QCOMPARE((*cifar)->label(845), 3);
        const auto scaled = open_dataset((data_dir() / "cifar10/test.json").string());
        QCOMPARE(pixels_of(**scaled, 0)[1], static_cast<float>((112 * 0.00392156862745098 - 0.456) / 0.224));
        QCOMPARE(rounded("mnist/test.json", 0, 7 * 28 + 6, 255), 84.0);
        QCOMPARE(rounded("mnist/test.json", 0, 7 * 28 + 11, 255), 36.0);
        QCOMPARE(rounded("vww/test.json", 0, (5 * 96 + 7) * 3 + 1, 255), 60.0);
        QCOMPARE(rounded("vww/test.json", 999, (95 * 96 + 95) * 3 + 2, 255), 47.0);
        // imagenet-sample: 256 x 256, so a crop of 227 starts at 14; the tench's (row 100, column 50) is 87,
        // 98, 92.
        const auto imagenet = open_dataset((data_dir() / "imagenet-sample/caffe227.json").string());
        QVERIFY(imagenet.has_value());
        const std::vector<float> tench = pixels_of(**imagenet, 0);
        const size_t at = (86 * 227 + 36) * 3;
        QCOMPARE((std::vector<float>{tench[at], tench[at + 1], tench[at + 2]}),
                 (std::vector<float>{92 - 104, 98 - 117, 87 - 123}));
        QCOMPARE((*imagenet)->label(499), 998);
    }

    void many_threads_read_the_same() {
        const fs::path path = data_dir() / "imagenet-sample/torch224.json";
        WIDTHWISE_NEED(path);
        const auto set = open_dataset(path.string());
        QVERIFY(set.has_value());
        std::vector<std::vector<float>> one(24), many(24);
        for (int64_t i = 0; i < 24; ++i) one[static_cast<size_t>(i)] = pixels_of(**set, i);
        const auto done = parallel_for(24, 8, [&](int64_t item, int) -> Result<void> {
            many[static_cast<size_t>(item)] = pixels_of(**set, item);
            return {};
        });
        QVERIFY(done.has_value());
        QVERIFY(one == many);
    }
};

QTEST_APPLESS_MAIN(TestDataset)
#include "tst_dataset.moc"
