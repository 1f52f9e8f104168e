#include "core/cost/fpga_unit.h"

#include "core/cost/finn.h"
#include "core/cost/finn_window.h"

#include <algorithm>
#include <cmath>
#include <compare>

namespace widthwise::cost {
namespace {

constexpr int64_t k_most_parallel = 65536; ///< of PE, of SIMD: no device holds more
constexpr double k_fifo_depth = 32;
constexpr double k_bram18_bits = 18432;
constexpr double k_base_luts = 300;

double d(int64_t value) {
    return static_cast<double>(value);
}

struct FloatUnit {
    double dsps = 0, dsp_luts = 0, luts = 0;
};

FloatUnit float_unit(const Operands& operands) {
    switch (std::max(operands.weights.numeric, operands.activations.numeric)) {
    case Numeric::float8:
        return {0, 180, 180};
    case Numeric::bfloat16:
        return {2, 180, 340};
    case Numeric::float16:
        return {3, 200, 400};
    default:
        return {5, 300, 1020};
    }
}

class Folder {
public:
    Folder(const MatrixProblem& problem, const MatrixUnit& unit, DspKind dsp, int accumulator_bits)
        : m_problem(problem)
        , m_nest(problem.nest)
        , m_dsp(dsp)
        , m_windows(window_units(problem.nest, problem.stored.input,
                                 divisors(problem.nest.in_channels, k_most_parallel))) {
        m_mvau.mh = unit.mh;
        m_mvau.mw = unit.mw;
        m_mvau.vectors = static_cast<int64_t>(unit.vectors);
        m_mvau.weight_bits = problem.operands.weights.bits;
        m_mvau.activation_bits = problem.operands.activations.bits;
        m_mvau.accumulator_bits = accumulator_bits;
        m_accumulator = mvau_accumulator_bits(m_mvau);
        Mvau scale;
        scale.weight_bits = 16;
        scale.activation_bits = static_cast<int>(m_accumulator);
        m_scale_luts = mvau_luts(scale, false) - k_base_luts;
    }

    std::vector<UnitChoice> choices() {
        std::vector<UnitChoice> result;
        for (const Folding& folding : foldings()) {
            const UnitChoice choice = at(folding.pe, folding.simd);
            if (result.empty() || choice.cycles < result.back().cycles) result.push_back(choice);
        }
        return result;
    }

private:
    struct Folding {
        int64_t products, dsps;
        double luts;
        int64_t pe, simd;
        auto operator<=>(const Folding&) const = default;
    };

    /// One for each number of products a cycle, for these decide the cycles: that with the fewest DSPs, then
    /// LUTs.
    [[nodiscard]] std::vector<Folding> foldings() {
        std::vector<Folding> all;
        const bool depthwise = m_nest.groups > 1 && m_nest.groups == m_nest.in_channels;
        const int64_t channels = m_nest.in_channels / m_nest.groups;
        const std::vector<int64_t> simds = divisors(m_mvau.mw, k_most_parallel);
        for (const int64_t pe : divisors(m_mvau.mh, k_most_parallel))
            for (const int64_t simd : simds) {
                // FINN unfolds a VVAU's channels first, and a window's channels before its pixels.
                if (depthwise && simd > 1 && pe < m_mvau.mh) continue;
                if (channels % simd != 0 && simd % channels != 0) continue;
                m_mvau.pe = pe;
                m_mvau.simd = simd;
                all.push_back({pe * simd, packed_dsps(m_mvau, m_dsp, m_nest.groups == 1),
                               mvau_luts(m_mvau, false, 0, m_accumulator), pe, simd});
            }
        std::sort(all.begin(), all.end());
        const auto same = [](const Folding& a, const Folding& b) { return a.products == b.products; };
        all.erase(std::unique(all.begin(), all.end(), same), all.end());
        return all;
    }

    /// LUTs of the scale multipliers or of the thresholds, whichever are fewer.
    [[nodiscard]] double activation_luts() const {
        const int bits = m_problem.stored.output;
        const double outputs_a_cycle = std::ceil(d(m_mvau.pe) * d(m_mvau.simd) / d(m_mvau.mw));
        const double scaled = outputs_a_cycle * m_scale_luts;
        if (bits > 8) return scaled;
        return std::min(scaled, 1.1 * d(m_mvau.pe) * mvau_threshold_luts(m_mvau, bits, m_accumulator));
    }

    UnitChoice at(int64_t pe, int64_t simd) {
        m_mvau.pe = pe;
        m_mvau.simd = simd;
        UnitChoice choice;
        choice.pe = pe;
        choice.simd = simd;
        choice.cycles = d(mvau_cycles(m_mvau));
        const WindowUnit window = window_within(m_windows, choice.cycles);
        choice.cycles = std::max(choice.cycles, window.cycles);
        choice.around = window.resources;
        choice.around.luts += fifo_luts(d(pe) * m_problem.stored.output, k_fifo_depth);
        add_product(choice);
        const int64_t width = pe * simd * m_problem.stored.weights;
        const int64_t depth = (m_mvau.mh / pe) * (m_mvau.mw / simd);
        choice.weight_width = d(width);
        choice.weight_depth = d(depth);
        choice.bram18 = d(bram18_count(width, depth));
        choice.urams = d(uram_count(width, depth));
        choice.lutram = lutram_luts(width, depth);
        return choice;
    }

