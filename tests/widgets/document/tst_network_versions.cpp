// Versions of the network in the document: switching, designs of each, costs, zeros.
#include "tests/widgets/fake_training.h"
#include "widgets/document/compression.h"
#include "widgets/document/version_io.h"
#include "widgets/document/zero_counts.h"

#include <QSignalSpy>
#include <QStandardPaths>
#include <QTest>
#include <QUndoStack>

using namespace widthwise;
using namespace widthwise::gui;

namespace {

/// conv1 alone, with half the channels: another graph, some layers gone.
flow::Model narrow_model() {
    GraphBuilder builder("narrow");
    const ValueId image = builder.input("image", Shape{1, 3, 32, 32});
    ConvAttributes attributes;
    attributes.kernel = {3, 3};
    attributes.pads = {1, 1, 1, 1};
    attributes.strides = {2, 2};
    const ValueId weights = builder.constant("w", test::random_tensor(Shape{4, 3, 3, 3}, 5));
    const ValueId a = *builder.add(Op::conv, "Conv", "conv1", attributes, {image, weights});
    const ValueId pooled = *builder.add(Op::global_average_pool, "GlobalAveragePool", "pool", {}, {a});
    ReshapeAttributes flat;
    flat.shape = {1, 4};
    const ValueId flattened = *builder.add(Op::reshape, "Flatten", "flatten", flat, {pooled});
    const ValueId fc = builder.constant("fc.weight", test::random_tensor(Shape{12, 4}, 6));
    builder.output(*builder.add(Op::gemm, "Gemm", "fc", {}, {flattened, fc}));
    flow::Model model;
    model.name = "narrow";
    model.hash = "4567";
    model.graph = *builder.build();
    return model;
}

Version narrow_version(int64_t id = 1) {
    Version version;
    version.id = id;
    version.label = "narrow";
    version.kind = "compress";
    version.model = narrow_model();
    version.plan = uniform_plan(6, 6);
    return version;
}

Design design_of(int64_t id, int64_t version, const PrecisionPlan& plan) {
    Design design;
    design.id = id;
    design.version = version;
    design.evaluation.plan = plan;
    design.evaluation.accuracy.samples = 10;
    return design;
}

} // namespace

class TestVersions : public QObject {
    Q_OBJECT
private slots:
    void initTestCase() { QStandardPaths::setTestModeEnabled(true); }
    void init() {
        m_document = std::make_unique<Document>();
        test::open_tiny(*m_document);
    }

    void another_version_is_shown_by_one_command() {
        m_document->setSelection({"conv1", "conv2"});
        m_document->addVersion(narrow_version());
        QCOMPARE(m_document->version().id, int64_t(0));
        QSignalSpy changed(m_document.get(), &Document::networkChanged);
        const double before = m_document->cost()->model_bytes;
        m_document->useVersion(1);
        QCOMPARE(changed.count(), 1);
        QVERIFY(!m_document->graph().find_node("conv2").valid());
        QCOMPARE(m_document->selection(), QStringList{"conv1"});
        QCOMPARE(bits_of(m_document->plan(), "conv1", LayerOperand::weights), 6);
        QTRY_VERIFY(!m_document->costStale());
        QVERIFY(m_document->cost()->model_bytes < before);
        // What changes are told against stays the network as opened.
        QCOMPARE(m_document->baselineCost()->model_bytes, before);
        m_document->useVersion(1); // already shown
        QCOMPARE(m_document->undoStack()->count(), 1);
        m_document->undoStack()->undo();
        QVERIFY(m_document->graph().find_node("conv2").valid());
        QCOMPARE(m_document->plan(), canonical_plan(uniform_plan(8, 8), m_document->graph()));
        QTRY_VERIFY(!m_document->costStale());
        QCOMPARE(m_document->cost()->model_bytes, before);
        m_document->useVersion(77); // none of that id
        QCOMPARE(m_document->version().id, int64_t(0));
    }

    void edits_on_a_version_are_undone_across_the_switch() {
        m_document->addVersion(narrow_version());
        m_document->setBits({"conv2"}, LayerOperand::weights, 3);
        m_document->useVersion(1);
        m_document->setBits({"conv1"}, LayerOperand::weights, 2);
        for (int i = 0; i < 2; ++i) m_document->undoStack()->undo();
        QCOMPARE(bits_of(m_document->plan(), "conv2", LayerOperand::weights), 3);
        for (int i = 0; i < 2; ++i) m_document->undoStack()->redo();
        QCOMPARE(bits_of(m_document->plan(), "conv1", LayerOperand::weights), 2);
    }

