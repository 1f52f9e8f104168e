#include "core/passes/low_rank.h"

#include "core/graph/layer_work.h"
#include "core/passes/compression_layers.h"
#include "core/passes/graph_copy.h"

#include <Eigen/Eigenvalues>

#include <algorithm>
#include <cmath>

namespace widthwise::passes {
namespace {

using Matrix = Eigen::MatrixXd;
using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using View = Eigen::Map<const RowMajor>;

/// Columns or rows of the weights that are in f64 at a time.
constexpr Eigen::Index k_block = 1024;

/// W W^T, or (`tall`) W^T W.
Matrix gram(const View& w, bool tall) {
    const Eigen::Index size = tall ? w.cols() : w.rows(), length = tall ? w.rows() : w.cols();
    Matrix sum = Matrix::Zero(size, size);
    for (Eigen::Index at = 0; at < length; at += k_block) {
        const Eigen::Index count = std::min(k_block, length - at);
        const Matrix part = tall ? Matrix(w.middleRows(at, count).cast<double>().transpose())
                                 : Matrix(w.middleCols(at, count).cast<double>());
        sum.selfadjointView<Eigen::Lower>().rankUpdate(part);
    }
    return sum;
}

std::vector<float> row_major(const Matrix& m) {
    std::vector<float> values(static_cast<size_t>(m.size()));
    Eigen::Map<RowMajor>(values.data(), m.rows(), m.cols()) = m.cast<float>();
    return values;
}

/// basis^T w or (`tall`) w basis, block by block.
Matrix project(const View& w, const Matrix& basis, bool tall) {
    Matrix result(tall ? w.rows() : basis.cols(), tall ? basis.cols() : w.cols());
    const Eigen::Index length = tall ? w.rows() : w.cols();
    for (Eigen::Index at = 0; at < length; at += k_block) {
        const Eigen::Index count = std::min(k_block, length - at);
        if (tall)
            result.middleRows(at, count).noalias() = w.middleRows(at, count).cast<double>() * basis;
        else
            result.middleCols(at, count).noalias() =
                basis.transpose() * w.middleCols(at, count).cast<double>();
    }
    return result;
}

size_t rank_of(const std::vector<double>& energies, double total, double energy) {
    double kept = 0;
    size_t rank = 0;
    while (rank < energies.size() && energies[rank] > 0 && kept < energy * total) kept += energies[rank++];
    return rank;
}

} // namespace

Factors factorize(std::span<const float> weights, size_t rows, size_t columns, double energy) {
    const View w(weights.data(), static_cast<Eigen::Index>(rows), static_cast<Eigen::Index>(columns));
    const bool tall = rows > columns;
    const Eigen::SelfAdjointEigenSolver<Matrix> solver(gram(w, tall));
    const Eigen::Index size = solver.eigenvalues().size();
    Factors factors;
    double total = 0;
    for (Eigen::Index i = size; i-- > 0;) { // ascending there
        factors.energies.push_back(std::max(0.0, solver.eigenvalues()[i]));
        total += factors.energies.back();
    }
    factors.rank = rank_of(factors.energies, total, energy);
    if (factors.rank == 0) return factors;
    double left_out = 0;
    for (size_t i = factors.energies.size(); i-- > factors.rank;) left_out += factors.energies[i];
    factors.relative_error = std::sqrt(left_out / total);

    const auto rank = static_cast<Eigen::Index>(factors.rank);
    Matrix basis(size, rank);
    Eigen::VectorXd root(rank); // of the singular value
    for (Eigen::Index i = 0; i < rank; ++i) {
        basis.col(i) = solver.eigenvectors().col(size - 1 - i);
        root[i] = std::pow(factors.energies[static_cast<size_t>(i)], 0.25);
    }
    const Matrix projected = project(w, basis, tall);
    if (tall) { // W V = U S
        factors.second = row_major(projected * root.cwiseInverse().asDiagonal());
        factors.first = row_major(root.asDiagonal() * basis.transpose());
    } else { // U^T W = S V^T
        factors.first = row_major(root.cwiseInverse().asDiagonal() * projected);
        factors.second = row_major(basis * root.asDiagonal());
    }
    return factors;
}

namespace {

class Factorization {
public:
    Factorization(const Graph& graph, double energy) : m_graph(graph), m_energy(energy), m_copy(graph) {}

