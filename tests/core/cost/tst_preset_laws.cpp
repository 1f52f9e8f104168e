// Laws that hold whatever the constants: on every preset, for random small networks and designs.
#include "core/cost/energy_law.h"
#include "core/graph/layer_work.h"
#include "core/graph/zoo.h"
#include "tests/core/cost/random_networks.h"

#include <set>

using namespace widthwise;
using namespace widthwise::test;

namespace {

constexpr double k_rounding = 1e-9; ///< relative
constexpr int k_trials = 24;
const std::vector<int> k_widths = {1, 2, 3, 4, 5, 6, 7, 8};

/// Everything a layer's cost may still depend on besides its widths.
bool same_mapping(const CostBreakdown& a, const CostBreakdown& b) {
    for (size_t i = 0; i < a.layers.size(); ++i) {
        const LayerCost &x = a.layers[i], &y = b.layers[i];
        if (x.pe != y.pe || x.simd != y.simd || !x.nest != !y.nest) return false;
        if (x.nest && x.nest->mapping != y.nest->mapping) return false;
        const auto fixed_part = [](const std::string& text) { return text.substr(0, text.find(';')); };
        if (!x.nest && fixed_part(x.mapping) != fixed_part(y.mapping)) return false;
    }
    return true;
}

/// Mappings that were found become given ones.
cost::Options holding(const CostBreakdown& cost, cost::Options options) {
    for (const LayerCost& layer : cost.layers)
        if (layer.nest && layer.nest->searched) options.mappings[layer.layer] = layer.nest->mapping;
    return options;
}

double objective(Objective objective, const LayerCost& layer) {
    const double cycles = static_cast<double>(layer.cycles), energy = layer.energy.total_j();
    switch (objective) {
    case Objective::latency:
        return cycles;
    case Objective::energy:
        return energy;
    case Objective::energy_delay:
        break;
    }
    return cycles * energy;
}

double gap(const LayerCost& layer) {
    return layer.nest ? layer.nest->gap : 0;
}

/// Distinct positions below `extent` that windows at `count` places touch.
double touched(int64_t extent, int64_t count, int64_t kernel, int64_t stride, int64_t dilation, int64_t pad) {
    std::set<int64_t> positions;
    for (int64_t p = 0; p < count; ++p)
        for (int64_t r = 0; r < kernel; ++r) {
            const int64_t at = p * stride + r * dilation - pad;
            if (at >= 0 && at < extent) positions.insert(at);
        }
    return static_cast<double>(positions.size());
}

/// Bytes that must cross to DRAM and back once: weights, the inputs that windows touch, the results; each as
/// narrow as any reader takes them.
double compulsory_bytes(const Graph& graph, NodeId id, const LayerCost& cost, int narrowest, int64_t batch) {
    const auto nest = loop_nest(graph, id);
    const Node& node = graph.node(id);
    int64_t pad_top = 0, pad_left = 0;
    if (const auto* conv = std::get_if<ConvAttributes>(&node.attributes)) {
        pad_top = conv->pads[0];
        pad_left = conv->pads[1];
    }
    const double images = static_cast<double>(batch);
    const double input =
        static_cast<double>(nest->in_channels) *
        touched(nest->in_height, nest->out_height, nest->kernel_height, nest->stride_height, 1, pad_top) *
        touched(nest->in_width, nest->out_width, nest->kernel_width, nest->stride_width, 1, pad_left);
    const double output = static_cast<double>(nest->out_channels * nest->out_height * nest->out_width);
    const double weights = static_cast<double>(graph.value(node.inputs[1]).shape.elements());
    return (weights * cost.weight_bits + images * input * cost.activation_bits +
            images * output * narrowest) /
           8;
}

class Trial {
public:
    Trial(const std::string& preset, uint64_t seed, int trial)
        : target(take(cost::load_target(preset)))
        , dice(seed + static_cast<uint64_t>(trial))
        , graph(random_network(dice))
        , plan(random_plan(dice, *graph, k_widths))
        , m_where(preset + ", seed " + std::to_string(seed + static_cast<uint64_t>(trial))) {
        options.batch = dice.pick(1, 2);
        options.keep_feature_maps = false;
    }
    [[nodiscard]] Result<CostBreakdown> estimate() const { return estimate(target, plan, options); }
    [[nodiscard]] Result<CostBreakdown> estimate(const HardwareTarget& on, const PrecisionPlan& at,
                                                 const cost::Options& with) const {
        return cost::estimate(*graph, at, on, with);
    }
    [[nodiscard]] QByteArray where(const std::string& what) const {
        return QByteArray::fromStdString(m_where + ": " + what);
    }

