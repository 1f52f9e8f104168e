#include "core/passes/adaround.h"

#include "core/base/rng.h"
#include "core/base/worker_pool.h"
#include "core/passes/adaround_kernels.h"

#include <algorithm>
#include <cmath>

namespace widthwise::passes {
namespace {

// The rectified sigmoid's stretch (equation 23).
constexpr float k_zeta = 1.1F, k_gamma = -0.1F;

/// One weight's choice: `base`, or one `step` above it.
struct Choice {
    float base = 0; ///< in steps, zero point apart
    float step = 0;
    float rest = 0;       ///< of weight / step above base, 0..1
    bool nearest = false; ///< nearest rounding goes up
    bool free = false;    ///< both neighbours are within the format
    [[nodiscard]] float value(bool up) const { return step * (base + (up ? 1.0F : 0.0F)); }
};

Choice choice_of(float weight, const AffineParams& p) {
    const auto lo = static_cast<float>(p.q_min - p.zero_point),
               hi = static_cast<float>(p.q_max - p.zero_point);
    Choice c;
    c.step = p.scale;
    const float steps = weight / p.scale, floor = std::floor(steps);
    c.base = std::clamp(floor, lo, hi);
    c.free = floor >= lo && floor + 1 <= hi;
    if (!c.free) return c;
    c.rest = steps - floor;
    c.nearest = std::nearbyint(steps) > floor;
    return c;
}

/// Up to 16 output channels of one group.
class Block {
public:
    Block(const RoundingProblem& problem, std::span<const Choice> choices, size_t first, size_t count)
        : m_problem(problem)
        , m_choices(choices)
        , m_first(first)
        , m_count(count)
        , m_column(first / (problem.out / problem.groups) * problem.row)
        , m_weights(problem.row)
        , m_gradient(problem.row)
        , m_v(problem.row)
        , m_sigmoid(problem.row)
        , m_m(problem.row)
        , m_s(problem.row) {
        for (size_t l = 0; l < count; ++l) m_bias[l] = problem.bias[first + l];
        each([&](size_t k, size_t l, const Choice& c) {
            // h(v) is the rest, so that the search starts at the float weight.
            const float sigmoid = (c.rest - k_gamma) / (k_zeta - k_gamma);
            m_v[k][l] = -std::log(1 / sigmoid - 1);
        });
    }

    /// Mean squared error of each channel over all rows.
    std::vector<double> errors(const std::vector<bool>& up) {
        set(up);
        std::vector<double> sum(m_count, 0.0);
        for (size_t r = 0; r < m_problem.rows; r += k_rows) {
            size_t rows[k_rows];
            for (size_t i = 0; i < k_rows; ++i) rows[i] = std::min(r + i, m_problem.rows - 1);
            Lanes z[k_rows];
            outputs(rows, z);
            for (size_t i = 0; i < std::min(k_rows, m_problem.rows - r); ++i)
                for (size_t l = 0; l < m_count; ++l) {
                    const double e = cut(z[i][l]) - wanted(rows[i], l);
                    sum[l] += e * e;
                }
        }
        for (double& s : sum) s /= static_cast<double>(m_problem.rows);
        return sum;
    }

    /// `unit`: what the squared error is counted in.
    Result<void> search(const RoundingOptions& o, double unit, const WorkControl& control) {
        Rng rng(o.seed);
        const int warm = static_cast<int>(o.warm_start * o.iterations);
        for (int t = 0; t < o.iterations; ++t) {
            constexpr int patience = 32;
            if (t % patience == 0 && control.cancel.cancelled())
                return fail(ErrorCode::cancelled, "cancelled");
            set_soft();
            std::fill(m_gradient.begin(), m_gradient.end(), Lanes{});
            const auto weight = static_cast<float>(2 / (unit * static_cast<double>(o.batch)));
            for (size_t b = 0; b < o.batch; b += k_rows) add_row_gradients(rng, weight);
            const double done = static_cast<double>(t - warm) / std::max(1, o.iterations - warm);
            const double beta = o.beta_end + (o.beta_start - o.beta_end) *
                                                 std::max(0.0, 1 - done); // linear, as published code
            step(o, t + 1, t < warm ? 0.0F : static_cast<float>(o.regularization), static_cast<float>(beta));
        }
        return {};
    }

