// Every layer of the SCALE-Sim v2 runs that lie beside the project, rebuilt from its shape: cycles, SRAM
// accesses, utilization.
#include "core/cost/cost_model.h"
#include "core/cost/systolic.h"
#include "core/cost/topology_csv.h"
#include "tests/core/cost/reference_csv.h"
#include "tests/core/cost/small_networks.h"

#include <cmath>

using namespace widthwise;
using namespace widthwise::test;

namespace {

std::filesystem::path folder() {
    return reference_dir() / "cost" / "scalesim";
}

Dataflow dataflow_of(const CsvRow& row) {
    const std::string& name = row.at("dataflow");
    if (name == "os") return Dataflow::output_stationary;
    if (name == "is") return Dataflow::input_stationary;
    if (name != "ws") qFatal("dataflow %s", name.c_str());
    return Dataflow::weight_stationary;
}

std::string topology_line(const CsvRow& row) {
    std::string line = row.at("layer");
    for (const char* column :
         {"ifmap_h", "ifmap_w", "filt_h", "filt_w", "channels", "num_filters", "stride_h", "stride_w"})
        line += ", " + row.at(column);
    return line + ",\n";
}

} // namespace

class ScaleSim : public QObject {
    Q_OBJECT
private slots:
    void initTestCase() { WIDTHWISE_NEED(folder()); }

    void run_data() {
        QTest::addColumn<QString>("path");
        for (const auto& entry : std::filesystem::directory_iterator(folder())) {
            const std::string name = entry.path().stem().string();
            if (name.find('x') != std::string::npos && entry.path().extension() == ".csv" &&
                name.find("32x32") + name.find("12x14") + name.find("256x256") != 3 * std::string::npos)
                QTest::newRow(name.c_str()) << QString::fromStdString(entry.path().string());
        }
    }

    void run() {
        QFETCH(QString, path);
        std::vector<CsvRow> rows;
        std::string topology =
            "Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, "
            "Strides,\n";
        for (CsvRow& row : read_csv(path.toStdString())) {
            if (!row.at("status").starts_with("ok")) continue;
            topology += topology_line(row);
            rows.push_back(std::move(row));
        }
        QVERIFY(rows.size() >= 4);

        const auto file = scratch_dir() / "topology.csv";
        write_file(file, topology);
        const GraphPtr graph = take(cost::import_topology(file));
        QCOMPARE(graph->nodes().size(), rows.size());

        HardwareTarget target;
        target.rows = integer(rows[0], "array_rows");
        target.cols = integer(rows[0], "array_cols");
        target.dataflow = dataflow_of(rows[0]);
        const CostBreakdown cost = take(cost::estimate(*graph, PrecisionPlan(precision(8, 8)), target));

        for (size_t i = 0; i < rows.size(); ++i) {
            const CsvRow& row = rows[i];
            const cost::Array array{integer(row, "array_rows"), integer(row, "array_cols")};
            QCOMPARE(cost.layers[i].macs, integer(row, "macs"));
            QCOMPARE(cost.layers[i].compute_cycles, integer(row, "total_cycles"));
            QVERIFY(cost.layers[i].cycles >= cost.layers[i].compute_cycles);

            const cost::Gemm gemm{integer(row, "M_ofmap_px"), integer(row, "N_filters"),
                                  integer(row, "K_window")};
            const Dataflow dataflow = dataflow_of(row);
            const cost::Folding folding = cost::fold(dataflow, gemm, array);
            const cost::ArrayWords words = cost::array_words(dataflow, folding);
            QCOMPARE(words.activation_reads, integer(row, "ifmap_sram_accesses"));
            QCOMPARE(words.weight_reads, integer(row, "filter_sram_accesses"));
            // The os trace counts rows + columns further result words per fold.
            const int64_t artefact =
                dataflow == Dataflow::output_stationary ? folding.folds() * (array.rows + array.cols) : 0;
            QCOMPARE(words.result_writes + artefact, integer(row, "ofmap_sram_accesses"));

            QVERIFY(std::abs(100 * cost::mapping_efficiency(folding, array) -
                             number(row, "mapping_eff_pct")) < 1e-5);
            const double utilization = static_cast<double>(integer(row, "macs")) /
                                       (static_cast<double>(cost.layers[i].compute_cycles) *
                                        static_cast<double>(array.rows * array.cols));
            QVERIFY(std::abs(100 * utilization - number(row, "overall_util_pct")) < 1e-5);
        }
    }

    /// SCALE-Sim v3's published traces with limited bandwidth: total - stalls is the closed form.
    void golden_traces_of_version_3() {
        int checked = 0;
        for (const CsvRow& row : read_csv(folder() / "v3_golden_user_bw.csv")) {
            const cost::Gemm gemm{integer(row, "M"), integer(row, "N"), integer(row, "K")};
            const cost::Folding folding = cost::fold(dataflow_of(row), gemm, {32, 32});
            QCOMPARE(cost::compute_cycles(folding),
                     number(row, "total_cycles") - number(row, "stall_cycles"));
            ++checked;
        }
        QCOMPARE(checked, 4);
    }
};

QTEST_APPLESS_MAIN(ScaleSim)
#include "tst_scalesim.moc"
