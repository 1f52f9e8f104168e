// Files of newer operator sets and IR versions than this libonnx knows, and the number types that came with
// them; metadata; nasty numbers in every op that is imported.

#include "core/base/rng.h"
#include "core/onnx/narrow_tensor.h"
#include "tests/core/onnx/hostile_models.h"
#include "tests/support/test_data.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

#include <cmath>

using namespace widthwise;
using test::error_of;
using test::Imported;
using test::ProtoModel;
using test::set;

namespace {

bool mentions(const std::vector<std::string>& warnings, const std::string& part) {
    return std::any_of(warnings.begin(), warnings.end(),
                       [&](const std::string& text) { return text.find(part) != std::string::npos; });
}

/// y = x W^T with W of any stored type.
ProtoModel with_weights(int type, std::vector<int64_t> dims, std::string raw) {
    ProtoModel m(21, 10);
    m.input("x", {-1, dims[1]}).output("y", {-1, dims[0]});
    auto& w = *m.graph().add_initializer();
    w.set_name("w");
    w.set_data_type(type);
    for (const int64_t dim : dims) w.add_dims(dim);
    w.set_raw_data(std::move(raw));
    set(m.node("Gemm", {"x", "w"}, {"y"}), "transB", int64_t{1});
    return m;
}

std::vector<float> weights_of(const Imported& imported) {
    return imported.graph->value(imported.graph->nodes()[0].inputs[1]).constant->to_f32();
}

int64_t nasty(Rng& rng) {
    constexpr int64_t big = std::numeric_limits<int64_t>::max();
    const std::vector<int64_t> numbers{-big - 1, -(1LL << 32), -3,        -1,        0,         1,  2,
                                       7,        65536,        1LL << 31, 1LL << 33, 1LL << 62, big};
    return numbers[rng.below(numbers.size())];
}

void spoil(::onnx::GraphProto& graph, Rng& rng) {
    const auto any = [&](int count) { return static_cast<int>(rng.below(static_cast<uint64_t>(count))); };
    auto& node = *graph.mutable_node(any(graph.node_size()));
    if (node.attribute_size() > 0 && rng.below(2) == 0) {
        auto& a = *node.mutable_attribute(any(node.attribute_size()));
        if (a.ints_size() > 0)
            a.set_ints(any(a.ints_size()), nasty(rng));
        else if (a.has_f())
            a.set_f(rng.below(2) ? std::numeric_limits<float>::quiet_NaN() : static_cast<float>(nasty(rng)));
        else
            a.set_i(nasty(rng));
        return;
    }
    if (graph.initializer_size() == 0) return;
    auto& tensor = *graph.mutable_initializer(any(graph.initializer_size()));
    std::string& raw = *tensor.mutable_raw_data();
    if (tensor.data_type() == ::onnx::TensorProto::INT64 && raw.size() >= 8) {
        const int64_t value = nasty(rng);
        std::memcpy(&raw[8 * rng.below(raw.size() / 8)], &value, 8);
    } else if (tensor.data_type() == ::onnx::TensorProto::FLOAT && raw.size() >= 4) {
        const auto value =
            rng.below(4) ? static_cast<float>(nasty(rng)) : std::numeric_limits<float>::infinity();
        std::memcpy(&raw[4 * rng.below(raw.size() / 4)], &value, 4);
    }
}

} // namespace

class TestOnnxNewerFiles : public QObject {
    Q_OBJECT
private slots:
    void what_was_not_checked_is_said() {
        ProtoModel m(21, 10);
        m.input("x", {-1, 4, 3, 3}).output("y", {-1, 4, 1, 1});
        m.integers("axes", {2, 3});
        m.node("Relu", {"x"}, {"r"});
        m.node("ReduceMean", {"r", "axes"}, {"y"});
        const auto imported = m.import();
        QVERIFY2(imported, error_of(imported).c_str());
        QVERIFY(mentions(imported->warnings, "knows IR version 8 at most, the file has 10"));
        QVERIFY(mentions(imported->warnings,
                         "knows operator set 17 at most, the file has 21; not checked: ReduceMean"));
        QCOMPARE(imported->warnings.size(), size_t(2));
    }

    /// Relu has not changed since: its wrong attribute is found in newer files too.
    void what_can_be_checked_is() {
        ProtoModel m(21, 10);
        m.input("x", {-1, 4}).output("y", {-1, 4});
        set(m.node("Relu", {"x"}, {"y"}, "odd"), "strength", int64_t{2});
        test::expect_error(m.import(), "strength");
    }

    void operator_sets_beyond_all_are_tried() {
        for (const int opset : {5, 40}) {
            ProtoModel m(opset, 7);
            m.input("x", {-1, 4}).output("y", {-1, 4});
            m.node("Relu", {"x"}, {"y"});
            const auto imported = m.import();
            QVERIFY2(imported, error_of(imported).c_str());
            QVERIFY(mentions(imported->warnings, "operator set " + std::to_string(opset) + " is "));
        }
    }

