#include "core/graph/layer_work.h"
#include "core/passes/low_rank.h"
#include "passes_fixture.h"

using namespace widthwise;
using namespace widthwise::test;
using passes::Compressed;
using passes::Factors;

namespace {

std::vector<float> random_matrix(size_t rows, size_t columns, uint64_t seed) {
    Rng rng(seed);
    std::vector<float> values(rows * columns);
    for (float& v : values) v = static_cast<float>(rng.normal());
    return values;
}

/// Squared singular values by one-sided Jacobi rotations (Hestenes 1958): the columns are turned pairwise
/// until all are orthogonal.
std::vector<double> jacobi_energies(const std::vector<float>& matrix, size_t rows, size_t columns) {
    std::vector<std::vector<double>> column(columns, std::vector<double>(rows));
    for (size_t r = 0; r < rows; ++r)
        for (size_t c = 0; c < columns; ++c) column[c][r] = matrix[r * columns + c];
    const auto dot = [&](size_t a, size_t b) {
        double sum = 0;
        for (size_t r = 0; r < rows; ++r) sum += column[a][r] * column[b][r];
        return sum;
    };
    for (int sweep = 0; sweep < 60; ++sweep) {
        double worst = 0;
        for (size_t a = 0; a < columns; ++a)
            for (size_t b = a + 1; b < columns; ++b) {
                const double aa = dot(a, a), bb = dot(b, b), ab = dot(a, b);
                if (aa * bb == 0) continue;
                worst = std::max(worst, std::abs(ab) / std::sqrt(aa * bb));
                if (ab == 0) continue;
                const double zeta = (bb - aa) / (2 * ab);
                const double t = (zeta >= 0 ? 1 : -1) / (std::abs(zeta) + std::sqrt(1 + zeta * zeta));
                const double c = 1 / std::sqrt(1 + t * t), s = c * t;
                for (size_t r = 0; r < rows; ++r) {
                    const double x = column[a][r], y = column[b][r];
                    column[a][r] = c * x - s * y;
                    column[b][r] = s * x + c * y;
                }
            }
        if (worst < 1e-14) break;
    }
    std::vector<double> energies;
    for (size_t c = 0; c < columns; ++c) energies.push_back(dot(c, c));
    std::sort(energies.rbegin(), energies.rend());
    energies.resize(std::min(rows, columns));
    return energies;
}

double error_of(const std::vector<float>& matrix, size_t rows, size_t columns, const Factors& factors) {
    double error = 0, norm = 0;
    for (size_t r = 0; r < rows; ++r)
        for (size_t c = 0; c < columns; ++c) {
            double product = 0;
            for (size_t k = 0; k < factors.rank; ++k)
                product += static_cast<double>(factors.second[r * factors.rank + k]) *
                           static_cast<double>(factors.first[k * columns + c]);
            const double w = matrix[r * columns + c];
            error += (w - product) * (w - product);
            norm += w * w;
        }
    return std::sqrt(error / norm);
}

/// A sum of few outer products: layers that have something to gain.
ValueId thin(Net& net, const Shape& shape, int64_t rank) {
    const int64_t columns = shape.elements() / shape[0];
    const auto a = random_matrix(static_cast<size_t>(shape[0]), static_cast<size_t>(rank), 3);
    const auto b = random_matrix(static_cast<size_t>(rank), static_cast<size_t>(columns), 4);
    std::vector<float> product(static_cast<size_t>(shape.elements()));
    for (int64_t r = 0; r < shape[0]; ++r)
        for (int64_t c = 0; c < columns; ++c) {
            double sum = 0;
            for (int64_t k = 0; k < rank; ++k)
                sum += static_cast<double>(a[static_cast<size_t>(r * rank + k)]) *
                       static_cast<double>(b[static_cast<size_t>(k * columns + c)]);
            product[static_cast<size_t>(r * columns + c)] = static_cast<float>(sum / std::sqrt(columns));
        }
    return net.constant(shape, std::move(product));
}

GraphPtr network() {
    Net net(8);
    ValueId x = net.builder.input("x", {1, 6, 9, 9});
    const ConvAttributes a{{3, 3}, {2, 2}, {1, 1, 1, 1}, {1, 1}, 1};
    x = net.add(Op::conv, "Conv", a, {x, thin(net, {16, 6, 3, 3}, 4), net.vector(16, -1, 1)}, "conv");
    x = net.relu(net.batch_norm(x));
    x = net.relu(net.conv(x, 16, 3, 16, "depthwise"));
    x = net.add(Op::global_average_pool, "GlobalAveragePool", {}, {x});
    x = net.add(Op::reshape, "Flatten", ReshapeAttributes{{1, 16}}, {x});
    x = net.add(Op::gemm, "Gemm", {}, {x, thin(net, {20, 16}, 3), net.vector(20, -1, 1)}, "fc");
    return net.finish(x);
}

std::vector<NodeId> layers_named(const Graph& graph, std::initializer_list<const char*> names) {
    std::vector<NodeId> ids;
    for (const char* name : names) ids.push_back(graph.find_node(name));
    return ids;
}

} // namespace

