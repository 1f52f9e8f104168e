// Logits, losses, gradients and optimizers' steps against PyTorch's on the same network
// (tests/data/training_steps.json, made by tests/peer/make_training_fixtures.py).

#include "core/train/tape.h"
#include "core/train/trainer.h"
#include "tests/support/test_data.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

#include <cmath>
#include <cstring>

using namespace widthwise;
using namespace widthwise::train;

namespace {

constexpr size_t k_images = 4, k_channels = 3, k_pixels = 64;

std::vector<float> floats(const QJsonValue& packed) {
    const QByteArray bytes = QByteArray::fromBase64(packed.toString().toLatin1());
    std::vector<float> values(static_cast<size_t>(bytes.size()) / sizeof(float));
    std::memcpy(values.data(), bytes.data(), values.size() * sizeof(float));
    return values;
}

/// N x C x H x W to N x H x W x C.
std::vector<float> channels_last(const std::vector<float>& nchw) {
    std::vector<float> nhwc(nchw.size());
    for (size_t n = 0; n < k_images; ++n)
        for (size_t c = 0; c < k_channels; ++c)
            for (size_t p = 0; p < k_pixels; ++p)
                nhwc[(n * k_pixels + p) * k_channels + c] = nchw[(n * k_channels + c) * k_pixels + p];
    return nhwc;
}

class Images final : public Dataset {
public:
    explicit Images(const QJsonObject& fixture) : m_pixels(channels_last(floats(fixture["images"]))) {
        for (const QJsonValue& label : fixture["labels"].toArray()) m_labels.push_back(label.toInt());
        m_name = "fixture";
        m_class_count = 5;
    }
    [[nodiscard]] int64_t size() const override { return std::ssize(m_labels); }
    [[nodiscard]] int64_t label(int64_t index) const override { return m_labels[static_cast<size_t>(index)]; }
    [[nodiscard]] std::array<int64_t, 3> image_shape() const override { return {3, 8, 8}; }
    [[nodiscard]] Result<void> read(int64_t index, std::span<float> hwc) const override {
        std::ranges::copy(
            std::span<const float>(m_pixels).subspan(static_cast<size_t>(index) * hwc.size(), hwc.size()),
            hwc.begin());
        return {};
    }

private:
    std::vector<float> m_pixels;
    std::vector<int64_t> m_labels;
};

/// The script's network, each constant under PyTorch's name.
GraphPtr network(const QJsonObject& numbers) {
    GraphBuilder net("fixture", 13);
    ValueId x = net.input("image", {1, 3, 8, 8});
    const auto constant = [&](const std::string& name, const Shape& shape) {
        return net.constant(name, std::make_shared<const Tensor>(Tensor::from_f32(
                                      shape, floats(numbers[QString::fromStdString(name)]))));
    };
    const auto then = [&](Op op, const std::string& name, Attributes attributes,
                          const std::vector<ValueId>& inputs) {
        Result<ValueId> added = net.add(op, name, name, std::move(attributes), inputs);
        if (!added) qFatal("%s", added.error().to_line().c_str());
        return *added;
    };
    const auto norm = [&](const std::string& name, ValueId input) {
        return then(Op::batch_norm, name, BatchNormAttributes{1e-5F},
                    {input, constant(name + ".weight", {8}), constant(name + ".bias", {8}),
                     constant(name + ".running_mean", {8}), constant(name + ".running_var", {8})});
    };
    const ConvAttributes same{{3, 3}, {1, 1}, {1, 1, 1, 1}, {1, 1}, 1};
    x = then(Op::conv, "stem", same, {x, constant("stem.weight", {8, 3, 3, 3})});
    const ValueId stem = then(Op::relu, "stem_relu", {}, {norm("stem_bn", x)});
    ConvAttributes grouped = same;
    grouped.group = 2;
    x = then(Op::conv, "grouped", grouped, {stem, constant("grouped.weight", {8, 4, 3, 3})});
    x = then(Op::add, "residual", {}, {stem, norm("grouped_bn", x)});
    const ValueId block = then(Op::leaky_relu, "block", LeakyReluAttributes{0.1F}, {x});
    x = then(Op::global_average_pool, "squeeze", {}, {block});
    x = then(Op::conv, "gate", ConvAttributes{},
             {x, constant("gate.weight", {8, 8, 1, 1}), constant("gate.bias", {8})});
    const ValueId gated = then(Op::mul, "gated", {}, {block, then(Op::sigmoid, "open", {}, {x})});
    const ConvAttributes depthwise{{3, 3}, {2, 2}, {1, 1, 1, 1}, {1, 1}, 8};
    x = then(Op::conv, "depthwise", depthwise,
             {gated, constant("depthwise.weight", {8, 1, 3, 3}), constant("depthwise.bias", {8})});
    const ValueId left = then(Op::clip, "clip", ClipAttributes{0, 6}, {x});
    const ValueId right = then(Op::max_pool, "right", PoolAttributes{{3, 3}, {2, 2}, {1, 1, 1, 1}}, {gated});
    x = then(Op::concat, "join", ConcatAttributes{1}, {left, right});
    x = then(Op::average_pool, "average", PoolAttributes{{2, 2}, {2, 2}}, {x});
    x = then(Op::tanh, "tanh", {}, {x});
    x = then(Op::reshape, "split", ReshapeAttributes{{1, 2, 8, 2, 2}}, {x});
    x = then(Op::transpose, "swap", TransposeAttributes{{0, 2, 1, 3, 4}}, {x});
    x = then(Op::reshape, "flatten", ReshapeAttributes{{1, 64}}, {x});
    x = then(Op::gemm, "classifier", {},
             {x, constant("classifier.weight", {5, 64}), constant("classifier.bias", {5})});
    net.output(x);
    return *net.build();
}

/// Empty, or how far `ours` is from `theirs` at most, as a share of their largest number.
QString difference(const QString& what, std::span<const float> ours, const std::vector<float>& theirs,
                   double tolerance) {
    if (ours.size() != theirs.size()) return what + ": other sizes";
    double largest = 0, worst = 0;
    for (size_t i = 0; i < theirs.size(); ++i) {
        largest = std::max(largest, std::abs(static_cast<double>(theirs[i])));
        const double distance = std::abs(static_cast<double>(ours[i]) - theirs[i]);
        if (!(distance <= worst)) worst = distance; // not a number is the worst
    }
    if (worst <= tolerance * largest) return {};
    return QStringLiteral("%1: differs by %2, the largest is %3").arg(what).arg(worst).arg(largest);
}

/// All numbers of a network under their names.
QString difference(const Graph& graph, const ParameterLayout& layout, std::span<const float> trained,
                   std::span<const float> running, const QJsonObject& theirs, double tolerance) {
    for (size_t i = 0; i < graph.values().size(); ++i) {
        const Value& value = graph.values()[i];
        const QString name = QString::fromStdString(value.name);
        if (!value.constant || !theirs.contains(name)) continue;
        const ValueId id(static_cast<int>(i));
        const auto ours = name.contains(QLatin1String("running_")) ? layout.statistics(id).of(running)
                                                                   : layout.trained(id).of(trained);
        QString wrong = difference(name, ours, floats(theirs[name]), tolerance);
        if (!wrong.isEmpty()) return wrong;
    }
    return {};
}

} // namespace

