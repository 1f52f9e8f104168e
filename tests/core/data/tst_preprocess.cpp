// Resampling against Pillow's own numbers, crops, colours, (p * scale - mean) / std.

#include "core/data/preprocess.h"
#include "core/data/resample.h"
#include "tests/core/data/data_files.h"

#include <cmath>

using namespace widthwise;

namespace {

/// The 7 x 5 pattern that the Pillow numbers below were made from.
std::vector<uint8_t> pattern() {
    std::vector<uint8_t> pixels;
    for (int y = 0; y < 5; ++y)
        for (int x = 0; x < 7; ++x)
            pixels.push_back(static_cast<uint8_t>(37 * x * x + 11 * y * y * y + 5 * x * y));
    return pixels;
}

ImagePlacement whole(int64_t height, int64_t width) {
    return {{height, width}, {0, 0}, {height, width}};
}

Preprocessor make(const Preprocessing& options, int64_t channels, bool bytes = true) {
    Result<Preprocessor> made = Preprocessor::create(options, channels, bytes);
    if (!made) qFatal("%s", made.error().to_line().c_str());
    return std::move(*made);
}

} // namespace

class TestPreprocess : public QObject {
    Q_OBJECT
private slots:
    void resampling_equals_pillow() {
        const std::vector<uint8_t> pixels = pattern();
        const auto view = planar_view(pixels.data(), 1, 5, 7);
        // numpy.asarray(Image.fromarray(pattern).resize((w, h), BILINEAR)), Pillow 13.0.
        QCOMPARE(resize_bilinear(view, whole(3, 4)),
                 (std::vector<uint8_t>{29, 115, 108, 115, 82, 113, 155, 128, 153, 153, 124, 130}));
        QCOMPARE(resize_bilinear(view, whole(3, 7)),
                 (std::vector<uint8_t>{5,   44, 157, 88,  93,  172, 70,  60,  107, 86, 167,
                                       180, 68, 172, 127, 182, 165, 112, 132, 118, 140}));
        QCOMPARE(resize_bilinear(view, whole(5, 4)),
                 (std::vector<uint8_t>{23,  106, 95, 98,  37,  127, 125, 137, 104, 82,
                                       171, 131, 72, 178, 143, 112, 213, 135, 109, 144}));
        QCOMPARE(resize_bilinear(view, whole(7, 10)),
                 (std::vector<uint8_t>{
                     0,   20,  65,  142, 102, 78,  84,  138, 110, 52,  6,   28,  75,  154, 116, 94,  102, 158,
                     132, 75,  33,  57,  87,  118, 126, 133, 139, 147, 137, 124, 88,  114, 101, 7,   127, 200,
                     200, 81,  111, 200, 54,  83,  118, 154, 167, 178, 181, 65,  97,  188, 106, 136, 165, 177,
                     144, 131, 142, 106, 119, 151, 192, 223, 218, 130, 91,  81,  101, 169, 155, 108}));
        const std::vector<float> reals(pixels.begin(), pixels.end());
        const std::vector<float> small = resize_bilinear(planar_view(reals.data(), 1, 5, 7), whole(3, 4));
        QCOMPARE(small.size(), size_t{12});
        QCOMPARE(small[0], 28.741497039794922F);
        QCOMPARE(small[5], 113.2088851928711F);
        QCOMPARE(small[11], 130.10203552246094F);
    }

    void a_window_equals_the_crop_of_the_whole() {
        const std::vector<uint8_t> pixels = pattern();
        const auto view = planar_view(pixels.data(), 1, 5, 7);
        for (const auto& [height, width] : {std::pair{11, 13}, {3, 4}, {5, 4}, {4, 7}, {5, 7}}) {
            const std::vector<uint8_t> all = resize_bilinear(view, whole(height, width));
            ImagePlacement at = whole(height, width);
            at.offset = {1, 1};
            at.size = {height - 2, width - 2};
            const std::vector<uint8_t> window = resize_bilinear(view, at);
            for (int y = 0; y < height - 2; ++y)
                for (int x = 0; x < width - 2; ++x)
                    QCOMPARE(window[static_cast<size_t>(y * (width - 2) + x)],
                             all[static_cast<size_t>((y + 1) * width + x + 1)]);
        }
    }

    void channels_do_not_mix_and_layouts_agree() {
        const std::vector<uint8_t> one = pattern();
        std::vector<uint8_t> planar, interleaved;
        for (int c = 0; c < 3; ++c)
            for (const uint8_t p : one) planar.push_back(static_cast<uint8_t>(p + 50 * c));
        for (size_t i = 0; i < one.size(); ++i)
            for (size_t c = 0; c < 3; ++c) interleaved.push_back(planar[c * one.size() + i]);
        const auto a = resize_bilinear(planar_view(planar.data(), 3, 5, 7), whole(3, 4));
        QCOMPARE(a, resize_bilinear(interleaved_view(interleaved.data(), 3, 5, 7), whole(3, 4)));
        const auto red = resize_bilinear(planar_view(planar.data(), 1, 5, 7), whole(3, 4));
        for (size_t i = 0; i < red.size(); ++i) QCOMPARE(a[3 * i], red[i]);
    }