    void add_product(UnitChoice& choice) const {
        const double products = d(choice.pe) * d(choice.simd);
        if (m_problem.operands.floating()) {
            const FloatUnit one = float_unit(m_problem.operands);
            choice.lut_luts = k_base_luts + products * one.luts;
            choice.dsp_luts = k_base_luts + products * one.dsp_luts;
            choice.dsps = products * one.dsps;
            return;
        }
        choice.around.luts += activation_luts();
        choice.lut_luts = mvau_luts(m_mvau, false, 0, m_accumulator);
        choice.dsp_luts = mvau_luts(m_mvau, true, 0, m_accumulator);
        choice.dsps = d(packed_dsps(m_mvau, m_dsp, m_nest.groups == 1));
    }

    const MatrixProblem& m_problem;
    const LoopNest& m_nest;
    DspKind m_dsp;
    std::vector<WindowUnit> m_windows;
    Mvau m_mvau;
    double m_accumulator = 0;
    double m_scale_luts = 0; ///< of one multiplier by scales
};

/// Rows and pixels that the first window covers, of the whole input; padding counts as being there.
double first_window(const LoopNest& nest) {
    const double rows = d(nest.kernel_height - 1) * d(nest.dilation_height);
    const double pixels = d(nest.kernel_width - 1) * d(nest.dilation_width) + 1;
    return std::min(1.0, (rows * d(nest.in_width) + pixels) / (d(nest.in_height) * d(nest.in_width)));
}

} // namespace

const UnitChoice* MatrixUnit::within(double cycles) const {
    const auto found = std::partition_point(choices.begin(), choices.end(),
                                            [&](const UnitChoice& c) { return c.cycles > cycles; });
    return found == choices.end() ? nullptr : &*found;
}

MatrixUnit matrix_unit(const MatrixProblem& problem, int64_t batch, DspKind dsp, int accumulator_bits) {
    MatrixProblem one = problem;
    LoopNest& nest = one.nest;
    if (problem.batch != batch && nest.groups % batch == 0) { // a product of activations: each image's own
        nest.groups /= batch;
        nest.in_channels /= batch;
        nest.out_channels /= batch;
    }
    MatrixUnit unit;
    unit.mh = nest.out_channels;
    unit.mw = nest.in_channels / nest.groups * nest.kernel_height * nest.kernel_width;
    unit.vectors = d(nest.out_height) * d(nest.out_width);
    unit.macs = d(unit.mh) * d(unit.mw) * unit.vectors;
    unit.weight_bits = d(unit.mh) * d(unit.mw) * problem.stored.weights;
    unit.input_bits = d(nest.in_channels) * d(nest.in_height) * d(nest.in_width) * problem.stored.input;
    unit.output_bits = d(unit.mh) * unit.vectors * problem.stored.output;
    unit.first_window = first_window(nest);
    unit.choices = Folder(one, unit, dsp, accumulator_bits).choices();
    return unit;
}

VectorUnit vector_unit(const VectorWork& work, int64_t batch, double cycles) {
    const double images = d(batch), bits = std::max(1, work.bits);
    const double adds = work.adds / images, multiplies = work.multiplies / images;
    const double moved = work.operations() > 0 ? 0 : work.write_bits / images / bits;
    const auto lanes = [&](double items) { return std::ceil(items / std::max(1.0, cycles)); };
    const double both = 2 * bits;
    const double add_luts = work.is_float ? 400 : bits;
    const double multiply_luts = work.is_float ? 620 : (2 * std::ceil(both / 6) - 1) * both;
    VectorUnit unit;
    double width = 1;
    for (const auto& [items, luts] :
         {std::pair{adds, add_luts}, std::pair{multiplies, multiply_luts}, std::pair{moved, bits}}) {
        const double count = lanes(items);
        if (count <= 0) continue;
        unit.resources.luts += count * luts;
        unit.cycles = std::max(unit.cycles, std::ceil(items / count));
        width = std::max(width, count * bits);
    }
    unit.resources.luts += k_base_luts + fifo_luts(width, k_fifo_depth);
    const double buffer_bits = work.read_bits > work.write_bits ? work.read_bits / images / 32 : 0;
    if (buffer_bits <= k_bram18_bits / 4)
        unit.resources.luts += std::ceil(buffer_bits / 64); // LUTRAM
    else
        unit.resources.bram18 = std::ceil(buffer_bits / k_bram18_bits);
    return unit;
}

} // namespace widthwise::cost
