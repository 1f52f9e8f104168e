#include "core/passes/compression.h"

#include "core/base/text.h"
#include "core/passes/compression_layers.h"
#include "core/passes/low_rank.h"
#include "core/passes/prune_channels.h"
#include "core/passes/prune_weights.h"
#include "core/passes/vector_quantization.h"
#include "core/passes/weight_sharing.h"

#include <array>
#include <charconv>
#include <cmath>

namespace widthwise::passes {
namespace {

template <typename... F> struct Overloaded : F... { using F::operator()...; };
template <typename... F> Overloaded(F...) -> Overloaded<F...>;

constexpr const char* k_forms =
    "write weights:0.5 or 0.5 (share pruned), layer-weights:0.5 (of each layer), 2:4 (kept of so many), "
    "channels:0.3 (share removed), low-rank:0.95 (energy kept), share:4 (bits), vectors:4x8 or product:4x8 "
    "(length x bits)";

tl::unexpected<Error> refuse(std::string_view text, const char* why) {
    std::string message = in_quotes(text) + " is no compression method";
    if (why) message += std::string(": ") + why;
    return fail(ErrorCode::usage, std::move(message), {}, k_forms);
}

std::string shortest(double value) {
    std::array<char, 32> text{};
    return {text.data(), std::to_chars(text.data(), text.data() + text.size(), value).ptr};
}

/// Why the options are out of range; null where they are not.
const char* complaint(const CompressionMethod& method) {
    const auto is_share = [](double value) { return value > 0 && value < 1; };
    return std::visit(
        Overloaded{[&](const PruneWeights& m) {
                       return is_share(m.share) ? nullptr : "the share pruned lies between 0 and 1";
                   },
                   [](const PruneNofM& m) {
                       const bool fits = m.keep >= 1 && m.keep < m.of && m.of <= 64;
                       return fits ? nullptr : "of 2 to 64 weights at least one and not all are kept";
                   },
                   [&](const PruneChannels& m) {
                       return is_share(m.share) ? nullptr : "the share removed lies between 0 and 1";
                   },
                   [&](const LowRank& m) {
                       return is_share(m.energy) ? nullptr : "the energy kept lies between 0 and 1";
                   },
                   [](const ShareWeights& m) {
                       return m.bits >= 1 && m.bits <= 8 ? nullptr : "codebooks have 1 to 8 bits";
                   },
                   [](const QuantizeVectors& m) {
                       const bool fits = m.length >= 2 && m.length <= 64 && m.bits >= 1 && m.bits <= 12;
                       return fits ? nullptr : "vectors have 2 to 64 weights and codebooks of 1 to 12 bits";
                   }},
        method);
}

/// "4x8"
std::optional<std::array<long long, 2>> pair_of(std::string_view text, char separator) {
    const auto parts = split(text, separator);
    if (parts.size() != 2) return std::nullopt;
    const auto a = parse_int(parts[0]), b = parse_int(parts[1]);
    constexpr long long most = 1'000'000;
    if (!a || !b || *a < 0 || *b < 0 || *a > most || *b > most) return std::nullopt;
    return std::array{*a, *b};
}

std::optional<CompressionMethod> read(std::string_view text) {
    const size_t colon = text.find(':');
    if (colon == std::string_view::npos) {
        const auto share = parse_double(text);
        return share ? std::optional<CompressionMethod>(PruneWeights{*share, true}) : std::nullopt;
    }
    if (const auto kept = pair_of(text, ':'))
        return PruneNofM{static_cast<int>((*kept)[0]), static_cast<int>((*kept)[1])};
    const std::string_view name = text.substr(0, colon), rest = text.substr(colon + 1);
    if (name == "vectors" || name == "product") {
        const auto sizes = pair_of(rest, 'x');
        if (!sizes) return std::nullopt;
        return QuantizeVectors{(*sizes)[0], static_cast<int>((*sizes)[1]), name == "product"};
    }
    if (name == "share") {
        const auto bits = parse_int(rest);
        if (!bits || *bits < 0 || *bits > 64) return std::nullopt;
        return ShareWeights{static_cast<int>(*bits)};
    }
    const auto number = parse_double(rest);
    if (!number) return std::nullopt;
    if (name == "weights") return PruneWeights{*number, true};
    if (name == "layer-weights") return PruneWeights{*number, false};
    if (name == "channels") return PruneChannels{*number};
    if (name == "low-rank") return LowRank{*number};
    return std::nullopt;
}

/// Where a method that takes layers away or apart has found none, the first reason is the answer.
Result<Compressed> changed_anything(Result<Compressed> compressed, const char* what) {
    if (!compressed) return compressed;
    std::string reason;
    for (const LayerChange& layer : compressed->layers) {
        if (layer.weights_after != layer.weights_before) return compressed;
        if (reason.empty() && !layer.note.empty()) reason = layer.layer + ": " + layer.note;
    }
    return fail(ErrorCode::invalid_input, what, reason,
                "take a larger share or less energy, or other layers");
}

} // namespace

Result<CompressionMethod> parse_compression(std::string_view text) {
    const auto method = read(text);
    if (!method) return refuse(text, nullptr);
    if (const char* why = complaint(*method)) return refuse(text, why);
    return *method;
}

std::string to_string(const CompressionMethod& method) {
    return std::visit(
        Overloaded{[](const PruneWeights& m) {
                       return (m.globally ? "weights:" : "layer-weights:") + shortest(m.share);
                   },
                   [](const PruneNofM& m) { return std::to_string(m.keep) + ":" + std::to_string(m.of); },
                   [](const PruneChannels& m) { return "channels:" + shortest(m.share); },
                   [](const LowRank& m) { return "low-rank:" + shortest(m.energy); },
                   [](const ShareWeights& m) { return "share:" + std::to_string(m.bits); },
                   [](const QuantizeVectors& m) {
                       return (m.product ? "product:" : "vectors:") + std::to_string(m.length) + "x" +
                              std::to_string(m.bits);
                   }},
        method);
}

std::string description(const CompressionMethod& method) {
    constexpr double hundredth = 1e4; // of a percent
    const auto percent = [](double share) { return shortest(std::round(share * hundredth) / 100) + " %"; };
    return std::visit(
        Overloaded{[&](const PruneWeights& m) {
                       return percent(m.share) +
                              (m.globally ? " of the weights pruned" : " of each layer's weights pruned");
                   },
                   [](const PruneNofM& m) {
                       return std::to_string(m.keep) + " of " + std::to_string(m.of) + " weights kept";
                   },
                   [&](const PruneChannels& m) { return percent(m.share) + " of the channels removed"; },
                   [&](const LowRank& m) { return "low rank, " + percent(m.energy) + " of the energy kept"; },
                   [](const ShareWeights& m) {
                       return "weights shared, " + std::to_string(1 << m.bits) + " values a layer";
                   },
                   [](const QuantizeVectors& m) {
                       return std::string(m.product ? "product" : "vector") + " quantization, " +
                              std::to_string(1 << m.bits) + " vectors of " + std::to_string(m.length);
                   }},
        method);
}

Result<Compressed> compress(const GraphPtr& graph, const CompressionRequest& request,
                            const WorkControl& control) {
    if (const char* why = complaint(request.method)) return refuse(to_string(request.method), why);
    if (const NodeId id = graph->first_unsupported(); id.valid())
        return fail(ErrorCode::unsupported,
                    graph->node(id).op_type + " cannot be run: " + graph->node(id).why_unsupported,
                    graph->node(id).name);
    auto layers =
        chosen_layers(*graph, request.layers, std::holds_alternative<PruneChannels>(request.method));
    if (!layers) return forward_error(layers);
    return std::visit(
        Overloaded{[&](const PruneWeights& m) { return prune_weights(graph, m, *layers, control); },
                   [&](const PruneNofM& m) { return prune_n_of_m(graph, m, *layers, control); },
                   [&](const PruneChannels& m) {
                       return changed_anything(prune_channels(graph, m, *layers, control),
                                               "no channel can be removed");
                   },
                   [&](const LowRank& m) {
                       return changed_anything(low_rank(graph, m, *layers, control),
                                               "no layer gains from lower rank");
                   },
                   [&](const ShareWeights& m) { return share_weights(graph, m, *layers, control); },
                   [&](const QuantizeVectors& m) {
                       return quantize_vectors(graph, m, *layers, request.seed, control);
                   }},
        request.method);
}

} // namespace widthwise::passes
