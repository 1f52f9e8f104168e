#include "widgets/charts/axis_scale.h"
#include "widgets/charts/design_space.h"
#include "widgets/charts/design_space_view.h"
#include "widgets/reporting/chart_svg.h"

#include <QAbstractScrollArea>
#include <QSignalSpy>
#include <QTest>
#include <QXmlStreamReader>

using namespace widthwise::gui;

namespace {

DesignPoint point(int64_t id, double top1, double energy) {
    DesignPoint p;
    p.id = id;
    p.label = "d" + std::to_string(id);
    p.top1 = top1;
    p.top1_lo = top1 - 0.02;
    p.top1_hi = top1 + 0.02;
    p.energy_j = p.latency_s = energy;
    p.area_mm2 = 12;
    p.model_bytes = energy * 1e9;
    return p;
}

DesignSpace some_space() {
    DesignSpace space;
    space.points = {point(1, 0.92, 3e-3), point(2, 0.915, 1e-3), point(3, 0.90, 1.5e-3),
                    point(4, 0.60, 0.4e-3)};
    space.current_id = 2;
    space.baseline_id = 1;
    return space;
}

} // namespace

class TestDesignSpace : public QObject {
    Q_OBJECT
private slots:
    void the_front_is_what_nothing_beats() {
        const DesignSpace space = some_space();
        QCOMPARE(pareto_front(space.points, CostAxis::energy), (std::vector<size_t>{3, 1, 0}));
        // Equal cost: only the most accurate stands.
        QCOMPARE(pareto_front(space.points, CostAxis::area), (std::vector<size_t>{0}));
        QVERIFY(pareto_front({}, CostAxis::energy).empty());
        // Equal designs: the first.
        QCOMPARE(pareto_front({point(1, 0.5, 1), point(2, 0.5, 1)}, CostAxis::energy),
                 (std::vector<size_t>{0}));
    }

    void axes_end_on_round_ticks_data() {
        QTest::addColumn<double>("lo");
        QTest::addColumn<double>("hi");
        QTest::newRow("usual") << 0.37 << 3.02;
        QTest::newRow("narrow") << 91.23 << 91.31;
        QTest::newRow("one value") << 12.3 << 12.3;
        QTest::newRow("zero") << 0.0 << 0.0;
        QTest::newRow("negative") << -0.731 << 0.4;
        QTest::newRow("tiny") << 1e-9 << 7e-9;
        QTest::newRow("turned") << 5.0 << 1.0;
    }
    void axes_end_on_round_ticks() {
        QFETCH(double, lo);
        QFETCH(double, hi);
        const AxisScale scale = nice_scale(lo, hi);
        QVERIFY(scale.lo <= std::min(lo, hi) + scale.step * 1e-6);
        QVERIFY(scale.hi >= std::max(lo, hi) - scale.step * 1e-6);
        QVERIFY(scale.ticks >= 3 && scale.ticks <= 12);
        QVERIFY(std::abs(scale.lo + scale.step * (scale.ticks - 1) - scale.hi) < scale.step * 1e-6);
        // Labels with these decimals lie on the ticks.
        const double rounded = QString::number(scale.step, 'f', scale.decimals).toDouble();
        QVERIFY(std::abs(rounded - scale.step) < scale.step * 1e-6);
    }

    void a_click_shows_the_design_under_it_and_a_double_click_asks_for_it() {
        DesignSpaceView view;
        view.resize(700, 400);
        view.show(some_space());
        view.QWidget::show();
        QVERIFY(QTest::qWaitForWindowExposed(&view));
        QSignalSpy shown(&view, &DesignSpaceView::designShown);
        QSignalSpy chosen(&view, &DesignSpaceView::designChosen);
        auto* viewport = view.findChild<QAbstractScrollArea*>("designSpaceChart")->viewport();
        QVERIFY(viewport);
        const auto click = [&](const QPoint& at) {
            QTest::mouseClick(viewport, Qt::LeftButton, {}, viewport->mapFrom(&view, at));
        };
        click(view.positionOf(4));
        QCOMPARE(shown.count(), 1);
        QCOMPARE(shown[0][0].toLongLong(), 4);
        QCOMPARE(chosen.count(), 0);
        QTest::mouseDClick(viewport, Qt::LeftButton, {}, viewport->mapFrom(&view, view.positionOf(4)));
        QCOMPARE(chosen.count(), 1);
        QCOMPARE(chosen[0][0].toLongLong(), 4);
        shown.clear();
        click(view.positionOf(4) + QPoint(-60, -60));
        QCOMPARE(shown.count(), 0);
        QCOMPARE(view.positionOf(99), QPoint(-1, -1));
    }

    void candidates_are_dots_that_can_be_chosen() {
        DesignSpaceView view;
        view.resize(700, 400);
        DesignSpace space = some_space();
        for (int i = 1; i <= 10000; ++i) {
            DesignPoint candidate = point(-i, 0.9 - i * 2e-5, 0.5e-3 + i * 2e-7);
            candidate.label.clear();
            candidate.partial = i % 2 == 0;
            space.candidates.push_back(candidate);
        }
        // One that nobody would take stretches no axis.
        space.candidates.push_back(point(-20001, 0.1, 1e-3));
        view.show(space);
        view.setCandidateText([](int64_t id) { return QString::number(-id); });
        view.QWidget::show();
        QVERIFY(QTest::qWaitForWindowExposed(&view));
        QSignalSpy chosen(&view, &DesignSpaceView::designChosen);
        auto* viewport = view.findChild<QAbstractScrollArea*>("designSpaceChart")->viewport();
        const QPoint best = view.positionOf(-1);
        QVERIFY(view.rect().contains(best));
        QTest::mouseDClick(viewport, Qt::LeftButton, {}, viewport->mapFrom(&view, best));
        QCOMPARE(chosen.count(), 1);
        QVERIFY(chosen[0][0].toLongLong() < 0);
        // Where a design lies, it is the one that is meant.
        QTest::mouseDClick(viewport, Qt::LeftButton, {}, viewport->mapFrom(&view, view.positionOf(2)));
        QCOMPARE(chosen[1][0].toLongLong(), 2);
        // Dots of another colour than anything else are there.
        const QImage with = viewport->grab().toImage();
        space.candidates.clear();
        view.show(space);
        QVERIFY(with != viewport->grab().toImage());
    }

    void the_svg_is_well_formed_and_says_its_units() {
        const std::string svg = design_space_svg(some_space());
        QXmlStreamReader xml(QByteArray::fromStdString(svg));
        QString text;
        while (!xml.atEnd())
            if (xml.readNext() == QXmlStreamReader::Characters) text += xml.text();
        QVERIFY2(!xml.hasError(), qPrintable(xml.errorString()));
        QVERIFY2(text.contains("(mJ)"), qPrintable(text.simplified().left(2000)));
        QVERIFY(text.contains("Top-1 accuracy (%)"));
        QVERIFY(text.contains("d2"));
        QVERIFY(!design_space_svg({}).empty());
    }
};

QTEST_MAIN(TestDesignSpace)
#include "tst_design_space.moc"
