#pragma once
// The classical ways to make a network smaller: each takes a network and gives another one.

#include "core/base/progress.h"
#include "core/data/dataset.h"
#include "core/design/precision_plan.h"
#include "core/graph/graph.h"

#include <map>
#include <string>
#include <variant>
#include <vector>

namespace widthwise::passes {

/// Weights of least magnitude become zero (Han et al. 2015).
struct PruneWeights {
    double share = 0.5;   ///< of the weights of the layers named, 0 < share < 1
    bool globally = true; ///< one threshold for all layers; false: the share of each layer
    bool operator==(const PruneWeights&) const = default;
};
/// Of each `of` consecutive weights along the input channels, the `keep` largest stay (Mishra et al. 2021:
/// 2:4). A shorter rest keeps its share, rounded up.
struct PruneNofM {
    int keep = 2, of = 4;
    bool operator==(const PruneNofM&) const = default;
};
/// Whole output channels go, with everything that only they fed: the filters' L1 norms decide (Li et al.
/// 2017). Channels that residual adds or depthwise layers tie together go together, by the sum of their
/// norms.
struct PruneChannels {
    double share = 0.3; ///< of the channels of each tied set that can lose some, 0 < share < 1
    bool operator==(const PruneChannels&) const = default;
};
/// A layer becomes two: O x I*KH*KW = (O x r)(r x I*KH*KW), by singular values (Denton et al. 2014); only
/// where that saves multiplications. Ranks: the fewest that keep `energy` of the squared singular values.
struct LowRank {
    double energy = 0.95; ///< 0 < energy < 1
    bool operator==(const LowRank&) const = default;
};
/// k-means on each layer's weights (zeros kept apart): 2^bits levels (Han et al. 2016).
struct ShareWeights {
    int bits = 4; ///< 1..8
    bool operator==(const ShareWeights&) const = default;
};
/// k-means on vectors of `length` weights along the input channels (Gong et al. 2014; Stock et al. 2020):
/// one codebook of 2^bits vectors for each layer, or, `product`, one for each position of the vectors.
struct QuantizeVectors {
    int64_t length = 4;
    int bits = 8; ///< 1..12
    bool product = false;
    bool operator==(const QuantizeVectors&) const = default;
};
using CompressionMethod =
    std::variant<PruneWeights, PruneNofM, PruneChannels, LowRank, ShareWeights, QuantizeVectors>;

/// "0.5" or "weights:0.5", "layer-weights:0.5", "2:4", "channels:0.3", "low-rank:0.95", "share:4",
/// "vectors:4x8", "product:4x8". Errors: usage that lists the forms.
[[nodiscard]] Result<CompressionMethod> parse_compression(std::string_view text);
[[nodiscard]] std::string to_string(const CompressionMethod& method);   ///< as parse_compression reads it
[[nodiscard]] std::string description(const CompressionMethod& method); ///< "half of the weights pruned"

struct CompressionRequest {
    CompressionMethod method;
    /// Names or globs of weighted layers; empty: all but the last (pruning of channels: all that can).
    std::vector<std::string> layers;
    uint64_t seed = 1; ///< of k-means
};

/// What became of one layer.
struct LayerChange {
    std::string layer;
    int64_t weights_before = 0, weights_after = 0; ///< elements of the weight tensors, zeros included
    int64_t nonzero_before = 0, nonzero_after = 0;
    int64_t macs_before = 0, macs_after = 0;
    double relative_error = 0; ///< ||W - W'|| / ||W|| over what remains of it; 0 where channels went
    std::string note;          ///< "rank 12 of 64", "5 of 16 channels removed", why it was left alone
    /// Output channels that stayed, ascending, where some went; empty: all.
    std::vector<int64_t> kept_channels = {};
};

struct Compressed {
    GraphPtr graph; ///< layers keep their names (low rank: NAME and NAME/low_rank, the first factor)
    std::vector<LayerChange> layers;
    /// Formats that store what the method made: codebooks of shared weights, by layer. They are of the
    /// weights as the graph has them: a design with them must not fold BatchNormalization in.
    std::map<std::string, NumberFormat> weight_formats;
    /// Layers whose precision the plan should copy for a layer that is new: new -> from.
    std::map<std::string, std::string> derived = {};
};

/// BatchNormalization that follows is cut along with channels, never folded. Errors: usage for options out of
/// range and for names that match no layer; invalid_input where nothing can be compressed, with the reason.
[[nodiscard]] Result<Compressed> compress(const GraphPtr& graph, const CompressionRequest& request,
                                          const WorkControl& control);

} // namespace widthwise::passes
