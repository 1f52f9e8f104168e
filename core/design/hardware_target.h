#pragma once
// A hardware target as data: what resources/targets/*.json and the user's own files say. The form is in the
// manual.

#include "core/base/result.h"
#include "core/design/mapping.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace widthwise {

enum class TargetKind {
    spatial,       ///< an array of processing elements that runs one layer after another
    fpga_dataflow, ///< every layer has its own unit, all run at once (FINN)
    gpu,           ///< roofline of a GPU
};
enum class Dataflow {
    weight_stationary,
    output_stationary,
    input_stationary,
    row_stationary,
    no_local_reuse,
    best, ///< for each layer the one that serves the objective best, of those that the target can run
};
enum class Sizing { fixed, to_design };
enum class MacStyle { bit_parallel, bit_serial, bit_composable };
/// Which operand a bit-serial MAC takes bit by bit: activations (Stripes), weights (UNPU) or both (Loom).
enum class SerialOperands { activations, weights, both };
/// What the choice among mappings minimizes; ties fall to the other figure.
enum class Objective { latency, energy, energy_delay };

[[nodiscard]] std::string_view to_string(TargetKind kind);         ///< "spatial", "fpga_dataflow", "gpu"
[[nodiscard]] std::string_view to_string(Dataflow dataflow);       ///< "ws", "os", "is", "rs", "nlr", "best"
[[nodiscard]] std::string_view to_string(MacStyle style);          ///< "bit_parallel", ...
[[nodiscard]] std::string_view to_string(SerialOperands operands); ///< "activations", "weights", "both"
[[nodiscard]] std::string_view to_string(Objective objective);     ///< "latency", "energy", "energy_delay"

/// Outermost (DRAM) first.
struct MemoryLevel {
    std::string name = {};
    std::optional<int64_t> bytes =
        std::nullopt; ///< of one instance; nullopt: unbounded; only the outermost level may be
    /// Of one instance, reads and writes together; nullopt: never the bottleneck.
    std::optional<double> bytes_per_cycle = std::nullopt;
    /// nullopt: the law of core/cost/energy_law.h (outermost level: DRAM; others: SRAM by size and technology
    /// node).
    std::optional<double> read_energy_pj_per_bit = std::nullopt;
    std::optional<double> write_energy_pj_per_bit = std::nullopt;
    /// mm^2 of one instance; nullopt: the law of core/cost/area_law.h.
    std::optional<double> area_mm2 = std::nullopt;
    bool per_pe = false; ///< one instance in every processing element (a scratchpad)
    OperandSet holds =
        {}; ///< what is kept here; the rest passes by on its way to the next level that holds it
    /// Every element takes at least this many bits here, however narrow its format: 16 on a chip with 16-bit
    /// words; 1 packs elements at their own width.
    int element_bits = 1;
    bool operator==(const MemoryLevel&) const = default;
};

/// One MAC unit.
struct MacUnit {
    MacStyle style = MacStyle::bit_parallel;
    int weight_bits = 8, activation_bits = 8; ///< widest operands
    int accumulator_bits = 32;
    int min_bits = 2; ///< bit_composable: the narrowest operand of one element (BitFusion: 2)
    SerialOperands serial = SerialOperands::activations; ///< bit_serial
    bool operator==(const MacUnit&) const = default;
};

/// What zeros among operands save.
struct ZeroUse {
    bool gating = false; ///< a zero input clocks neither multiplier nor scratchpads: energy, no time
    bool skips_inputs = false, skips_weights = false; ///< zeros take no cycle
    bool compressed = false; ///< feature maps cross the outermost boundary run-length coded
    int run_bits = 5;        ///< of one run length; a coded element is run_bits + its own width
    bool operator==(const ZeroUse&) const = default;
};

/// An operand format in which the multipliers of a target can be fed, widest first: "integer:8", "float16",
/// "binary:1", ... (type names of NumberFormat).
struct OperandSupport {
    std::string type = "integer";
    int bits = 8;
    bool operator==(const OperandSupport&) const = default;
};
/// Weights and activations that may meet in one multiplier.
struct FormatPair {
    OperandSupport weights, activations;
    bool operator==(const FormatPair&) const = default;
};
/// What a target can run. No pairs: every format that its MAC units are wide enough for.
struct Capabilities {
    std::vector<FormatPair> pairs;
    bool per_channel = true, per_group = true; ///< granularities of weight scales besides per tensor
    bool weight_zero_points = true, input_zero_points = true;
    bool operator==(const Capabilities&) const = default;
};

/// GPU: peak of one precision, dense.
struct GpuPeak {
    OperandSupport format;                       ///< both operands
    double macs_per_s = 0;                       ///< of the whole device
    int tile_m = 128, tile_n = 128, tile_k = 32; ///< of one thread block
    double pj_per_mac = 0;                       ///< dynamic, instruction overhead included
    bool operator==(const GpuPeak&) const = default;
};
struct Gpu {
    int multiprocessors = 1;
    std::vector<GpuPeak> peaks;
    double launch_overhead_s = 5e-6; ///< per kernel
    double achievable = 1;           ///< share of a peak that the best kernels reach, 0..1
    bool operator==(const Gpu&) const = default;
};

