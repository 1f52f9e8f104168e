#pragma once
// How much noise each layer's widths add to the network's output, from measured sensitivities: the features
// from which accuracy is predicted.

#include "core/design/sensitivity.h"
#include "core/explore/space.h"

#include <map>
#include <span>
#include <string>
#include <vector>

namespace widthwise::explore {

/// The integer width that is about as fine, for formats that sensitivities are not measured for. Floating
/// point with p significant bits has a relative error of 2^-p whatever the value: at usual crest factors that
/// of an integer of p + 2 bits (6.02 dB a bit; Widrow and Kollar 2008, from memory). Powers of two are off by
/// up to a factor of sqrt(2), as integers of 3 bits are over much of their range.
[[nodiscard]] int comparable_bits(const NumberFormat& format);

/// KL divergence (nat) of the outputs when one operand alone is quantized; networks without classes: the
/// noise-to-signal ratio of the output. Additive to first order: independent small errors add their energies
/// (Zhou et al. 2018, "Adaptive quantization for deep neural network", section 3).
class NoiseTable {
public:
    /// Entries of widths <= 0 noise are taken as a tiny positive number.
    explicit NoiseTable(const Sensitivity& sensitivity);

    /// One slot per (layer, operand) that the sensitivity names. (Qt takes the word "slots" for itself.)
    [[nodiscard]] size_t slot_count() const { return m_curves.size(); }
    [[nodiscard]] const std::string& slot_name(size_t slot) const;
    /// Noise of a slot at a number of bits: between measured widths the logarithm is interpolated, beyond
    /// them continued by 2 bits = factor 16 (6.02 dB a bit); 32, float32: 0.
    [[nodiscard]] double at(size_t slot, int bits) const;
    /// One number per slot. Layers that the table does not know add nothing; formats other than integers
    /// count as the integer width that is about as fine.
    [[nodiscard]] std::vector<double> features(const PrecisionPlan& plan) const;

    struct Curve {
        std::string layer;
        bool weights = false;
        std::vector<int> bits;     ///< ascending
        std::vector<double> noise; ///< not increasing with bits
    };

private:
    std::vector<Curve> m_curves;
    std::vector<std::string> m_names;
};

} // namespace widthwise::explore
