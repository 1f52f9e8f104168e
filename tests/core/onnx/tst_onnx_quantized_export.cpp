// What is exported quantized comes back as the same integers.

#include "core/base/rng.h"
#include "core/data/dataset.h"
#include "core/engine/evaluator.h"
#include "core/graph/layer_work.h"
#include "core/onnx/export.h"
#include "core/onnx/import.h"
#include "tests/core/onnx/proto_models.h"

#include <QTest>

using namespace widthwise;
namespace ours = widthwise::onnx; // plain `onnx` is ambiguous beside libonnx
using ours::QuantizedForm;

namespace {

class RandomImages : public Dataset {
public:
    RandomImages() { m_class_count = 6; }
    [[nodiscard]] int64_t size() const override { return 8; }
    [[nodiscard]] int64_t label(int64_t) const override { return 0; }
    [[nodiscard]] std::array<int64_t, 3> image_shape() const override { return {3, 8, 8}; }
    [[nodiscard]] Result<void> read(int64_t index, std::span<float> hwc) const override {
        Rng rng(static_cast<uint64_t>(index) + 77);
        for (float& v : hwc) v = static_cast<float>(rng.normal());
        return {};
    }
};

TensorPtr random_tensor(Rng& rng, Shape shape, double spread, double centre = 0) {
    std::vector<float> values(static_cast<size_t>(shape.elements()));
    for (float& v : values) v = static_cast<float>(centre + spread * rng.normal());
    return std::make_shared<const Tensor>(Tensor::from_f32(std::move(shape), std::move(values)));
}

/// Convolution with BatchNormalization, depthwise convolution, residual add, concat, pools, Gemm.
GraphPtr network() {
    Rng rng(5);
    GraphBuilder b("residual", 13);
    const auto constant = [&](const char* name, Shape shape, double spread = 0.3, double centre = 0) {
        return b.constant(name, random_tensor(rng, std::move(shape), spread, centre));
    };
    const auto add = [&](Op op, const char* type, const char* name, Attributes a, std::vector<ValueId> in) {
        return b.add(op, type, name, std::move(a), std::move(in)).value();
    };
    const ConvAttributes same{{3, 3}, {1, 1}, {1, 1, 1, 1}, {1, 1}, 1};
    ConvAttributes depthwise = same;
    depthwise.group = 4;
    auto x = b.input("image", {1, 3, 8, 8});
    x = add(Op::conv, "Conv", "first", same, {x, constant("first.w", {4, 3, 3, 3})});
    x = add(
        Op::batch_norm, "BatchNormalization", "norm", BatchNormAttributes{},
        {x, constant("g", {4}, 0.1, 1), constant("h", {4}), constant("m", {4}), constant("v", {4}, 0, 1)});
    x = add(Op::relu, "Relu", "relu", {}, {x});
    auto y = add(Op::conv, "Conv", "deep", depthwise,
                 {x, constant("deep.w", {4, 1, 3, 3}), constant("deep.b", {4})});
    x = add(Op::add, "Add", "sum", {}, {x, y});
    x = add(Op::relu, "Relu", "relu2", {}, {x});
    const auto max = add(Op::max_pool, "MaxPool", "max", PoolAttributes{{2, 2}, {2, 2}}, {x});
    const auto mean = add(Op::average_pool, "AveragePool", "mean", PoolAttributes{{2, 2}, {2, 2}}, {x});
    x = add(Op::concat, "Concat", "both", ConcatAttributes{1}, {max, mean});
    x = add(Op::conv, "Conv", "last", same, {x, constant("last.w", {5, 8, 3, 3}), constant("last.b", {5})});
    x = add(Op::global_average_pool, "GlobalAveragePool", "pool", {}, {x});
    x = add(Op::reshape, "Flatten", "flat", ReshapeAttributes{{1, 5}}, {x});
    x = add(Op::gemm, "Gemm", "classes", {},
            {x, constant("classes.w", {6, 5}, 1), constant("classes.b", {6})});
    b.output(x);
    return b.build().value();
}

NumberFormat given(NumberFormat f, std::vector<float> scale, std::vector<int32_t> zero_point) {
    f.range = {};
    f.scale = std::move(scale);
    f.zero_point = std::move(zero_point);
    return f;
}

/// Activations of `bits` that hold about [-4, 4] or, after ReLU, [0, 4].
NumberFormat activation(int bits, bool one_sided) {
    NumberFormat f = activation_integer(bits);
    if (bits == 1) return given(f, {1.5F}, {});
    const auto top = static_cast<float>((1 << bits) - 1);
    const int32_t zero = one_sided ? 0 : (1 << bits) / 2;
    return given(f, {(one_sided ? 4.0F : 8.0F) / top}, {zero});
}

PrecisionPlan design(const Graph& graph, const NumberFormat& weights, int activation_bits) {
    PrecisionPlan plan;
    const auto set = [&](const char* layer, NumberFormat activations) {
        const bool weighted = is_weighted(graph, graph.find_node(layer));
        plan.set(layer, {weighted ? weights : float32_format(), std::move(activations), {}});
    };
    const NumberFormat signed_input = activation(activation_bits, false),
                       positive = activation(activation_bits, true);
    for (const char* layer : {"deep", "max", "mean", "last"}) set(layer, positive);
    for (const char* layer : {"first", "pool", "classes"}) set(layer, signed_input);
    if (activation_bits == 1) {
        set("sum", positive);
        set("both", positive);
    } else { // each input its own
        NumberFormat sum = positive;
        sum.scale.push_back(signed_input.scale.front());
        sum.zero_point.push_back(signed_input.zero_point.front());
        set("sum", sum);
        NumberFormat both = positive;
        both.scale.push_back(both.scale.front() * 0.75F);
        both.zero_point.push_back(0);
        set("both", both);
    }
    return engine::resolve_plan(graph, plan, {}).value();
}

std::vector<float> outputs(const GraphPtr& graph, const PrecisionPlan& plan) {
    engine::RunOptions options;
    options.keep_logits = true;
    const auto p = engine::predict(graph, plan, RandomImages(), options, {});
    if (!p) qFatal("%s", p.error().to_line().c_str());
    return p->logits;
}

ours::Imported reload(const std::string& bytes) {
    auto imported = ours::import_model_bytes(bytes, "again.onnx");
    if (!imported) qFatal("%s", imported.error().to_line().c_str());
    return std::move(*imported);
}

std::string without_metadata(const std::string& bytes) {
    ::onnx::ModelProto model;
    if (!model.ParseFromString(bytes)) qFatal("no model");
    model.clear_metadata_props();
    return model.SerializeAsString();
}

/// The same numbers, whatever rule chose them.
bool same_numbers(NumberFormat a, NumberFormat b) {
    for (NumberFormat* f : {&a, &b}) {
        f->range = {};
        if (f->symmetric || f->type == FormatType::binary) f->zero_point.clear();
        if (f->scale.size() == 1) f->granularity = Granularity::tensor;
    }
    return a == b;
}

} // namespace