class TestLowRank : public QObject {
    Q_OBJECT
private slots:
    void energies_are_those_of_another_method_data() {
        QTest::addColumn<int>("rows");
        QTest::addColumn<int>("columns");
        QTest::newRow("wide") << 12 << 40;
        QTest::newRow("tall") << 40 << 12;
        QTest::newRow("square") << 25 << 25;
        QTest::newRow("one row") << 1 << 7;
        QTest::newRow("more than a block") << 5 << 1500;
    }
    void energies_are_those_of_another_method() {
        QFETCH(int, rows);
        QFETCH(int, columns);
        const auto r = static_cast<size_t>(rows), c = static_cast<size_t>(columns);
        const auto matrix = random_matrix(r, c, 11);
        // The transpose has the same singular values, in fewer columns to turn.
        std::vector<float> turned(matrix.size());
        for (size_t i = 0; i < r; ++i)
            for (size_t j = 0; j < c; ++j) turned[j * r + i] = matrix[i * c + j];
        const auto wanted = r < c ? jacobi_energies(turned, c, r) : jacobi_energies(matrix, r, c);
        const Factors factors = passes::factorize(matrix, r, c, 0.9);
        QCOMPARE(factors.energies.size(), wanted.size());
        for (size_t i = 0; i < wanted.size(); ++i)
            QVERIFY(std::abs(factors.energies[i] - wanted[i]) < 1e-12 * wanted[0]);
    }
    void the_rank_is_the_least_that_keeps_the_energy() {
        for (const auto& [rows, columns] : {std::pair<size_t, size_t>{20, 45}, {45, 20}}) {
            const auto matrix = random_matrix(rows, columns, 5);
            for (const double energy : {0.1, 0.5, 0.8, 0.95, 0.999}) {
                const Factors f = passes::factorize(matrix, rows, columns, energy);
                double total = 0, kept = 0;
                for (const double e : f.energies) total += e;
                for (size_t i = 0; i < f.rank; ++i) kept += f.energies[i];
                QVERIFY(kept >= energy * total);
                QVERIFY(kept - f.energies[f.rank - 1] < energy * total);
                // What is told is what is left out, and what the factors really miss.
                QVERIFY(std::abs(f.relative_error - std::sqrt(1 - kept / total)) < 1e-9);
                QVERIFY(std::abs(f.relative_error - error_of(matrix, rows, columns, f)) < 1e-6);
            }
        }
    }
    void factors_have_the_same_norm() {
        const Factors f = passes::factorize(random_matrix(30, 50, 2), 30, 50, 0.9);
        double first = 0, second = 0;
        for (const float v : f.first) first += static_cast<double>(v) * static_cast<double>(v);
        for (const float v : f.second) second += static_cast<double>(v) * static_cast<double>(v);
        QVERIFY(std::abs(first / second - 1) < 1e-5);
    }
    void zeros_have_no_rank() {
        QCOMPARE(passes::factorize(std::vector<float>(12, 0.0F), 3, 4, 0.9).rank, size_t{0});
    }