    Result<Compressed> run(const std::vector<NodeId>& layers, const WorkControl& control) {
        int64_t done = 0;
        for (const NodeId id : m_graph.node_ids()) {
            if (control.cancel.cancelled()) return fail(ErrorCode::cancelled, "cancelled");
            const bool chosen = std::find(layers.begin(), layers.end(), id) != layers.end();
            Result<void> ok = chosen ? split(id) : m_copy.copy(m_graph.node(id));
            if (!ok) return forward_error(ok);
            if (chosen) control.report("factorizing", ++done, static_cast<int64_t>(layers.size()));
        }
        auto graph = m_copy.finish(m_graph.outputs());
        if (!graph) return forward_error(graph);
        m_result.graph = std::move(*graph);
        return std::move(m_result);
    }

private:
    Result<void> split(NodeId id);
    Result<void> add_pair(const Node& node, const Factors& factors);
    [[nodiscard]] std::string name_of_first(const std::string& layer) const {
        std::string name = layer + "/low_rank";
        for (int i = 2; m_graph.find_node(name).valid(); ++i) name = layer + "/low_rank_" + std::to_string(i);
        return name;
    }

    const Graph& m_graph;
    double m_energy;
    GraphCopy m_copy;
    Compressed m_result;
};

Result<void> Factorization::split(NodeId id) {
    const Node& node = m_graph.node(id);
    LayerChange change = unchanged(m_graph, id);
    const auto keep = [&](std::string why) {
        change.note = std::move(why);
        m_result.layers.push_back(std::move(change));
        return m_copy.copy(node);
    };
    if (node.op == Op::conv_transpose) return keep("transposed convolutions are left alone");
    if (node.op == Op::conv && std::get<ConvAttributes>(node.attributes).group != 1)
        return keep("convolutions in groups are left alone");
    const Value& value = m_graph.value(node.inputs[1]);
    const std::vector<float> weights = value.constant->to_f32();
    if (!std::all_of(weights.begin(), weights.end(), [](float w) { return std::isfinite(w); }))
        return fail(ErrorCode::invalid_input, "not all weights are finite numbers", node.name);
    const auto rows = static_cast<size_t>(value.shape[0]);
    const size_t columns = weights.size() / rows, full = std::min(rows, columns);
    const Factors factors = factorize(weights, rows, columns, m_energy);
    if (factors.rank == 0) return keep("all of its weights are zero");
    const std::string rank = "rank " + std::to_string(factors.rank) + " of " + std::to_string(full);
    const size_t numbers = factors.rank * (rows + columns);
    if (numbers >= weights.size()) return keep(rank + " would save nothing");

    change.weights_after = static_cast<int64_t>(numbers);
    change.nonzero_after = count_nonzero(factors.first) + count_nonzero(factors.second);
    // Both run at the output's positions.
    change.macs_after = change.macs_before / change.weights_before * change.weights_after;
    change.relative_error = factors.relative_error;
    change.note = rank;
    m_result.layers.push_back(std::move(change));
    return add_pair(node, factors);
}

Result<void> Factorization::add_pair(const Node& node, const Factors& factors) {
    const Value& value = m_graph.value(node.inputs[1]);
    const auto rank = static_cast<int64_t>(factors.rank);
    Shape first_shape = value.shape, second_shape = value.shape;
    first_shape[0] = second_shape[1] = rank;
    Attributes second_attributes = node.attributes;
    if (node.op == Op::conv) {
        second_shape[2] = second_shape[3] = 1;
        second_attributes = ConvAttributes{};
    }
    const std::string name = name_of_first(node.name);
    Node first = node;
    first.name = name;
    auto inner = m_copy.add(first, node.attributes,
                            {m_copy.map(node.inputs[0]),
                             m_copy.constant(name + ".weight", std::move(first_shape), factors.first)});
    if (!inner) return forward_error(inner);
    std::vector<ValueId> inputs{*inner, m_copy.constant(value.name, std::move(second_shape), factors.second)};
    if (node.inputs.size() > 2) inputs.push_back(m_copy.map(node.inputs[2]));
    m_result.derived[name] = node.name;
    return m_copy.copy(node, std::move(second_attributes), std::move(inputs));
}

} // namespace

Result<Compressed> low_rank(const GraphPtr& graph, const LowRank& method, const std::vector<NodeId>& layers,
                            const WorkControl& control) {
    return Factorization(*graph, method.energy).run(layers, control);
}

} // namespace widthwise::passes