class TestOnnxQuantizedExport : public QObject {
    Q_OBJECT
private slots:
    void qdq_runs_the_same_integers_data() {
        QTest::addColumn<int>("weights");
        QTest::addColumn<int>("activations");
        for (const int w : {1, 2, 4, 7, 8, 32}) {
            for (const int a : {2, 3, 7, 8, 32}) QTest::addRow("w%da%d", w, a) << w << a;
        }
    }
    void qdq_runs_the_same_integers() {
        QFETCH(int, weights);
        QFETCH(int, activations);
        const GraphPtr graph = network();
        PrecisionPlan plan;
        if (activations == 32) {
            for (const char* layer : {"first", "deep", "last", "classes"})
                plan.set(layer, {weight_integer(weights), float32_format(), {}});
            plan = engine::resolve_plan(*graph, plan, {}).value();
        } else {
            plan = design(*graph, weight_integer(weights), activations);
        }
        const auto bytes = ours::export_quantized(*graph, plan, QuantizedForm::qdq);
        QVERIFY2(bytes, bytes ? "" : bytes.error().to_line().c_str());
        // Scales, zero points and integers alone give the same results.
        const ours::Imported bare = reload(without_metadata(*bytes));
        if (weights == 32 && activations == 32) {
            QVERIFY(!bare.design);
            return;
        }
        QVERIFY(bare.design);
        const auto first = outputs(graph, plan), again = outputs(bare.graph, *bare.design);
        QCOMPARE(again, first);
        QVERIFY(!bare.graph->find_node("norm").valid());
        // The metadata name the width of weights that int8 stands for.
        const ours::Imported whole = reload(*bytes);
        for (const char* layer : {"first", "deep", "last", "classes", "sum", "max"}) {
            const LayerPrecision &had = plan.at(layer), &got = whole.design->at(layer);
            QCOMPARE(got.activations.bits, had.activations.bits);
            if (is_weighted(*graph, graph->find_node(layer))) QCOMPARE(got.weights.bits, had.weights.bits);
        }
        QCOMPARE(outputs(whole.graph, *whole.design), first);
    }

