// Energy tables as Accelergy writes them, and what they make of a target.

#include "core/base/rng.h"
#include "core/cost/cost_model.h"
#include "core/cost/energy_table.h"
#include "tests/core/cost/reference_csv.h"
#include "tests/core/cost/small_networks.h"

#include <cmath>

using namespace widthwise;
using namespace widthwise::test;
using cost::EnergyTable;

namespace {

/// The layout of Accelergy 0.4's timeloop-mapper.ERT_summary.yaml; 0.3 writes the sequences without indent,
/// and averages.
constexpr const char* k_yaml = R"(ERT_summary:
    version: '0.4'
    table_summary:
      - name: system_top_level.DRAM[1..1]
        actions:
          - name: write
            energy: 512.0
          - name: read
            energy: 512.0
        primitive_estimation(s):
          - name: system_top_level.DRAM[1..1]
            estimator: CactiDRAM
      - name: system_top_level.shared_glb[1..1]
        actions:
          - name: write
            energy: 14.137929
          - name: read
            energy: 18.183829   # pJ
          - name: leak
            energy: 0.005652
      - name: system_top_level.mac[1..168]
        actions:
          - name: compute
            energy: 0.207692
          - name: leak
            energy: 0.002374
)";
constexpr const char* k_old_yaml = R"(ERT_summary:
  version: 0.3
  table_summary:
  - name: System.ws.PE[0..15].PEWeightBuffer[0..3]
    actions:
    - name: write
      average_energy: 0.146
      max_energy: 0.237
      min_energy: 0.055
    - name: idle
      energy: 0.018
  - name: System.ws.PE[0..15].LMAC[0..15]
    actions:
    - name: compute
      energy: 0.561
)";

Result<EnergyTable> read(const std::string& text, const char* name = "ert.yaml",
                         const std::string& design = {}) {
    const auto path = scratch_dir() / name;
    write_file(path, text);
    return cost::read_energy_table(path, design);
}

std::string complaint(const std::string& text, const char* name = "ert.yaml") {
    const auto table = read(text, name);
    return table ? std::string() : table.error().to_line();
}

std::string without(std::string text, const std::string& piece, const std::string& instead = {}) {
    const size_t at = text.find(piece);
    if (at == std::string::npos) qFatal("no %s", piece.c_str());
    return text.replace(at, piece.size(), instead);
}

} // namespace

class TestEnergyTable : public QObject {
    Q_OBJECT

private slots:
    void yamlOfBothVersions() {
        const EnergyTable table = take(read(k_yaml));
        QCOMPARE(table.components.size(), size_t{3});
        QCOMPARE(table.components[1].name, std::string("shared_glb"));
        QCOMPARE(table.components[1].action_pj.at("read"), 18.183829);
        QCOMPARE(table.components[1].action_pj.size(), size_t{3});
        QCOMPARE(table.components[2].instances, 168.0);
        const EnergyTable old = take(read(k_old_yaml));
        QCOMPARE(old.components[0].instances, 64.0);
        QCOMPARE(old.components[0].action_pj.at("write"), 0.146);
        QCOMPARE(old.components[1].name, std::string("LMAC"));
        QCOMPARE(old.components[1].instances, 256.0);
        std::string crlf;
        for (const char* c = k_yaml; *c != 0; ++c)
            crlf += *c == '\n' ? std::string("\r\n") : std::string(1, *c);
        QCOMPARE(take(read(crlf)).components.size(), size_t{3});
    }

    void aTargetTakesItsEnergies() {
        HardwareTarget target;
        target.memory[1].name = "GLB";
        target.clock_hz = 200e6;
        target.static_power_w = 1;
        const auto fit = take(cost::apply_energy_table(target, take(read(k_yaml)),
                                                       {{"shared_glb", "GLB", 64}, {"DRAM", "DRAM", 64}}));
        QCOMPARE(*fit.target.memory[0].read_energy_pj_per_bit, 8.0); // 512 pJ per 64 bits
        QCOMPARE(*fit.target.memory[1].read_energy_pj_per_bit, 18.183829 / 64);
        QCOMPARE(*fit.target.memory[1].write_energy_pj_per_bit, 14.137929 / 64);
        QCOMPARE(*fit.target.mac_pj, 0.207692);
        QVERIFY(std::abs(fit.target.static_power_w - (0.005652 + 168 * 0.002374) * 1e-12 * 200e6) < 1e-12);
        QVERIFY(fit.unused.empty());
        QCOMPARE(fit.changes.size(), size_t{6});
        QVERIFY(fit.target.sources.at("memory[1].read_energy_pj_per_bit").find("18.18 pJ per 64 bits") !=
                std::string::npos);
        QVERIFY(fit.target.confidence.at("energy").note.find("ert.yaml") != std::string::npos);
        QVERIFY(take(target_from_json(target_to_json(fit.target), "t")) == fit.target);
    }

