// Reports as text: well-formed, complete, and unimpressed by what names hold.
#include "core/report/cost_metrics.h"
#include "core/report/escape.h"
#include "core/report/report.h"
#include "tests/support/test_data.h"

#include <QTest>
#include <QXmlStreamReader>

#include <nlohmann/json.hpp>

#include <csignal>
#include <limits>
#include <sys/resource.h>

using namespace widthwise;
using namespace widthwise::report;
namespace fs = std::filesystem;

namespace {

const std::string k_hostile = "<script>alert('x')</script>, \"quoted\"\r\n&amp; \x01\xff\xC3\xA9 =1+1";

Design design(int64_t id, const std::string& label, double top1, double energy_j) {
    Design d;
    d.id = id;
    d.label = label;
    Evaluation& e = d.evaluation;
    e.accuracy = {1000, top1,        {top1 - 0.02, top1 + 0.02}, 0.99, 0.92,
                  0.97, top1 - 0.92, {top1 - 0.93, top1 - 0.91}};
    e.provenance = {"net.onnx", "0123abcd",         "cifar10.json",
                    "4567",     "scale 1/255",      {"demo:train", "89", 256, false},
                    "0.1.0",    "avx512_core_vnni", "2026-01-02T03:04:05Z"};
    e.seconds = 1.5;
    e.images_per_second = 666.6;
    LayerDiagnostics layer;
    layer.layer = "conv1";
    layer.weight_format = weight_integer(4);
    layer.activation_format = activation_integer(8);
    layer.weight_sqnr_db = 31.25;
    layer.execution = Execution::int8;
    layer.accumulator_bits = 19;
    LayerDiagnostics add;
    add.layer = "add1";
    add.activation_format = activation_integer(8);
    add.activation_sqnr_db = 35.5;
    e.layers = {layer, add};
    e.plan = PrecisionPlan({weight_integer(4), activation_integer(8)});
    d.cost.target = "eyeriss";
    d.cost.energy_j = energy_j;
    d.cost.latency_s = 0.00123;
    d.cost.area_mm2 = 12.26;
    d.cost.model_bytes = 269000;
    LayerCost conv, relu, sum;
    conv.layer = "conv1";
    conv.macs = 442368;
    conv.weight_bits = 4;
    conv.energy.compute_j = energy_j * 0.75;
    conv.energy.dram_j = energy_j * 0.25;
    conv.latency_s = 0.001;
    conv.utilization = 0.5;
    conv.mapping = "ws: 18 x 2 folds";
    relu.layer = "relu1";
    relu.mapping = "fused into conv1";
    sum.layer = "add1";
    sum.energy.dram_j = 1e-9;
    sum.bound = Bound::memory;
    d.cost.layers = {conv, relu, sum};
    return d;
}

Report example() {
    Report report;
    report.title = "resnet20";
    report.model = "net.onnx";
    report.data = "cifar10";
    report.target = "eyeriss";
    report.designs = {design(1, "w8a8", 0.91, 2e-3), design(3, "w4a4", 0.85, 0.5e-3),
                      design(4, "w2a8", 0.80, 1e-3)};
    report.pictures = {{"Accuracy against energy", "Every design a point",
                        "<?xml version=\"1.0\"?>\n<!DOCTYPE svg PUBLIC \"a\" \"b\">\n<svg viewBox=\"0 0 1 "
                        "1\"><g/></svg>\n"}};
    return report;
}

/// Element names in document order, or what is wrong with the XML.
QStringList elements(const std::string& html, QString& error) {
    QXmlStreamReader xml(QByteArray::fromStdString(html));
    QStringList names;
    while (!xml.atEnd())
        if (xml.readNext() == QXmlStreamReader::StartElement) names << xml.name().toString();
    error = xml.hasError() ? xml.errorString() + " in line " + QString::number(xml.lineNumber()) : QString();
    return names;
}

/// RFC 4180, strictly: CRLF between records, quotes doubled.
QList<QStringList> parse_csv(const std::string& text) {
    QList<QStringList> records(1);
    std::string field;
    bool quoted = false;
    for (size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (quoted && c == '"' && i + 1 < text.size() && text[i + 1] == '"') {
            field += text[++i];
        } else if (c == '"') {
            quoted = !quoted;
        } else if (!quoted && c == ',') {
            records.last() << QString::fromStdString(field);
            field.clear();
        } else if (!quoted && c == '\r' && i + 1 < text.size() && text[i + 1] == '\n') {
            ++i;
            records.last() << QString::fromStdString(field);
            field.clear();
            if (i + 1 < text.size()) records << QStringList();
        } else {
            field += c;
        }
    }
    return records;
}

} // namespace