    HardwareTarget target;
    Dice dice;
    GraphPtr graph;
    PrecisionPlan plan;
    cost::Options options;

private:
    std::string m_where;
};

/// The target with a scarcer resource; empty: it has no such resource to shrink.
struct Shrunk {
    std::string what;
    HardwareTarget target;
};

/// Energies per access and per bit stay those of the whole target, or a smaller buffer would be a cheaper
/// one.
HardwareTarget with_fixed_energies(HardwareTarget target) {
    for (size_t i = 0; i < target.memory.size(); ++i) {
        MemoryLevel& level = target.memory[i];
        const double pj = i == 0 ? cost::k_dram_pj_per_bit : cost::sram_pj_per_bit(level.bytes.value_or(0));
        if (!level.read_energy_pj_per_bit) level.read_energy_pj_per_bit = pj;
        if (!level.write_energy_pj_per_bit) level.write_energy_pj_per_bit = pj;
    }
    if (!target.noc_pj_per_bit) target.noc_pj_per_bit = 0.1;
    return target;
}

std::vector<Shrunk> with_less_bandwidth(const HardwareTarget& target) {
    std::vector<Shrunk> all;
    for (size_t i = 0; i < target.memory.size(); ++i)
        if (const auto& bandwidth = target.memory[i].bytes_per_cycle) {
            Shrunk less{"bandwidth of " + target.memory[i].name, target};
            less.target.memory[i].bytes_per_cycle = *bandwidth / 3;
            all.push_back(less);
        }
    return all;
}

/// Arrays whose mappings are fixed folds of the whole array (systolic ones) waste less time on filling when
/// they are smaller: SCALE-Sim's closed form is no optimum over smaller arrays, so those are left out.
std::vector<Shrunk> with_less_of_anything(const HardwareTarget& target, bool searches) {
    std::vector<Shrunk> all = with_less_bandwidth(target);
    for (size_t i = 1; i < target.memory.size(); ++i)
        if (const auto& bytes = target.memory[i].bytes; bytes && target.kind != TargetKind::fpga_dataflow) {
            Shrunk less{"size of " + target.memory[i].name, target};
            less.target.memory[i].bytes = std::max<int64_t>(1, *bytes * 3 / 4);
            all.push_back(less);
        }
    if (target.kind == TargetKind::spatial && searches) {
        for (const bool rows : {true, false}) {
            Shrunk less{rows ? "rows" : "columns", target};
            int64_t& extent = rows ? less.target.rows : less.target.cols;
            extent = std::max<int64_t>(1, extent * 2 / 3);
            all.push_back(less);
        }
    }
    if (target.gpu) {
        Shrunk less{"multiprocessors", target};
        less.target.gpu->multiprocessors = (target.gpu->multiprocessors + 1) / 2;
        const double share =
            static_cast<double>(less.target.gpu->multiprocessors) / target.gpu->multiprocessors;
        for (GpuPeak& peak : less.target.gpu->peaks) peak.macs_per_s *= share;
        all.push_back(less);
    }
    if (target.kind == TargetKind::fpga_dataflow && target.fpga) {
        Shrunk less{"LUTs", target};
        less.target.fpga->luts *= 0.7;
        all.push_back(less);
        less = {"DSPs", target};
        less.target.fpga->dsps *= 0.5;
        all.push_back(less);
    }
    return all;
}

void add_presets() {
    QTest::addColumn<QString>("preset");
    for (const std::string& name : cost::preset_names())
        QTest::newRow(name.c_str()) << QString::fromStdString(name);
}

} // namespace

