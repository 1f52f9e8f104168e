// Traces against closed forms, second differences in double precision and sums over all labels.

#include "core/train/hessian.h"
#include "core/train/loss.h"
#include "core/train/model.h"
#include "core/train/tape.h"
#include "tests/core/train/toy_problem.h"

#include <QTest>

#include <cmath>

using namespace widthwise;
using namespace widthwise::train;
using widthwise::test::toy_network;
using widthwise::test::ToyDataset;

namespace {

constexpr int64_t k_pixels = 192;

/// images x pixels in the network's order.
std::vector<std::vector<double>> images_of(const Dataset& data, int64_t count) {
    std::vector<std::vector<double>> images;
    std::vector<float> hwc(k_pixels);
    for (int64_t i = 0; i < count; ++i) {
        (void)data.read(i, hwc);
        std::vector<double>& chw = images.emplace_back(hwc.size());
        for (size_t pixel = 0; pixel < 64; ++pixel)
            for (size_t c = 0; c < 3; ++c) chw[c * 64 + pixel] = static_cast<double>(hwc[pixel * 3 + c]);
    }
    return images;
}

using Matrix = std::vector<double>; ///< rows x columns

Matrix random_matrix(size_t size, double deviation, uint64_t seed) {
    Rng rng(seed);
    Matrix m(size);
    for (double& v : m) v = static_cast<float>(deviation * rng.normal());
    return m;
}

TensorPtr tensor(const Matrix& m, int64_t rows) {
    return std::make_shared<const Tensor>(Tensor::from_f32(Shape{rows, static_cast<int64_t>(m.size()) / rows},
                                                           std::vector<float>(m.begin(), m.end())));
}

std::vector<double> product(const Matrix& m, const std::vector<double>& x) {
    std::vector<double> y(m.size() / x.size());
    for (size_t r = 0; r < y.size(); ++r)
        for (size_t c = 0; c < x.size(); ++c) y[r] += m[r * x.size() + c] * x[c];
    return y;
}

std::vector<double> softmax(const std::vector<double>& z) {
    std::vector<double> p;
    double total = 0;
    for (const double v : z) total += p.emplace_back(std::exp(v));
    for (double& v : p) v /= total;
    return p;
}

/// Flattened image -> gemm "first" -> ReLU -> gemm "second"; or "first" alone.
GraphPtr perceptron(const Matrix& first, int64_t hidden, const Matrix& second) {
    GraphBuilder builder("perceptron", 13);
    ValueId x = builder.input("x", Shape{1, 3, 8, 8});
    x = builder.add(Op::reshape, "Flatten", "flatten", ReshapeAttributes{{1, k_pixels}}, {x}).value();
    x = builder.add(Op::gemm, "Gemm", "first", {}, {x, builder.constant("w1", tensor(first, hidden))})
            .value();
    if (!second.empty()) {
        x = builder.add(Op::relu, "Relu", "relu", {}, {x}).value();
        x = builder.add(Op::gemm, "Gemm", "second", {}, {x, builder.constant("w2", tensor(second, 3))})
                .value();
    }
    builder.output(x);
    return builder.build().value();
}

HessianOptions all_probes(int64_t samples, int probes) {
    return {.samples = samples, .probes = probes, .tolerance = 0};
}

Curvature traces(const GraphPtr& graph, const Dataset& data, const HessianOptions& options, int threads = 2) {
    WorkControl control;
    control.threads = threads;
    auto found = hessian_traces(graph, data, options, control);
    if (!found) qFatal("%s", found.error().to_line().c_str());
    return *found;
}

bool agrees(const LayerCurvature& layer, double exact) {
    const bool ok = std::abs(layer.trace - exact) < 4 * layer.trace_error && layer.trace_error < 0.05 * exact;
    if (!ok) qWarning("%g +- %g, should be %g", layer.trace, layer.trace_error, exact);
    return ok;
}

/// Toy network whose BatchNormalizations' statistics are not 0 and 1.
GraphPtr lived_in_network() {
    const GraphPtr graph = toy_network();
    const ParameterLayout layout(*graph);
    std::vector<float> trained = layout.read_trained(*graph), running = layout.read_statistics(*graph);
    Rng rng(5);
    for (float& v : trained) v += static_cast<float>(0.1 * rng.normal());
    for (float& v : running) v += static_cast<float>(0.5 * rng.uniform());
    return layout.rebuild(*graph, trained, running).value();
}

std::unique_ptr<Tape> frozen_tape(const Model& model, int64_t batch) {
    TapeOptions options;
    options.batch = batch;
    options.mode = TapeMode::frozen;
    return Tape::create(*model.graph, model.scope, model.layout, options).value();
}

/// Gradients of the loss of one image under a label.
std::vector<float> gradients_of(const Model& model, Tape& tape, const Dataset& data, int64_t image,
                                int64_t label) {
    const SingleThreadedKernels single;
    (void)data.read(image, tape.input());
    (void)tape.forward(model.trained, model.running, {});
    std::vector<float> by_logits(tape.logits().size()), gradients(model.trained.size());
    (void)cross_entropy(tape.logits(), std::span(&label, 1), 1, by_logits);
    (void)tape.backward(model.trained, by_logits, gradients);
    return gradients;
}

double squared_norm(std::span<const float> numbers) {
    double sum = 0;
    for (const float v : numbers) sum += static_cast<double>(v) * static_cast<double>(v);
    return sum;
}

} // namespace