class TestReport : public QObject {
    Q_OBJECT

private slots:
    void pageIsWellFormedAndSelfContained() {
        const std::string html = to_html(example());
        QString error;
        const QStringList names = elements(html, error);
        QVERIFY2(error.isEmpty(), qPrintable(error));
        QCOMPARE(names.count("table"),
                 qsizetype{10}); // summary; layers, metrics and energies of three designs
        QCOMPARE(names.count("details"), qsizetype{3});
        QCOMPARE(names.count("svg"), qsizetype{1});
        for (const char* outside : {"script", "link", "img", "iframe"}) QVERIFY(!names.contains(outside));
        for (const char* outside : {"src=", "url(", "@import", "href="})
            QVERIFY2(html.find(outside) == std::string::npos, outside);
        QCOMPARE(html.find("http"), html.find("http://www.w3.org/1999/xhtml")); // the only address, a name
        QVERIFY(html.find("prefers-color-scheme: dark") != std::string::npos);
        QVERIFY(html.find("<?xml") == std::string::npos); // the picture's prolog is gone
    }

    void pageSaysWhatMatters() {
        const std::string html = to_html(example());
        for (const char* text : {"91.0 %",
                                 "89.0 to 93.0 %",
                                 "−1.00",
                                 "2.00 mJ",
                                 "500 µJ",
                                 "25 % of w8a8",
                                 "1.23 ms",
                                 "12.3 mm²",
                                 "269 kB",
                                 "int4 per channel",
                                 "uint8",
                                 "31.2",
                                 ">19<",
                                 "442 k",
                                 "ws: 18 x 2 folds",
                                 "compute 75 %, DRAM 25 %",
                                 "256 images of demo:train",
                                 "0123abcd",
                                 "avx512_core_vnni",
                                 "Wilson",
                                 "factor of 2",
                                 "95 %"})
            QVERIFY2(html.find(text) != std::string::npos, text);
        // A fused layer costs nothing, and an addition has no weights.
        QVERIFY(
            html.find(
                "<td class=\"name\">relu1</td><td>–</td><td>–</td><td>–</td><td>–</td><td>–</td><td>–</td>"
                "<td>–</td><td>–</td><td>–</td><td>–</td><td>–</td><td>–</td>"
                "<td class=\"name\">fused into conv1</td>") != std::string::npos);
        QVERIFY(html.find("<td class=\"name\">add1</td><td>–</td><td>uint8</td><td>–</td><td>35.5</td>") !=
                std::string::npos);
        // w8a8 and w4a4 are each best at something, w2a8 is beaten by w4a4.
        QString error;
        QCOMPARE(QString::fromStdString(html).count("<tr class=\"front\">"), qsizetype{2});
        QVERIFY(html.find("<tr class=\"front\"><td>4</td>") == std::string::npos);
    }

    void floatIsItsOwnReference() {
        Report report = example();
        QVERIFY(to_html(report).find("the reference") == std::string::npos);
        report.designs[0].evaluation.plan = {};
        QVERIFY(to_html(report).find("<td>–<small>the reference</small></td>") != std::string::npos);
    }

    void hostileNamesStayText() {
        Report report = example();
        report.title = report.model = report.data = report.target = k_hostile;
        report.pictures[0].title = report.pictures[0].caption = k_hostile;
        report.pictures.push_back({"no picture", "x", "<b>no svg</b>"});
        for (Design& d : report.designs) {
            d.label = d.cost.target = k_hostile;
            d.evaluation.layers[0].layer = d.cost.layers[0].layer = d.cost.layers[0].mapping = k_hostile;
            Provenance& p = d.evaluation.provenance;
            p.model = p.data = p.preprocessing = p.calibration.data = p.cpu_isa = p.created_utc = k_hostile;
        }
        QString error;
        const std::string html = to_html(report);
        const QStringList names = elements(html, error);
        QVERIFY2(error.isEmpty(), qPrintable(error));
        QVERIFY(!names.contains("script"));
        QVERIFY(!names.contains("b"));
        QVERIFY(html.find("&lt;script&gt;alert(&#39;x&#39;)") != std::string::npos);
        QVERIFY(html.find("\xEF\xBF\xBD\xEF\xBF\xBD\xC3\xA9") != std::string::npos);

        const QList<QStringList> records = parse_csv(to_csv(report));
        QCOMPARE(records.size(), qsizetype{4});
        for (const QStringList& record : records) QCOMPARE(record.size(), records[0].size());
        QCOMPARE(records[1][records[0].indexOf("design")], QString::fromStdString(k_hostile));

        // Each line of the table still has its columns, and nothing in it is HTML or a link.
        const std::string markdown = to_markdown(report);
        QVERIFY(markdown.find("<script>") == std::string::npos);
        QVERIFY(markdown.find("\\<script\\>alert\\('x'\\)") != std::string::npos);
        for (const QString& line : QString::fromStdString(markdown).split('\n'))
            if (line.startsWith('|')) {
                QVERIFY2(line.endsWith('|'), qPrintable(line));
                QVERIFY(line.count('|') == 4 || line.count('|') == 9 || line.count('|') == 13);
            }

        const auto json = nlohmann::json::parse(to_json(report));
        QVERIFY(json["designs"][0]["label"].get<std::string>().starts_with(
            "<script>alert('x')</script>, \"quoted\"\r\n"));
    }

