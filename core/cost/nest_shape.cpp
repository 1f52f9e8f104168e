#include "core/cost/nest_shape.h"

namespace widthwise::cost {

NestShape::NestShape(const MatrixProblem& problem) {
    const LoopNest& n = problem.nest;
    extents[index(Dim::n)] = problem.batch;
    extents[index(Dim::g)] = n.groups;
    extents[index(Dim::k)] = n.out_channels / n.groups;
    extents[index(Dim::c)] = n.in_channels / n.groups;
    extents[index(Dim::p)] = n.out_height;
    extents[index(Dim::q)] = n.out_width;
    extents[index(Dim::r)] = n.kernel_height;
    extents[index(Dim::s)] = n.kernel_width;
    rows = {n.stride_height, n.dilation_height, n.in_height};
    columns = {n.stride_width, n.dilation_width, n.in_width};
}

double NestShape::tile(Operand operand, const Extents& e) const {
    const auto of = [&](Dim dim) { return static_cast<double>(e[index(dim)]); };
    switch (operand) {
    case Operand::weights:
        return of(Dim::g) * of(Dim::k) * of(Dim::c) * of(Dim::r) * of(Dim::s);
    case Operand::inputs:
        return of(Dim::n) * of(Dim::g) * of(Dim::c) *
               static_cast<double>(rows.touched(e[index(Dim::p)], e[index(Dim::r)])) *
               static_cast<double>(columns.touched(e[index(Dim::q)], e[index(Dim::s)]));
    case Operand::outputs:
        break;
    }
    return of(Dim::n) * of(Dim::g) * of(Dim::k) * of(Dim::p) * of(Dim::q);
}

Tiling::Tiling(size_t level_count) : levels(level_count) {
    for (auto& level : extents)
        for (Extents& slot : level) slot.fill(1);
    for (auto& level : order) level = {Dim::g, Dim::n, Dim::p, Dim::q, Dim::k, Dim::c, Dim::r, Dim::s};
}

} // namespace widthwise::cost
