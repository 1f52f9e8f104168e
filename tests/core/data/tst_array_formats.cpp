// idx, CIFAR and npy against bytes written by hand from the formats' descriptions, and what hostile files do.

#include "core/data/byte_source.h"
#include "core/data/cifar.h"
#include "core/data/idx.h"
#include "core/data/npy.h"
#include "tests/core/data/data_files.h"

#include <bit>
#include <sys/resource.h>
#include <sys/stat.h>

using namespace widthwise;
using namespace widthwise::test;

namespace {

const std::vector<uint8_t>& bytes(const ArrayImages& images) {
    return std::get<std::vector<uint8_t>>(images.pixels);
}

std::filesystem::path file_with(const std::string& name, const std::string& content) {
    const std::filesystem::path path = scratch_dir() / name;
    write_file(path, content);
    return path;
}

std::string cifar_record(int label, int base) {
    std::string record = bytes_of({label});
    for (int i = 0; i < 3072; ++i) record += static_cast<char>((base + i) & 0xff);
    return record;
}

std::string little_endian_f32(std::initializer_list<float> values) {
    std::string out;
    for (const float value : values) {
        const auto bits = std::bit_cast<uint32_t>(value);
        for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>(bits >> shift & 0xffU);
    }
    return out;
}

} // namespace

class TestArrayFormats : public QObject {
    Q_OBJECT
private slots:
    void idx_reads_images_and_labels() {
        const auto images = read_idx_images(
            file_with("i", idx_file({2, 2, 3}, bytes_of({0, 1, 2, 3, 4, 5, 250, 251, 252, 253, 254, 255}))));
        QVERIFY(images.has_value());
        QCOMPARE(images->count, 2);
        QCOMPARE(images->channels, 1);
        QCOMPARE(images->height, 2);
        QCOMPARE(images->width, 3);
        QCOMPARE(bytes(*images), (std::vector<uint8_t>{0, 1, 2, 3, 4, 5, 250, 251, 252, 253, 254, 255}));
        const auto colour =
            read_idx_images(file_with("i4", idx_file({1, 3, 1, 2}, bytes_of({1, 2, 3, 4, 5, 6}))));
        QVERIFY(colour.has_value());
        QCOMPARE(colour->channels, 3);
        const auto labels = read_idx_labels(file_with("l", idx_file({3}, bytes_of({7, 0, 200}))));
        QVERIFY(labels.has_value());
        QCOMPARE(*labels, (Labels{7, 0, 200}));
    }

    void gzip_is_read_whatever_the_name() {
        const std::string plain = idx_file({4}, bytes_of({1, 2, 3, 4}));
        for (const std::string& content : {gzip(plain), plain})
            for (const char* name : {"labels.gz", "labels.idx"}) {
                const auto labels = read_idx_labels(file_with(name, content));
                QVERIFY(labels.has_value());
                QCOMPARE(*labels, (Labels{1, 2, 3, 4}));
            }
        // Two members in a row are one file (RFC 1952).
        const auto joined =
            read_idx_labels(file_with("two.gz", gzip(plain.substr(0, 5)) + gzip(plain.substr(5))));
        QVERIFY(joined.has_value());
        QCOMPARE(*joined, (Labels{1, 2, 3, 4}));
    }

    void idx_refuses_what_is_damaged() {
        const std::string good = idx_file({2, 2, 2}, std::string(8, 'x'));
        for (size_t cut = 0; cut < good.size(); ++cut)
            QVERIFY2(!read_idx_images(file_with("cut", good.substr(0, cut))).has_value(),
                     std::to_string(cut).c_str());
        const std::string packed = gzip(good);
        for (size_t cut = 0; cut < packed.size(); ++cut)
            QVERIFY2(!read_idx_images(file_with("cut.gz", packed.substr(0, cut))).has_value(),
                     std::to_string(cut).c_str());
        std::string flipped = packed;
        flipped[flipped.size() - 6] = static_cast<char>(flipped[flipped.size() - 6] ^ 0x55); // checksum
        WIDTHWISE_FAILS_WITH(read_idx_images(file_with("crc.gz", flipped)), "damaged");
        WIDTHWISE_FAILS_WITH(read_idx_images(file_with("long", good + "x")), "longer");
        WIDTHWISE_FAILS_WITH(read_idx_images(file_with("labels", idx_file({2}, "ab"))), "magic 00000801");
        WIDTHWISE_FAILS_WITH(read_idx_labels(file_with("images", good)), "swapped");
        WIDTHWISE_FAILS_WITH(read_idx_images(file_with("f32", bytes_of({0, 0, 0x0d, 3}) + good.substr(4))),
                             "magic 00000d03");
        WIDTHWISE_FAILS_WITH(read_idx_images(file_with("none", idx_file({0, 28, 28}, ""))), "no usable data");
    }

