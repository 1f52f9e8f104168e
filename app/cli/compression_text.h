#pragma once
// What compression did, for people and for scripts.

#include "core/flow/training.h"

#include <optional>
#include <string>
#include <vector>

namespace widthwise::cli {

/// The network after one method (or before the first) and what it then is worth.
struct CompressionStep {
    std::optional<passes::CompressionMethod> method; ///< nullopt: as the network came
    std::vector<passes::LayerChange> changes;
    passes::NetworkSize size;
    int64_t parameters = 0, macs = 0;
    std::optional<double> energy_j, latency_s; ///< with a target
    std::optional<Accuracy> accuracy;          ///< with data that have labels
};

struct CompressionReport {
    std::string model, target, data; ///< empty: none
    bool activation_zeros = false;   ///< the target's figures know measured zeros of activations
    std::vector<CompressionStep> steps;
    std::string output;       ///< file written; empty: none
    int64_t output_bytes = 0; ///< its size
};

[[nodiscard]] std::string compression_text(const CompressionReport& report);
[[nodiscard]] std::string compression_json(const CompressionReport& report);

} // namespace widthwise::cli
