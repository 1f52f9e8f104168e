// JPEG against Pillow's pixels, PNG against files put together chunk by chunk, and damaged ones.

#include "core/data/image_decode.h"
#include "tests/core/data/data_files.h"
#include "tests/core/data/jpeg_samples.h"

using namespace widthwise;
using namespace widthwise::test;

namespace {

std::vector<uint8_t> from_hex(std::string_view hex) {
    const QByteArray bytes = QByteArray::fromHex(QByteArray(hex.data(), static_cast<qsizetype>(hex.size())));
    return {bytes.begin(), bytes.end()};
}

Result<DecodedImage> decode(const std::string& file) {
    return decode_image({reinterpret_cast<const uint8_t*>(file.data()), file.size()});
}

std::string rows(std::initializer_list<std::initializer_list<int>> lines) {
    std::string out;
    for (const auto& line : lines) out += '\0' + bytes_of(line);
    return out;
}

} // namespace

class TestImageDecode : public QObject {
    Q_OBJECT
private slots:
    void jpeg_equals_pillow_data() {
        QTest::addColumn<std::vector<uint8_t>>("file");
        QTest::addColumn<std::vector<uint8_t>>("pixels");
        QTest::addColumn<int>("channels");
        QTest::newRow("colour") << from_hex(k_jpeg_colour) << from_hex(k_pixels_colour) << 3;
        QTest::newRow("subsampled") << from_hex(k_jpeg_subsampled) << from_hex(k_pixels_subsampled) << 3;
        QTest::newRow("gray") << from_hex(k_jpeg_gray) << from_hex(k_pixels_gray) << 1;
        QTest::newRow("cmyk") << from_hex(k_jpeg_cmyk) << from_hex(k_pixels_cmyk) << 3;
    }
    void jpeg_equals_pillow() {
        QFETCH(std::vector<uint8_t>, file);
        QFETCH(std::vector<uint8_t>, pixels);
        QFETCH(int, channels);
        const auto image = decode_image(file);
        QVERIFY2(image.has_value(), image.has_value() ? "" : image.error().to_line().c_str());
        QCOMPARE(image->height, 8);
        QCOMPARE(image->width, 12);
        QCOMPARE(image->channels, channels);
        QCOMPARE(image->pixels, pixels);
        // Every shorter file is refused: libjpeg alone would fill up with gray. (The end marker itself may be
        // missing.)
        for (size_t cut = 0; cut + 2 < file.size(); ++cut)
            QVERIFY2(!decode_image(std::span(file).first(cut)).has_value(), std::to_string(cut).c_str());
    }

    void damaged_jpeg_is_an_error_or_an_image_but_no_crash() {
        const std::vector<uint8_t> good = from_hex(k_jpeg_subsampled);
        for (size_t at = 0; at < good.size(); ++at)
            for (const uint8_t value : {uint8_t{0}, uint8_t{0xff}, static_cast<uint8_t>(good[at] ^ 0x10)}) {
                std::vector<uint8_t> bad = good;
                bad[at] = value;
                const auto image = decode_image(bad);
                if (image)
                    QCOMPARE(image->pixels.size(),
                             static_cast<size_t>(image->height * image->width * image->channels));
            }
    }

    void absurd_jpeg_sizes_are_refused() {
        std::vector<uint8_t> file = from_hex(k_jpeg_colour);
        for (size_t i = 0; i + 8 < file.size(); ++i)
            if (file[i] == 0xff && file[i + 1] == 0xc0) { // start of frame: length, precision, height, width
                file[i + 5] = file[i + 7] = 0xff;
                break;
            }
        WIDTHWISE_FAILS_WITH(decode_image(file), "cannot be true");
    }

    void endless_progressive_scans_are_refused() {
        const std::vector<uint8_t> good = from_hex(k_jpeg_subsampled);
        const auto marker = [&](size_t from, auto wanted) {
            while (from + 1 < good.size() && !(good[from] == 0xff && wanted(good[from + 1]))) ++from;
            return from;
        };
        const size_t scan = marker(2, [](uint8_t code) { return code == 0xda; });
        const size_t next = marker(scan + 2, [](uint8_t code) { return code != 0; });
        QVERIFY(next + 2 < good.size());
        std::vector<uint8_t> file(good.begin(), good.begin() + static_cast<ptrdiff_t>(scan));
        for (int i = 0; i < 600; ++i)
            file.insert(file.end(), good.begin() + static_cast<ptrdiff_t>(scan),
                        good.begin() + static_cast<ptrdiff_t>(next));
        file.insert(file.end(), good.begin() + static_cast<ptrdiff_t>(next), good.end());
        WIDTHWISE_FAILS_WITH(decode_image(file), "more than 500 scans");
    }