    /// The published table of Accelergy's Eyeriss-like example, areas included.
    void referenceTable() {
        const auto path = reference_dir() / "cost/tables/accelergy_ert_art.csv";
        WIDTHWISE_NEED(path);
        QVERIFY(!cost::read_energy_table(path)); // two designs
        QVERIFY(cost::read_energy_table(path).error().remedy.find("simba_like") != std::string::npos);
        QVERIFY(!cost::read_energy_table(path, "none"));
        const EnergyTable table = take(cost::read_energy_table(path, "eyeriss_like"));
        HardwareTarget target;
        target.memory[1].name = "GLB";
        const auto fit = take(cost::apply_energy_table(target, table, {{"shared_glb", "GLB", 64}}));
        QVERIFY(std::abs(*fit.target.memory[1].read_energy_pj_per_bit - 0.2841) < 1e-4);
        QVERIFY(std::abs(*fit.target.memory[1].write_energy_pj_per_bit - 0.2209) < 1e-4);
        QVERIFY(std::abs(*fit.target.memory[1].area_mm2 - 0.21736336892) < 1e-9);
        QVERIFY(!fit.target.memory[0].read_energy_pj_per_bit);
        QCOMPARE(std::count(fit.unused.begin(), fit.unused.end(), "system_top_level.DRAM[1..1]"), 1);
    }

    void whatDoesNotFitIsRefused() {
        const EnergyTable table = take(read(k_yaml));
        const HardwareTarget target;
        const std::pair<std::vector<cost::ComponentUse>, const char*> wrong[] = {
            {{{"glb", "buffer", 64}}, "no component 'glb'"},
            {{{"shared_glb", "GLB", 64}}, "no memory level 'GLB'"},
            {{{"shared_glb", "buffer", 0}}, "0 bits"},
            {{{"shared_glb", "buffer", 1 << 20}}, "1048576 bits"},
            {{{"shared_glb", "buffer", 64}, {"DRAM", "buffer", 64}}, "two components"},
        };
        for (const auto& [uses, words] : wrong) {
            const auto fit = cost::apply_energy_table(target, table, uses);
            QVERIFY2(!fit && fit.error().to_line().find(words) != std::string::npos, words);
        }
        HardwareTarget dataflow;
        dataflow.kind = TargetKind::fpga_dataflow;
        const auto blocks = cost::apply_energy_table(dataflow, table, {{"shared_glb", "buffer", 64}});
        QVERIFY(!blocks && blocks.error().to_line().find("per block") != std::string::npos);
        QVERIFY(cost::apply_energy_table(dataflow, table, {{"DRAM", "DRAM", 64}}));
        EnergyTable idle;
        idle.source = "idle.yaml";
        idle.components = {{"a.b", "b", 1, {{"idle", 1.0}}, {}}};
        QVERIFY(!cost::apply_energy_table(target, idle, {}));
        EnergyTable twins = table;
        twins.components.push_back({"top.alu", "alu", 1, {{"compute", 1.0}}, {}});
        QVERIFY(!cost::apply_energy_table(target, twins, {}));
    }

