#include "core/design/json.h"

#include <QTest>

#include <nlohmann/json.hpp>

#include <cmath>
#include <set>

using namespace widthwise;

namespace {

/// The keys of the command line's contract.
const std::set<std::string> k_contract = {
    "target", "batch",        "latency_s",   "throughput_ips", "energy_j",   "power_w",     "area_mm2",
    "area",   "weight_bytes", "model_bytes", "bops",           "dram_bytes", "utilization", "layers"};
const std::set<std::string> k_contract_of_layers = {
    "name",     "macs",   "weight_bits", "activation_bits", "compute_cycles", "cycles", "latency_s",
    "energy_j", "energy", "dram_bytes",  "buffer_bytes",    "utilization",    "bound",  "mapping"};

CostBreakdown example() {
    CostBreakdown cost;
    cost.target = "eyeriss";
    cost.batch = 3;
    cost.latency_s = 1.0 / 3;
    cost.throughput_ips = 9;
    cost.energy_j = 1e-3;
    cost.power_w = 3e-3;
    cost.area_mm2 = 1.5;
    cost.area = {{"mac", 1.0}, {"GLB \"x\"", 0.5}};
    cost.weight_bytes = 100.5;
    cost.model_bytes = 200.5;
    cost.bops = 1e12;
    cost.dram_bytes = 300;
    cost.utilization = 0.7;
    cost.layers.resize(2);
    LayerCost& l = cost.layers[0];
    l.layer = "conv \xc3\xa9";
    l.macs = int64_t{1} << 52;
    l.weight_bits = 4;
    l.activation_bits = 8;
    l.compute_cycles = 12345;
    l.cycles = 23456;
    l.latency_s = 0.1;
    l.energy = {1e-4, 2e-4, 3e-4, 4e-4, 5e-4, 6e-4};
    l.dram_bytes = 250;
    l.buffer_bytes = 1e6;
    l.utilization = 0.9;
    l.bound = Bound::memory;
    l.mapping = "ws: 1 x 2 folds";
    l.run_weight_bits = 8;
    l.run_activation_bits = 8;
    l.fallback = "runs as w8a8";
    l.on_chip_bytes = 4096;
    l.mapped_units = 0.95;
    l.peak_macs_per_s = 1e9;
    l.limited_by = "DRAM";
    MappedNest nest;
    nest.mapping.levels = {{"DRAM", {{Dim::k, 3}}, {}, {}}, {"GLB", {}, {{Dim::p, 13}}, {{Dim::r, 5}}}};
    nest.accesses.resize(2);
    nest.accesses[1] = {"GLB", 2, {{{1, 2, 3, 4}, {5, 6, 7, 8}, {9, 10, 11, 1e12}}}};
    nest.searched = true;
    nest.examined = 1e6;
    nest.gap = 0.01;
    l.nest = std::make_shared<const MappedNest>(nest);
    cost.layers[1].layer = "relu";
    cost.layers[1].mapping = "fused into conv";
    cost.dram_bytes_per_s = 900;
    cost.dram_peak_bytes_per_s = 1e10;
    cost.on_chip_bytes = 4096;
    cost.peak_activation_bytes = 5000;
    cost.mapped_units = 0.8;
    cost.peak_macs_per_s = 2e9;
    cost.options = {{"operator order", true, 0, -1e-6, -100, -2000}};
    cost.confidence = {{"latency", {Basis::measured, 1.12, "18 layers"}}, {"size", {Basis::exact, 1, ""}}};
    return cost;
}

CostBreakdown on_fpga() {
    CostBreakdown cost = example();
    cost.area.clear();
    cost.area_mm2 = std::nan("");
    cost.resources = FpgaResources{1000, 20, 30, 4};
    cost.available = FpgaResources{50000, 200, 300, 40};
    cost.dram_peak_bytes_per_s = std::nullopt;
    cost.layers[0].resources = FpgaResources{500, 10, 15, 2};
    cost.layers[0].pe = 16;
    cost.layers[0].simd = 32;
    cost.layers[0].nest = nullptr;
    return cost;
}

} // namespace