class PresetLaws : public QObject {
    Q_OBJECT
private slots:
    void wider_never_costs_less_data() { add_presets(); }
    void wider_never_costs_less() {
        QFETCH(QString, preset);
        int compared = 0;
        for (int i = 0; i < 4 * k_trials; ++i) {
            Trial trial(preset.toStdString(), 100, i);
            const auto narrow = trial.estimate();
            if (!narrow) continue; // does not fit, or no unit for the formats
            const auto& nodes = trial.graph->nodes();
            const std::string name =
                nodes[static_cast<size_t>(trial.dice.pick(0, static_cast<int>(nodes.size()) - 1))].name;
            LayerPrecision wider = trial.plan.at(name);
            if (trial.dice.pick(0, 1))
                wider.weights = weight_integer(std::min(8, wider.weights.bits + 1));
            else
                wider.activations = activation_integer(std::min(8, wider.activations.bits + 1));
            PrecisionPlan plan = trial.plan;
            plan.set(name, wider);
            const auto wide = trial.estimate(trial.target, plan, holding(*narrow, trial.options));
            if (!wide || !same_mapping(*narrow, *wide)) continue;
            ++compared;
            QVERIFY2(wide->energy_j >= narrow->energy_j * (1 - k_rounding), trial.where("energy, " + name));
            if (!std::isnan(wide->area_mm2))
                QVERIFY2(wide->area_mm2 >= narrow->area_mm2 * (1 - k_rounding), trial.where("area, " + name));
            if (wide->resources) {
                QVERIFY2(wide->resources->luts >= narrow->resources->luts * (1 - k_rounding),
                         trial.where("LUTs, " + name));
            }
            QVERIFY2(wide->model_bytes >= narrow->model_bytes, trial.where("bytes, " + name));
        }
        QVERIFY2(compared >= k_trials, qPrintable(QString::number(compared)));
    }

    void less_bandwidth_is_never_faster_data() { add_presets(); }
    void less_bandwidth_is_never_faster() {
        QFETCH(QString, preset);
        for (int i = 0; i < k_trials; ++i) {
            const Trial trial(preset.toStdString(), 200, i);
            const auto before = trial.estimate();
            if (!before) continue;
            for (const Shrunk& less : with_less_bandwidth(trial.target)) {
                const auto after = trial.estimate(less.target, trial.plan, holding(*before, trial.options));
                QVERIFY2(after.has_value(), trial.where(less.what));
                if (same_mapping(*before, *after))
                    QVERIFY2(after->latency_s >= before->latency_s * (1 - k_rounding),
                             trial.where(less.what));
            }
        }
    }

    void scarcer_resources_never_serve_better_data() { add_presets(); }
    void scarcer_resources_never_serve_better() {
        QFETCH(QString, preset);
        int compared = 0;
        for (int i = 0; i < k_trials; ++i) {
            Trial trial(preset.toStdString(), 300, i);
            trial.target = with_fixed_energies(trial.target);
            const auto before = trial.estimate();
            if (!before) continue;
            const bool searches =
                std::any_of(before->layers.begin(), before->layers.end(),
                            [](const LayerCost& layer) { return layer.nest && layer.nest->searched; });
            for (const Shrunk& less : with_less_of_anything(trial.target, searches)) {
                const auto after = trial.estimate(less.target, trial.plan, trial.options);
                if (!after) continue; // no longer fits at all
                ++compared;
                if (trial.target.kind == TargetKind::fpga_dataflow) {
                    QVERIFY2(after->throughput_ips <= before->throughput_ips * (1 + k_rounding),
                             trial.where(less.what));
                    continue;
                }
                for (size_t l = 0; l < before->layers.size(); ++l) {
                    const LayerCost &whole = before->layers[l], &scarce = after->layers[l];
                    const double best = objective(trial.target.objective, whole) / (1 + gap(whole));
                    QVERIFY2(objective(trial.target.objective, scarce) >= best * (1 - k_rounding),
                             trial.where(less.what + ", " + whole.layer + ": " + whole.mapping + " | " +
                                         scarce.mapping));
                }
            }
        }
        QVERIFY2(compared >= k_trials, qPrintable(QString::number(compared)));
    }