enum class DspKind { dsp48e1, dsp48e2, dsp58 };
[[nodiscard]] std::string_view to_string(DspKind kind); ///< "dsp48e1", ...
/// FPGA: what the device has, and how much of it may be filled.
struct Fpga {
    double luts = 0, flip_flops = 0, bram18 = 0, urams = 0, dsps = 0;
    DspKind dsp = DspKind::dsp48e2;
    double fill_luts = 0.7, fill_bram = 0.8, fill_uram = 0.8, fill_dsps = 0.8; ///< shares, 0..1
    /// Folding (PE, SIMD) to reach this throughput; nullopt: as fast as the device can be filled.
    std::optional<double> target_fps = std::nullopt;
    /// Seconds to load another configuration: a network that is too large for the device runs as several, one
    /// after another. nullopt: it does not fit.
    std::optional<double> reconfigure_s = std::nullopt;
    /// Dynamic energy of one LUT, BRAM18, URAM, DSP in one cycle at full activity.
    double lut_pj = 0, bram18_pj = 0, uram_pj = 0, dsp_pj = 0;
    bool operator==(const Fpga&) const = default;
};

/// How a figure is known.
enum class Basis { exact, measured, fitted, estimate };
[[nodiscard]] std::string_view to_string(Basis basis); ///< "exact", "measured", "fitted", "estimate"
struct Confidence {
    Basis basis = Basis::estimate;
    double factor = 2; ///< the truth is expected within value / factor .. value x factor; >= 1
    std::string note;  ///< "18 layers of AlexNet and VGG-16: worst 12 %"
    bool operator==(const Confidence&) const = default;
};

/// The initial values are the documented defaults of what a target file leaves out.
struct HardwareTarget {
    std::string name = "custom";
    std::string description;
    TargetKind kind = TargetKind::spatial;
    double node_nm = 45;    ///< 7..130, the range of the scaling tables
    double voltage_v = 0.9; ///< 0.6..1.3; 0.9 V is that of the 45 nm constants
    double clock_hz = 500e6;
    int64_t rows = 16, cols = 16;
    Dataflow dataflow = Dataflow::weight_stationary;
    Objective objective = Objective::latency;
    MacUnit mac;
    /// Share of its cycles in which a busy processing element really multiplies (ramp-up, control): 0..1.
    double mac_efficiency = 1;
    ZeroUse zeros;
    /// At least DRAM and one buffer. Default: DRAM at 12.8 GB/s (one 64-bit DDR3-1600 channel) and a buffer
    /// of 128 KiB.
    std::vector<MemoryLevel> memory = {{.name = "DRAM", .bytes = std::nullopt, .bytes_per_cycle = 25.6},
                                       {.name = "buffer", .bytes = 131072}};
    /// pJ to move one bit from the innermost shared level to a processing element; nullopt: the law of
    /// core/cost/energy_law.h.
    std::optional<double> noc_pj_per_bit = std::nullopt;
    /// Elements of one input row that several processing elements use in one step are read once and multicast
    /// along the array's diagonals (Eyeriss); without, only equal tiles are.
    bool diagonal_multicast = false;
    /// pJ of one MAC at mac.weight_bits x mac.activation_bits, instead of the law; narrower ones in the law's
    /// proportion.
    std::optional<double> mac_pj = std::nullopt;
    /// Feature maps that fit into the innermost shared level beside a layer's working set need not go through
    /// DRAM between two layers.
    bool keeps_feature_maps = false;
    double static_power_w = 0;
    std::optional<double> area_mm2 =
        std::nullopt; ///< of the die, where it is known; nullopt: sum of the parts
    Sizing sizing = Sizing::fixed;
    Capabilities supports;
    std::optional<Gpu> gpu = std::nullopt; ///< kind gpu
    std::optional<Fpga> fpga =
        std::nullopt; ///< kind fpga_dataflow, and spatial arrays that are an overlay on an FPGA
    std::map<std::string, Confidence> confidence; ///< "latency", "energy", "area", ...
    std::map<std::string, std::string> sources;   ///< key -> where the constant comes from
    bool operator==(const HardwareTarget&) const = default;
};

/// The widthwise-target/1 document of the command line's contract and its further keys (in the manual).
/// `where` is the file or preset. Errors: invalid_input naming the unknown or doubled key, the wrong type,
/// the value out of range, both bandwidth units at once, fewer than two levels, a buffer that cannot hold two
/// tiles of the array, an operand that no level but DRAM holds where the dataflow needs it kept, a section
/// that the kind of target needs or cannot use.
[[nodiscard]] Result<HardwareTarget> target_from_json(std::string_view text, const std::string& where);
/// Indented, keys in the contract's order; reading it back gives an equal value.
[[nodiscard]] std::string target_to_json(const HardwareTarget& target);

} // namespace widthwise