class CostJson : public QObject {
    Q_OBJECT
private slots:
    void has_the_keys_of_the_contract() {
        const auto json = nlohmann::json::parse(cost_to_json(example()));
        for (const std::string& key : k_contract) QVERIFY2(json.contains(key), key.c_str());
        const auto& layer = json["layers"][0];
        for (const std::string& key : k_contract_of_layers) QVERIFY2(layer.contains(key), key.c_str());
        for (const char* key : {"compute", "registers", "noc", "buffer", "dram"})
            QVERIFY2(layer["energy"].contains(key), key);
        QCOMPARE(layer["bound"].get<std::string>(), "memory");
        QCOMPARE(layer["energy_j"].get<double>(), example().layers[0].energy.total_j());
        QCOMPARE(json["area"]["mac_mm2"].get<double>(), 1.0);
    }

    void round_trip() {
        const std::string text = cost_to_json(example());
        const auto read = cost_from_json(text, "x");
        QVERIFY2(read, read ? "" : read.error().to_line().c_str());
        QCOMPARE(cost_to_json(*read), text);
        QVERIFY(read->area == example().area);
        QCOMPARE(read->layers[0].macs, int64_t{1} << 52);
        QCOMPARE(read->layers[0].energy.static_j, 6e-4);
        QCOMPARE(read->layers[1].mapping, "fused into conv");
        QVERIFY(read->layers[0].bound == Bound::memory && read->layers[1].bound == Bound::compute);
    }

    void keeps_what_later_versions_added() {
        const CostBreakdown cost = *cost_from_json(cost_to_json(example()), "x");
        QVERIFY(*cost.layers[0].nest == *example().layers[0].nest);
        QVERIFY(!cost.layers[1].nest);
        QCOMPARE(cost.layers[0].fallback, "runs as w8a8");
        QCOMPARE(cost.layers[0].run_weight_bits, 8);
        QCOMPARE(cost.layers[0].limited_by, "DRAM");
        QVERIFY(cost.confidence == example().confidence);
        QCOMPARE(cost.options.size(), 1U);
        QCOMPARE(cost.options[0].dram_bytes, -100.0);
        QCOMPARE(cost.dram_peak_bytes_per_s, 1e10);
    }

    void fpga_resources_are_named() {
        const std::string text = cost_to_json(on_fpga());
        const auto json = nlohmann::json::parse(text);
        QVERIFY(json["area_mm2"].is_null());
        QVERIFY(json["dram_peak_bytes_per_s"].is_null());
        QVERIFY((json["area"] ==
                 nlohmann::json{{"lut", 1000.0}, {"dsp", 20.0}, {"bram18", 30.0}, {"uram", 4.0}}));
        QCOMPARE(json["available"]["uram"].get<double>(), 40.0);
        QCOMPARE(json["layers"][0]["lut"].get<double>(), 500.0);
        QCOMPARE(json["layers"][0]["pe"].get<int>(), 16);
        QVERIFY(json["layers"][0]["nest"].is_null());
        QVERIFY(!json["layers"][1].contains("lut"));
        const auto read = cost_from_json(text, "x");
        QVERIFY2(read, read ? "" : read.error().to_line().c_str());
        QCOMPARE(cost_to_json(*read), text);
        QVERIFY(std::isnan(read->area_mm2) && read->area.empty());
        QVERIFY((*read->available == FpgaResources{50000, 200, 300, 40}));
        QVERIFY((*read->layers[0].resources == FpgaResources{500, 10, 15, 2}));
        QVERIFY(!read->layers[1].resources && !read->dram_peak_bytes_per_s);
    }

