// The format editor as a hand uses it: shared and mixed values, what is touched and nothing else, undo.
#include "tests/widgets/tiny_network.h"
#include "widgets/panels/network_choices.h"
#include "widgets/precision/choice_box.h"
#include "widgets/precision/format_editor.h"

#include <QCheckBox>
#include <QLabel>
#include <QStandardItemModel>
#include <QTest>
#include <QUndoStack>

using namespace widthwise;
using namespace widthwise::gui;

class TestFormatEditor : public QObject {
    Q_OBJECT
private slots:
    void init() {
        m_document = std::make_unique<Document>();
        m_editor = std::make_unique<FormatEditor>(*m_document);
        m_network = std::make_unique<NetworkChoices>(*m_document);
        test::open_tiny(*m_document);
        m_editor->show();
        QVERIFY(QTest::qWaitForWindowExposed(m_editor.get()));
    }
    void cleanup() {
        m_network.reset();
        m_editor.reset();
        m_document.reset();
    }

    void without_a_selection_nothing_can_be_chosen() {
        QVERIFY(!box("weightType").isEnabled());
        QVERIFY(!box("activationType").isEnabled());
        QVERIFY(!box("accumulatorOverflow").isEnabled());
    }

    void one_layer_shows_its_formats() {
        m_document->setSelection({"conv1"});
        QCOMPARE(box("weightType").currentText(), QString("integer"));
        QCOMPARE(box("weightBits").currentText(), QString("8"));
        QCOMPARE(box("weightScales").currentText(), QString("per channel"));
        QCOMPARE(box("activationZeroPoint").currentText(), QString("affine"));
        QVERIFY(number<QDoubleSpinBox>("activationPercentile").isVisible());
        // Below its rule, not squeezed.
        QTRY_VERIFY(number<QDoubleSpinBox>("activationPercentile").y() >= box("activationRange").height());
        QVERIFY(number<QDoubleSpinBox>("activationPercentile").height() > 10);
        QVERIFY(!number<QSpinBox>("weightGroup").isVisible());
        QVERIFY(!box("weightFraction").isEnabled());
        QVERIFY(!box("weightFraction").toolTip().isEmpty());
        m_document->setSelection({"pool"});
        QVERIFY(!box("weightType").isEnabled());
        QVERIFY(box("activationType").isEnabled());
    }

    void formats_that_the_target_does_not_run_are_faint_and_say_what_happens() {
        HardwareTarget picky = *cost::load_target("tpu-v1");
        picky.name = "picky";
        picky.supports.pairs = {{{"integer", 8}, {"integer", 8}}};
        m_document->setTarget(picky);
        m_document->setSelection({"conv2"});
        auto* notice = m_editor->findChild<QLabel*>("formatTarget");
        QVERIFY2(notice->text().contains("picky") && notice->text().contains("w8a8"),
                 qPrintable(notice->text()));
        const auto* widths = qobject_cast<QStandardItemModel*>(box("weightBits").model());
        const auto* eight = widths->item(box("weightBits").findData(8));
        const auto* four = widths->item(box("weightBits").findData(4));
        QVERIFY(four->isEnabled()); // it can be studied all the same
        QVERIFY(four->foreground() != eight->foreground());
        QVERIFY2(four->toolTip().contains("picky") && four->toolTip().contains("w8a8"),
                 qPrintable(four->toolTip()));
        m_document->setBits({"conv2"}, LayerOperand::weights, 4);
        QTRY_VERIFY(!m_document->costStale());
        QVERIFY2(notice->text().contains("runs as w8a8"), qPrintable(notice->text()));
    }

    void mixed_values_are_blank_and_stay_as_they_are() {
        m_document->setBits({"conv1"}, LayerOperand::weights, 4);
        m_document->setSelection({"conv1", "conv2"});
        QCOMPARE(box("weightBits").currentIndex(), -1);
        QCOMPARE(box("weightBits").placeholderText(), QString("mixed"));
        QCOMPARE(box("weightType").currentText(), QString("integer"));
        choose("weightCodes", 0);
        QCOMPARE(m_document->undoStack()->count(), 2);
        QCOMPARE(bits_of(m_document->plan(), "conv1", LayerOperand::weights), 4);
        QCOMPARE(bits_of(m_document->plan(), "conv2", LayerOperand::weights), 8);
        QVERIFY(!m_document->plan().at("conv1").weights.narrow);
        QVERIFY(!m_document->plan().at("conv2").weights.narrow);
        QVERIFY(m_document->plan().at("fc").weights.narrow);
        m_document->undoStack()->undo();
        QVERIFY(m_document->plan().at("conv1").weights.narrow);
        QCOMPARE(box("weightCodes").currentText(), QString("narrow"));
    }