    /// Per layer and in all, where the energy and the time go, and how each figure is known.
    void costIsExplained() {
        Report report = example();
        CostBreakdown& cost = report.designs[0].cost;
        cost.confidence["energy"] = {Basis::fitted, 1.12, "18 layers: worst 12 %"};
        cost.confidence["latency"] = {Basis::measured, 3, {}};
        cost.layers[0].cycles = 1000;
        cost.layers[0].compute_cycles = 400;
        cost.layers[0].limited_by = "GLB";
        QString error;
        const std::string html = to_html(report), markdown = to_markdown(report);
        (void)elements(html, error);
        QVERIFY2(error.isEmpty(), qPrintable(error));
        for (const char* text : {"fitted, within 12 %", "measured, within a factor of 3",
                                 "18 layers: worst 12 %", "estimate, within a factor of 2", "GLB", "4.52 nJ"})
            for (const std::string* page : {&html, &markdown})
                QVERIFY2(page->find(text) != std::string::npos, text);
        QVERIFY(html.find("1.00 ms, 60 % waiting for GLB") != std::string::npos);
        cost.layers[0].limited_by = "launch"; // its cycles hold the launch
        QVERIFY(to_html(report).find("1.00 ms, launch<") != std::string::npos);
        QVERIFY(html.find("class=\"part0\" style=\"width:75.0%\"") != std::string::npos);
    }

    void metricsOfEveryKindOfTarget() {
        CostBreakdown cost = example().designs[0].cost;
        cost.batch = 4;
        const auto value = [&](const std::string& name) {
            for (const Metric& metric : cost_metrics(cost))
                if (metric.name == name) return metric.value;
            return std::string();
        };
        QCOMPARE(value("Energy per inference"), std::string("500 µJ")); // 2 mJ per batch
        QCOMPARE(value("MACs per image"), std::string("111 k"));
        QCOMPARE(value("Latency"), std::string("1.23 ms, batch of 4"));
        QCOMPARE(value("Area"), std::string("12.3 mm²"));
        QCOMPARE(value("LUT"), std::string());
        cost.dram_bytes_per_s = 1e9;
        QCOMPARE(value("External bandwidth"), std::string("1.00 GB/s"));
        cost.dram_peak_bytes_per_s = 4e9;
        QCOMPARE(value("External bandwidth"), std::string("1.00 GB/s of 4.00 GB/s (25 %)"));
        cost.layers[2].latency_s = 0.003;
        QCOMPARE(value("Time bound by"), std::string("memory 75 %, compute 25 %"));
        cost.area_mm2 = std::numeric_limits<double>::quiet_NaN();
        cost.resources = FpgaResources{25000, 10, 140, 0};
        cost.available = FpgaResources{50000, 200, 280, 0};
        QCOMPARE(value("Area"), std::string());
        QCOMPARE(value("LUT"), std::string("25000 of 50000 (50 %)"));
        QCOMPARE(area_text(cost), std::string("25000 LUT"));
        QCOMPARE(value("URAM"), std::string("0 of 0"));
        // Units of a dataflow design run at once: the slowest binds the time.
        cost.layers[0].pe = cost.layers[2].pe = 2;
        cost.layers[2].limited_by = "compute";
        QCOMPARE(value("Time bound by"), "the slowest unit, layer " + cost.layers[2].layer + " (compute)");
        QCOMPARE(time_by_limit(cost).size(), size_t{1});
        cost.layers[0].mapping = "PE 2, SIMD 2; configuration 1 of 2";
        cost.layers[2].mapping = "PE 2, SIMD 2; configuration 2 of 2";
        QCOMPARE(value("Time bound by"), "the slowest unit of each of 2 configurations, most by layer " +
                                             cost.layers[2].layer + " (compute)");
        cost.layers.clear();
        QCOMPARE(value("Energy per MAC"), std::string());
        double shares = 0;
        for (const auto& [limit, share] : time_by_limit(example().designs[0].cost)) shares += share;
        QCOMPARE(shares, 1.0);
    }