    void nests_can_be_left_out() {
        const std::string text = cost_to_json(example(), CostDetail::without_nests);
        QVERIFY(!nlohmann::json::parse(text)["layers"][0].contains("nest"));
        QVERIFY(!cost_from_json(text, "x")->layers[0].nest);
    }

    void energy_per_inference_and_per_mac() {
        const auto json = nlohmann::json::parse(cost_to_json(example()));
        QCOMPARE(json["energy_per_inference_j"].get<double>(), 1e-3 / 3);
        QCOMPARE(json["energy_per_mac_j"].get<double>(), 1e-3 / static_cast<double>(int64_t{1} << 52));
        QVERIFY(nlohmann::json::parse(cost_to_json({}))["energy_per_mac_j"].is_null());
    }

    void documents_of_earlier_versions() {
        auto json = nlohmann::json::parse(cost_to_json(example()));
        for (const char* key : {"energy_per_inference_j", "energy_per_mac_j", "available", "dram_bytes_per_s",
                                "dram_peak_bytes_per_s", "on_chip_bytes", "peak_activation_bytes",
                                "mapped_units", "peak_macs_per_s", "options", "confidence"})
            QCOMPARE(json.erase(key), 1U);
        for (auto& layer : json["layers"])
            for (const char* key : {"run_weight_bits", "run_activation_bits", "fallback", "on_chip_bytes",
                                    "mapped_units", "peak_macs_per_s", "limited_by", "nest"})
                QCOMPARE(layer.erase(key), 1U);
        const auto read = cost_from_json(json.dump(), "x");
        QVERIFY2(read, read ? "" : read.error().to_line().c_str());
        QCOMPARE(read->layers[0].run_weight_bits, 4);
        QCOMPARE(read->layers[0].run_activation_bits, 8);
        QCOMPARE(read->layers[0].limited_by, "memory");
        QCOMPARE(read->layers[1].limited_by, "compute");
        QVERIFY(read->layers[0].fallback.empty() && read->options.empty() && read->confidence.empty());
        QCOMPARE(read->latency_s, example().latency_s);
    }

    void further_keys_are_left_alone() {
        auto json = nlohmann::json::parse(cost_to_json(example()));
        json["later"] = 1;
        json["layers"][0]["later"] = "x";
        QVERIFY(cost_from_json(json.dump(), "x").has_value());
    }

    void every_missing_or_mistyped_key_is_named() {
        const auto whole = nlohmann::json::parse(cost_to_json(example()));
        const auto check = [](const nlohmann::json& damaged, const std::string& key) {
            const auto read = cost_from_json(damaged.dump(), "project");
            QVERIFY2(!read, key.c_str());
            QVERIFY(read.error().code == ErrorCode::invalid_input);
            QVERIFY2(read.error().to_line().find(key) != std::string::npos, read.error().to_line().c_str());
        };
        const std::set<std::string> derived = {"energy_j", "energy_per_inference_j", "energy_per_mac_j"};
        for (const auto& [key, value] : whole.items()) {
            if (derived.contains(key) && key != "energy_j") continue;
            auto damaged = whole;
            damaged[key] = true;
            check(damaged, key);
            if (!k_contract.contains(key)) continue;
            damaged.erase(key);
            check(damaged, key);
        }
        for (const auto& [key, value] : whole["layers"][0].items()) {
            if (derived.contains(key)) continue; // the sum of the parts
            auto damaged = whole;
            damaged["layers"][1][key] = true;
            check(damaged, key);
            if (!k_contract_of_layers.contains(key)) continue;
            damaged["layers"][1].erase(key);
            check(damaged, key);
            damaged["layers"][1][key] = nullptr;
            check(damaged, key);
        }
    }

    void what_is_no_document() {
        for (const char* text : {"", "[]", "3", "{", "{}", "1e999", "{\"target\": 1e999}", "\xff"})
            QVERIFY(!cost_from_json(text, "x"));
    }
};

QTEST_APPLESS_MAIN(CostJson)
#include "tst_cost_json.moc"
