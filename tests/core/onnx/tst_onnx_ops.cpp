// Every op and operator set that is imported, run and compared with what ONNX Runtime gave for the same model
// (tests/data/onnx_ops.json, made by tests/peer/make_onnx_op_fixtures.py); exported and imported again, each
// is the same network.

#include "core/engine/executor.h"
#include "core/engine/layout.h"
#include "core/engine/reference_engine.h"
#include "core/onnx/export.h"
#include "core/onnx/import.h"
#include "tests/core/onnx/graph_difference.h"
#include "tests/support/test_data.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

#include <cmath>

using namespace widthwise;

namespace {

std::vector<float> floats(const QJsonValue& json) {
    std::vector<float> out;
    for (const QJsonValue& value : json.toArray()) out.push_back(static_cast<float>(value.toDouble()));
    return out;
}

Result<onnx::Imported> import_case(const QJsonObject& fixture) {
    const std::string bytes = QByteArray::fromBase64(fixture["model"].toString().toLatin1()).toStdString();
    return onnx::import_model_bytes(bytes, fixture["name"].toString().toStdString());
}

/// Row-major to storage order, or back.
std::vector<float> to_storage(const Shape& shape, std::span<const float> logical) {
    const auto map = engine::storage_of_logical(shape);
    std::vector<float> out(logical.size());
    for (size_t i = 0; i < out.size(); ++i) out[static_cast<size_t>(map[i])] = logical[i];
    return out;
}
std::vector<float> to_logical(const Shape& shape, std::span<const float> stored) {
    const auto map = engine::storage_of_logical(shape);
    std::vector<float> out(stored.size());
    for (size_t i = 0; i < out.size(); ++i) out[i] = stored[static_cast<size_t>(map[i])];
    return out;
}

/// The outputs of each image, row-major, one after the other.
using Outputs = std::vector<std::vector<float>>;

Outputs run_reference(const Graph& graph, const engine::Program& program, const std::vector<float>& images) {
    engine::ReferenceEngine reference(program);
    const Shape& input = graph.value(graph.inputs()[0]).shape;
    const auto size = static_cast<size_t>(input.elements());
    Outputs outputs(graph.outputs().size());
    for (size_t at = 0; at < images.size(); at += size) {
        reference.run(to_storage(input, std::span(images).subspan(at, size)));
        for (size_t i = 0; i < outputs.size(); ++i) {
            const auto values = to_logical(graph.value(graph.outputs()[i]).shape, reference.output(i));
            outputs[i].insert(outputs[i].end(), values.begin(), values.end());
        }
    }
    return outputs;
}

/// The same through the executor, all images at once.
Result<Outputs> run_executor(const Graph& graph, const engine::Program& program,
                             const std::vector<float>& images) {
    const Shape& input = graph.value(graph.inputs()[0]).shape;
    const auto size = static_cast<size_t>(input.elements()), count = images.size() / size;
    auto executor = engine::Executor::create(program, static_cast<int>(count));
    if (!executor) return forward_error(executor);
    engine::Executor::Context context(*executor);
    for (size_t n = 0; n < count; ++n) {
        const auto image = to_storage(input, std::span(images).subspan(n * size, size));
        std::copy(image.begin(), image.end(), context.input().subspan(n * size).begin());
    }
    context.run();
    Outputs outputs(graph.outputs().size());
    for (size_t i = 0; i < outputs.size(); ++i) {
        const Shape& shape = graph.value(graph.outputs()[i]).shape;
        const auto width = static_cast<size_t>(shape.elements());
        for (size_t n = 0; n < count; ++n) {
            const auto values = to_logical(shape, context.output(i).subspan(n * width, width));
            outputs[i].insert(outputs[i].end(), values.begin(), values.end());
        }
    }
    return outputs;
}

/// Empty when the values agree within what float32 sums in another order may differ by.
QString difference(const std::vector<float>& ours, const std::vector<float>& theirs) {
    if (ours.size() != theirs.size())
        return QStringLiteral("%1 values, not %2").arg(ours.size()).arg(theirs.size());
    for (size_t i = 0; i < ours.size(); ++i) {
        const float tolerance = 2e-5F * (1 + std::fabs(theirs[i]));
        if (!(std::fabs(ours[i] - theirs[i]) <= tolerance))
            return QStringLiteral("value %1 is %2, not %3").arg(i).arg(ours[i]).arg(theirs[i]);
    }
    return {};
}

const QJsonArray& fixtures() {
    static const QJsonArray cases =
        QJsonDocument::fromJson(
            QByteArray::fromStdString(test::read_file(test::fixture_dir() / "onnx_ops.json")))
            .array();
    return cases;
}

} // namespace

