// Mappings as text and as JSON.
#include "core/design/mapping.h"
#include "core/design/mapping_json.h"

#include <QTest>

#include <nlohmann/json.hpp>

using namespace widthwise;

namespace {

/// AlexNet's second convolution on a small array: three levels, one spatial loop each way.
MappedNest example() {
    MappedNest nest;
    nest.mapping.levels = {
        {"DRAM", {{Dim::k, 3}, {Dim::c, 16}}, {}, {}},
        {"GLB", {{Dim::n, 1}}, {{Dim::p, 13}}, {{Dim::r, 5}}},
        {"spad", {{Dim::s, 5}, {Dim::q, 1200}}, {}, {}},
    };
    nest.accesses.resize(3);
    nest.accesses[0] = {"DRAM", 1, {{{100, 0, 0, 884736}, {5e6, 0, 0, 64896}, {0, 0, 4000, 64896}}}};
    nest.accesses[1] = {"GLB", 1, {{{0, 0, 0, 0}, {2080, 100, 0, 3600}, {0, 0, 64000, 21632}}}};
    nest.accesses[2] = {"spad", 65, {{{3e9, 2e6, 0, 192}, {50, 100, 0, 12}, {0, 0, 640000, 1}}}};
    return nest;
}

} // namespace

class MappingTest : public QObject {
    Q_OBJECT
private slots:
    void names() {
        std::string letters;
        for (size_t i = 0; i < k_dims; ++i) letters += to_char(static_cast<Dim>(i));
        QCOMPARE(letters, "NGKCPQRS");
        QVERIFY(to_string(Operand::weights) == "weights" && to_string(Operand::inputs) == "inputs" &&
                to_string(Operand::outputs) == "outputs");
    }

    /// Reuse: inputs of the GLB 2080 / 100; its outputs 64000 from inside per 4000 that leave; the
    /// scratchpads' weights 3e9 / 2e6, outputs 640000 / 64000.
    void a_loop_nest_reads_well() {
        QCOMPARE(to_text(example()),
                 "DRAM  weights 884,736; inputs 64,896; outputs 64,896\n"
                 "  for K in 3\n"
                 "    for C in 16\n"
                 "GLB  weights pass; inputs 3,600 (reuse 20.8); outputs 21,632 (reuse 16.0)\n"
                 "      for P in 13 across X\n"
                 "        for R in 5 across Y\n"
                 "spad x 65  weights 192 (reuse 1,500); inputs 12 (reuse 0.5); outputs 1 (reuse 10.0)\n"
                 "          for S in 5\n"
                 "            for Q in 1,200\n"
                 "              outputs += weights * inputs\n");
    }

    void a_search_says_how_good_its_mapping_is() {
        MappedNest nest;
        nest.mapping.levels = {{"DRAM", {{Dim::k, 2}}, {}, {}}};
        QCOMPARE(to_text(nest), "DRAM\n  for K in 2\n    outputs += weights * inputs\n");
        nest.searched = true;
        nest.examined = 123456;
        QVERIFY(to_text(nest).ends_with("\nbest of 123,456 mappings, exactly\n"));
        nest.gap = 0.034;
        QVERIFY(to_text(nest).ends_with("\nbest of 123,456 mappings, at most 3.4 % above the best of all\n"));
        QCOMPARE(to_text({}), "  outputs += weights * inputs\n");
    }

    void round_trip() {
        const Mapping mapping = example().mapping;
        const auto read = mapping_from_json(mapping_to_json(mapping), "m.json");
        QVERIFY2(read, read ? "" : read.error().to_line().c_str());
        QVERIFY(*read == mapping);
        const auto loops = mapping_from_json(
            R"({"levels": [{"level": "DRAM", "temporal": [["K", 3], ["C", 16]]}, {"level": "b", "y": [["S", 1]]}]})",
            "m");
        QVERIFY(loops);
        QVERIFY((loops->levels[0] == MappingLevel{"DRAM", {{Dim::k, 3}, {Dim::c, 16}}, {}, {}}));
        QVERIFY((loops->levels[1] == MappingLevel{"b", {}, {}, {{Dim::s, 1}}}));
    }

    /// The nest that `cost --json` writes of a layer, access counts and all.
    void a_nest_passed_back_is_its_mapping() {
        const auto read = mapping_from_json(nest_json(example()).dump(), "m");
        QVERIFY2(read, read ? "" : read.error().to_line().c_str());
        QVERIFY(*read == example().mapping);
    }

    void refuses_data() {
        QTest::addColumn<QString>("pointer");
        QTest::addColumn<QString>("value");
        QTest::addColumn<QString>("expected");
        const auto row = [](const char* pointer, const char* value, const char* expected) {
            QTest::addRow("%s = %s", pointer, value) << pointer << value << expected;
        };
        row("/levels", "[]", "levels");
        row("/levels", "5", "levels");
        row("/extra", "5", "extra");
        row("/levels/0/loops", "[]", "loops");
        row("/levels/0", "[]", "levels[0]");
        row("/levels/1/level", "\"DRAM\"", "\"DRAM\" stands twice");
        row("/levels/1/level", "3", "levels[1].level");
        row("/levels/1", "{\"temporal\": []}", "missing key \"level\"");
        row("/levels/0/temporal/1/0", "\"X\"", "levels[0].temporal[1]");
        row("/levels/0/temporal/1/0", "\"k\"", "unknown loop");
        row("/levels/0/temporal/1/0", "\"KC\"", "unknown loop");
        row("/levels/0/temporal/1/0", "7", "levels[0].temporal[1]");
        row("/levels/0/temporal/1/1", "0", "an extent of 0");
        row("/levels/0/temporal/1/1", "-4", "an extent of -4");
        row("/levels/0/temporal/1/1", "2.5", "levels[0].temporal[1]");
        row("/levels/0/temporal/1/1", "1e300", "levels[0].temporal[1]");
        row("/levels/0/temporal/1/1", "18446744073709551615", "an extent of");
        row("/levels/0/temporal/1", "[\"K\"]", "levels[0].temporal[1]");
        row("/levels/0/temporal", "{}", "levels[0].temporal");
        row("/levels/1/x", "[1]", "levels[1].x[0]");
    }

    void refuses() {
        QFETCH(QString, pointer);
        QFETCH(QString, value);
        QFETCH(QString, expected);
        auto json = nlohmann::json::parse(mapping_to_json(example().mapping));
        json[nlohmann::json::json_pointer(pointer.toStdString())] =
            nlohmann::json::parse(value.toStdString());
        const auto read = mapping_from_json(json.dump(), "m.json");
        QVERIFY(!read);
        QVERIFY(read.error().code == ErrorCode::invalid_input);
        const std::string line = read.error().to_line();
        QVERIFY2(line.find(expected.toStdString()) != std::string::npos, line.c_str());
        QVERIFY2(line.find("m.json") != std::string::npos, line.c_str());
    }

    void truncated_documents() {
        const std::string text = mapping_to_json(example().mapping);
        for (size_t size = 0; size + 2 < text.size(); ++size)
            QVERIFY(!mapping_from_json(text.substr(0, size), "m"));
    }
};

QTEST_APPLESS_MAIN(MappingTest)
#include "tst_mapping.moc"
