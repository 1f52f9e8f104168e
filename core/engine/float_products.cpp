#include "core/engine/float_kernels.h"

#include "core/quant/isa_clones.h"

#include <algorithm>

namespace widthwise::engine::float_kernels {
namespace {

constexpr size_t k_tile_rows = 4, k_tile_columns = 32; // sums that stay in registers

/// y[j] += x * row[j].
WIDTHWISE_CLONES void add_scaled(float* y, float x, const float* row, size_t n) {
    for (size_t j = 0; j < n; ++j) y[j] += x * row[j];
}

/// A whole tile of y = a b: rows `inner` apart in a, `columns` apart in b and y.
WIDTHWISE_CLONES void tile(const float* a, const float* b, float* y, size_t inner, size_t columns) {
    float sum[k_tile_rows][k_tile_columns] = {};
    for (size_t k = 0; k < inner; ++k)
        for (size_t r = 0; r < k_tile_rows; ++r)
            for (size_t j = 0; j < k_tile_columns; ++j) sum[r][j] += a[r * inner + k] * b[k * columns + j];
    for (size_t r = 0; r < k_tile_rows; ++r)
        for (size_t j = 0; j < k_tile_columns; ++j) y[r * columns + j] = sum[r][j];
}

/// y = a b, all row-major and gapless; every sum in the order of k.
void multiply(const float* a, const float* b, float* y, size_t rows, size_t inner, size_t columns) {
    const size_t whole_rows = rows / k_tile_rows * k_tile_rows,
                 whole_columns = columns / k_tile_columns * k_tile_columns;
    for (size_t j = 0; j < whole_columns; j += k_tile_columns)
        for (size_t r = 0; r < whole_rows; r += k_tile_rows)
            tile(a + r * inner, b + j, y + r * columns + j, inner, columns);
    for (size_t r = 0; r < rows; ++r) {
        const size_t first = r < whole_rows ? whole_columns : 0; // what the tiles left
        std::fill(y + r * columns + first, y + (r + 1) * columns, 0.0F);
        for (size_t k = 0; k < inner; ++k)
            add_scaled(y + r * columns + first, a[r * inner + k], b + k * columns + first, columns - first);
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
        multiply(a.data(), b.data(), y.data(), rows, inner, columns);
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
