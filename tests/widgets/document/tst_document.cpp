#include "core/graph/zoo.h"
#include "tests/widgets/tiny_network.h"
#include "widgets/document/document.h"

#include <QSignalSpy>
#include <QTest>
#include <QUndoStack>

#include <future>

using namespace widthwise;
using namespace widthwise::gui;

class TestDocument : public QObject {
    Q_OBJECT
private slots:
    void init() {
        m_document = std::make_unique<Document>();
        test::open_tiny(*m_document);
    }

    void bits_of_many_layers_are_one_command() {
        QSignalSpy changed(m_document.get(), &Document::planChanged);
        m_document->setBits({"conv1", "conv2", "relu1", "pool"}, LayerOperand::weights, 4);
        QCOMPARE(changed.count(), 1);
        QCOMPARE(bits_of(m_document->plan(), "conv1", LayerOperand::weights), 4);
        QCOMPARE(bits_of(m_document->plan(), "conv2", LayerOperand::weights), 4);
        QCOMPARE(bits_of(m_document->plan(), "fc", LayerOperand::weights), 8);
        QCOMPARE(m_document->undoStack()->count(), 1);
        m_document->undoStack()->undo();
        QCOMPARE(m_document->plan(), canonical_plan(uniform_plan(8, 8), m_document->graph()));
        m_document->undoStack()->redo();
        QCOMPARE(bits_of(m_document->plan(), "conv1", LayerOperand::weights), 4);
    }

    void no_change_is_no_command() {
        m_document->setBits({"conv1"}, LayerOperand::weights, 8);
        m_document->setBits({"relu1"}, LayerOperand::weights, 4); // has no weights
        m_document->setBits({"pool"}, LayerOperand::weights, 4);
        m_document->setBits({"conv1"}, LayerOperand::weights, 17); // no such width
        m_document->setBits({"nobody"}, LayerOperand::weights, 4);
        m_document->applyPlan(uniform_plan(8, 8), "same");
        m_document->setTarget(m_document->target());
        QCOMPARE(m_document->undoStack()->count(), 0);
    }

    void one_gesture_merges_and_vanishes_when_it_comes_back() {
        const quint64 gesture = Document::newGesture();
        for (const int bits : {7, 6, 5}) m_document->setBits({"conv1"}, LayerOperand::weights, bits, gesture);
        QCOMPARE(m_document->undoStack()->count(), 1);
        m_document->undoStack()->undo();
        QCOMPARE(bits_of(m_document->plan(), "conv1", LayerOperand::weights), 8);
        m_document->undoStack()->redo();
        m_document->setBits({"conv1"}, LayerOperand::weights, 4, Document::newGesture());
        QCOMPARE(m_document->undoStack()->count(), 2);
        const quint64 there_and_back = Document::newGesture();
        m_document->setBits({"fc"}, LayerOperand::activations, 3, there_and_back);
        m_document->setBits({"fc"}, LayerOperand::activations, 8, there_and_back);
        QCOMPARE(m_document->undoStack()->count(), 2);
    }

    void steps_stop_at_both_ends_and_float_lies_above_sixteen() {
        m_document->setBits({"conv1"}, LayerOperand::weights, 16);
        m_document->stepBits({"conv1"}, LayerOperand::weights, 1);
        QCOMPARE(bits_of(m_document->plan(), "conv1", LayerOperand::weights), k_float_bits);
        m_document->stepBits({"conv1"}, LayerOperand::weights, 1);
        QCOMPARE(m_document->undoStack()->count(), 2);
        for (int i = 0; i < 20; ++i) m_document->stepBits({"conv1"}, LayerOperand::weights, -1);
        QCOMPARE(bits_of(m_document->plan(), "conv1", LayerOperand::weights), 1);
        QVERIFY(m_document->plan().at("conv1").weights.type == FormatType::binary);
    }