    void absurd_sizes_allocate_nothing() {
        const std::string small = idx_file({0xffffffff, 0xffffffff, 0xffffffff}, "abc");
        WIDTHWISE_FAILS_WITH(read_idx_images(file_with("huge", small)), "no usable data");
        // 2^36 bytes: a possible product, an impossible file.
        const std::string header = idx_file({1U << 16, 1U << 10, 1U << 10}, "abc");
        rusage before = {}, after = {};
        getrusage(RUSAGE_SELF, &before);
        WIDTHWISE_FAILS_WITH(read_idx_images(file_with("big", header)), "promises 68719476736");
        WIDTHWISE_FAILS_WITH(read_idx_images(file_with("big.gz", gzip(header))), "promises 68719476736");
        WIDTHWISE_FAILS_WITH(
            read_npy_images(file_with("n", npy_file(npy_header("<f4", "(65536, 1, 1024, 1024)"), "abcd"))),
            "promises 274877906944");
        getrusage(RUSAGE_SELF, &after);
        QVERIFY(after.ru_maxrss - before.ru_maxrss < 65536); // KiB
    }

    void cifar_reads_records() {
        const std::filesystem::path one = file_with("b1", cifar_record(3, 0) + cifar_record(9, 100));
        const std::filesystem::path two = file_with("b2.gz", gzip(cifar_record(0, 7)));
        const auto set = read_cifar(std::vector{one, two}, CifarKind::cifar10);
        QVERIFY(set.has_value());
        QCOMPARE(set->labels, (Labels{3, 9, 0}));
        QCOMPARE(set->images.count, 3);
        QCOMPARE(set->images.height, 32);
        const std::vector<uint8_t>& pixels = bytes(set->images);
        QCOMPARE(pixels.size(), size_t{3 * 3072});
        QCOMPARE(pixels[0], 0);
        QCOMPARE(pixels[3071], (3071 & 0xff));
        QCOMPARE(pixels[3072], 100);
        QCOMPARE(pixels[2 * 3072 + 5], 12);
        const auto fine = read_cifar(std::vector{file_with("c", bytes_of({19}) + cifar_record(99, 50))},
                                     CifarKind::cifar100);
        QVERIFY(fine.has_value());
        QCOMPARE(fine->labels, (Labels{99}));
        QCOMPARE(bytes(fine->images)[0], 50);
    }

    void cifar_refuses_what_is_damaged() {
        const std::string good = cifar_record(1, 0) + cifar_record(2, 0);
        for (const size_t size : {size_t{0}, size_t{1}, size_t{3072}, size_t{3074}, good.size() - 1})
            WIDTHWISE_FAILS_WITH(
                read_cifar(std::vector{file_with("c", good.substr(0, size))}, CifarKind::cifar10),
                "not whole CIFAR records");
        WIDTHWISE_FAILS_WITH(read_cifar(std::vector{file_with("c", cifar_record(10, 0))}, CifarKind::cifar10),
                             "label 10");
        WIDTHWISE_FAILS_WITH(read_cifar(std::vector{file_with("c", bytes_of({0}) + cifar_record(100, 0))},
                                        CifarKind::cifar100),
                             "label 100");
        WIDTHWISE_FAILS_WITH(
            read_cifar(std::vector{file_with("c", gzip(good).substr(0, 30))}, CifarKind::cifar10),
            "ends early");
    }

    void npy_reads_all_versions_and_byte_orders() {
        for (const int version : {1, 2, 3}) {
            const auto images = read_npy_images(file_with(
                "n", npy_file(npy_header("|u1", "(1, 2, 1, 3)"), bytes_of({9, 8, 7, 6, 5, 4}), version)));
            QVERIFY(images.has_value());
            QCOMPARE(images->channels, 2);
            QCOMPARE(bytes(*images), (std::vector<uint8_t>{9, 8, 7, 6, 5, 4}));
        }
        const std::string little = little_endian_f32({-1.5F, 3.25F});
        std::string big = little;
        std::reverse(big.begin(), big.begin() + 4);
        std::reverse(big.begin() + 4, big.end());
        const std::pair<std::string, std::string> orders[] = {{"<f4", little}, {">f4", big}};
        for (const auto& [type, content] : orders) {
            const auto images =
                read_npy_images(file_with("n", npy_file(npy_header(type, "(2, 1, 1)"), content)));
            QVERIFY(images.has_value());
            QCOMPARE(images->channels, 1);
            QCOMPARE(std::get<std::vector<float>>(images->pixels), (std::vector<float>{-1.5F, 3.25F}));
        }
    }

    void npy_reads_labels_of_any_width() {
        const std::pair<std::string, std::string> cases[] = {
            {npy_header("|u1", "(2,)"), bytes_of({200, 3})},
            {npy_header("|i1", "(2,)"), bytes_of({100, 3})},
            {npy_header("<i2", "(2, 1)"), bytes_of({0, 1, 3, 0})},
            {npy_header(">u2", "(2,)"), bytes_of({1, 0, 0, 3})},
            {npy_header("<i8", "(2,)"), bytes_of({44, 1, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0})},
        };
        const int expected[] = {200, 100, 256, 256, 300};
        for (size_t i = 0; i < std::size(cases); ++i) {
            const auto labels = read_npy_labels(file_with("n", npy_file(cases[i].first, cases[i].second)));
            QVERIFY2(labels.has_value(), labels.has_value() ? "" : labels.error().to_line().c_str());
            QCOMPARE(*labels, (Labels{expected[i], 3}));
        }
    }