    void real_layers_gain_from_nothing_scarcer_data() {
        QTest::addColumn<QString>("preset");
        QTest::addColumn<QString>("network");
        QTest::addColumn<Objective>("objective");
        for (const char* preset : {"bit-serial", "tpu-v1", "asic-45nm"})
            for (const char* network : {"resnet18", "mobilenet-v2"})
                for (const Objective objective : {Objective::latency, Objective::energy})
                    QTest::addRow("%s %s %s", preset, network, to_string(objective).data())
                        << preset << network << objective;
    }
    /// Every layer's objective, one operand wider bit by bit, then a buffer that shrinks by a tenth again and
    /// again; on arrays whose MACs and energies per access stay as they are.
    void real_layers_gain_from_nothing_scarcer() {
        QFETCH(QString, preset);
        QFETCH(QString, network);
        QFETCH(Objective, objective);
        const GraphPtr graph = take(zoo::build(network.toStdString(), zoo::Weights::zero));
        HardwareTarget target = with_fixed_energies(take(cost::load_target(preset.toStdString())));
        target.sizing = Sizing::fixed;
        target.objective = objective;
        target.static_power_w = objective == Objective::energy ? 0 : target.static_power_w;
        cost::Options options;
        options.keep_feature_maps = false;
        const auto priced = [&](int weights, int activations) {
            return take(
                cost::estimate(*graph, PrecisionPlan(precision(weights, activations)), target, options));
        };
        const auto never_gains = [&](const CostBreakdown& before, const CostBreakdown& after,
                                     const std::string& what) {
            for (size_t l = 0; l < before.layers.size(); ++l) {
                const double was = ::objective(objective, before.layers[l]);
                const double is = ::objective(objective, after.layers[l]);
                QVERIFY2(is >= was * (1 - k_rounding),
                         qPrintable(QString::fromStdString(what + ", " + before.layers[l].layer + ": " +
                                                           before.layers[l].mapping + " | " +
                                                           after.layers[l].mapping)));
            }
        };
        for (int bits = 2; bits < 8; ++bits) {
            never_gains(priced(bits, 8), priced(bits + 1, 8), "w" + std::to_string(bits) + "a8");
            never_gains(priced(8, bits), priced(8, bits + 1), "w8a" + std::to_string(bits));
            if (QTest::currentTestFailed()) return;
        }
        CostBreakdown before = priced(8, 8);
        for (int step = 0; step < 12; ++step) {
            int64_t& bytes = *target.memory[1].bytes;
            bytes = bytes * 9 / 10;
            CostBreakdown after = priced(8, 8);
            never_gains(before, after, std::to_string(bytes) + " bytes");
            if (QTest::currentTestFailed()) return;
            before = std::move(after);
        }
    }

