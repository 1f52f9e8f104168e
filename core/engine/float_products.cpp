#include "core/engine/float_kernels.h"

#include <algorithm>

// As in kernels.cpp: one body for several ISAs, the same results on each.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__)
#define WIDTHWISE_CLONES                                                                                     \
    __attribute__((target_clones("arch=skylake-avx512", "arch=haswell", "default"), optimize("O3")))
#else
#define WIDTHWISE_CLONES
#endif

namespace widthwise::engine::float_kernels {
namespace {

constexpr size_t k_rows_at_once = 4;

/// y[j] += x * row[j].
WIDTHWISE_CLONES void add_scaled(float* y, float x, const float* row, size_t n) {
    for (size_t j = 0; j < n; ++j) y[j] += x * row[j];
}

/// Rows r of y (n apart) += a[r * step] * row: a row of b is loaded once for all.
WIDTHWISE_CLONES void add_scaled_to_rows(float* __restrict y, const float* a, size_t step,
                                         const float* __restrict row, size_t n) {
    const float a0 = a[0], a1 = a[step], a2 = a[2 * step], a3 = a[3 * step];
    float *y0 = y, *y1 = y + n, *y2 = y + 2 * n, *y3 = y + 3 * n;
    for (size_t j = 0; j < n; ++j) {
        const float b = row[j];
        y0[j] += a0 * b;
        y1[j] += a1 * b;
        y2[j] += a2 * b;
        y3[j] += a3 * b;
    }
}

/// One matrix, row-major and gapless.
void pack(std::span<const float> from, const MatrixLayout& layout, size_t product, int64_t rows,
          int64_t columns, std::vector<float>& to) {
    float* out = to.data();
    for (int64_t r = 0; r < rows; ++r) {
        const float* in = from.data() + layout.offsets[product] + r * layout.row_stride;
        for (int64_t c = 0; c < columns; ++c) *out++ = in[c * layout.column_stride];
    }
}

} // namespace

void run(const MatmulOperation& s, Inputs in, std::span<float> out) {
    size_t next = 0;
    const auto from_a = s.constant_a.empty() ? in[next++] : std::span<const float>(s.constant_a);
    const auto from_b = s.constant_b.empty() ? in[next] : std::span<const float>(s.constant_b);
    const auto rows = static_cast<size_t>(s.rows), inner = static_cast<size_t>(s.inner),
               columns = static_cast<size_t>(s.columns);
    std::vector<float> a(rows * inner), b(inner * columns), y(rows * columns);
    for (size_t product = 0; product < s.out.offsets.size(); ++product) {
        pack(from_a, s.a, product, s.rows, s.inner, a);
        pack(from_b, s.b, product, s.inner, s.columns, b);
        std::fill(y.begin(), y.end(), 0.0F);
        size_t r = 0;
        for (; r + k_rows_at_once <= rows; r += k_rows_at_once)
            for (size_t k = 0; k < inner; ++k)
                add_scaled_to_rows(&y[r * columns], &a[r * inner + k], inner, &b[k * columns], columns);
        for (; r < rows; ++r)
            for (size_t k = 0; k < inner; ++k)
                add_scaled(&y[r * columns], a[r * inner + k], &b[k * columns], columns);
        for (int64_t row = 0; row < s.rows; ++row)
            for (int64_t c = 0; c < s.columns; ++c)
                out[static_cast<size_t>(s.out.offsets[product] + row * s.out.row_stride +
                                        c * s.out.column_stride)] =
                    y[static_cast<size_t>(row * s.columns + c)];
    }
}

/// For each output row: the rows that it is made of, then their columns.
void run(const ResizeOperation& s, Inputs in, std::span<float> out) {
    const auto channels = static_cast<size_t>(s.channels);
    const auto column_taps = static_cast<size_t>(s.columns.taps), row_taps = static_cast<size_t>(s.rows.taps);
    const size_t in_row = static_cast<size_t>(s.width) * channels;
    const size_t out_row = s.columns.index.size() / column_taps * channels;
    std::vector<float> joined(in_row);
    std::fill(out.begin(), out.end(), 0.0F);
    for (size_t y = 0; y < s.rows.index.size() / row_taps; ++y) {
        std::fill(joined.begin(), joined.end(), 0.0F);
        for (size_t tap = y * row_taps; tap < (y + 1) * row_taps; ++tap)
            add_scaled(joined.data(), s.rows.weight[tap],
                       &in[0][static_cast<size_t>(s.rows.index[tap]) * in_row], in_row);
        for (size_t tap = 0; tap < s.columns.index.size(); ++tap)
            add_scaled(&out[y * out_row + tap / column_taps * channels], s.columns.weight[tap],
                       &joined[static_cast<size_t>(s.columns.index[tap]) * channels], channels);
    }
}

} // namespace widthwise::engine::float_kernels