class TestOnnxOps : public QObject {
    Q_OBJECT

    static void add_rows() {
        QTest::addColumn<QJsonObject>("fixture");
        for (const QJsonValue& value : fixtures()) {
            const QJsonObject fixture = value.toObject();
            QTest::newRow(qPrintable(fixture["name"].toString())) << fixture;
        }
    }

private slots:
    void fixtures_are_there() { QVERIFY(fixtures().size() >= 200); }

    void same_numbers_as_onnx_runtime_data() { add_rows(); }
    void same_numbers_as_onnx_runtime() {
        QFETCH(QJsonObject, fixture);
        const auto imported = import_case(fixture);
        QVERIFY2(imported, imported ? "" : imported.error().to_line().c_str());
        const Graph& graph = *imported->graph;
        if (const NodeId node = graph.first_unsupported(); node.valid())
            QFAIL(graph.node(node).why_unsupported.c_str());
        const auto program = engine::lower(graph, PrecisionPlan());
        QVERIFY2(program, program ? "" : program.error().to_line().c_str());
        const Outputs outputs = run_reference(graph, *program, floats(fixture["x"]));
        const auto fast = run_executor(graph, *program, floats(fixture["x"]));
        QVERIFY2(fast, fast ? "" : fast.error().to_line().c_str());
        const QJsonArray expected = fixture["outputs"].toArray();
        QCOMPARE(static_cast<qsizetype>(outputs.size()), expected.size());
        for (size_t i = 0; i < outputs.size(); ++i) {
            const QJsonObject theirs = expected[static_cast<qsizetype>(i)].toObject();
            Shape shape = graph.value(graph.outputs()[i]).shape;
            shape[0] = 2;
            QStringList dims;
            for (const QJsonValue& dim : theirs["shape"].toArray()) dims << QString::number(dim.toInt());
            QCOMPARE(QString::fromStdString(shape.to_string()), dims.join('x'));
            for (const std::vector<float>& ours : {outputs[i], (*fast)[i]}) {
                const QString wrong = difference(ours, floats(theirs["values"]));
                QVERIFY2(wrong.isEmpty(), qPrintable(wrong));
            }
        }
    }

    void exported_and_imported_again_data() { add_rows(); }
    void exported_and_imported_again() {
        QFETCH(QJsonObject, fixture);
        const auto imported = import_case(fixture);
        QVERIFY2(imported, imported ? "" : imported.error().to_line().c_str());
        const auto bytes = onnx::export_model(*imported->graph);
        QVERIFY2(bytes, bytes ? "" : bytes.error().to_line().c_str());
        const auto again = onnx::import_model_bytes(*bytes, "again");
        QVERIFY2(again, again ? "" : again.error().to_line().c_str());
        // Softmax over several axes is written as one over their flattened product.
        const auto flattens = [](const Node& node) {
            const auto* a = std::get_if<SoftmaxAttributes>(&node.attributes);
            return a && a->flatten_trailing;
        };
        const auto& nodes = imported->graph->nodes();
        if (std::none_of(nodes.begin(), nodes.end(), flattens)) {
            const std::string changed = test::difference(*imported->graph, *again->graph);
            QVERIFY2(changed.empty(), changed.c_str());
        }
        const auto before = engine::lower(*imported->graph, PrecisionPlan());
        const auto after = engine::lower(*again->graph, PrecisionPlan());
        QVERIFY(before && after);
        const std::vector<float> x = floats(fixture["x"]);
        const Outputs ours = run_reference(*imported->graph, *before, x),
                      theirs = run_reference(*again->graph, *after, x);
        for (size_t i = 0; i < ours.size(); ++i) {
            const QString wrong = difference(ours[i], theirs[i]);
            QVERIFY2(wrong.isEmpty(), qPrintable(wrong));
        }
    }
};

QTEST_GUILESS_MAIN(TestOnnxOps)
#include "tst_onnx_ops.moc"