    void asymmetric_weights_and_signed_activations() {
        const GraphPtr graph = network();
        NumberFormat affine = weight_integer(8);
        affine.symmetric = affine.narrow = false;
        PrecisionPlan plan = design(*graph, affine, 8);
        LayerPrecision classes = plan.at("classes");
        classes.activations = given(classes.activations, {0.02F}, {});
        classes.activations.symmetric = true;
        plan.set("classes", classes);
        const auto bytes = ours::export_quantized(*graph, plan, QuantizedForm::qdq);
        QVERIFY2(bytes, bytes ? "" : bytes.error().to_line().c_str());
        const ours::Imported again = reload(*bytes);
        QVERIFY(again.metadata.empty());
        QVERIFY(same_numbers(again.design->at("first").weights, plan.at("first").weights));
        QVERIFY(same_numbers(again.design->at("classes").activations, classes.activations));
        QCOMPARE(outputs(again.graph, *again.design), outputs(graph, plan));
    }

    void qonnx_keeps_every_width_data() {
        QTest::addColumn<int>("bits");
        for (int bits = 1; bits <= 16; ++bits) QTest::addRow("%d", bits) << bits;
    }
    void qonnx_keeps_every_width() {
        QFETCH(int, bits);
        const GraphPtr graph = network();
        const PrecisionPlan plan = design(*graph, weight_integer(bits), bits);
        const auto bytes = ours::export_quantized(*graph, plan, QuantizedForm::qonnx);
        QVERIFY2(bytes, bytes ? "" : bytes.error().to_line().c_str());
        const ours::Imported again = reload(*bytes);
        QVERIFY2(again.metadata.empty(), "the nodes say it all");
        QVERIFY(again.design);
        for (const NodeId id : graph->node_ids()) {
            const std::string& name = graph->node(id).name;
            if (!is_weighted(*graph, id) && !reads_activations(*graph, id)) continue;
            const LayerPrecision &had = plan.at(name), &got = again.design->at(name);
            QVERIFY2(same_numbers(got.activations, had.activations), name.c_str());
            QVERIFY2(same_numbers(got.weights, had.weights), name.c_str());
        }
        QCOMPARE(outputs(again.graph, *again.design), outputs(graph, plan));
    }

    void batch_normalization_that_is_not_folded_stays() {
        const GraphPtr graph = network();
        PrecisionPlan plan = design(*graph, weight_integer(4), 4);
        plan.set_folds_batch_norm(false);
        // Weights of their own scale now.
        LayerPrecision first = plan.at("first");
        first.weights = weight_integer(4);
        plan.set("first", first);
        plan = engine::resolve_plan(*graph, plan, {}).value();
        const auto bytes = ours::export_quantized(*graph, plan, QuantizedForm::qonnx);
        QVERIFY2(bytes, bytes ? "" : bytes.error().to_line().c_str());
        const ours::Imported again = reload(*bytes);
        QVERIFY(again.graph->find_node("norm").valid());
        QCOMPARE(outputs(again.graph, *again.design), outputs(graph, plan));
    }