    [[nodiscard]] std::vector<bool> nearest() const {
        return all([](const Choice& c, float) { return c.nearest; });
    }
    [[nodiscard]] std::vector<bool> found() const {
        return all([](const Choice& c, float v) { return c.free && v >= 0; }); // h >= 1/2
    }
    [[nodiscard]] size_t first() const { return m_first; }
    [[nodiscard]] size_t count() const { return m_count; }

private:
    void each(const auto& visit) {
        for (size_t l = 0; l < m_count; ++l)
            for (size_t k = 0; k < m_problem.row; ++k)
                if (const Choice& c = choice(k, l); c.free) visit(k, l, c);
    }
    [[nodiscard]] const Choice& choice(size_t k, size_t l) const {
        return m_choices[(m_first + l) * m_problem.row + k];
    }
    [[nodiscard]] std::vector<bool> all(const auto& up) const {
        std::vector<bool> result;
        for (size_t l = 0; l < m_count; ++l)
            for (size_t k = 0; k < m_problem.row; ++k) result.push_back(up(choice(k, l), m_v[k][l]));
        return result;
    }
    void set(const std::vector<bool>& up) {
        for (size_t l = 0; l < m_count; ++l)
            for (size_t k = 0; k < m_problem.row; ++k)
                m_weights[k][l] = choice(k, l).value(up[l * m_problem.row + k]);
    }
    static float sigmoid(float v) { return 1 / (1 + std::exp(-v)); }
    static float rectified(float s) { return std::clamp(s * (k_zeta - k_gamma) + k_gamma, 0.0F, 1.0F); }
    void set_soft() {
        for (size_t l = 0; l < m_count; ++l)
            for (size_t k = 0; k < m_problem.row; ++k) {
                const Choice& c = choice(k, l);
                m_sigmoid[k][l] = c.free ? sigmoid(m_v[k][l]) : 0.0F;
                m_weights[k][l] = c.step * (c.base + (c.free ? rectified(m_sigmoid[k][l]) : 0.0F));
            }
    }
    [[nodiscard]] const float* input(size_t row) const {
        return &m_problem.inputs[row * m_problem.row * m_problem.groups + m_column];
    }
    [[nodiscard]] float wanted(size_t row, size_t l) const {
        return m_problem.wanted[row * m_problem.out + m_first + l];
    }
    [[nodiscard]] float cut(float z) const { return std::clamp(z, m_problem.clamp.lo, m_problem.clamp.hi); }
    void outputs(const size_t (&rows)[k_rows], Lanes (&z)[k_rows]) const {
        const float* const x[k_rows] = {input(rows[0]), input(rows[1]), input(rows[2]), input(rows[3])};
        for (Lanes& lanes : z) lanes = m_bias;
        add_products(x, m_weights.data(), m_problem.row, z);
    }
    /// The activation passes gradients on where it does not cut.
    void add_row_gradients(Rng& rng, float weight) {
        size_t rows[k_rows];
        for (size_t& row : rows) row = rng.below(m_problem.rows);
        Lanes z[k_rows], g[k_rows] = {};
        outputs(rows, z);
        for (size_t i = 0; i < k_rows; ++i)
            for (size_t l = 0; l < m_count; ++l)
                if (z[i][l] > m_problem.clamp.lo && z[i][l] < m_problem.clamp.hi)
                    g[i][l] = weight * (z[i][l] - wanted(rows[i], l));
        const float* const x[k_rows] = {input(rows[0]), input(rows[1]), input(rows[2]), input(rows[3])};
        add_gradient(x, g, m_problem.row, m_gradient.data());
    }
    /// Adam (Kingma and Ba 2015) on v; the regularizer is 1 - |2 h - 1|^beta (equation 24).
    void step(const RoundingOptions& o, int t, float lambda, float beta) {
        constexpr float b1 = 0.9F, b2 = 0.999F, epsilon = 1e-8F;
        const auto rate = static_cast<float>(o.learning_rate);
        const float c1 = 1 / (1 - std::pow(b1, static_cast<float>(t)));
        const float c2 = 1 / (1 - std::pow(b2, static_cast<float>(t)));
        each([&](size_t k, size_t l, const Choice& c) {
            const float s = m_sigmoid[k][l], h = rectified(s);
            float g = m_gradient[k][l] * c.step;
            const float u = 2 * h - 1;
            if (lambda > 0) g -= lambda * 2 * beta * std::copysign(std::pow(std::abs(u), beta - 1), u);
            const bool inside = h > 0 && h < 1;
            g = inside ? g * (k_zeta - k_gamma) * s * (1 - s) : 0;
            m_m[k][l] = b1 * m_m[k][l] + (1 - b1) * g;
            m_s[k][l] = b2 * m_s[k][l] + (1 - b2) * g * g;
            m_v[k][l] -= rate * m_m[k][l] * c1 / (std::sqrt(m_s[k][l] * c2) + epsilon);
        });
    }