    void half_precision_is_widened() {
        // 1, -2, 65504, 2^-24 in IEEE 754 binary16
        const auto half = with_weights(::onnx::TensorProto::FLOAT16, {2, 2},
                                       std::string("\x00\x3c\x00\xc0\xff\x7b\x01\x00", 8))
                              .import();
        QVERIFY2(half, error_of(half).c_str());
        QCOMPARE(weights_of(*half), (std::vector<float>{1, -2, 65504, std::ldexp(1.0F, -24)}));
        QVERIFY(mentions(half->warnings, "computed in float32"));
        const auto brain =
            with_weights(::onnx::TensorProto::BFLOAT16, {1, 2}, std::string("\x80\x3f\x20\xc1", 4)).import();
        QVERIFY2(brain, error_of(brain).c_str());
        QCOMPARE(weights_of(*brain), (std::vector<float>{1, -10}));
    }

    void networks_of_half_precision_run_in_float32() {
        ProtoModel m;
        m.input("x", {-1, 2}, ::onnx::TensorProto::FLOAT16)
            .output("y", {-1, 2}, ::onnx::TensorProto::FLOAT16);
        m.node("Relu", {"x"}, {"r"});
        set(m.node("Cast", {"r"}, {"y"}), "to", int64_t{::onnx::TensorProto::FLOAT16});
        const auto imported = m.import();
        QVERIFY2(imported, error_of(imported).c_str());
        QVERIFY(!imported->graph->first_unsupported().valid());
    }

    /// OFP8 1.0, tables 1 and 2: extreme values of both formats.
    void floats_of_8_bits() {
        const std::vector<uint8_t> codes{0x38, 0x7e, 0x01, 0x88, 0xfe, 0x00};
        const auto e4m3 = widthwise::onnx::widened(17, Shape{6}, codes).to_f32();
        QCOMPARE(e4m3, (std::vector<float>{1, 448, std::ldexp(1.0F, -9), -std::ldexp(1.0F, -6), -448, 0}));
        QVERIFY(std::isnan(widthwise::onnx::widened(17, Shape{1}, std::vector<uint8_t>{0x7f}).to_f32()[0]));
        const std::vector<uint8_t> wide{0x3c, 0x7b, 0x01, 0x84, 0xfc, 0x80};
        const auto e5m2 = widthwise::onnx::widened(19, Shape{6}, wide).to_f32();
        QCOMPARE(e5m2, (std::vector<float>{1, 57344, std::ldexp(1.0F, -16), -std::ldexp(1.0F, -14),
                                           -std::numeric_limits<float>::infinity(), 0}));
        const auto imported = with_weights(17, {1, 2}, std::string("\x38\xb8", 2)).import();
        QVERIFY2(imported, error_of(imported).c_str());
        QCOMPARE(weights_of(*imported), (std::vector<float>{1, -1}));
    }

    /// Two to a byte, the first in the low half.
    void integers_of_4_bits() {
        const std::vector<uint8_t> bytes{0x87, 0x0f};
        QCOMPARE(widthwise::onnx::widened(22, Shape{3}, bytes).to_i64(), (std::vector<int64_t>{7, -8, -1}));
        QCOMPARE(widthwise::onnx::widened(21, Shape{3}, bytes).to_i64(), (std::vector<int64_t>{7, 8, 15}));
        test::expect_error(with_weights(22, {1, 4}, std::string(3, '\0')).import(), "it holds 3 bytes");
    }

    void types_that_are_not_read_are_named() {
        const auto imported = with_weights(18, {1, 2}, std::string(2, '\x38')).import();
        QVERIFY2(imported, error_of(imported).c_str());
        QVERIFY(mentions(imported->warnings, "tensor 'w' is of type FLOAT8E4M3FNUZ, which is not read"));
        QVERIFY(imported->graph->first_unsupported().valid());
    }

    void metadata_comes_along_within_bounds() {
        ProtoModel m;
        m.input("x", {-1, 2}).output("y", {-1, 2});
        m.node("Relu", {"x"}, {"y"});
        for (const auto& [key, value] :
             {std::pair<std::string, std::string>{"author", "me"}, {"bad", "\xff"}}) {
            auto& entry = *m.proto.add_metadata_props();
            entry.set_key(key);
            entry.set_value(value);
        }
        const auto imported = m.import();
        QVERIFY2(imported, error_of(imported).c_str());
        QCOMPARE(imported->metadata, (std::map<std::string, std::string>{{"author", "me"}}));
        QVERIFY(mentions(imported->warnings, "metadata"));
    }

    void nasty_numbers_in_every_op() {
        const auto cases = QJsonDocument::fromJson(
            QByteArray::fromStdString(test::read_file(test::fixture_dir() / "onnx_ops.json")));
        QVERIFY(cases.array().size() >= 200);
        Rng rng(31);
        for (const QJsonValue& value : cases.array()) {
            const auto bytes = QByteArray::fromBase64(value.toObject()["model"].toString().toLatin1());
            for (int i = 0; i < 25; ++i) {
                ProtoModel m;
                QVERIFY(m.proto.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
                for (uint64_t k = rng.below(3) + 1; k > 0; --k) spoil(m.graph(), rng);
                test::expect_sound(m.import());
                if (QTest::currentTestFailed()) QFAIL(qPrintable(value.toObject()["name"].toString()));
            }
        }
    }
};

QTEST_GUILESS_MAIN(TestOnnxNewerFiles)
#include "tst_onnx_newer_files.moc"
