#include "core/base/rng.h"
#include "core/cost/topology_csv.h"
#include "core/graph/layer_work.h"
#include "tests/core/cost/small_networks.h"
#include "tests/support/test_data.h"

using namespace widthwise;
using namespace widthwise::test;

namespace {

const std::string k_header =
    "Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, "
    "Strides,\n";

Result<GraphPtr> import(const std::string& text) {
    const auto path = scratch_dir() / "net.csv";
    write_file(path, text);
    return cost::import_topology(path);
}

} // namespace

class TopologyCsv : public QObject {
    Q_OBJECT
private slots:
    void rows_become_independent_convolutions() {
        const GraphPtr graph =
            take(import(k_header + "Conv1, 224, 224, 11, 11, 3, 96, 4,\nFC, 1, 1, 1, 1, 64, 10, 1,\n"));
        QCOMPARE(graph->name(), std::string("net"));
        QCOMPARE(graph->nodes().size(), 2U);
        QCOMPARE(graph->inputs().size(), 2U);
        QCOMPARE(graph->outputs().size(), 2U);
        const LoopNest nest = *loop_nest(*graph, graph->find_node("Conv1"));
        QCOMPARE(nest.out_height, 55); // ceil((224 - 11) / 4) + 1, as SCALE-Sim rounds
        QCOMPARE(nest.out_width, 55);
        QCOMPARE(nest.in_height, 224);
        QCOMPARE(nest.macs(), 105415200);
        QCOMPARE(loop_nest(*graph, graph->find_node("FC"))->macs(), 640);
    }

    void both_strides_line_endings_blank_lines_and_repeated_names() {
        const GraphPtr graph =
            take(import(k_header + "a,8,9,3,3,2,4,2,1\r\n\r\n , ,\na,8,9,3,3,2,4,1,3\r\n"));
        QCOMPARE(graph->nodes().size(), 2U);
        const LoopNest first = *loop_nest(*graph, graph->find_node("a"));
        QCOMPARE(first.out_height, 4);
        QCOMPARE(first.out_width, 7);
        const LoopNest second = *loop_nest(*graph, graph->find_node("a_2"));
        QCOMPARE(second.stride_height, 1);
        QCOMPARE(second.stride_width, 3);
        QCOMPARE(graph->value(graph->nodes()[0].inputs[1]).constant.get(),
                 graph->value(graph->nodes()[1].inputs[1]).constant.get());
    }

    void bad_files_data() {
        QTest::addColumn<QString>("content");
        QTest::addColumn<QString>("expected");
        const auto row = [](const char* name, const char* line, const char* expected) {
            QTest::newRow(name) << QString::fromStdString(k_header + line) << expected;
        };
        row("no layers", "", "no layers");
        row("few columns", "Conv1, 224, 224, 11, 11, 3, 96,\n", "line 2");
        row("many columns", "Conv1, 224, 224, 11, 11, 3, 96, 4, 4, 4\n", "line 2");
        row("not a number", "ok, 4, 4, 1, 1, 1, 1, 1\nConv1, 224, 224, 11, eleven, 3, 96, 4,\n",
            "line 3, column filter width");
        row("fraction", "Conv1, 224, 224, 11, 1.5, 3, 96, 4,\n", "column filter width");
        row("negative", "Conv1, 224, -224, 11, 11, 3, 96, 4,\n", "column IFMAP width");
        row("zero stride", "Conv1, 224, 224, 11, 11, 3, 96, 0,\n", "column stride height");
        row("overflow", "Conv1, 224, 224, 11, 11, 99999999999999999999, 96, 4,\n", "column channels");
        row("huge", "Conv1, 224, 224, 11, 11, 1048577, 96, 4,\n", "column channels");
        row("filter larger than map", "Conv1, 8, 224, 11, 11, 3, 96, 4,\n", "column filter height");
        row("too many weights", "Conv1, 9, 9, 9, 9, 1000000, 1000000, 1\n", "2^28");
        row("no name", ", 8, 8, 1, 1, 3, 96, 4,\n", "column layer name");
        row("second stride", "Conv1, 8, 8, 1, 1, 3, 96, 4, x\n", "column stride width");
        row("binary", "\x01\x02\xff,,,\n", "line 2");
        QTest::newRow("empty file") << QString() << "no layers";
    }

    void bad_files() {
        QFETCH(QString, content);
        QFETCH(QString, expected);
        const auto graph = import(content.toStdString());
        QVERIFY(!graph);
        QVERIFY(graph.error().code == ErrorCode::invalid_input);
        const std::string line = graph.error().to_line();
        QVERIFY2(line.find(expected.toStdString()) != std::string::npos, line.c_str());
        QVERIFY2(line.find("net.csv") != std::string::npos, line.c_str());
    }

    void missing_file_and_folder() {
        QVERIFY(!cost::import_topology(scratch_dir() / "absent.csv"));
        QVERIFY(!cost::import_topology(scratch_dir()));
    }

    void random_bytes_never_crash() {
        Rng rng(3);
        const std::string alphabet = "0123456789,.-e \n\r\tabc\"";
        for (int trial = 0; trial < 300; ++trial) {
            std::string text = k_header;
            for (uint64_t i = rng.below(200); i > 0; --i) text += alphabet[rng.below(alphabet.size())];
            const auto graph = import(text);
            if (graph) QVERIFY(!(*graph)->nodes().empty());
        }
    }
};

QTEST_APPLESS_MAIN(TopologyCsv)
#include "tst_topology_csv.moc"
