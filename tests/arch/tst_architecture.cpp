// The rooms and their edges, read off the #include lines: linking alone does not stop a header from being
// included.

#include "tests/arch/include_rules.h"
#include "tests/support/test_data.h"

#include <regex>

using namespace widthwise;
using arch::SourceFile;

namespace {

const std::filesystem::path k_root = WIDTHWISE_SOURCE_DIR;

std::vector<SourceFile> project_files() {
    std::vector<SourceFile> files;
    for (const char* layer : {"core", "widgets", "app"})
        for (const auto& entry : std::filesystem::recursive_directory_iterator(k_root / layer)) {
            const std::string extension = entry.path().extension().string();
            if (extension == ".h" || extension == ".cpp")
                files.push_back({entry.path().lexically_relative(k_root).generic_string(),
                                 test::read_file(entry.path())});
        }
    return files;
}

QString joined(const std::vector<std::string>& lines) {
    QStringList list;
    for (const std::string& line : lines) list << QString::fromStdString(line);
    return list.join("\n");
}

} // namespace

class TestArchitecture : public QObject {
    Q_OBJECT
private slots:
    void projectKeepsToTheRooms();
    void cmakeNamesTheSameEdges();
    void forbiddenIncludesAreFound_data();
    void forbiddenIncludesAreFound();
    void allowedIncludesPass_data();
    void allowedIncludesPass();
    void librariesDoNotLeakThroughHeaders();
};

void TestArchitecture::projectKeepsToTheRooms() {
    const auto files = project_files();
    QVERIFY2(files.size() > 50, "the sources were not found");
    const auto found = arch::violations(files);
    QVERIFY2(found.empty(), qPrintable(joined(found)));
}

void TestArchitecture::cmakeNamesTheSameEdges() {
    const std::string text = test::read_file(k_root / "core/CMakeLists.txt");
    const std::regex form(R"(widthwise_room\((\w+)([^)]*)\))");
    std::map<std::string, std::set<std::string>> linked;
    for (std::sregex_iterator match(text.begin(), text.end(), form), end; match != end; ++match) {
        std::istringstream words((*match)[2]);
        std::set<std::string>& rooms = linked[(*match)[1]];
        std::string word;
        words >> word;
        if (word != "DEPENDS") continue;
        while (words >> word && word != "LINK") rooms.insert(word);
    }
    QCOMPARE(linked.size(), arch::room_edges().size());
    for (const auto& [room, rooms] : linked)
        for (const std::string& other : rooms)
            QVERIFY2(arch::room_edges().at(room).contains(other),
                     qPrintable(QString::fromStdString(room + " links " + other)));
}

void TestArchitecture::forbiddenIncludesAreFound_data() {
    QTest::addColumn<QString>("path");
    QTest::addColumn<QString>("line");
    const auto row = [](const char* path, const char* line) {
        QTest::addRow("%s in %s", line, path) << path << line;
    };
    row("core/graph/graph.h", "#include \"core/engine/evaluator.h\"");
    row("core/cost/cost_model.cpp", "#include \"core/engine/evaluator.h\"");
    row("core/engine/evaluator.cpp", "#include \"core/cost/cost_model.h\"");
    row("core/explore/search.cpp", "#include \"core/store/project_file.h\"");
    row("core/quant/affine.h", "#include \"core/graph/graph.h\"");
    row("core/design/json.cpp", "  #  include \"core/flow/session.h\"");
    row("core/garage/car.cpp", "#include \"core/graph/graph.h\"");
    row("core/base/text.cpp", "#include <QString>");
    row("core/base/text.cpp", "#include <QtWidgets/QWidget>");
    row("core/base/text.cpp", "#include <qstring.h>");
    row("core/flow/session.cpp", "#include \"widgets/document/document.h\"");
    row("core/flow/session.cpp", "#include \"app/main_window.h\"");
    row("widgets/panels/panel.h", "#include \"app/main_window.h\"");
    row("widgets/panels/panel.h", "#include <QtCharts/QChartView>");
    row("widgets/panels/panel.h", "#include <QLineSeries>");
    row("app/main.cpp", "#include <QValueAxis>");
    row("core/graph/graph.cpp", "#include <onnx/onnx_pb.h>");
    row("core/flow/load.cpp", "#include <google/protobuf/message.h>");
    row("core/flow/project.cpp", "#include <sqlite3.h>");
    row("core/passes/fold.cpp", "#include <dnnl.hpp>");
    row("core/cost/cost_model.cpp", "#include \"oneapi/dnnl/dnnl.hpp\"");
    row("core/flow/load.cpp", "#include <zlib.h>");
    row("widgets/panels/panel.cpp", "#include <nlohmann/json.hpp>");
    row("core/flow/load.cpp", "#include <CLI/CLI.hpp>");
    row("core/graph/graph.cpp", "#include \"../engine/evaluator.h\"");
}

void TestArchitecture::forbiddenIncludesAreFound() {
    QFETCH(QString, path);
    QFETCH(QString, line);
    const auto found = arch::violations({{path.toStdString(), "#pragma once\n" + line.toStdString() + "\n"}});
    QCOMPARE(found.size(), size_t{1});
    QVERIFY2(found.front().starts_with(path.toStdString() + " includes "), found.front().c_str());
}

void TestArchitecture::allowedIncludesPass_data() {
    QTest::addColumn<QString>("path");
    QTest::addColumn<QString>("line");
    const auto row = [](const char* path, const char* line) {
        QTest::addRow("%s in %s", line, path) << path << line;
    };
    row("core/graph/graph.h", "#include \"core/tensor/tensor.h\"");
    row("core/engine/runner.cpp", "#include <oneapi/dnnl/dnnl.hpp>");
    row("core/onnx/import.cpp", "#include <onnx/checker.h>");
    row("core/store/project_file.cpp", "#include <sqlite3.h>");
    row("core/base/text.cpp", "// #include <QString>");
    row("widgets/charts/chart.cpp", "#include <QtCharts/QChart>");
    row("widgets/panels/panel.cpp", "#include <QWidget>");
    row("widgets/panels/panel.cpp", "#include \"core/flow/session.h\"");
    row("app/main.cpp", "#include \"widgets/document/document.h\"");
    row("app/cli/main.cpp", "#include <CLI/CLI.hpp>");
}

void TestArchitecture::allowedIncludesPass() {
    QFETCH(QString, path);
    QFETCH(QString, line);
    const auto found = arch::violations({{path.toStdString(), line.toStdString() + "\n"}});
    QVERIFY2(found.empty(), qPrintable(joined(found)));
}

void TestArchitecture::librariesDoNotLeakThroughHeaders() {
    const std::vector<SourceFile> inside{{"core/engine/memory.h", "#include <oneapi/dnnl/dnnl.hpp>\n"},
                                         {"core/engine/runner.h", "#include \"core/engine/memory.h\"\n"},
                                         {"core/engine/runner.cpp", "#include \"core/engine/runner.h\"\n"}};
    QVERIFY(arch::violations(inside).empty());
    for (const char* outsider : {"widgets/panels/panel.cpp", "app/main.cpp", "core/flow/session.h"}) {
        auto files = inside;
        files.push_back({outsider, "#include \"core/engine/runner.h\"\n"});
        const auto found = arch::violations(files);
        QCOMPARE(found.size(), size_t{1});
        QVERIFY2(found.front().find("oneDNN by core/engine/memory.h") != std::string::npos,
                 found.front().c_str());
    }
}

QTEST_APPLESS_MAIN(TestArchitecture)
#include "tst_architecture.moc"
