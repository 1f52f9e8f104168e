#include "core/passes/adaround_kernels.h"

#include "core/quant/isa_clones.h"

namespace widthwise::passes {
namespace {

WIDTHWISE_CLONES void products(const float* x0, const float* x1, const float* x2, const float* x3,
                               const Lanes* w, size_t count, Lanes* z) {
    Lanes z0 = z[0], z1 = z[1], z2 = z[2], z3 = z[3];
    for (size_t k = 0; k < count; ++k) {
        const Lanes own = w[k];
        z0 += x0[k] * own;
        z1 += x1[k] * own;
        z2 += x2[k] * own;
        z3 += x3[k] * own;
    }
    z[0] = z0;
    z[1] = z1;
    z[2] = z2;
    z[3] = z3;
}

WIDTHWISE_CLONES void gradient(const float* x0, const float* x1, const float* x2, const float* x3,
                               const Lanes* g, size_t count, Lanes* dw) {
    const Lanes g0 = g[0], g1 = g[1], g2 = g[2], g3 = g[3];
    for (size_t k = 0; k < count; ++k) dw[k] += ((x0[k] * g0 + x1[k] * g1) + x2[k] * g2) + x3[k] * g3;
}

} // namespace

void add_products(const float* const (&x)[k_rows], const Lanes* w, size_t count, Lanes (&z)[k_rows]) {
    products(x[0], x[1], x[2], x[3], w, count, z);
}

void add_gradient(const float* const (&x)[k_rows], const Lanes (&g)[k_rows], size_t count, Lanes* dw) {
    gradient(x[0], x[1], x[2], x[3], g, count, dw);
}

} // namespace widthwise::passes
