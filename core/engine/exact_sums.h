#pragma once
// Exact integer sums where oneDNN's convolution kernels would not give them: products that saturate on CPUs
// without VNNI, weights with zero points, sums beyond 24 bits that are wanted as integers, accumulators that
// saturate, and grouped layers that oneDNN has no kernel for or gets wrong.

#include "core/engine/program.h"

#include <cstddef>
#include <cstdint>
#include <memory>

namespace widthwise::engine {

/// Immutable; sums() may be called by several threads at once, each with its own scratch.
class ExactSums {
public:
    virtual ~ExactSums() = default;
    /// One image: `acc` is output pixels x channels, as ConvStep defines acc.
    virtual void sums(const uint8_t* image, int32_t* acc, void* scratch) const = 0;
    [[nodiscard]] virtual size_t scratch_bytes() const = 0; ///< multiple of 64
    [[nodiscard]] virtual const char* name() const = 0;
};

/// oneDNN's convolution kernel would not do: build one of the classes below.
[[nodiscard]] bool needs_exact_sums(const ConvStep& step, const Representation& in, Element out);
[[nodiscard]] std::unique_ptr<ExactSums> make_exact_sums(const ConvStep& step, const Buffer& in,
                                                         const Buffer& out);

} // namespace widthwise::engine