    void partsSumToTheKnownArea() {
        CostBreakdown cost;
        cost.area_mm2 = 12.25;
        QVERIFY(area_parts(cost).empty());
        cost.area = {{"mac", 0.79}, {"GLB", 2}};
        double sum = 0;
        for (const AreaPart& part : area_parts(cost)) sum += part.mm2;
        QCOMPARE(sum, 12.25);
        QVERIFY(!area_parts(cost).back().modelled);
        for (const Metric& metric : cost_metrics(cost))
            if (metric.name == "Area")
                QVERIFY(metric.value.find("modelled parts 2.79 mm²") != std::string::npos);
        cost.area_mm2 = 2.79;
        QCOMPARE(area_parts(cost).size(), size_t{2});
    }

    void ratesHaveNoPrefix() {
        QCOMPARE(rate_text(0.191), std::string("0.191"));
        QCOMPARE(rate_text(8652), std::string("8,650"));
        QCOMPARE(rate_text(1234567), std::string("1,230,000"));
        QCOMPARE(rate_text(123), std::string("123"));
        QCOMPARE(rate_text(std::nan("")), std::string("\u2013"));
    }

    void escapesByCharacter() {
        QCOMPARE(escape_html("a<b>&\"'"), std::string("a&lt;b&gt;&amp;&quot;&#39;"));
        QCOMPARE(escape_html("\xF0\x9F\x98\x80 \xE2\x88\x92"), std::string("\xF0\x9F\x98\x80 \xE2\x88\x92"));
        const std::string bad = "\xEF\xBF\xBD";
        QCOMPARE(escape_html(std::string("\0", 1)), bad);
        QCOMPARE(escape_html("\xC0\x80"), bad + bad);                     // overlong
        QCOMPARE(escape_html("\xED\xA0\x80"), bad + bad + bad);           // surrogate
        QCOMPARE(escape_html("\xF4\x90\x80\x80"), bad + bad + bad + bad); // beyond Unicode
        QCOMPARE(escape_html("\xEF\xBF\xBF"), bad + bad + bad);           // XML forbids U+FFFF
        QCOMPARE(escape_html("\xE2\x88<"), bad + bad + "&lt;");           // cut off before markup
        QCOMPARE(escape_html(""), std::string());
        QCOMPARE(csv_field("plain"), std::string("plain"));
        QCOMPARE(csv_field("a,b"), std::string("\"a,b\""));
        QCOMPARE(csv_field("a\"b"), std::string("\"a\"\"b\""));
        QCOMPARE(csv_field("a\nb"), std::string("\"a\nb\""));
    }

    void missingNumbersAreDashesEmptyOrNull() {
        Report report = example();
        const double nan = std::numeric_limits<double>::quiet_NaN();
        Design& d = report.designs[0];
        d.evaluation.accuracy.top5.reset();
        d.evaluation.accuracy.top1 = d.cost.energy_j = d.cost.latency_s = d.cost.area_mm2 = nan;
        d.cost.layers.clear();
        d.cost.batch = 0;
        QString error;
        const std::string html = to_html(report);
        (void)elements(html, error);
        QVERIFY2(error.isEmpty(), qPrintable(error));
        QVERIFY(html.find("nan") == std::string::npos);
        const QList<QStringList> records = parse_csv(to_csv(report));
        QCOMPARE(records[1][records[0].indexOf("top1")], QString());
        QCOMPARE(records[1][records[0].indexOf("top5")], QString());
        QCOMPARE(records[1][records[0].indexOf("energy_j")], QString());
        QVERIFY(nlohmann::json::parse(to_json(report))["designs"][0]["evaluation"]["top1"].is_null());
    }