    void an_imported_design_is_where_one_starts_and_what_it_is_called() {
        PrecisionPlan carried = uniform_plan(8, 8);
        LayerPrecision first = carried.at("conv1");
        first.activations.scale = {0.02F};
        first.activations.zero_point = {7};
        carried.set("conv1", first);
        Document::Opened opened;
        opened.model = test::tiny_model();
        opened.model.carried_design = carried;
        opened.plan = carried;
        m_document->open(std::move(opened));
        QVERIFY(m_document->importedPlan());
        QCOMPARE(m_document->labelOf(m_document->plan()), QString("as imported"));
        Design design;
        design.id = 3;
        design.evaluation.plan = carried;
        m_document->addDesign(design);
        QCOMPARE(m_document->designs().front().label, std::string("as imported"));
        m_document->setBits({"conv1"}, LayerOperand::activations, 6);
        QVERIFY(m_document->plan().at("conv1").activations.scale.empty());
        QVERIFY(m_document->labelOf(m_document->plan()) != QString("as imported"));
        m_document->applyPlan(*m_document->importedPlan(), "back");
        QVERIFY(m_document->currentDesign());
    }

    void cost_follows_an_edit_at_once() {
        QVERIFY(m_document->cost());
        const double before = m_document->cost()->model_bytes;
        QSignalSpy changed(m_document.get(), &Document::costChanged);
        m_document->setBits({"conv2"}, LayerOperand::weights, 2);
        QCOMPARE(changed.count(), 1);
        QVERIFY(m_document->cost()->model_bytes < before);
        QCOMPARE(m_document->baselineCost()->model_bytes, before);
    }

    void equal_plans_written_differently_are_one_design() {
        PrecisionPlan named; // float, every layer named
        for (const char* layer : {"conv1", "conv2", "fc"})
            named.set(layer, {weight_integer(8), activation_integer(8)});
        named.set("pool", {float32_format(), activation_integer(8)});
        QCOMPARE(canonical_plan(named, m_document->graph()),
                 canonical_plan(uniform_plan(8, 8), m_document->graph()));
    }

    void designs_of_other_data_are_kept_but_not_shown() {
        const DatasetPtr data = test::tiny_data(16);
        m_document->setData(data, nullptr);
        Design here;
        here.id = 1;
        here.evaluation.plan = m_document->plan();
        here.evaluation.provenance.data_hash = data->hash();
        m_document->addDesign(here);
        QCOMPARE(m_document->designs().size(), size_t(1));
        QVERIFY(m_document->currentDesign());
        QVERIFY(m_document->designs().front().cost.energy_j > 0);
        m_document->setData(test::tiny_data(17), nullptr);
        QVERIFY(m_document->designs().empty());
        QVERIFY(!m_document->currentDesign());
        m_document->setData(data, nullptr);
        QCOMPARE(m_document->designs().size(), size_t(1));
    }

    void target_is_undoable_and_costs_all_designs_again() {
        const std::vector<std::string> names = cost::preset_names();
        QVERIFY(names.size() >= 2);
        Design design;
        design.id = 1;
        design.evaluation.plan = m_document->plan();
        m_document->addDesign(design);
        const double before = m_document->designs().front().cost.energy_j;
        m_document->setTarget(*cost::load_target(names.back()));
        QVERIFY(m_document->designs().front().cost.energy_j != before);
        QCOMPARE(m_document->cost()->target, m_document->target().name);
        m_document->undoStack()->undo();
        QCOMPARE(m_document->designs().front().cost.energy_j, before);
    }

    void a_cost_that_takes_its_time_is_stale_until_it_comes() {
        // A worker that is held up: the answer is not there at once, and comes by itself.
        std::promise<void> gate;
        auto begun = std::make_shared<std::promise<void>>();
        const std::shared_future<void> open = gate.get_future().share();
        m_document->costing().submit("held up", [open, begun](const WorkControl&) -> JobLane::Deliver {
            begun->set_value();
            open.wait();
            return {};
        });
        begun->get_future().wait();
        const CostBreakdown before = *m_document->cost();
        QSignalSpy changed(m_document.get(), &Document::costChanged);
        m_document->setBits({"conv2"}, LayerOperand::weights, 2);
        QVERIFY(m_document->costStale());
        QCOMPARE(changed.count(), 1);
        QCOMPARE(m_document->cost()->model_bytes, before.model_bytes); // what was known, not nothing
        m_document->setBits({"conv2"}, LayerOperand::weights, 3);      // the newest edit wins
        gate.set_value();
        QTRY_VERIFY(!m_document->costStale());
        const auto direct = cost::estimate(m_document->graph(), m_document->plan(), m_document->target());
        QCOMPARE(m_document->cost()->model_bytes, direct->model_bytes);
        QVERIFY(m_document->cost()->model_bytes < before.model_bytes);
    }