class TestTrainingSteps : public QObject {
    Q_OBJECT
private slots:
    void initTestCase();
    void gradients_are_the_peers();
    void evaluation_is_the_peers();
    void three_steps_lead_to_the_same_numbers_data();
    void three_steps_lead_to_the_same_numbers();

private:
    QJsonObject m_fixture;
};

void TestTrainingSteps::initTestCase() {
    const std::string text = test::read_file(test::fixture_dir() / "training_steps.json");
    m_fixture = QJsonDocument::fromJson(QByteArray::fromStdString(text)).object();
    QVERIFY(m_fixture["runs"].toArray().size() >= 7);
}

void TestTrainingSteps::gradients_are_the_peers() {
    const GraphPtr graph = network(m_fixture["numbers"].toObject());
    const auto scope = training_scope(*graph);
    QVERIFY2(scope, scope ? "" : scope.error().to_line().c_str());
    const ParameterLayout layout(*graph);
    TapeOptions options;
    options.batch = k_images;
    options.input_gradient = true;
    const auto tape = Tape::create(*graph, *scope, layout, options);
    QVERIFY2(tape, tape ? "" : tape.error().to_line().c_str());
    const std::vector<float> trained = layout.read_trained(*graph), running = layout.read_statistics(*graph);
    std::vector<float> statistics(running.size()), gradients(trained.size());
    std::ranges::copy(channels_last(floats(m_fixture["images"])), (*tape)->input().begin());
    QVERIFY((*tape)->forward(trained, running, statistics));
    QCOMPARE(difference("logits", (*tape)->logits(), floats(m_fixture["logits"]), 2e-6), QString());

    // Softmax cross-entropy's derivative, mean over the batch: (p - one-hot) / N.
    std::vector<float> by_logits((*tape)->logits().begin(), (*tape)->logits().end());
    const QJsonArray labels = m_fixture["labels"].toArray();
    for (size_t n = 0; n < k_images; ++n) {
        const std::span<float> row = std::span(by_logits).subspan(n * 5, 5);
        double total = 0;
        for (const float v : row) total += std::exp(static_cast<double>(v));
        for (float& v : row) v = static_cast<float>(std::exp(static_cast<double>(v)) / total / k_images);
        row[static_cast<size_t>(labels[static_cast<int>(n)].toInt())] -= 1.0F / k_images;
    }
    QVERIFY((*tape)->backward(trained, by_logits, gradients));
    QCOMPARE(difference(*graph, layout, gradients, {}, m_fixture["gradients"].toObject(), 1e-5), QString());
    QCOMPARE(difference("input gradient", (*tape)->input_gradient(),
                        channels_last(floats(m_fixture["input_gradient"])), 1e-5),
             QString());
}