    void no_layer_beats_its_bounds_data() { add_presets(); }
    void no_layer_beats_its_bounds() {
        QFETCH(QString, preset);
        int compared = 0;
        for (int i = 0; i < 2 * k_trials; ++i) {
            const Trial trial(preset.toStdString(), 400, i);
            const auto cost = trial.estimate();
            if (!cost) continue;
            const bool streams = trial.target.kind == TargetKind::fpga_dataflow;
            for (size_t l = 0; l < cost->layers.size(); ++l) {
                const LayerCost& layer = cost->layers[l];
                QVERIFY2(layer.cycles >= layer.compute_cycles, trial.where(layer.layer));
                QVERIFY2(layer.energy.compute_j >= 0 && layer.energy.dram_j >= 0 &&
                             layer.energy.buffer_j >= 0,
                         trial.where(layer.layer));
                const NodeId id{static_cast<int>(l)};
                if (!is_weighted(*trial.graph, id)) continue;
                ++compared;
                QVERIFY2(static_cast<double>(layer.macs) <=
                             layer.latency_s * layer.peak_macs_per_s * (1 + k_rounding),
                         trial.where(layer.layer + ": faster than its peak"));
                QVERIFY2(layer.utilization <= 1 + k_rounding && layer.mapped_units <= 1 + k_rounding,
                         trial.where(layer.layer));
                if (!streams)
                    QVERIFY2(layer.dram_bytes >=
                                 compulsory_bytes(*trial.graph, id, layer, 1, trial.options.batch) *
                                     (1 - k_rounding),
                             trial.where(layer.layer + ": less traffic than its operands"));
            }
            QVERIFY2(cost->utilization <= 1 + k_rounding, trial.where("utilization"));
        }
        QVERIFY2(compared >= k_trials, qPrintable(QString::number(compared)));
    }

    void totals_are_sums_of_parts_data() { add_presets(); }
    void totals_are_sums_of_parts() {
        QFETCH(QString, preset);
        for (int i = 0; i < k_trials; ++i) {
            const Trial trial(preset.toStdString(), 500, i);
            const auto cost = trial.estimate();
            if (!cost) continue;
            const auto same = [](double a, double b) {
                return std::abs(a - b) <= k_rounding * std::max(std::abs(a), std::abs(b));
            };
            double energy = 0, components = 0, latency = 0, slowest = 0, dram = 0, area = 0, bops = 0;
            FpgaResources resources;
            for (const LayerCost& layer : cost->layers) {
                const EnergyBreakdown& e = layer.energy;
                energy += e.total_j();
                components += e.compute_j + e.registers_j + e.noc_j + e.buffer_j + e.dram_j + e.static_j;
                latency += layer.latency_s;
                slowest = std::max(slowest, layer.latency_s);
                dram += layer.dram_bytes;
                bops += static_cast<double>(layer.macs) * layer.weight_bits * layer.activation_bits;
                if (layer.resources) {
                    resources.luts += layer.resources->luts;
                    resources.dsps += layer.resources->dsps;
                    resources.bram18 += layer.resources->bram18;
                }
            }
            for (const auto& [component, mm2] : cost->area) area += mm2;
            QVERIFY2(same(cost->energy_j, energy) && same(energy, components), trial.where("energy"));
            QVERIFY2(same(cost->dram_bytes, dram), trial.where("DRAM"));
            QVERIFY2(same(cost->bops * static_cast<double>(cost->batch), bops), trial.where("BOPS"));
            QVERIFY2(
                same(cost->power_w, cost->energy_j * cost->throughput_ips / static_cast<double>(cost->batch)),
                trial.where("power"));
            if (trial.target.kind == TargetKind::fpga_dataflow) {
                QVERIFY2(cost->latency_s >= slowest * (1 - k_rounding), trial.where("latency"));
                QVERIFY2(cost->resources && cost->resources->luts >= resources.luts * (1 - k_rounding),
                         trial.where("LUTs"));
            } else {
                QVERIFY2(same(cost->latency_s, latency), trial.where("latency"));
            }
            if (!trial.target.area_mm2 && !cost->area.empty())
                QVERIFY2(same(cost->area_mm2, area), trial.where("area"));
            QVERIFY2(cost->model_bytes >= cost->weight_bytes, trial.where("bytes"));
        }
    }
};

QTEST_APPLESS_MAIN(PresetLaws)
#include "tst_preset_laws.moc"