    void luma_is_bt601() {
        const std::vector<uint8_t> colours = {255, 0, 0, 0, 255, 0, 0, 0, 255, 10, 200, 90, 254, 255, 253};
        QCOMPARE(luma(interleaved_view(colours.data(), 3, 1, 5)),
                 (std::vector<uint8_t>{76, 150, 29, 131, 254})); // Pillow's
        const std::vector<float> reals = {1, 0, 0, 0, 1, 0, 0, 0, 1};
        QCOMPARE(luma(interleaved_view(reals.data(), 3, 1, 3)), (std::vector<float>{0.299F, 0.587F, 0.114F}));
    }

    void placement_follows_torchvision() {
        const auto place = [](int64_t resize, int64_t crop, int64_t height, int64_t width) {
            Preprocessing options;
            options.resize = resize;
            options.crop = crop;
            return make(options, 3).place(height, width);
        };
        // Resize(256): 500 x 375 becomes int(256 * 500 / 375) = 341 x 256.
        const auto wide = place(256, 224, 375, 500);
        QVERIFY(wide.has_value());
        QCOMPARE(wide->resized, (std::array<int64_t, 2>{256, 341}));
        QCOMPARE(wide->offset, (std::array<int64_t, 2>{16, 58})); // floor(117 / 2)
        QCOMPARE(wide->size, (std::array<int64_t, 2>{224, 224}));
        QCOMPARE(place(256, 0, 500, 375)->size, (std::array<int64_t, 2>{341, 256}));
        // A shorter side of the right length is not resampled.
        QCOMPARE(place(256, 227, 256, 300)->resized, (std::array<int64_t, 2>{256, 300}));
        QCOMPARE(place(256, 227, 256, 256)->offset, (std::array<int64_t, 2>{14, 14})); // floor(29 / 2)
        QCOMPARE(place(0, 0, 7, 9)->size, (std::array<int64_t, 2>{7, 9}));
        WIDTHWISE_FAILS_WITH(place(0, 8, 7, 9), "smaller than the crop");
        WIDTHWISE_FAILS_WITH(place(256, 224, 1, 60000), "too oblong");
    }

    void values_are_scaled_per_network_channel() {
        Preprocessing options;
        options.channels = ChannelOrder::bgr;
        options.scale = 0.5;
        options.mean = {1, 2, 3}; // blue, green, red
        options.std = {0.25};
        const std::vector<uint8_t> pixels = {10, 20, 30, 0, 255, 1};
        std::vector<float> out(6);
        make(options, 3).apply(interleaved_view(pixels.data(), 3, 1, 2), whole(1, 2), out);
        QCOMPARE(out, (std::vector<float>{(15 - 1) / 0.25F, (10 - 2) / 0.25F, (5 - 3) / 0.25F,
                                          (0.5F - 1) / 0.25F, (127.5F - 2) / 0.25F, (0 - 3) / 0.25F}));
        const std::vector<float> reals(pixels.begin(), pixels.end());
        std::vector<float> same(6);
        make(options, 3, false).apply(interleaved_view(reals.data(), 3, 1, 2), whole(1, 2), same);
        QCOMPARE(same, out);
    }

    void colours_convert() {
        const std::vector<uint8_t> pixels = {10, 200, 90};
        const auto read = [&](ChannelOrder order, int64_t channels) {
            Preprocessing options;
            options.channels = order;
            options.scale = 1;
            const Preprocessor p = make(options, channels);
            std::vector<float> out(static_cast<size_t>(p.channels()));
            p.apply(planar_view(pixels.data(), channels, 1, 1), whole(1, 1), out);
            return out;
        };
        QCOMPARE(read(ChannelOrder::rgb, 3), (std::vector<float>{10, 200, 90}));
        QCOMPARE(read(ChannelOrder::bgr, 3), (std::vector<float>{90, 200, 10}));
        QCOMPARE(read(ChannelOrder::gray, 3), (std::vector<float>{131}));
        QCOMPARE(read(ChannelOrder::rgb, 1), (std::vector<float>{10, 10, 10}));
        QCOMPARE(read(ChannelOrder::gray, 1), (std::vector<float>{10}));
        QCOMPARE(read(ChannelOrder::as_stored, 2), (std::vector<float>{10, 200}));
    }

    void default_scale_depends_on_the_pixel_type() {
        const std::vector<uint8_t> bytes = {255};
        const std::vector<float> reals = {255};
        std::vector<float> out(1);
        make({}, 1).apply(planar_view(bytes.data(), 1, 1, 1), whole(1, 1), out);
        QCOMPARE(out[0], 1.0F);
        make({}, 1, false).apply(planar_view(reals.data(), 1, 1, 1), whole(1, 1), out);
        QCOMPARE(out[0], 255.0F);
    }

    void channel_counts_must_fit() {
        Preprocessing options;
        options.channels = ChannelOrder::rgb;
        WIDTHWISE_FAILS_WITH(Preprocessor::create(options, 4, true), "neither gray nor colour");
        options.mean = {1, 2};
        WIDTHWISE_FAILS_WITH(Preprocessor::create(options, 3, true), "2 and 1 elements for 3 channels");
    }

    void the_description_is_the_provenance() {
        Preprocessing options;
        options.resize = 256;
        options.crop = 227;
        options.channels = ChannelOrder::bgr;
        options.scale = 1;
        options.mean = {104, 117, 123.5};
        QCOMPARE(make(options, 3).describe(),
                 std::string("resize 256, crop 227, bgr, x*1, mean 104 117 123.5, std 1"));
    }
};

QTEST_APPLESS_MAIN(TestPreprocess)
#include "tst_preprocess.moc"