    void npy_refuses_what_it_cannot_hold() {
        const auto images = [](const std::string& header, const std::string& elements, int version = 1) {
            return read_npy_images(file_with("n", npy_file(header, elements, version)));
        };
        WIDTHWISE_FAILS_WITH(images(npy_header("|u1", "(1, 1, 2, 2)", "True"), "abcd"), "ascontiguousarray");
        WIDTHWISE_FAILS_WITH(images(npy_header("|O", "(1, 1, 2, 2)"), "abcd"), "no plain numbers");
        WIDTHWISE_FAILS_WITH(
            images("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", "abcd"),
            "no plain numbers");
        WIDTHWISE_FAILS_WITH(images(npy_header("<f8", "(1, 1, 1, 1)"), "abcdefgh"), "type f8");
        WIDTHWISE_FAILS_WITH(images(npy_header("|u1", "(4,)"), "abcd"), "N x C x H x W");
        WIDTHWISE_FAILS_WITH(images(npy_header("|u1", "(0, 1, 2, 2)"), ""), "no usable data");
        WIDTHWISE_FAILS_WITH(images(npy_header("|u1", "(-1, 1, 2, 2)"), "abcd"), "shape");
        WIDTHWISE_FAILS_WITH(images(npy_header("|u1", "(99999999999999999999, 1)"), "abcd"), "shape");
        WIDTHWISE_FAILS_WITH(images(npy_header("|u1", "(4294967296, 4294967296, 4294967296)"), "abcd"),
                             "no usable data");
        WIDTHWISE_FAILS_WITH(images(npy_header("|u1", "(1, 1, 2, 2)"), "abc"), "too short");
        WIDTHWISE_FAILS_WITH(images(npy_header("|u1", "(1, 1, 2, 2)"), "abcde"), "longer");
        WIDTHWISE_FAILS_WITH(images("{}", ""), "header is damaged");
        WIDTHWISE_FAILS_WITH(images("{'shape': (", ""), "header is damaged");
        WIDTHWISE_FAILS_WITH(images(npy_header("|u1", "(1, 1, 2, 2)"), "abcd", 4), "version 1 to 3");
        WIDTHWISE_FAILS_WITH(images(npy_header("<f4", "(2, 1, 1, 1)"),
                                    little_endian_f32({1, std::bit_cast<float>(0x7fc00000)})),
                             "image 1 has a pixel that is not finite");
        const auto labels = [](const std::string& header, const std::string& elements) {
            return read_npy_labels(file_with("n", npy_file(header, elements)));
        };
        WIDTHWISE_FAILS_WITH(labels(npy_header("|i1", "(2,)"), bytes_of({1, 0xff})), "label -1 of image 1");
        WIDTHWISE_FAILS_WITH(labels(npy_header("<u8", "(1,)"), std::string(8, '\xff')), "no class number");
        WIDTHWISE_FAILS_WITH(labels(npy_header("<f4", "(1,)"), "abcd"), "labels of type f4");
        WIDTHWISE_FAILS_WITH(labels(npy_header("|u1", "(2, 2)"), "abcd"), "one number an image");
        const std::string good = npy_file(npy_header("|u1", "(2, 2)"), "abcd");
        for (size_t cut = 0; cut < good.size(); ++cut)
            QVERIFY(!read_npy_images(file_with("n", good.substr(0, cut))).has_value());
    }

    void only_readable_regular_files_are_opened() {
        const std::filesystem::path folder = fresh_folder("odd");
        WIDTHWISE_FAILS_WITH(read_idx_images(folder), "is a directory");
        WIDTHWISE_FAILS_WITH(read_idx_images(folder / "absent"), "file not found");
        QCOMPARE(::mkfifo((folder / "fifo").c_str(), 0600), 0);
        WIDTHWISE_FAILS_WITH(read_idx_images(folder / "fifo"),
                             "not a regular file"); // and does not wait for a writer
        WIDTHWISE_FAILS_WITH(read_idx_images("/dev/zero"), "not a regular file");
        std::filesystem::create_symlink(folder / "loop", folder / "loop");
        WIDTHWISE_FAILS_WITH(read_idx_images(folder / "loop"), "cannot be read");
        WIDTHWISE_FAILS_WITH(read_idx_images("/proc/self/mem"),
                             "cannot be read"); // regular, but its first page is not there
        WIDTHWISE_FAILS_WITH(read_whole_file(file_with("large", "12345"), 4), "too large");
    }
};

QTEST_APPLESS_MAIN(TestArrayFormats)
#include "tst_array_formats.moc"
