// Every preset prices every network that is at hand: built-in ones, files beside the project, topologies;
// with every key of the command line's contract and finite figures.
#include "core/cost/cost_model.h"
#include "core/design/json.h"
#include "core/flow/session.h"
#include "core/graph/zoo.h"
#include "tests/core/cost/reference_csv.h"

#include <nlohmann/json.hpp>

#include <cmath>

using namespace widthwise;
using nlohmann::json;

namespace {

struct Network {
    std::string source;
    flow::Model model;
};

Network loaded(const std::string& source) {
    auto model = flow::load_model(source, zoo::Weights::zero);
    if (!model) qFatal("%s", model.error().to_line().c_str());
    return {source, std::move(*model)};
}

/// SCALE-Sim's own topologies, from the shapes that stand beside its results.
std::vector<std::string> topologies() {
    const auto folder = test::reference_dir() / "cost" / "scalesim";
    std::vector<std::string> files;
    for (const char* name : {"alexnet_ws_32x32", "mobilenet_ws_32x32", "resnet18_ws_32x32"}) {
        const auto results = folder / (std::string(name) + ".csv");
        if (!std::filesystem::exists(results)) continue;
        std::string text =
            "Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num "
            "Filter, Strides,\n";
        for (const test::CsvRow& row : test::read_csv(results)) {
            text += row.at("layer");
            for (const char* column : {"ifmap_h", "ifmap_w", "filt_h", "filt_w", "channels", "num_filters",
                                       "stride_h", "stride_w"})
                text += ", " + row.at(column);
            text += ",\n";
        }
        files.push_back((test::scratch_dir() / (std::string(name) + ".csv")).string());
        test::write_file(files.back(), text);
    }
    return files;
}

std::vector<Network> all_networks() {
    std::vector<Network> networks;
    networks.push_back(loaded("demo"));
    for (const zoo::Entry& entry : zoo::entries())
        networks.push_back(loaded("zoo:" + std::string(entry.name)));
    const auto folder = test::data_dir() / "models";
    if (std::filesystem::exists(folder))
        for (const auto& file : std::filesystem::directory_iterator(folder))
            if (file.path().extension() == ".onnx") networks.push_back(loaded(file.path().string()));
    for (const std::string& file : topologies()) networks.push_back(loaded(file));
    return networks;
}

/// The first key that is missing or holds no number where there must be one; empty: none.
std::string flaw(const json& document, std::initializer_list<const char*> numbers,
                 std::initializer_list<const char*> others) {
    for (const char* key : numbers) {
        if (!document.contains(key)) return std::string("no \"") + key + "\"";
        if (!document[key].is_number() || !(document[key].get<double>() >= 0) ||
            !std::isfinite(document[key].get<double>()))
            return std::string("\"") + key + "\" is " + document[key].dump();
    }
    for (const char* key : others)
        if (!document.contains(key)) return std::string("no \"") + key + "\"";
    return {};
}

std::string flaw(const CostBreakdown& cost, const Graph& graph) {
    const json document = json::parse(cost_to_json(cost));
    std::string found = flaw(document,
                             {"batch", "latency_s", "throughput_ips", "energy_j", "power_w", "weight_bytes",
                              "model_bytes", "bops", "dram_bytes", "utilization"},
                             {"target", "area_mm2", "area", "layers"});
    if (!found.empty()) return found;
    if (document["layers"].size() != graph.nodes().size()) return "not every node is a layer";
    for (const json& layer : document["layers"]) {
        found = flaw(layer,
                     {"macs", "weight_bits", "activation_bits", "compute_cycles", "cycles", "latency_s",
                      "energy_j", "dram_bytes", "buffer_bytes", "utilization"},
                     {"name", "energy", "bound", "mapping"});
        if (found.empty())
            found = flaw(layer["energy"], {"compute", "registers", "noc", "buffer", "dram"}, {});
        if (found.empty() && layer["utilization"].get<double>() > 1 + 1e-9) found = "utilization above 1";
        if (found.empty() && layer["mapping"].get<std::string>().empty()) found = "no mapping";
        if (found.empty() && layer["macs"].get<double>() > 0 && !(layer["energy_j"].get<double>() > 0))
            found = "MACs for nothing";
        if (!found.empty()) return "layer " + layer["name"].dump() + ": " + found;
    }
    if (!(document["latency_s"].get<double>() > 0 && document["energy_j"].get<double>() > 0))
        return "nothing costs anything";
    return {};
}

} // namespace

class CostEverywhere : public QObject {
    Q_OBJECT
private slots:
    void initTestCase() { m_networks = all_networks(); }

    void every_network_data() {
        QTest::addColumn<QString>("preset");
        for (const std::string& name : cost::preset_names())
            QTest::newRow(name.c_str()) << QString::fromStdString(name);
    }

    void every_network() {
        QFETCH(QString, preset);
        auto target = cost::load_target(preset.toStdString());
        QVERIFY(target.has_value());
        int priced = 0;
        for (const Network& network : m_networks) {
            const Graph& graph = *network.model.graph;
            const PrecisionPlan eight(parse_bits("w8a8").value());
            const auto cost = cost::estimate(graph, eight, *target);
            const std::string where = network.source + " on " + target->name + ": ";
            if (!cost) {
                // A dataflow design holds all weights at once: large networks say what is short.
                const std::string line = cost.error().to_line();
                const bool short_of =
                    target->kind == TargetKind::fpga_dataflow && line.find("fit") != std::string::npos;
                QVERIFY2(short_of, (where + line).c_str());
                continue;
            }
            ++priced;
            const std::string found = flaw(*cost, graph);
            QVERIFY2(found.empty(), (where + found).c_str());
        }
        QVERIFY(priced > 0);
    }

    /// Without a design: float, or what the file carries. The target runs it, or says what it can run.
    void as_the_network_comes_data() { every_network_data(); }
    void as_the_network_comes() {
        QFETCH(QString, preset);
        const auto target = cost::load_target(preset.toStdString()).value();
        for (const Network& network : m_networks) {
            if (network.source.starts_with("zoo:") && network.source != "zoo:resnet8") continue;
            const Graph& graph = *network.model.graph;
            const auto cost =
                cost::estimate(graph, network.model.carried_design.value_or(PrecisionPlan()), target);
            const std::string where = network.source + " on " + target.name + ": ";
            const std::string found = cost ? flaw(*cost, graph) : std::string();
            QVERIFY2(found.empty(), (where + found).c_str());
            if (!cost) {
                QVERIFY2(cost.error().code == ErrorCode::invalid_input,
                         (where + cost.error().to_line()).c_str());
                QVERIFY2(!cost.error().remedy.empty(), (where + cost.error().to_line()).c_str());
            }
        }
    }

private:
    std::vector<Network> m_networks;
};

QTEST_APPLESS_MAIN(CostEverywhere)
#include "tst_cost_everywhere.moc"
