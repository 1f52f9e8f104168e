#pragma once
// One ConvStep as a oneDNN primitive; compiles with 2.x and 3.x. Beside gemm_sums, which calls one C
// function, the only file of the engine that knows oneDNN's API.

#include "core/engine/program.h"

#include <cstddef>
#include <memory>
#include <string>

namespace widthwise::engine {

/// A residual add that the convolution's kernel does on its way out: AddIntegersStep seen from the
/// convolution's side. The other operand lies in the output's memory and is overwritten.
struct FusedAdd {
    float own_multiplier = 1, other_multiplier = 1;
    float clamp_lo = 0, clamp_hi = 255;
    bool operator==(const FusedAdd&) const = default;
};

/// Immutable after create(); run() may be called by several threads at once, each with its own scratch.
class OnednnLayer {
public:
    /// Compiles for `batch` images. Call on a thread whose OpenMP thread count is 1: oneDNN fixes the split
    /// then. Errors: failed with oneDNN's own words.
    static Result<std::unique_ptr<OnednnLayer>> create(const ConvStep& step, const Buffer& in,
                                                       const Buffer& out, int batch,
                                                       const FusedAdd* add = nullptr);
    /// Dense and depthwise integer layers can, but for those that need exact sums.
    [[nodiscard]] static bool can_fuse_add(const ConvStep& step, const Buffer& in);
    ~OnednnLayer();
    OnednnLayer(const OnednnLayer&) = delete;
    OnednnLayer& operator=(const OnednnLayer&) = delete;

    /// `in` and `out` in the layout of program.h, `scratch` of scratch_bytes(), 64-byte aligned.
    void run(const void* in, void* out, void* scratch) const;
    [[nodiscard]] size_t scratch_bytes() const;
    /// oneDNN's name of the implementation, e.g. "jit_int8:avx512_core_vnni", or that of our exact sums.
    [[nodiscard]] const std::string& implementation() const;

private:
    OnednnLayer();
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

/// oneDNN's name of the instruction set in use, e.g. "avx512_core_vnni".
[[nodiscard]] std::string onednn_isa();
/// u8 x s8 products are summed in 32 bits at once (VNNI), not in saturating 16-bit pairs.
[[nodiscard]] bool onednn_has_vnni();
/// 3.x applies per-channel post-operations of grouped int8 convolutions to wrong channels on AVX2 and below
/// (seen with 3.2).
[[nodiscard]] bool onednn_mixes_up_groups();

} // namespace widthwise::engine
