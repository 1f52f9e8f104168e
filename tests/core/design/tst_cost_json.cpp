#include "core/design/json.h"

#include <QTest>

#include <nlohmann/json.hpp>

using namespace widthwise;

namespace {

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
    cost.layers[1].layer = "relu";
    cost.layers[1].mapping = "fused into conv";
    return cost;
}

} // namespace

class CostJson : public QObject {
    Q_OBJECT
private slots:
    void has_the_keys_of_the_contract() {
        const auto json = nlohmann::json::parse(cost_to_json(example()));
        for (const char* key :
             {"target", "batch", "latency_s", "throughput_ips", "energy_j", "power_w", "area_mm2", "area",
              "weight_bytes", "model_bytes", "bops", "dram_bytes", "utilization", "layers"})
            QVERIFY2(json.contains(key), key);
        const auto& layer = json["layers"][0];
        for (const char* key :
             {"name", "macs", "weight_bits", "activation_bits", "compute_cycles", "cycles", "latency_s",
              "energy_j", "energy", "dram_bytes", "buffer_bytes", "utilization", "bound", "mapping"})
            QVERIFY2(layer.contains(key), key);
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
        for (const auto& [key, value] : whole.items()) {
            auto damaged = whole;
            damaged.erase(key);
            check(damaged, key);
            damaged[key] = true;
            check(damaged, key);
        }
        for (const auto& [key, value] : whole["layers"][0].items()) {
            if (key == "energy_j") continue; // the sum of the parts
            auto damaged = whole;
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
