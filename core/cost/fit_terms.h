#pragma once
// Which constants the terms tell apart, and their values.

#include "core/cost/fit_probe.h"

namespace widthwise::cost {

struct ConstantFit {
    bool fitted = false;
    double x = 0; ///< what Constant::set takes
    double relative_error = std::numeric_limits<double>::quiet_NaN();
    std::string note; ///< why it is left alone, or what else is to be said
};

struct TermsFit {
    std::vector<ConstantFit> constants;
    LayerValues within;   ///< each layer's figure by the terms and these constants
    LayerValues left_out; ///< the same with its free constants fitted without the layer
};

[[nodiscard]] TermsFit fit_latency(const std::vector<Constant>& constants, const HardwareTarget& target,
                                   const std::vector<TimeTerms>& terms, const LayerValues& measured);
[[nodiscard]] TermsFit fit_energy(const std::vector<Constant>& constants, const Probe::EnergyTerms& terms,
                                  const LayerValues& measured);

} // namespace widthwise::cost
