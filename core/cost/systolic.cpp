#include "core/cost/systolic.h"

#include <cassert>

namespace widthwise::cost {

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
    f.row_folds = (f.s_r + array.rows - 1) / array.rows;
    f.col_folds = (f.s_c + array.cols - 1) / array.cols;
    f.cycles_per_fold = f.t + array.rows + array.cols - 2;
    if (dataflow != Dataflow::output_stationary) f.cycles_per_fold += array.rows;
    return f;
}

int64_t compute_cycles(const Folding& folding, int64_t groups) {
    return groups * folding.folds() * folding.cycles_per_fold - 1;
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

double mapping_efficiency(const Folding& f, const Array& array) {
    return static_cast<double>(f.s_r) * static_cast<double>(f.s_c) /
           (static_cast<double>(f.folds()) * static_cast<double>(array.rows * array.cols));
}

} // namespace widthwise::cost