    void designs_belong_to_the_version_that_was_measured() {
        m_document->addVersion(narrow_version());
        m_document->addDesign(design_of(1, 0, uniform_plan(8, 8)));
        m_document->addDesign(design_of(2, 1, uniform_plan(8, 8)));
        QCOMPARE(m_document->designs().size(), size_t(2));
        QCOMPARE(m_document->currentDesign()->id, int64_t(1));
        QCOMPARE(m_document->baselineDesign()->id, int64_t(1));
        // Each is priced with its own network.
        QTRY_VERIFY(m_document->designById(2)->cost.model_bytes > 0);
        QVERIFY(m_document->designById(2)->cost.model_bytes < m_document->designById(1)->cost.model_bytes);
        m_document->useDesign(2);
        QCOMPARE(m_document->version().id, int64_t(1));
        QCOMPARE(m_document->currentDesign()->id, int64_t(2));
        QCOMPARE(m_document->undoStack()->count(), 1);
        m_document->useDesign(1);
        QCOMPARE(m_document->version().id, int64_t(0));
        m_document->setTarget(*cost::load_target("tpu-v1"));
        QTRY_VERIFY(!m_document->costStale());
        QTRY_COMPARE(m_document->designById(2)->cost.target, std::string("tpu-v1"));
    }

    void a_trained_design_has_its_own_name() {
        Version trained = narrow_version();
        trained.kind = "qat";
        PrecisionPlan learned = uniform_plan(4, 4);
        trained.model.carried_design = learned;
        trained.plan = learned;
        m_document->addVersion(trained);
        m_document->useVersion(1);
        QCOMPARE(m_document->labelOf(m_document->plan()), QString("w4a4 trained"));
        m_document->setBits({"conv1"}, LayerOperand::weights, 3);
        QVERIFY(!m_document->labelOf(m_document->plan()).contains("trained"));
    }

    void zeros_count_where_they_were_measured() {
        m_document->setTarget(*cost::load_target("eyeriss"));
        QTRY_VERIFY(!m_document->costStale());
        const double before = m_document->cost()->energy_j;
        ZeroCounts zeros(*m_document, test::fake_training(std::make_shared<test::FakeRun>()));
        zeros.use(true);
        QTRY_VERIFY(m_document->measuredZeros() && !m_document->costStale());
        QCOMPARE(m_document->modelOptions().zeros.at("conv1").weights, 0.25);
        QVERIFY(m_document->cost()->energy_j < before);
        // Another version is measured by itself.
        m_document->addVersion(narrow_version());
        m_document->useVersion(1);
        QTRY_VERIFY(m_document->measuredZeros());
        m_document->undoStack()->undo();
        zeros.use(false);
        QTRY_VERIFY(!m_document->costStale());
        QCOMPARE(m_document->cost()->energy_j, before);
        m_document->undoStack()->undo();
        QTRY_VERIFY(!m_document->costStale());
        QVERIFY(m_document->usesMeasuredZeros() && m_document->cost()->energy_j < before);
    }

    void what_must_be_preserved_follows_from_the_recipes() {
        Version version;
        version.kind = "compress";
        const auto of = [&](const char* method) {
            version.recipe = QStringLiteral("{\"method\": \"%1\"}").arg(method);
            return preserved(version, {});
        };
        QVERIFY(of("0.5") == (train::Preserve{true, false}));
        QVERIFY(of("2:4") == (train::Preserve{true, false}));
        QVERIFY(of("share:4") == (train::Preserve{false, true}));
        QVERIFY(of("channels:0.3") == train::Preserve{});
        QVERIFY(preserved(version, {true, false}) == (train::Preserve{true, false}));
        version.kind = "train";
        version.recipe = "{\"preserveZeros\": true, \"preserveSharing\": false}";
        QVERIFY(preserved(version, {}) == (train::Preserve{true, false}));
        version.recipe = "rubbish";
        QVERIFY(preserved(version, {}) == train::Preserve{});
    }

    void compression_is_previewed_and_applied_as_one_command() {
        Document document;
        Project project(document);
        project.openNetwork("zoo:demo");
        QTRY_VERIFY_WITH_TIMEOUT(document.hasNetwork(), 20000);
        test::open_tiny(document);
        Compression compression(document, project, test::fake_training(std::make_shared<test::FakeRun>()));
        QSignalSpy previewed(&compression, &Compression::previewed),
            refused(&compression, &Compression::refused);
        compression.preview({passes::LowRank{}, {}, 1});
        QTRY_COMPARE(refused.count(), 1);
        QVERIFY(!compression.shown());
        compression.preview({passes::PruneChannels{0.3}, {}, 1});
        QTRY_COMPARE(previewed.count(), 1);
        QVERIFY(compression.shown() && compression.shown()->after);
        compression.apply();
        compression.apply(); // once is enough
        QTRY_VERIFY(document.version().id != 0);
        QCOMPARE(document.version().kind, QString("compress"));
        QCOMPARE(document.undoStack()->count(), 1);
        QCOMPARE(project.store()->versions()->size(), size_t(1));
        document.undoStack()->undo();
        QCOMPARE(document.version().id, int64_t(0));
        // An edit makes a preview stale.
        compression.preview({passes::PruneWeights{}, {"conv1"}, 1});
        QTRY_COMPARE(previewed.count(), 2);
        document.setBits({"conv1"}, LayerOperand::weights, 4);
        QVERIFY(!compression.shown());
        compression.apply();
        QVERIFY(!compression.busy());
    }

private:
    std::unique_ptr<Document> m_document;
};

QTEST_GUILESS_MAIN(TestVersions)
#include "tst_network_versions.moc"
