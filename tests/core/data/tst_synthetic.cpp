// The demo's images: the same on every machine, balanced, and splits apart.

#include "core/base/hash.h"
#include "core/base/worker_pool.h"
#include "core/data/glyphs.h"
#include "core/data/synthetic.h"
#include "tests/core/data/data_files.h"

#include <cmath>
#include <set>

using namespace widthwise;

namespace {

constexpr size_t k_elements = size_t{3} * k_synthetic_side * k_synthetic_side;

std::vector<float> image(const Dataset& set, int64_t index) {
    std::vector<float> pixels(k_elements);
    if (!set.read(index, pixels)) qFatal("an image cannot be drawn");
    return pixels;
}

/// Back to the 8-bit pixels: (p / 255 - 0.5) / 0.25.
std::string bytes_of_image(const Dataset& set, int64_t index) {
    std::string bytes;
    for (const float v : image(set, index)) bytes += static_cast<char>(std::lround((v * 0.25 + 0.5) * 255));
    return bytes;
}

std::string hash_of_first(const Dataset& set, int64_t count) {
    Sha256 hash;
    for (int64_t i = 0; i < count; ++i) {
        hash.update(bytes_of_image(set, i));
        hash.update(std::to_string(set.label(i)));
    }
    return hash.finish();
}

} // namespace

class TestSynthetic : public QObject {
    Q_OBJECT
private slots:
    /// When one of these changes, the embedded network was trained on other images: train it again.
    void pixels_are_pinned() {
        QCOMPARE(hash_of_first(*demo_test(), 64),
                 std::string("84558787519d47671c399e3f1ea9d462ddfa736831e30d19f949bbb0a1dd43d8"));
        QCOMPARE(hash_of_first(*demo_train(), 64),
                 std::string("79430e09b66d9d41a89a03ece143225bdd57052b51874b1ebe2e1681ab2d4ffb"));
    }

    void the_demo_is_a_named_balanced_set() {
        const Result<DatasetPtr> test = open_dataset("demo"), train = open_dataset("demo:train");
        QVERIFY(test.has_value() && train.has_value());
        QCOMPARE((*test)->name(), std::string("demo"));
        QCOMPARE((*train)->name(), std::string("demo:train"));
        QCOMPARE((*test)->size(), 2000);
        QCOMPARE((*train)->size(), 20000);
        QVERIFY((*test)->hash() != (*train)->hash());
        QCOMPARE((*test)->class_count(), 12);
        QCOMPARE((*test)->classes().size(), size_t{12});
        QCOMPARE(std::set<std::string>((*test)->classes().begin(), (*test)->classes().end()).size(),
                 size_t{12});
        QCOMPARE((*test)->image_shape(), (std::array<int64_t, 3>{3, 32, 32}));
        QCOMPARE((*test)->preprocessing(),
                 std::string("synthetic, rgb, x*0.00392156862745098, mean 0.5, std 0.25"));
        for (const DatasetPtr& set : {*test, *train}) {
            std::vector<int64_t> count(12);
            for (int64_t i = 0; i < set->size(); ++i) ++count[static_cast<size_t>(set->label(i))];
            const auto [least, most] = std::minmax_element(count.begin(), count.end());
            QVERIFY(*most - *least <= 2);
        }
    }

    void splits_share_no_image() {
        std::set<std::string> seen;
        for (const DatasetPtr& set : {demo_test(), demo_train()})
            for (int64_t i = 0; i < 1000; ++i) seen.insert(bytes_of_image(*set, i));
        QCOMPARE(seen.size(), size_t{2000});
    }

    void an_image_depends_on_seed_and_index_alone() {
        const DatasetPtr whole = make_synthetic({.seed = 5, .images = 40, .first_index = 0}, "a");
        const DatasetPtr tail = make_synthetic({.seed = 5, .images = 10, .first_index = 30}, "b");
        const DatasetPtr other = make_synthetic({.seed = 6, .images = 40, .first_index = 0}, "c");
        for (int64_t i = 9; i >= 0; --i) {
            QCOMPARE(tail->label(i), whole->label(30 + i));
            QVERIFY(image(*tail, i) == image(*whole, 30 + i));
            QVERIFY(image(*other, i) != image(*whole, i));
        }
        QVERIFY(image(*whole, 3) == image(*whole, 3)); // drawn, then kept
        QVERIFY(whole->hash() != tail->hash() && whole->hash() != other->hash());
    }