    void steps_in_one_field_are_one_command_and_another_field_is_the_next() {
        m_document->setSelection({"conv1", "fc"});
        choose("weightScales", static_cast<int>(Granularity::group));
        auto& group = number<QSpinBox>("weightGroup");
        QVERIFY(group.isVisible());
        const int first = group.value();
        group.stepUp();
        group.stepUp();
        QCOMPARE(m_document->plan().at("fc").weights.group_size, first + 2);
        QCOMPARE(m_document->undoStack()->count(), 2);
        choose("weightRange", static_cast<int>(RangeRuleType::mse));
        QCOMPARE(m_document->undoStack()->count(), 3);
        m_document->undoStack()->undo();
        m_document->undoStack()->undo();
        QCOMPARE(m_document->plan().at("conv1").weights.group_size, first);
        m_document->undoStack()->undo();
        QVERIFY(m_document->plan() == canonical_plan(uniform_plan(8, 8), m_document->graph()));
    }

    void keys_choose_too() {
        m_document->setSelection({"conv1"});
        auto& bits = box("weightBits");
        bits.setFocus();
        QTest::keyClick(&bits, Qt::Key_Up);
        QCOMPARE(bits_of(m_document->plan(), "conv1", LayerOperand::weights), 7);
        QTest::keyClick(&bits, Qt::Key_Up);
        QCOMPARE(bits_of(m_document->plan(), "conv1", LayerOperand::weights), 6);
        QCOMPARE(m_document->undoStack()->count(), 1);
        QVERIFY(bits.hasFocus());
    }

    void what_cannot_be_chosen_is_greyed_and_says_why() {
        m_document->setSelection({"conv1"});
        const auto& items = *qobject_cast<QStandardItemModel*>(box("weightRange").model());
        const int dynamic = box("weightRange").findData(static_cast<int>(RangeRuleType::dynamic));
        QVERIFY(dynamic >= 0);
        QVERIFY(!items.item(dynamic)->isEnabled());
        QVERIFY(!items.item(dynamic)->toolTip().isEmpty());
        const auto& activation = *qobject_cast<QStandardItemModel*>(box("activationRange").model());
        QVERIFY(activation.item(dynamic)->isEnabled());
        m_document->setBits({"conv1"}, LayerOperand::activations, 5);
        QVERIFY(
            !qobject_cast<QStandardItemModel*>(box("activationRange").model())->item(dynamic)->isEnabled());
    }

    void a_type_brings_its_own_fields() {
        m_document->setSelection({"conv2"});
        choose("weightType", static_cast<int>(FormatType::ternary));
        QVERIFY(m_document->plan().at("conv2").weights.type == FormatType::ternary);
        QVERIFY(!box("weightBits").isEnabled());
        QVERIFY(!box("weightRange").isEnabled());
        QVERIFY(box("weightScales").isEnabled());
        choose("weightType", static_cast<int>(FormatType::fixed_point));
        QVERIFY(box("weightFraction").isEnabled());
        choose("weightFraction", 1);
        QVERIFY(number<QSpinBox>("weightFractionBits").isVisible());
        number<QSpinBox>("weightFractionBits").setValue(6);
        QVERIFY(m_document->plan().at("conv2").weights.fraction_bits == 6);
        choose("weightType", static_cast<int>(FormatType::float32));
        QCOMPARE(bits_of(m_document->plan(), "conv2", LayerOperand::weights), k_float_bits);
        QVERIFY(!m_editor->findChild<QLabel*>("weightFacts")->text().contains("levels"));
    }

    void imported_scales_stand_until_a_rule_is_chosen() {
        LayerPrecision precision{weight_integer(8), activation_integer(8), {}};
        precision.activations.scale = {0.05F};
        precision.activations.zero_point = {12};
        PrecisionPlan plan = uniform_plan(8, 8);
        plan.set("conv1", precision);
        m_document->applyPlan(plan, "imported");
        m_document->setSelection({"conv1"});
        QCOMPARE(box("activationRange").currentIndex(), -1);
        QCOMPARE(box("activationRange").placeholderText(), QString("as given"));
        choose("activationRange", static_cast<int>(RangeRuleType::minmax));
        QVERIFY(m_document->plan().at("conv1").activations.scale.empty());
    }