class TestHessian : public QObject {
    Q_OBJECT
private slots:
    void softmax_regression_in_closed_form();
    void perceptron_by_second_differences();
    void network_by_all_labels();
    void frozen_batch_norm_is_a_constant_map();
    void standard_error_is_honest();
    void threads_change_nothing();
    void stops_when_precise();
    void refusals();
};

void TestHessian::softmax_regression_in_closed_form() {
    // H = mean of (diag p - p p^T) (x) x x^T.
    const ToyDataset data(64, 1);
    const Matrix w = random_matrix(3 * k_pixels, 0.05, 2);
    double exact = 0;
    for (const auto& x : images_of(data, 64)) {
        double squares = 0;
        for (const double v : x) squares += v * v;
        for (const double p : softmax(product(w, x))) exact += p * (1 - p) * squares / 64;
    }
    const Curvature found = traces(perceptron(w, 3, {}), data, all_probes(64, 128));
    QCOMPARE(found.layers.size(), size_t{1});
    QCOMPARE(found.samples, int64_t{64});
    QCOMPARE(found.probes, 128);
    QCOMPARE(found.layers.at("first").weights, 3 * k_pixels);
    QVERIFY(agrees(found.layers.at("first"), exact));
}

void TestHessian::perceptron_by_second_differences() {
    // The diagonal of the loss's own Hessian, without any gradient, in double precision.
    constexpr int64_t k_images = 16, k_hidden = 6;
    const ToyDataset data(k_images, 3);
    const auto images = images_of(data, k_images);
    std::array<Matrix, 2> w{random_matrix(k_hidden * k_pixels, 0.08, 4), random_matrix(3 * k_hidden, 0.5, 5)};
    const auto loss = [&] {
        double sum = 0;
        for (size_t i = 0; i < images.size(); ++i) {
            std::vector<double> hidden = product(w[0], images[i]);
            for (double& h : hidden) h = std::max(h, 0.0);
            sum -= std::log(softmax(product(w[1], hidden))[static_cast<size_t>(data.label(i))]);
        }
        return sum / static_cast<double>(images.size());
    };
    const Curvature found = traces(perceptron(w[0], k_hidden, w[1]), data, all_probes(k_images, 256));
    constexpr double k_step = 1e-4;
    const double here = loss();
    for (const size_t layer : {0U, 1U}) {
        double exact = 0;
        for (double& weight : w[layer]) {
            const double before = weight;
            weight = before + k_step;
            const double above = loss();
            weight = before - k_step;
            exact += (above - 2 * here + loss()) / (k_step * k_step);
            weight = before;
        }
        QVERIFY(agrees(found.layers.at(layer == 0 ? "first" : "second"), exact));
    }
}

void TestHessian::network_by_all_labels() {
    // Fisher's identity: J^T (diag p - p p^T) J is the mean of g g^T over labels drawn from p.
    constexpr int64_t k_images = 32;
    const ToyDataset data(k_images, 1);
    const auto model = Model::create(lived_in_network(), {}).value();
    const auto tape = frozen_tape(*model, 1);
    std::map<std::string, double> exact;
    for (int64_t image = 0; image < k_images; ++image)
        for (int64_t label = 0; label < 3; ++label) {
            const std::vector<float> gradients = gradients_of(*model, *tape, data, image, label);
            const auto p = softmax({tape->logits().begin(), tape->logits().end()});
            for (const Node& node : model->graph->nodes())
                if (node.op == Op::conv || node.op == Op::gemm)
                    exact[node.name] +=
                        p[static_cast<size_t>(label)] / k_images *
                        squared_norm(
                            model->layout.trained(node.inputs[1]).of(std::span<const float>(gradients)));
        }
    const Curvature found = traces(model->graph, data, all_probes(k_images, 256));
    QCOMPARE(found.layers.size(), exact.size());
    for (const auto& [layer, trace] : exact) QVERIFY2(agrees(found.layers.at(layer), trace), layer.c_str());
}

void TestHessian::frozen_batch_norm_is_a_constant_map() {
    // Folded into the weights before it, it is gone: its factor is between the gradients by these weights.
    const ToyDataset data(4, 1);
    const auto kept = Model::create(lived_in_network(), {}).value();
    const auto folded = Model::create(fold_batch_norms(kept->graph).value(), {}).value();
    const auto kept_tape = frozen_tape(*kept, 1), folded_tape = frozen_tape(*folded, 1);
    int compared = 0;
    for (int64_t image = 0; image < 4; ++image) {
        const std::vector<float> by_kept = gradients_of(*kept, *kept_tape, data, image, 1),
                                 by_folded = gradients_of(*folded, *folded_tape, data, image, 1);
        const auto of = [](const Model& model, NodeId id, size_t input, const std::vector<float>& all) {
            return model.layout.trained(model.graph->node(id).inputs[input]).of(std::span(all));
        };
        for (const NodeId id : kept->graph->node_ids()) {
            if (kept->graph->node(id).op != Op::conv) continue;
            const NodeId twin = folded->graph->find_node(kept->graph->node(id).name);
            const auto w = of(*kept, id, 1, kept->trained), g = of(*kept, id, 1, by_kept);
            const auto folded_w = of(*folded, twin, 1, folded->trained),
                       folded_g = of(*folded, twin, 1, by_folded);
            for (size_t i = 0; i < w.size(); ++i) {
                const float expected = folded_g[i] * folded_w[i] / w[i];
                QVERIFY(std::abs(g[i] - expected) <= 1e-4F * (1 + std::abs(expected)));
                compared += expected != 0;
            }
        }
    }
    QVERIFY(compared > 1000);
}