    void many_threads_draw_the_same() {
        const DatasetPtr one = make_synthetic({.seed = 9, .images = 50, .first_index = 0}, "one");
        const DatasetPtr many = make_synthetic({.seed = 9, .images = 50, .first_index = 0}, "many");
        std::vector<std::vector<float>> drawn(200);
        const Result<void> done = parallel_for(200, 8, [&](int64_t item, int) -> Result<void> {
            drawn[static_cast<size_t>(item)] =
                image(*many, item % 50); // four threads may want the same image
            return {};
        });
        QVERIFY(done.has_value());
        for (size_t i = 0; i < drawn.size(); ++i)
            QVERIFY(drawn[i] == image(*one, static_cast<int64_t>(i % 50)));
    }

    void glyphs_fill_their_plane_and_differ() {
        constexpr int n = 60;
        std::set<std::string> masks;
        for (size_t glyph = 0; glyph < k_glyph_names.size(); ++glyph) {
            std::string mask;
            for (int y = 0; y < n; ++y)
                for (int x = 0; x < n; ++x)
                    mask += glyph_contains(glyph, (x + 0.5) * 2 / n - 1, (y + 0.5) * 2 / n - 1) ? '#' : '.';
            const auto covered = static_cast<double>(std::count(mask.begin(), mask.end(), '#')) / (n * n);
            QVERIFY2(covered > 0.2 && covered < 0.7, std::string(k_glyph_names[glyph]).c_str());
            masks.insert(mask);
        }
        QCOMPARE(masks.size(), k_glyph_names.size());
    }

    void painting_is_antialiased_and_blur_keeps_the_mean() {
        Canvas canvas(8);
        // A square from 1.5 to 6.5 on both axes, half a pixel covered at its edges.
        canvas.paint({4, 4, 0.4, 0, 0, 0.4}, {1, 0.5, 0}, 1, [](double, double) { return true; });
        QCOMPARE(canvas.at(4, 4).r, 1.0);
        QCOMPARE(canvas.at(4, 4).g, 0.5);
        QCOMPARE(canvas.at(1, 4).r, 0.5);
        QCOMPARE(canvas.at(6, 4).r, 0.5);
        QCOMPARE(canvas.at(1, 1).r, 0.25);
        QCOMPARE(canvas.at(0, 4).r, 0.0);
        const auto mean = [&] {
            double sum = 0;
            for (int y = 0; y < 8; ++y)
                for (int x = 0; x < 8; ++x) sum += canvas.at(x, y).r;
            return sum / 64;
        };
        const double before = mean();
        QCOMPARE(before, 25.0 / 64);
        canvas.blur(0.25);
        QVERIFY(std::abs(mean() - before) < 1e-12);
        QCOMPARE(canvas.at(1, 4).r, 0.5 * 0.5 + 0.25 * 1);
    }

    void pixels_use_the_whole_range_without_drowning_in_the_ends() {
        const DatasetPtr set = demo_test();
        double sum = 0, squares = 0;
        int64_t clipped = 0;
        constexpr int64_t images = 200;
        for (int64_t i = 0; i < images; ++i)
            for (const float v : image(*set, i)) {
                sum += v;
                squares += double{v} * v;
                clipped += v == -2.0F || v == 2.0F;
            }
        const double count = static_cast<double>(images) * k_elements, mean = sum / count;
        QVERIFY(std::abs(mean) < 0.15);
        const double deviation = std::sqrt(squares / count - mean * mean);
        QVERIFY2(deviation > 0.8 && deviation < 1.2, std::to_string(deviation).c_str());
        QVERIFY(static_cast<double>(clipped) / count < 0.05);
    }
};

QTEST_APPLESS_MAIN(TestSynthetic)
#include "tst_synthetic.moc"