    void hostileYaml() {
        const std::pair<std::string, const char*> wrong[] = {
            {"", "no component"},
            {"ERT_summary:\n  table_summary: []\n", "no component"},
            {"key\n", "neither a key nor an item"},
            {"\tERT_summary:\n", "a tab in the indentation"},
            {without(k_yaml, "512.0", "-1"), "line 7"},
            {without(k_yaml, "512.0", "nan"), "'nan'"},
            {without(k_yaml, "512.0", "1e400"), "line 7"},
            {without(k_yaml, "512.0", "512 pJ"), "512 pJ"},
            {without(k_yaml, "            energy: 512.0\n"), "has no energy"},
            {without(k_yaml, "512.0", "{a: 1}"), "beyond what Accelergy writes"},
            {without(k_yaml, "512.0", "*anchor"), "beyond"},
            {without(k_yaml, "512.0", ""), "missing"},
            {without(k_yaml, "name: read", "name: write"), "stands twice"},
            {without(k_yaml, "shared_glb[1..1]", "DRAM[1..1]"), "stands twice"},
            {without(k_yaml, "DRAM[1..1]", "DRAM[1..x]"), "no component"},
            {without(k_yaml, "DRAM[1..1]", "DRAM[5..1]"), "no component"},
            {without(k_yaml, "DRAM[1..1]", "DRAM[1"), "no component"},
            {without(k_yaml, "system_top_level.DRAM[1..1]", "'open"), "quote"},
            {"ERT:\n  tables:\n    - name: a\n", "summary"},
        };
        for (const auto& [text, words] : wrong) {
            const std::string line = complaint(text);
            QVERIFY2(line.find(words) != std::string::npos, (text.substr(0, 200) + " -> " + line).c_str());
        }
        std::string deep = "ERT_summary:\n";
        for (int i = 1; i < 5000; ++i) deep += std::string(static_cast<size_t>(i), ' ') + "a:\n";
        QVERIFY(complaint(deep).find("too deeply") != std::string::npos);
        // Cut anywhere, it is read or refused, and never more.
        const std::string whole = k_yaml;
        for (size_t cut = 0; cut < whole.size(); cut += 7) {
            const auto table = read(whole.substr(0, cut));
            QVERIFY(!table || table->components.size() <= 3);
        }
    }

    /// Bytes changed at random: read or refused, and what is read holds finite figures of named components.
    void mutatedFiles() {
        Rng rng(11);
        const std::string csv =
            "design,component,action,value,unit\nd,a.b[0..3],read,2.5,pJ\nd,m,compute,1,pJ\n";
        for (int round = 0; round < 400; ++round) {
            const bool yaml = round % 2 == 0;
            std::string text = yaml ? k_yaml : csv;
            for (int change = 0; change < 1 + round % 5; ++change) {
                const auto at = static_cast<size_t>(rng.uniform() * static_cast<double>(text.size()));
                text[std::min(at, text.size() - 1)] = static_cast<char>(rng.uniform() * 256);
            }
            const auto table = read(text, yaml ? "mutated.yaml" : "mutated.csv");
            if (!table) {
                QVERIFY2(!table.error().message.empty() && !table.error().where.empty(),
                         qPrintable(QString::number(round)));
                continue;
            }
            for (const auto& component : table->components) {
                QVERIFY(!component.name.empty() && component.instances >= 1);
                for (const auto& [action, pj] : component.action_pj) QVERIFY(std::isfinite(pj) && pj >= 0);
            }
        }
    }

    void hostileCsv() {
        const std::string head = "component,action,value,unit\n";
        QCOMPARE(take(read(head + "a.b[0..3],read,2,pJ\n", "t.csv")).components[0].instances, 4.0);
        const std::pair<std::string, const char*> wrong[] = {
            {head + "a,read,2,nJ\n", "unknown unit 'nJ'"},
            {head + "a,read,x,pJ\n", "line 2, column value"},
            {head + "a,read,,pJ\n", "a value is missing"},
            {head + "a,,1,pJ\n", "no action"},
            {head + "a,read,1,pJ\na,read,2,pJ\n", "line 3"},
            {head + ",read,1,pJ\n", "no component"},
            {head + "a,area,1,pJ\n", "areas are in um^2"},
            {"component,value,unit\na,1,pJ\n", "'action'"},
            {"action,value,unit\nread,1,pJ\n", "'component'"},
        };
        for (const auto& [text, words] : wrong) {
            const std::string line = complaint(text, "t.csv");
            QVERIFY2(line.find(words) != std::string::npos, (text + " -> " + line).c_str());
        }
        QVERIFY(complaint("x", "t.json").find(".yaml") != std::string::npos);
    }
};

QTEST_APPLESS_MAIN(TestEnergyTable)
#include "tst_energy_table.moc"
