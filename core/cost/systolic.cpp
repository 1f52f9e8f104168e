#include "core/cost/systolic.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace widthwise::cost {
namespace {

int64_t ceil_divide(int64_t a, int64_t b) {
    return (a + b - 1) / b;
}

} // namespace

Folding fold(Dataflow dataflow, const Gemm& gemm, const Array& array) {
    assert(dataflow != Dataflow::best);
    Folding f;
    switch (dataflow) {
    case Dataflow::output_stationary:
        f.s_r = gemm.m, f.s_c = gemm.n, f.t = gemm.k;
        break;
    case Dataflow::input_stationary:
        f.s_r = gemm.k, f.s_c = gemm.m, f.t = gemm.n;
        break;
    case Dataflow::weight_stationary:
    case Dataflow::row_stationary:
    case Dataflow::no_local_reuse:
    case Dataflow::best:
        f.s_r = gemm.k, f.s_c = gemm.n, f.t = gemm.m;
        break;
    }
    f.row_folds = ceil_divide(f.s_r, array.rows);
    f.col_folds = ceil_divide(f.s_c, array.cols);
    f.fill = array.rows + array.cols - 2;
    if (dataflow != Dataflow::output_stationary) f.fill += array.rows;
    return f;
}

Folding fold_composed(Dataflow dataflow, const LoopNest& nest, int64_t batch, const Array& array,
                      int64_t products) {
    const Gemm gemm = group_gemm(nest, batch);
    Folding f = fold(dataflow, gemm, array);
    const int64_t channels = nest.in_channels / nest.groups;
    const bool unrolled = channels < array.rows;
    const int64_t positions = unrolled ? 1 : nest.kernel_height * nest.kernel_width;
    const int64_t along = unrolled ? gemm.k : channels;
    if (dataflow == Dataflow::output_stationary) {
        f.t = positions * ceil_divide(along, products);
    } else {
        f.row_folds = positions * ceil_divide(along, array.rows * products);
        if (dataflow == Dataflow::weight_stationary) f.fill = 0;
    }
    return f;
}

double compute_cycles(const Folding& folding, int64_t groups, int64_t beats, double busy) {
    const double folds = static_cast<double>(groups) * static_cast<double>(folding.folds());
    const double streamed = static_cast<double>(folding.t) * static_cast<double>(beats) * busy;
    const double cycles = std::ceil(folds * (streamed + static_cast<double>(folding.fill)));
    return std::max(1.0, folding.fill > 0 ? cycles - 1 : cycles);
}

ArrayWords array_words(Dataflow dataflow, const Folding& f) {
    const int64_t streamed_by_row = f.t * f.s_r * f.col_folds;
    const int64_t streamed_by_col = f.t * f.s_c * f.row_folds;
    const int64_t held = f.s_r * f.s_c;
    const int64_t partial = f.t * f.s_c * (f.row_folds - 1);
    switch (dataflow) {
    case Dataflow::output_stationary:
        return {streamed_by_row, streamed_by_col, held, 0};
    case Dataflow::input_stationary:
        return {held, streamed_by_row, streamed_by_col, partial};
    case Dataflow::weight_stationary:
    case Dataflow::row_stationary:
    case Dataflow::no_local_reuse:
    case Dataflow::best:
        break;
    }
    return {streamed_by_row, held, streamed_by_col, partial};
}

Gemm group_gemm(const LoopNest& nest, int64_t batch) {
    return {nest.out_height * nest.out_width * batch, nest.out_channels / nest.groups,
            nest.in_channels / nest.groups * nest.kernel_height * nest.kernel_width};
}

double mapping_efficiency(const Folding& f, const Array& array) {
    return static_cast<double>(f.s_r) * static_cast<double>(f.s_c) /
           (static_cast<double>(f.folds()) * static_cast<double>(array.rows * array.cols));
}

} // namespace widthwise::cost