    void png_kinds() {
        const auto pixels = [](const std::string& file) {
            const auto image = decode(file);
            if (!image) qFatal("%s", image.error().to_line().c_str());
            return image->pixels;
        };
        using Bytes = std::vector<uint8_t>;
        QCOMPARE(pixels(png_file(2, 1, 8, 2, rows({{1, 2, 3, 4, 5, 6}}))), (Bytes{1, 2, 3, 4, 5, 6}));
        QCOMPARE(pixels(png_file(2, 2, 8, 0, rows({{7, 8}, {9, 10}}))), (Bytes{7, 8, 9, 10}));
        QCOMPARE(pixels(png_file(8, 1, 1, 0, rows({{0b10100001}}))), (Bytes{255, 0, 255, 0, 0, 0, 0, 255}));
        QCOMPARE(pixels(png_file(3, 1, 2, 0, rows({{0b00011000}}))), (Bytes{0, 85, 170}));
        QCOMPARE(pixels(png_file(2, 1, 16, 0, rows({{0x12, 0xff, 0x34, 0x00}}))), (Bytes{0x12, 0x34}));
        QCOMPARE(pixels(png_file(1, 1, 16, 2, rows({{1, 9, 2, 9, 3, 9}}))), (Bytes{1, 2, 3}));
        QCOMPARE(pixels(png_file(1, 1, 8, 6, rows({{11, 12, 13, 0}}))), (Bytes{11, 12, 13})); // alpha dropped
        QCOMPARE(pixels(png_file(2, 1, 8, 4, rows({{11, 0, 12, 255}}))), (Bytes{11, 12}));
        const std::string palette = png_chunk("PLTE", bytes_of({1, 2, 3, 200, 201, 202}));
        QCOMPARE(pixels(png_file(2, 1, 8, 3, rows({{1, 0}}), palette)), (Bytes{200, 201, 202, 1, 2, 3}));
        QCOMPARE(
            pixels(png_file(2, 1, 1, 3, rows({{0x80}}), palette + png_chunk("tRNS", bytes_of({0, 128})))),
            (Bytes{200, 201, 202, 1, 2, 3}));
    }

    void damaged_png_is_refused() {
        const std::string good = plain_png(3, 2, 5, 6, 7);
        for (size_t cut = 0; cut < good.size(); ++cut)
            QVERIFY2(!decode(good.substr(0, cut)).has_value(), std::to_string(cut).c_str());
        for (size_t at = 0; at < good.size(); ++at) {
            std::string bad = good;
            bad[at] = static_cast<char>(bad[at] ^ 0x20);
            const auto image = decode(bad); // most flips break a checksum; none may crash
            if (image)
                QCOMPARE(image->pixels.size(),
                         static_cast<size_t>(image->height * image->width * image->channels));
        }
        WIDTHWISE_FAILS_WITH(decode(png_file(60000, 60000, 8, 2, "x")), "cannot be true");
        WIDTHWISE_FAILS_WITH(decode(png_file(9000, 9000, 8, 2, "x")),
                             "cannot be true"); // 243 MB out of 100 bytes
        WIDTHWISE_FAILS_WITH(decode(png_file(0, 5, 8, 2, "x")), "PNG is damaged");
        WIDTHWISE_FAILS_WITH(decode(png_file(2, 1, 8, 3, rows({{1, 0}}))), "PNG is damaged"); // no palette
    }

    void other_files_are_named_as_such() {
        WIDTHWISE_FAILS_WITH(decode(""), "empty");
        WIDTHWISE_FAILS_WITH(decode("GIF89a"), "neither JPEG nor PNG");
        WIDTHWISE_FAILS_WITH(decode("\xff\xd8"), "neither JPEG nor PNG");
    }
};

QTEST_APPLESS_MAIN(TestImageDecode)
#include "tst_image_decode.moc"