    void all_the_energy_gives_the_same_outputs() {
        const GraphPtr graph = network();
        const auto layers = layers_named(*graph, {"conv", "depthwise", "fc"});
        const Compressed result = passes::low_rank(graph, {1 - 1e-12}, layers, {}).value();
        QVERIFY(result.graph->find_node("conv/low_rank").valid());
        QVERIFY(result.graph->find_node("fc/low_rank").valid());
        QVERIFY(!result.graph->find_node("depthwise/low_rank").valid());
        const NoiseImages data(8, {6, 9, 9});
        QVERIFY(relative_error(outputs_of(graph, {}, data), outputs_of(result.graph, {}, data)) < 1e-5);
        QCOMPARE(result.derived,
                 (std::map<std::string, std::string>{{"conv/low_rank", "conv"}, {"fc/low_rank", "fc"}}));
    }
    void layers_say_what_became_of_them() {
        const GraphPtr graph = network();
        const auto layers = layers_named(*graph, {"conv", "depthwise", "fc"});
        const Compressed result = passes::low_rank(graph, {1 - 1e-6}, layers, {}).value();
        QCOMPARE(result.layers.size(), size_t{3});
        const passes::LayerChange& conv = result.layers[0];
        QCOMPARE(conv.note, std::string("rank 4 of 16"));
        QCOMPARE(conv.weights_before, 16 * 54);
        QCOMPARE(conv.weights_after, 4 * (16 + 54));
        QCOMPARE(conv.macs_before, 25 * 16 * 54);
        QCOMPARE(conv.macs_after, 25 * 4 * (16 + 54));
        int64_t macs = 0;
        for (const char* name : {"conv", "conv/low_rank"})
            macs += node_macs(*result.graph, result.graph->find_node(name));
        QCOMPARE(conv.macs_after, macs);
        QVERIFY(result.layers[1].note.find("groups") != std::string::npos);
        QCOMPARE(result.layers[1].weights_after, result.layers[1].weights_before);
        QCOMPARE(result.layers[2].note, std::string("rank 3 of 16"));
        const Node& first = result.graph->node(result.graph->find_node("conv/low_rank"));
        QCOMPARE(first.inputs.size(), size_t{2}); // the bias is the second's
        QCOMPARE(std::get<ConvAttributes>(first.attributes).strides, (std::array<int64_t, 2>{2, 2}));
    }
    void what_would_save_nothing_stays() {
        Net net(4);
        const ValueId x = net.builder.input("x", {1, 12});
        const GraphPtr graph = net.finish(net.add(Op::gemm, "Gemm", {}, {x, net.weights({12, 12})}, "full"));
        const Compressed result =
            passes::low_rank(graph, {1 - 1e-9}, layers_named(*graph, {"full"}), {}).value();
        QCOMPARE(result.graph->nodes().size(), graph->nodes().size());
        QVERIFY(result.layers[0].note.find("save nothing") != std::string::npos);
    }
    void a_second_time_finds_another_name() {
        const GraphPtr graph = network();
        const GraphPtr once =
            passes::low_rank(graph, {1 - 1e-6}, layers_named(*graph, {"conv"}), {}).value().graph;
        const Compressed twice = passes::low_rank(once, {0.3}, layers_named(*once, {"conv"}), {}).value();
        QVERIFY(twice.graph->find_node("conv/low_rank_2").valid());
    }
    void weights_must_be_finite() {
        Net net(4);
        const ValueId x = net.builder.input("x", {1, 2});
        const float nan = std::numeric_limits<float>::quiet_NaN();
        const GraphPtr graph =
            net.finish(net.add(Op::gemm, "Gemm", {}, {x, net.constant({2, 2}, {1, nan, 2, 3})}, "fc"));
        const auto result = passes::low_rank(graph, {0.5}, layers_named(*graph, {"fc"}), {});
        QVERIFY(!result);
        QCOMPARE(result.error().code, ErrorCode::invalid_input);
        QCOMPARE(result.error().where, std::string("fc"));
    }
};

QTEST_GUILESS_MAIN(TestLowRank)
#include "tst_low_rank.moc"
