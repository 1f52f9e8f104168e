// Which images a run sees: every one once, in an order of the seed's, and none of those held out.

#include "core/train/sampler.h"
#include "tests/core/train/toy_problem.h"

#include <QTest>

#include <set>

using namespace widthwise;
using namespace widthwise::train;
using widthwise::test::ToyDataset;

namespace {

std::vector<int64_t> indices(const std::vector<Sample>& samples) {
    std::vector<int64_t> all;
    for (const Sample& sample : samples) all.push_back(sample.index);
    return all;
}

/// Which image of the whole set each one of a subset is, by its pixels.
std::vector<int64_t> places(const Dataset& part, const Dataset& whole) {
    std::vector<int64_t> found;
    std::vector<float> one(3 * 8 * 8), other(one.size());
    for (int64_t i = 0; i < part.size(); ++i) {
        if (!part.read(i, one)) return {};
        for (int64_t j = 0; j < whole.size(); ++j)
            if (whole.read(j, other) && one == other && part.label(i) == whole.label(j)) found.push_back(j);
    }
    return found;
}

} // namespace

class TestSampler : public QObject {
    Q_OBJECT
private slots:
    void an_epoch_shows_every_image();
    void variations_never_repeat();
    void seeds_and_epochs_differ();
    void split_is_a_partition();
    void split_leaves_both_sides_something();
    void halves_hash_apart();
};

void TestSampler::an_epoch_shows_every_image() {
    const std::vector<int64_t> order = indices(epoch_order(70, 32, 1, 0));
    QCOMPARE(order.size(), size_t{96});
    QCOMPARE((std::set<int64_t>(order.begin(), order.begin() + 70).size()), size_t{70});
    QCOMPARE(*std::ranges::min_element(order), int64_t{0});
    QCOMPARE(*std::ranges::max_element(order), int64_t{69});
    QVERIFY(std::equal(order.begin(), order.begin() + 26, order.begin() + 70)); // filled up
}

void TestSampler::variations_never_repeat() {
    std::set<uint64_t> seen;
    for (int epoch = 0; epoch < 4; ++epoch)
        for (const Sample& sample : epoch_order(70, 32, 1, epoch)) seen.insert(sample.variation);
    QCOMPARE(seen.size(), size_t{4 * 96});
}

void TestSampler::seeds_and_epochs_differ() {
    const auto order = [](uint64_t seed, int epoch) { return indices(epoch_order(70, 1, seed, epoch)); };
    QVERIFY(order(1, 0) == order(1, 0));
    QVERIFY(order(1, 0) != order(2, 0));
    QVERIFY(order(1, 0) != order(1, 1));
}

void TestSampler::split_is_a_partition() {
    const ToyDataset whole(50, 3);
    const Split parts = split(whole, 0.3, 1);
    const std::vector<int64_t> training = places(*parts.training, whole),
                               held = places(*parts.held_out, whole);
    QCOMPARE(training.size(), size_t{35});
    QCOMPARE(held.size(), size_t{15});
    QVERIFY(std::ranges::is_sorted(training) && std::ranges::is_sorted(held));
    std::set<int64_t> all(training.begin(), training.end());
    all.insert(held.begin(), held.end());
    QCOMPARE(all.size(), size_t{50});
    QVERIFY(held == places(*split(whole, 0.3, 1).held_out, whole));
    QVERIFY(held != places(*split(whole, 0.3, 2).held_out, whole));
}

void TestSampler::split_leaves_both_sides_something() {
    const ToyDataset two(2, 3);
    for (const double share : {1e-9, 0.5, 0.999}) {
        const Split parts = split(two, share, 1);
        QCOMPARE(parts.training->size(), int64_t{1});
        QCOMPARE(parts.held_out->size(), int64_t{1});
    }
}

void TestSampler::halves_hash_apart() {
    const ToyDataset whole(50, 3);
    const Split one = split(whole, 0.5, 1), other = split(whole, 0.5, 2);
    QVERIFY(one.training->hash() != one.held_out->hash());
    QVERIFY(one.training->hash() != other.training->hash());
    QCOMPARE(one.training->hash(), split(whole, 0.5, 1).training->hash());
    QCOMPARE(one.training->class_count(), whole.class_count());
}

QTEST_APPLESS_MAIN(TestSampler)
#include "tst_sampler.moc"