void TestTrainingSteps::evaluation_is_the_peers() {
    const GraphPtr graph = network(m_fixture["numbers"].toObject());
    const auto scope = training_scope(*graph);
    QVERIFY(scope);
    const ParameterLayout layout(*graph);
    TapeOptions options;
    options.batch = k_images;
    options.mode = TapeMode::evaluation;
    const auto tape = Tape::create(*graph, *scope, layout, options);
    QVERIFY(tape);
    std::ranges::copy(channels_last(floats(m_fixture["images"])), (*tape)->input().begin());
    QVERIFY((*tape)->forward(layout.read_trained(*graph), layout.read_statistics(*graph), {}));
    QCOMPARE(difference("logits", (*tape)->logits(), floats(m_fixture["evaluation_logits"]), 2e-6),
             QString());
}

void TestTrainingSteps::three_steps_lead_to_the_same_numbers_data() {
    QTest::addColumn<QJsonObject>("run");
    for (const QJsonValue& run : m_fixture["runs"].toArray())
        QTest::newRow(qPrintable(run["name"].toString())) << run.toObject();
}

void TestTrainingSteps::three_steps_lead_to_the_same_numbers() {
    QFETCH(QJsonObject, run);
    const bool adam = run["optimizer"].toString() == QLatin1String("adam");
    Options options;
    options.steps = 3;
    options.batch_size = k_images; // one shard: BatchNormalization sees what the peer's sees
    options.optimizer = adam ? OptimizerType::adam : OptimizerType::sgd;
    options.nesterov = run["optimizer"].toString() == QLatin1String("nesterov");
    options.learning_rate = adam ? 0.01 : 0.05;
    options.weight_decay = 0.01;
    options.schedule = Schedule::constant;
    options.label_smoothing = run["label_smoothing"].toDouble();
    options.distillation = run["distillation"].toDouble();
    options.augmentation.crop = false;
    std::vector<double> losses;
    Observer observer;
    observer.on_step = [&](const StepReport& report) { losses.push_back(report.loss); };
    const auto outcome = train::train(network(m_fixture["numbers"].toObject()), Images(m_fixture), nullptr,
                                      options, {}, observer);
    QVERIFY2(outcome, outcome ? "" : outcome.error().to_line().c_str());

    const QJsonArray theirs = run["losses"].toArray();
    QCOMPARE(losses.size(), size_t{3});
    for (size_t i = 0; i < losses.size(); ++i)
        QVERIFY(std::abs(losses[i] - theirs[static_cast<int>(i)].toDouble()) < 1e-5);
    const ParameterLayout layout(*outcome->graph);
    // Adam divides by the gradient's size, so that of small gradients the rounding becomes visible.
    QCOMPARE(difference(*outcome->graph, layout, layout.read_trained(*outcome->graph),
                        layout.read_statistics(*outcome->graph), run["numbers"].toObject(),
                        adam ? 1e-4 : 1e-5),
             QString());
}

QTEST_APPLESS_MAIN(TestTrainingSteps)
#include "tst_training_steps.moc"
