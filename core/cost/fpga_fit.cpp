#include "core/cost/fpga_fit.h"

#include "core/cost/finn_window.h"

#include <algorithm>
#include <cmath>

namespace widthwise::cost {
namespace {

constexpr double k_stream_luts = 1500; ///< of one layer's data mover, estimated
constexpr double k_stream_depth = 32;
constexpr double k_unhurried = 1e300;

bool in_ram(const FittedLayer& layer) {
    return layer.choice && layer.store == WeightStore::on_chip;
}

} // namespace

/// Units chosen, and what they need whatever multiplies.
struct Fitter::Draft {
    Fit fit;
    std::vector<size_t> by_vectors; ///< layers with deep weights, those with the fewest vectors first
    std::vector<size_t> by_uram;    ///< the same, those that gain most by URAM first
    std::vector<size_t> by_dsps;    ///< layers that DSPs relieve, those that gain most first
    double bram18 = 0;              ///< without weights
};

std::optional<Fitter::Draft> Fitter::draft(double cycles) const {
    Draft draft;
    draft.fit.layers.resize(m_layers.size());
    for (size_t i = 0; i < m_layers.size(); ++i) {
        FittedLayer& layer = draft.fit.layers[i];
        if (const MatrixUnit* unit = m_layers[i].unit) {
            layer.choice = unit->within(cycles);
            if (!layer.choice) return std::nullopt;
            layer.cycles = layer.choice->cycles;
            draft.bram18 += layer.choice->around.bram18;
            if (!layer.choice->shallow()) {
                layer.store = WeightStore::on_chip;
                draft.by_vectors.push_back(i);
            }
            if (layer.choice->dsps > 0 && layer.choice->lut_luts > layer.choice->dsp_luts)
                draft.by_dsps.push_back(i);
        } else {
            const VectorUnit lanes = vector_unit(*m_layers[i].work, m_batch, cycles);
            layer.cycles = lanes.cycles;
            layer.resources = lanes.resources;
            draft.bram18 += lanes.resources.bram18;
        }
    }
    draft.by_uram = draft.by_vectors;
    const auto order = [&](std::vector<size_t>& list, auto key) {
        std::stable_sort(list.begin(), list.end(), [&](size_t a, size_t b) { return key(a) < key(b); });
    };
    order(draft.by_vectors, [&](size_t i) { return m_layers[i].unit->vectors; });
    order(draft.by_uram, [&](size_t i) {
        const UnitChoice& choice = *draft.fit.layers[i].choice;
        return -choice.bram18 / choice.urams;
    });
    order(draft.by_dsps, [&](size_t i) {
        const UnitChoice& choice = *draft.fit.layers[i].choice;
        return (choice.dsp_luts - choice.lut_luts) / choice.dsps;
    });
    return draft;
}

/// The first `count` layers by vectors stream their weights, the others keep them.
void Fitter::stream(Draft& draft, size_t count) const {
    for (size_t k = 0; k < draft.by_vectors.size(); ++k) {
        const size_t i = draft.by_vectors[k];
        FittedLayer& layer = draft.fit.layers[i];
        layer.store = k < count ? WeightStore::streamed : WeightStore::on_chip;
        layer.weight_dram_bits = k < count ? m_layers[i].unit->weight_bits * m_layers[i].unit->vectors : 0;
        layer.resources = {};
    }
}

/// Deals out URAM and block RAM; the draft's total tells what that takes.
void Fitter::store(Draft& draft) const {
    double urams = 0, bram18 = draft.bram18;
    for (const size_t i : draft.by_uram) {
        FittedLayer& layer = draft.fit.layers[i];
        if (!in_ram(layer)) continue;
        const double own = std::min(layer.choice->urams, std::floor(m_limits.most.urams) - urams);
        layer.resources.urams = own;
        layer.resources.bram18 = std::ceil(layer.choice->bram18 * (1 - own / layer.choice->urams));
        urams += own;
        bram18 += layer.resources.bram18;
    }
    draft.fit.total.urams = urams;
    draft.fit.total.bram18 = bram18;
}

/// Streams the fewest layers for which the memory suffices; false where it never does.
bool Fitter::place_weights(Draft& draft) const {
    size_t fewest = 0, most = draft.by_vectors.size();
    while (fewest < most) {
        const size_t middle = (fewest + most) / 2;
        stream(draft, middle);
        store(draft);
        if (draft.fit.total.bram18 <= m_limits.most.bram18)
            most = middle;
        else
            fewest = middle + 1;
    }
    stream(draft, fewest);
    store(draft);
    return draft.fit.total.bram18 <= m_limits.most.bram18;
}

/// At most `dsps` multiply, where they save most LUTs. Sets shares; LUTs of the whole design.
double Fitter::spend_dsps(Draft& draft, double dsps) const {
    double left = std::floor(dsps);
    draft.fit.total.dsps = 0;
    for (FittedLayer& layer : draft.fit.layers) layer.dsp_share = 0;
    for (const size_t i : draft.by_dsps) {
        FittedLayer& layer = draft.fit.layers[i];
        const double own = std::min(left, layer.choice->dsps);
        layer.dsp_share = own / layer.choice->dsps;
        left -= own;
        draft.fit.total.dsps += own;
        if (layer.dsp_share < 1) break;
    }
    double luts = 0;
    for (FittedLayer& layer : draft.fit.layers) {
        if (const UnitChoice* choice = layer.choice) {
            double own = choice->around.luts + choice->lut_luts -
                         layer.dsp_share * (choice->lut_luts - choice->dsp_luts);
            if (layer.store == WeightStore::lutram) own += choice->lutram;
            if (layer.store == WeightStore::streamed)
                own += k_stream_luts + fifo_luts(choice->weight_width, k_stream_depth);
            layer.resources.luts = std::ceil(own);
            layer.resources.dsps = std::round(layer.dsp_share * choice->dsps);
        }
        luts += std::ceil(layer.resources.luts);
    }
    return luts;
}

/// The least that the units need is too much: found out without placing anything.
bool Fitter::hopeless(double cycles) const {
    FpgaResources least;
    for (const DataflowLayer& layer : m_layers) {
        if (!layer.unit) {
            const FpgaResources own = vector_unit(*layer.work, m_batch, cycles).resources;
            least.luts += own.luts;
            least.bram18 += own.bram18;
            continue;
        }
        const UnitChoice* choice = layer.unit->within(cycles);
        if (!choice) return true;
        least.luts += choice->around.luts + std::min(choice->lut_luts, choice->dsp_luts);
        if (choice->shallow()) least.luts += choice->lutram;
        least.bram18 += choice->around.bram18;
    }
    return least.luts > m_limits.most.luts || least.bram18 > m_limits.most.bram18;
}

std::optional<Fit> Fitter::fit(double cycles) const {
    if (hopeless(cycles)) return std::nullopt;
    auto drafted = draft(cycles);
    if (!drafted) return std::nullopt;
    Draft& draft = *drafted;
    if (!place_weights(draft)) return std::nullopt;

    Fit& fit = draft.fit;
    for (size_t i = 0; i < m_layers.size(); ++i) {
        fit.dram_bits += m_layers[i].dram_bits() + fit.layers[i].weight_dram_bits;
        fit.interval = std::max(fit.interval, fit.layers[i].cycles);
    }
    if (m_limits.dram_bits_per_cycle > 0) {
        const double dram = fit.dram_bits / m_limits.dram_bits_per_cycle;
        if (dram > cycles) return std::nullopt;
        fit.interval = std::max(fit.interval, dram);
    }

    const FpgaResources& limit = m_limits.most;
    if (spend_dsps(draft, limit.dsps) > limit.luts) return std::nullopt;
    // The fewest DSPs for which the LUTs suffice and are no fuller than the DSPs.
    double few = 0, many = std::floor(limit.dsps);
    const auto balanced = [&](double dsps) {
        const double luts = spend_dsps(draft, dsps);
        return luts <= limit.luts && luts * limit.dsps <= draft.fit.total.dsps * limit.luts;
    };
    while (few < many) {
        const double middle = std::floor((few + many) / 2);
        if (balanced(middle))
            many = middle;
        else
            few = middle + 1;
    }
    fit.total.luts = spend_dsps(draft, few);
    for (FittedLayer& layer : fit.layers)
        if (layer.choice) layer.resources.bram18 += layer.choice->around.bram18;
    return std::move(fit);
}

Shortage Fitter::shortage(double cycles) const {
    Shortage shortage;
    auto drafted = draft(cycles);
    if (!drafted) return shortage;
    Draft& draft = *drafted;
    const auto need = [&](const char* what, double needed, double available, auto of_layer) {
        shortage = {what, needed, available, 0, -1};
        for (size_t i = 0; i < m_layers.size(); ++i)
            if (const double own = of_layer(i); own > shortage.layer_needs) {
                shortage.layer = i;
                shortage.layer_needs = own;
            }
        return shortage;
    };
    const bool placed = place_weights(draft);
    const auto block_ram = [&](size_t i) {
        const FittedLayer& layer = draft.fit.layers[i];
        return layer.choice ? layer.choice->around.bram18 : layer.resources.bram18;
    };
    if (!placed) return need("BRAM18", draft.fit.total.bram18, m_limits.most.bram18, block_ram);
    const double luts = spend_dsps(draft, m_limits.most.dsps);
    if (luts > m_limits.most.luts)
        return need("LUTs", luts, m_limits.most.luts,
                    [&](size_t i) { return draft.fit.layers[i].resources.luts; });
    const auto dram = [&](size_t i) {
        return (m_layers[i].dram_bits() + draft.fit.layers[i].weight_dram_bits) / cycles;
    };
    double bits = 0;
    for (size_t i = 0; i < m_layers.size(); ++i) bits += dram(i);
    return need("bits of DRAM bandwidth a cycle", bits, m_limits.dram_bits_per_cycle, dram);
}

double Fitter::fewest_cycles() const {
    double cycles = 1;
    for (const DataflowLayer& layer : m_layers)
        if (layer.unit) cycles = std::max(cycles, layer.unit->choices.back().cycles);
    return cycles;
}

double Fitter::most_cycles() const {
    double cycles = 1, bits = 0;
    for (const DataflowLayer& layer : m_layers) {
        bits += layer.dram_bits();
        if (layer.unit) {
            cycles = std::max(cycles, layer.unit->choices.front().cycles);
            bits += layer.unit->weight_bits * layer.unit->vectors;
        } else {
            cycles = std::max(cycles, vector_unit(*layer.work, m_batch, k_unhurried).cycles);
        }
    }
    return m_limits.dram_bits_per_cycle > 0 ? std::max(cycles, bits / m_limits.dram_bits_per_cycle) : cycles;
}

} // namespace widthwise::cost