    void accumulators_of_many_layers() {
        m_document->setSelection({"conv1", "conv2"});
        number<QSpinBox>("accumulatorBits").setValue(20);
        choose("accumulatorOverflow", static_cast<int>(Overflow::saturate));
        QVERIFY((m_document->plan().at("conv2").accumulator == AccumulatorFormat{20, Overflow::saturate}));
        m_document->setSelection({"conv2", "fc"});
        QCOMPARE(number<QSpinBox>("accumulatorBits").text(), QString("mixed"));
        QCOMPARE(box("accumulatorOverflow").currentIndex(), -1);
        m_document->undoStack()->undo();
        m_document->undoStack()->undo();
        QVERIFY(m_document->plan().at("conv2").accumulator == AccumulatorFormat{});
    }

    void the_network_s_choices_are_part_of_the_plan() {
        auto* equalize = m_network->findChild<QCheckBox*>("pass_equalize");
        QVERIFY(equalize && !equalize->isChecked());
        equalize->click();
        QVERIFY(m_document->plan().passes() == std::vector<Pass>{Pass::equalize});
        m_network->findChild<QCheckBox*>("foldBatchNorm")->click();
        QVERIFY(!m_document->plan().folds_batch_norm());
        auto& mode = *m_network->findChild<ChoiceBox*>("requantizationMode");
        auto& rounding = *m_network->findChild<ChoiceBox*>("requantizationRounding");
        const int up = rounding.findData(static_cast<int>(Rounding::half_up));
        QVERIFY(!qobject_cast<QStandardItemModel*>(rounding.model())->item(up)->isEnabled());
        emit mode.chosen(static_cast<int>(RequantizationMode::power_of_two_shift));
        QVERIFY(qobject_cast<QStandardItemModel*>(rounding.model())->item(up)->isEnabled());
        emit rounding.chosen(static_cast<int>(Rounding::half_up));
        QVERIFY((m_document->plan().requantization() ==
                 Requantization{RequantizationMode::power_of_two_shift, Rounding::half_up}));
        // Back to a float scale, which rounds in one way only.
        emit mode.chosen(static_cast<int>(RequantizationMode::float_scale));
        QVERIFY(m_document->plan().requantization() == Requantization{});
        QCOMPARE(m_document->undoStack()->count(), 5);
        while (m_document->undoStack()->canUndo()) m_document->undoStack()->undo();
        QVERIFY(!equalize->isChecked());
        QVERIFY(m_document->plan() == canonical_plan(uniform_plan(8, 8), m_document->graph()));
    }

    void what_a_pass_was_worth_stands_under_it() {
        m_network->show();
        m_document->applyPlan(with_pass(m_document->plan(), Pass::equalize, true), "pass");
        QLabel* worth = m_network->findChild<QLabel*>("worth_equalize");
        QVERIFY(!worth->isVisible());
        Design design;
        design.id = 1;
        design.evaluation.plan = m_document->plan();
        PassReport report;
        report.pass = Pass::equalize;
        report.summary = "2 layer pairs";
        report.output_sqnr_db_before = 12.0;
        report.output_sqnr_db_after = 18.5;
        design.evaluation.passes = {report};
        m_document->addDesign(design);
        QVERIFY(worth->isVisible());
        QVERIFY2(worth->text().contains("2 layer pairs") && worth->text().contains("+6.5"),
                 qPrintable(worth->text()));
    }

private:
    ChoiceBox& box(const char* name) { return *m_editor->findChild<ChoiceBox*>(QLatin1String(name)); }
    template <typename T> T& number(const char* name) {
        return *m_editor->findChild<T*>(QLatin1String(name));
    }
    /// As if clicked in the open list.
    void choose(const char* name, int value) {
        const int index = box(name).findData(value);
        QVERIFY(index >= 0);
        QVERIFY(qobject_cast<QStandardItemModel*>(box(name).model())->item(index)->isEnabled());
        box(name).setCurrentIndex(index);
        emit box(name).activated(index);
    }

    std::unique_ptr<Document> m_document;
    std::unique_ptr<FormatEditor> m_editor;
    std::unique_ptr<NetworkChoices> m_network;
};

QTEST_MAIN(TestFormatEditor)
#include "tst_format_editor.moc"
