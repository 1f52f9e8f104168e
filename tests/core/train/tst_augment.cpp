// Crops and flips move pixels, cutouts blacken them, nothing else.

#include "core/train/augment.h"

#include <QTest>

#include <algorithm>
#include <numeric>
#include <set>
#include <vector>

using namespace widthwise;
using namespace widthwise::train;

class TestAugment : public QObject {
    Q_OBJECT
private slots:
    void crop_is_a_shift_with_zeros();
    void crop_of_a_tiny_image();
    void flip_mirrors_half_of_the_time();
    void cutout_zeroes_one_square();
    void all_in_their_order();
};

void TestAugment::crop_is_a_shift_with_zeros() {
    constexpr int64_t h = 6, w = 5, c = 2;
    std::vector<float> image(h * w * c), out(image.size());
    std::iota(image.begin(), image.end(), 1.0F);
    std::set<std::pair<int64_t, int64_t>> seen;
    for (uint64_t i = 0; i < 2000; ++i) {
        Rng rng = Rng::stream(3, i);
        random_crop(image, out, {c, h, w}, 2, rng);
        int matches = 0;
        for (int64_t dy = -2; dy <= 2; ++dy)
            for (int64_t dx = -2; dx <= 2; ++dx) {
                bool equal = true;
                for (int64_t y = 0; y < h; ++y)
                    for (int64_t x = 0; x < w * c; ++x) {
                        const int64_t sy = y + dy, sx = x / c + dx;
                        const bool inside = sy >= 0 && sy < h && sx >= 0 && sx < w;
                        const float expected = inside ? image[(sy * w + sx) * c + x % c] : 0.0F;
                        equal = equal && out[y * w * c + x] == expected;
                    }
                if (equal) seen.insert({dy, dx});
                matches += equal;
            }
        QCOMPARE(matches, 1);
    }
    QCOMPARE(seen.size(), size_t{25}); // every shift occurs
}

void TestAugment::crop_of_a_tiny_image() {
    // A shift may move a 2x2 image out of sight altogether.
    const std::vector<float> image(4, 1.0F);
    std::vector<float> out(4);
    bool empty = false;
    for (uint64_t i = 0; i < 200; ++i) {
        Rng rng = Rng::stream(1, i);
        random_crop(image, out, {1, 2, 2}, 4, rng);
        empty = empty || std::ranges::count(out, 0.0F) == 4;
        QVERIFY(std::ranges::all_of(out, [](float v) { return v == 0 || v == 1; }));
    }
    QVERIFY(empty);
}

void TestAugment::flip_mirrors_half_of_the_time() {
    const std::vector<float> image{1, 10, 2, 20, 3, 30, 4, 40, 5, 50, 6, 60}; // 2 x 3 x 2
    const std::vector<float> mirrored{3, 30, 2, 20, 1, 10, 6, 60, 5, 50, 4, 40};
    int flips = 0;
    for (uint64_t i = 0; i < 1000; ++i) {
        Rng rng = Rng::stream(9, i);
        std::vector<float> copy = image;
        random_flip(copy, {2, 2, 3}, rng);
        QVERIFY(copy == image || copy == mirrored);
        flips += copy == mirrored;
    }
    QVERIFY(flips > 430 && flips < 570); // 500 +- 4.4 standard deviations
}

void TestAugment::cutout_zeroes_one_square() {
    constexpr int64_t h = 6, w = 5, c = 2, side = 3;
    std::set<std::pair<int64_t, int64_t>> corners;
    int64_t whole = 0;
    for (uint64_t i = 0; i < 1000; ++i) {
        std::vector<float> image(h * w * c, 1.0F);
        Rng rng = Rng::stream(5, i);
        random_cutout(image, {c, h, w}, side, rng);
        int64_t top = h, left = w, bottom = 0, right = 0, zeros = 0;
        for (int64_t y = 0; y < h; ++y)
            for (int64_t x = 0; x < w; ++x) {
                const float v = image[static_cast<size_t>((y * w + x) * c)];
                QCOMPARE(v, image[static_cast<size_t>((y * w + x) * c + 1)]); // all channels
                if (v != 0) continue;
                top = std::min(top, y), left = std::min(left, x);
                bottom = std::max(bottom, y + 1), right = std::max(right, x + 1);
                ++zeros;
            }
        QCOMPARE(zeros, (bottom - top) * (right - left)); // a full rectangle
        QVERIFY(zeros > 0 && bottom - top <= side && right - left <= side);
        corners.insert({top, left});
        whole += zeros == side * side;
    }
    // Centres anywhere: 4 of 6 rows and 3 of 5 columns leave the square whole, 0.4 of all +- 0.07 (4.5
    // standard deviations).
    QVERIFY(whole > 330 && whole < 470);
    QCOMPARE(corners.size(), size_t{20}); // 5 rows x 4 columns: centres 0 and 1 begin at 0
}

void TestAugment::all_in_their_order() {
    constexpr std::array<int64_t, 3> chw{1, 8, 8};
    std::vector<float> image(64), all(64), one(64);
    std::iota(image.begin(), image.end(), 1.0F);
    Rng rng = Rng::stream(1, 2), again = Rng::stream(1, 2);
    augment({.flip = true, .crop = true, .cutout = 2}, image, all, chw, rng);
    random_crop(image, one, chw, k_crop_pad, again);
    random_flip(one, chw, again);
    random_cutout(one, chw, 2, again);
    QVERIFY(all == one);
    augment({.flip = false, .crop = false, .cutout = 0}, image, all, chw, rng);
    QVERIFY(all == image);
}

QTEST_APPLESS_MAIN(TestAugment)
#include "tst_augment.moc"