    void edits_faster_than_the_model_end_with_the_last_ones_cost() {
        Document::Opened opened;
        opened.model.name = "resnet8";
        opened.model.graph = *zoo::build("resnet8", zoo::Weights::zero);
        opened.plan = uniform_plan(8, 8);
        opened.target = *cost::load_target("eyeriss"); // searches for mappings
        m_document->open(std::move(opened));
        QStringList layers;
        for (const Node& node : m_document->graph().nodes()) layers += QString::fromStdString(node.name);
        for (int edit = 0; edit < 60; ++edit) {
            m_document->setBits(layers.mid(edit % 5), LayerOperand::weights, 2 + edit % 7);
            if (edit % 11 == 0)
                m_document->setTarget(*cost::load_target(edit % 2 == 0 ? "tpu-v1" : "eyeriss"));
            if (edit % 3 == 0) QCoreApplication::processEvents();
        }
        QTRY_VERIFY_WITH_TIMEOUT(!m_document->costStale(), 30000);
        const auto direct = cost::estimate(m_document->graph(), m_document->plan(), m_document->target());
        QVERIFY(direct.has_value());
        QCOMPARE(m_document->cost()->target, m_document->target().name);
        QCOMPARE(m_document->cost()->energy_j, direct->energy_j);
        QCOMPARE(m_document->cost()->latency_s, direct->latency_s);
    }

    void model_options_are_commands_and_change_the_cost() {
        m_document->setTarget(*cost::load_target("tpu-v1"));
        QTRY_VERIFY(!m_document->costStale());
        cost::Options keep = m_document->modelOptions();
        keep.keep_feature_maps = !m_document->target().keeps_feature_maps;
        const double before = m_document->cost()->dram_bytes;
        const int commands = m_document->undoStack()->count();
        m_document->setModelOptions(keep, "keep");
        QTRY_VERIFY(!m_document->costStale());
        QVERIFY(m_document->cost()->dram_bytes != before);
        m_document->setModelOptions(keep, "keep");
        QCOMPARE(m_document->undoStack()->count(), commands + 1);
        m_document->undoStack()->undo();
        QTRY_VERIFY(!m_document->costStale());
        QCOMPARE(m_document->cost()->dram_bytes, before);
    }

    void a_refused_design_leaves_the_figures_of_the_one_before() {
        HardwareTarget device = *cost::load_target("pynq-z1");
        m_document->setTarget(device);
        QTRY_VERIFY(!m_document->costStale());
        QVERIFY(m_document->cost() && !m_document->costProblem());
        const double energy = m_document->cost()->energy_j;
        device.fpga->luts = 500;
        m_document->setTarget(device);
        QTRY_VERIFY(!m_document->costStale());
        QVERIFY(m_document->costProblem() && m_document->cost());
        QCOMPARE(m_document->cost()->energy_j, energy);
        // Another target's figures are no hint.
        device.name = "another";
        m_document->setTarget(device);
        QTRY_VERIFY(!m_document->costStale());
        QVERIFY(m_document->costProblem() && !m_document->cost());
    }

    void stale_accuracy_is_the_one_shown_last() {
        Design design;
        design.id = 7;
        design.evaluation.plan = m_document->plan();
        m_document->addDesign(design);
        m_document->setBits({"conv1"}, LayerOperand::weights, 3);
        QVERIFY(!m_document->currentDesign());
        QVERIFY(m_document->lastShownDesign());
        QCOMPARE(m_document->lastShownDesign()->id, int64_t(7));
        m_document->undoStack()->undo();
        QCOMPARE(m_document->currentDesign()->id, int64_t(7));
    }

private:
    std::unique_ptr<Document> m_document;
};

QTEST_GUILESS_MAIN(TestDocument)
#include "tst_document.moc"
