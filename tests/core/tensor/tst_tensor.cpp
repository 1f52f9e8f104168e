// Tensors own their bytes: zero at first, copied whole, left empty when moved from.

#include "core/tensor/tensor.h"

#include <QTest>

#include <algorithm>
#include <numeric>

using namespace widthwise;

class TestTensor : public QObject {
    Q_OBJECT
private slots:
    void begins_as_zeros();
    void copies_are_independent();
    void moved_from_is_empty();
    void huge_and_untouched_is_free();
    void conversions();
};

void TestTensor::begins_as_zeros() {
    const Tensor tensor(DataType::f32, {3, 5, 7});
    QCOMPARE(tensor.bytes().size(), size_t{3 * 5 * 7 * 4});
    QVERIFY(std::ranges::all_of(tensor.as<float>(), [](float x) { return x == 0; }));
    const Tensor none(DataType::i64, {0, 4});
    QVERIFY(none.bytes().empty() && none.to_i64().empty());
}

void TestTensor::copies_are_independent() {
    Tensor original(DataType::i32, {1000});
    std::iota(original.as<int32_t>().begin(), original.as<int32_t>().end(), 0);
    Tensor copy = original;
    copy.as<int32_t>()[7] = -1;
    QCOMPARE(original.as<int32_t>()[7], 7);
    QCOMPARE(copy.as<int32_t>()[999], 999);
    copy = original;
    QCOMPARE(copy.as<int32_t>()[7], 7);
    copy = Tensor(DataType::u8, {2});
    QCOMPARE(copy.bytes().size(), size_t{2});
}

void TestTensor::moved_from_is_empty() {
    Tensor original = Tensor::from_f32({2}, {1, 2});
    const Tensor taken = std::move(original);
    QCOMPARE(taken.as<float>()[1], 2.0F);
    ZeroedBuffer source(16);
    const ZeroedBuffer target = std::move(source);
    QCOMPARE(source.size(), size_t{0});
    QVERIFY(source.data() == nullptr && target.size() == 16);
}

void TestTensor::huge_and_untouched_is_free() {
    // 8 GiB together; writing them would take seconds.
    std::vector<Tensor> tensors;
    for (int i = 0; i < 2; ++i) tensors.emplace_back(DataType::f32, Shape{int64_t{1} << 30});
    QCOMPARE(tensors.back().as<float>()[(size_t{1} << 30) - 1], 0.0F);
}

void TestTensor::conversions() {
    QCOMPARE(Tensor::from_i64({3}, {-1, 0, 5}).to_f32(), (std::vector<float>{-1, 0, 5}));
    QCOMPARE(Tensor::from_f32({2}, {-2.75F, 3.5F}).to_i64(), (std::vector<int64_t>{-2, 3}));
    Tensor half(DataType::f16, {2});
    half.as<uint16_t>()[0] = 0x3C00; // 1
    half.as<uint16_t>()[1] = 0xC000; // -2
    QCOMPARE(half.to_f32(), (std::vector<float>{1, -2}));
}

QTEST_APPLESS_MAIN(TestTensor)
#include "tst_tensor.moc"