    void formats_that_integers_cannot_hold() {
        const GraphPtr graph = network();
        PrecisionPlan plan = design(*graph, weight_integer(8), 8);
        LayerPrecision deep = plan.at("deep");
        deep.weights = default_weight_format(FormatType::float16);
        plan.set("deep", deep);
        const auto refused = ours::export_quantized(*graph, plan, QuantizedForm::qdq);
        QVERIFY(!refused);
        QCOMPARE(refused.error().code, ErrorCode::unsupported);
        QVERIFY2(refused.error().to_line().find("deep") != std::string::npos,
                 refused.error().to_line().c_str());
        // QONNX keeps it beside the network.
        const auto bytes = ours::export_quantized(*graph, plan, QuantizedForm::qonnx);
        QVERIFY2(bytes, bytes ? "" : bytes.error().to_line().c_str());
        const ours::Imported again = reload(*bytes);
        QVERIFY(again.warnings.size() <= 1); // the checker's
        QCOMPARE(again.design->at("deep").weights.type, FormatType::float16);
        QCOMPARE(outputs(again.graph, *again.design), outputs(graph, plan));
    }

    void codebooks_are_written_as_their_levels_data() {
        QTest::addColumn<bool>("qonnx");
        QTest::addColumn<bool>("folds");
        for (const bool qonnx : {false, true})
            for (const bool folds : {false, true})
                QTest::addRow("%s%s", qonnx ? "qonnx" : "qdq", folds ? ", folded" : "") << qonnx << folds;
    }
    void codebooks_are_written_as_their_levels() {
        QFETCH(bool, qonnx);
        QFETCH(bool, folds);
        const GraphPtr graph = network();
        PrecisionPlan plan = design(*graph, weight_integer(8), 8);
        plan.set_folds_batch_norm(folds);
        for (const char* layer : {"first", "deep", "last"}) {
            LayerPrecision p = plan.at(layer);
            p.weights = default_weight_format(FormatType::codebook, 3);
            plan.set(layer, p);
        }
        plan = engine::resolve_plan(*graph, plan, {}).value();
        const auto bytes =
            ours::export_quantized(*graph, plan, qonnx ? QuantizedForm::qonnx : QuantizedForm::qdq);
        QVERIFY2(bytes, bytes ? "" : bytes.error().to_line().c_str());
        const auto first = outputs(graph, plan);
        const ours::Imported again = reload(*bytes);
        QVERIFY(again.design->at("last").weights == plan.at("last").weights);
        QCOMPARE(outputs(again.graph, *again.design), first);
        // Who knows nothing of codebooks reads floats, and computes the same.
        const ours::Imported bare = reload(without_metadata(*bytes));
        QVERIFY(!bare.design->at("last").weights.is_quantized());
        QCOMPARE(outputs(bare.graph, *bare.design), first);
    }

    void a_damaged_design_is_left_out() {
        const GraphPtr graph = network();
        const auto bytes =
            ours::export_quantized(*graph, design(*graph, weight_integer(4), 8), QuantizedForm::qdq);
        QVERIFY(bytes);
        ::onnx::ModelProto model;
        QVERIFY(model.ParseFromString(*bytes));
        QCOMPARE(model.metadata_props_size(), 1);
        model.mutable_metadata_props(0)->set_value("{\"format\": \"widthwise-design/1\", \"layers\": 3}");
        const ours::Imported again = reload(model.SerializeAsString());
        QVERIFY(again.design);
        QCOMPARE(again.design->at("deep").weights.bits, 8);
        QCOMPARE(again.warnings.size(), size_t(1));
    }

    void values_that_are_not_in_the_network() {
        const GraphPtr graph = network();
        PrecisionPlan plan = design(*graph, weight_integer(8), 8);
        LayerValues values;
        values.weights.assign(36, 0.5F);
        values.bias.assign(4, 0);
        plan.set_values("deep", std::make_shared<const LayerValues>(values));
        const auto refused = ours::export_quantized(*graph, plan, QuantizedForm::qdq);
        QVERIFY(!refused);
        QCOMPARE(refused.error().code, ErrorCode::invalid_input);
    }
};

QTEST_APPLESS_MAIN(TestOnnxQuantizedExport)
#include "tst_onnx_quantized_export.moc"