void TestHessian::standard_error_is_honest() {
    const ToyDataset data(32, 1);
    const GraphPtr graph = toy_network();
    const Curvature exact = traces(graph, data, all_probes(32, 2000));
    double squares = 0;
    int count = 0;
    for (uint64_t seed = 10; seed < 40; ++seed) {
        HessianOptions options = all_probes(32, 16);
        options.seed = seed;
        for (const auto& [layer, found] : traces(graph, data, options).layers) {
            const double off = (found.trace - exact.layers.at(layer).trace) / found.trace_error;
            squares += off * off;
            ++count;
        }
    }
    const double rms = std::sqrt(squares / count); // about 1.07 by Student's distribution
    QVERIFY2(rms > 0.8 && rms < 1.4, qPrintable(QString::number(rms)));
}

void TestHessian::threads_change_nothing() {
    const ToyDataset data(70, 1);
    const auto same = [](const Curvature& a, const Curvature& b) {
        return a.layers.size() == b.layers.size() && a.probes == b.probes && a.samples == b.samples &&
               std::ranges::all_of(a.layers, [&](const auto& layer) {
                   const LayerCurvature& other = b.layers.at(layer.first);
                   return layer.second.trace == other.trace && layer.second.trace_error == other.trace_error;
               });
    };
    HessianOptions options = all_probes(70, 12);
    const Curvature one = traces(toy_network(), data, options, 1);
    QCOMPARE(one.samples, int64_t{64}); // whole shards
    QVERIFY(same(traces(toy_network(), data, options, 3), one));
    options.samples = 64;
    QVERIFY(same(traces(toy_network(), data, options), one));
    options.seed = 2;
    QVERIFY(!same(traces(toy_network(), data, options), one));
}

void TestHessian::stops_when_precise() {
    const ToyDataset data(64, 1);
    const HessianOptions options{.samples = 64, .probes = 5000, .tolerance = 0.05};
    const Curvature found = traces(toy_network(), data, options);
    QVERIFY(found.probes < 5000);
    for (const auto& [name, layer] : found.layers) QVERIFY(layer.trace_error <= 0.05 * layer.trace);
}

void TestHessian::refusals() {
    const ToyDataset data(20, 1);
    const auto error = [&](const GraphPtr& graph, const HessianOptions& options, const Dataset& images,
                           const WorkControl& control = {}) {
        const auto found = hessian_traces(graph, images, options, control);
        return found ? Error{} : found.error();
    };
    WorkControl cancelled;
    cancelled.cancel.cancel();
    QCOMPARE(error(toy_network(), {}, data, cancelled).code, ErrorCode::cancelled);
    QCOMPARE(error(toy_network(), {.samples = 0}, data).code, ErrorCode::usage);
    QCOMPARE(error(toy_network(), {.probes = 1}, data).code, ErrorCode::usage);
    QCOMPARE(error(toy_network(), {.tolerance = std::nan("")}, data).code, ErrorCode::usage);
    QCOMPARE(error(toy_network(), {}, ToyDataset(0, 1)).code, ErrorCode::invalid_input);

    ToyDataset broken(20, 1);
    broken.break_at(3);
    QCOMPARE(error(toy_network(), {}, broken).where, std::string("toy image"));

    GraphBuilder builder("untrainable", 13);
    ValueId x = builder.input("x", Shape{1, 3, 8, 8});
    x = builder.add(Op::reshape, "Flatten", "flatten", ReshapeAttributes{{1, k_pixels}}, {x}).value();
    x = builder
            .add(Op::div, "Div", "ratio", {},
                 {builder.constant("one", tensor(random_matrix(k_pixels, 1, 1), 1)), x})
            .value();
    builder.output(x);
    const Error untrainable = error(builder.build().value(), {}, data);
    QCOMPARE(untrainable.code, ErrorCode::unsupported);
    QCOMPARE(untrainable.where, std::string("ratio"));

    Matrix huge = random_matrix(3 * k_pixels, 1, 1);
    huge[5] = std::numeric_limits<double>::infinity();
    const Error overflow = error(perceptron(huge, 3, {}), {}, data);
    QCOMPARE(overflow.code, ErrorCode::failed);
    QVERIFY2(overflow.where.find("first") != std::string::npos, overflow.to_line().c_str());
}

QTEST_APPLESS_MAIN(TestHessian)
#include "tst_hessian.moc"