    void withoutLabelsAgreementStandsInForAccuracy() {
        Report report = example();
        Evaluation& evaluation = report.designs[0].evaluation;
        evaluation.accuracy = {};
        evaluation.agreement = OutputAgreement{321, 28.5, 40.25, 0.875, {0.8, 0.9}};
        evaluation.passes = {{Pass::equalize, 4, "4 layer pairs", 20.0, 25.0, 0.5}};
        QString error;
        const std::string html = to_html(report);
        (void)elements(html, error);
        QVERIFY2(error.isEmpty(), qPrintable(error));
        for (const char* text : {"no labels", "SQNR 28.5 dB", "PSNR 40.2 dB", "87.5 %", "321 of",
                                 "equalize: 4 layer pairs, output SQNR 20"})
            QVERIFY2(html.find(text) != std::string::npos, text);
        const QList<QStringList> records = parse_csv(to_csv(report));
        const auto value = [&](const char* column) { return records[1][records[0].indexOf(column)]; };
        for (const char* column : {"top1", "top1_ci95_lo", "float_top1", "delta_top1"})
            QCOMPARE(value(column), QString());
        QCOMPARE(value("agreement").toDouble(), 0.875);
        QCOMPARE(value("samples"), QString("321"));
        QCOMPARE(value("output_sqnr_db").toDouble(), 28.5);
        QCOMPARE(value("output_psnr_db").toDouble(), 40.25);
    }

    void emptyReportSaysSo() {
        Report report;
        report.title = "empty";
        QString error;
        const QStringList names = elements(to_html(report), error);
        QVERIFY2(error.isEmpty(), qPrintable(error));
        QVERIFY(!names.contains("table"));
        QCOMPARE(parse_csv(to_csv(report)).size(), qsizetype{1});
        QVERIFY(nlohmann::json::parse(to_json(report))["designs"].empty());
        QVERIFY(to_markdown(report).find("No design") != std::string::npos);
    }

    void numbersInTheTableAreExact() {
        Report report = example();
        report.designs[1].cost.energy_j = 1.0 / 3;
        const QList<QStringList> records = parse_csv(to_csv(report));
        const auto value = [&](int row, const char* column) {
            return records[row][records[0].indexOf(column)];
        };
        QCOMPARE(value(2, "energy_j").toDouble(), 1.0 / 3);
        QCOMPARE(value(1, "id"), QString("1"));
        QCOMPARE(value(3, "design"), QString("w2a8"));
        QCOMPARE(value(1, "top1_ci95_lo").toDouble(), 0.91 - 0.02);
        QCOMPARE(value(1, "target"), QString("eyeriss"));
        QCOMPARE(value(1, "model_bytes").toDouble(), 269000.0);
        QCOMPARE(value(1, "created_utc"), QString("2026-01-02T03:04:05Z"));
        const auto json = nlohmann::json::parse(to_json(report));
        QCOMPARE(json["designs"].size(), size_t{3});
        QCOMPARE(json["designs"][1]["cost"]["energy_j"].get<double>(), 1.0 / 3);
        QCOMPARE(json["designs"][1]["id"].get<int>(), 3);
    }

    void writesByExtension() {
        for (const char* name : {"r.html", "r.md", "r.csv", "r.json"}) {
            const fs::path path = test::scratch_dir() / name;
            const Result<int64_t> bytes = write(example(), path);
            QVERIFY(bytes.has_value());
            QCOMPARE(static_cast<int64_t>(fs::file_size(path)), *bytes);
        }
        QCOMPARE(test::read_file(test::scratch_dir() / "r.csv"), to_csv(example()));
        for (const char* name : {"r.pdf", "r", "r.HTMLX", ".html"}) {
            const Result<int64_t> refused = write(example(), test::scratch_dir() / name);
            QVERIFY2(!refused.has_value(), name);
            QCOMPARE(refused.error().code, ErrorCode::usage);
            QVERIFY(!fs::exists(test::scratch_dir() / name));
        }
    }

    void aFailedWriteKeepsTheOldReport() {
        const Result<int64_t> nowhere = write(example(), test::scratch_dir() / "absent" / "r.html");
        QVERIFY(!nowhere.has_value());
        QCOMPARE(nowhere.error().code, ErrorCode::io);
        const fs::path path = test::scratch_dir() / "kept" / "r.html";
        fs::create_directories(path.parent_path());
        test::write_file(path, "old");
        rlimit old{};
        ::getrlimit(RLIMIT_FSIZE, &old);
        std::signal(SIGXFSZ, SIG_IGN);
        const rlimit tight{1000, old.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &tight);
        const Result<int64_t> full = write(example(), path);
        ::setrlimit(RLIMIT_FSIZE, &old);
        QVERIFY(!full.has_value());
        QCOMPARE(full.error().code, ErrorCode::io);
        QCOMPARE(test::read_file(path), std::string("old"));
        QCOMPARE(std::distance(fs::directory_iterator(path.parent_path()), fs::directory_iterator()),
                 std::ptrdiff_t{1});
    }
};

QTEST_APPLESS_MAIN(TestReport)
#include "tst_report.moc"
