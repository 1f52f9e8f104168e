#pragma once
// Words for what the hardware model says: targets, how figures are known, what a device is filled with.

#include "core/design/cost_breakdown.h"
#include "core/quant/number_format.h"

#include <QString>

namespace widthwise::gui {

/// How targets are grouped where one is chosen.
enum class TargetGroup { asic, tpu_like, gpu, fpga };
[[nodiscard]] TargetGroup group_of(const HardwareTarget& target);
[[nodiscard]] QString group_name(TargetGroup group);
/// "65 nm, 1 V, 200 MHz · 12 × 14 PEs · 16 × 16 bits": what the target is, with units.
[[nodiscard]] QString target_facts(const HardwareTarget& target);
/// Description and facts, as a tooltip that wraps.
[[nodiscard]] QString target_tip(const HardwareTarget& target);

/// "Estimate: within a factor of 2. NOTE"; empty where nothing is known of `figure` ("energy", "latency",
/// ...).
[[nodiscard]] QString confidence_text(const CostBreakdown& cost, const std::string& figure);
/// Exact, or measured on the chip itself: no estimate.
[[nodiscard]] bool is_exact(const CostBreakdown& cost, const std::string& figure);

/// One resource of an FPGA: taken and available.
struct DeviceUse {
    QString name; ///< "LUT"
    double taken = 0, available = 0;
    [[nodiscard]] double share() const { return available > 0 ? taken / available : 0; }
};
/// LUT, DSP, BRAM, URAM, those that the device has or the design takes; empty: no FPGA.
[[nodiscard]] std::vector<DeviceUse> device_use(const CostBreakdown& cost);
/// The resource nearest to its limit; empty name: no FPGA.
[[nodiscard]] DeviceUse scarcest(const CostBreakdown& cost);
/// "12.3 mm²", rounded as on the command line.
[[nodiscard]] QString area_text(double mm2);
/// "12.3 mm²", "63 % of LUT", or a dash.
[[nodiscard]] QString area_text(const CostBreakdown& cost);
/// What the target makes of a layer in these formats where it does not run them as they are; empty: it does.
[[nodiscard]] QString fallback_of(const HardwareTarget& target, const NumberFormat& weights,
                                  const NumberFormat& activations);
/// Layers that do not run in the formats the design asks for.
[[nodiscard]] int fallback_count(const CostBreakdown& cost);
/// "bound by compute", "bound by DRAM".
[[nodiscard]] QString bound_text(const LayerCost& layer);

} // namespace widthwise::gui