    const RoundingProblem& m_problem;
    std::span<const Choice> m_choices;
    size_t m_first, m_count, m_column;
    Lanes m_bias{};
    std::vector<Lanes> m_weights, m_gradient, m_v, m_sigmoid, m_m, m_s; ///< by weight of the row
};

/// Blocks of at most 16 channels, none over two groups.
std::vector<Block> blocks_of(const RoundingProblem& problem, std::span<const Choice> choices) {
    std::vector<Block> blocks;
    const size_t each = problem.out / problem.groups;
    for (size_t g = 0; g < problem.groups; ++g)
        for (size_t c = 0; c < each; c += k_lanes)
            blocks.emplace_back(problem, choices, g * each + c, std::min(k_lanes, each - c));
    return blocks;
}

} // namespace

bool can_round(const NumberFormat& format) {
    return format.is_integer() && format.is_resolved() && format.type != FormatType::ternary &&
           format.type != FormatType::binary && format.bits > 1 && format.bits <= 8;
}

Result<Rounded> adaround(const RoundingProblem& problem, const RoundingOptions& options,
                         const WorkControl& control) {
    auto q = quantize_weights(problem.weights, static_cast<int64_t>(problem.out), problem.format);
    if (!q) return forward_error(q);
    const size_t per_channel = std::max<size_t>(1, q->params.size() / problem.out);
    std::vector<Choice> choices(problem.weights.size());
    for (size_t i = 0; i < choices.size(); ++i) {
        const size_t channel = i / problem.row, place = i % problem.row;
        const size_t group =
            per_channel > 1 ? place / static_cast<size_t>(problem.format.group_size) : size_t{0};
        choices[i] = choice_of(problem.weights[i],
                               q->params[q->params.size() == 1 ? 0 : channel * per_channel + group]);
    }
    std::vector<Block> blocks = blocks_of(problem, choices);
    std::vector<std::vector<double>> nearest_errors(blocks.size()), errors(blocks.size());
    const auto count = static_cast<int64_t>(blocks.size());
    Result<void> ok = parallel_for(count, control.threads, [&](int64_t b, int) -> Result<void> {
        Block& block = blocks[static_cast<size_t>(b)];
        nearest_errors[static_cast<size_t>(b)] = block.errors(block.nearest());
        return {};
    });
    if (!ok) return forward_error(ok);
    Rounded result;
    for (const auto& list : nearest_errors)
        for (const double e : list) result.nearest_error += e / static_cast<double>(problem.out);
    result.weights.resize(choices.size());
    const auto write = [&](const Block& block, size_t lane, const std::vector<bool>& up) {
        for (size_t k = 0; k < problem.row; ++k) {
            const size_t i = (block.first() + lane) * problem.row + k;
            result.weights[i] = choices[i].value(up[lane * problem.row + k]);
        }
    };
    if (result.nearest_error <= 0) { // nothing to gain
        for (const Block& block : blocks)
            for (size_t l = 0; l < block.count(); ++l) write(block, l, block.nearest());
        return result;
    }
    ok = parallel_for(count, control.threads, [&](int64_t b, int) -> Result<void> {
        Block& block = blocks[static_cast<size_t>(b)];
        if (Result<void> done = block.search(options, result.nearest_error, control); !done) return done;
        errors[static_cast<size_t>(b)] = block.errors(block.found());
        return {};
    });
    if (!ok) return forward_error(ok);
    for (size_t b = 0; b < blocks.size(); ++b) {
        const std::vector<bool> nearest = blocks[b].nearest(), found = blocks[b].found();
        for (size_t l = 0; l < blocks[b].count(); ++l) {
            const bool better = errors[b][l] < nearest_errors[b][l];
            write(blocks[b], l, better ? found : nearest);
            result.error += std::min(errors[b][l], nearest_errors[b][l]) / static_cast<double>(problem.out);
            for (size_t k = 0; better && k < problem.row; ++k)
                result.flipped += found[l * problem.row + k] != nearest[l * problem.row + k];
        }
    }
    return result;
}

} // namespace widthwise::passes
