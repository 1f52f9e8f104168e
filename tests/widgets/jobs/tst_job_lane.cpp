#include "widgets/jobs/job_lane.h"

#include <QSignalSpy>
#include <QTest>

#include <semaphore>

using namespace widthwise;
using namespace widthwise::gui;

namespace {

/// A job that runs until it is cancelled.
JobLane::Work endless(std::shared_ptr<std::binary_semaphore> started,
                      std::atomic<bool>* saw_cancel = nullptr) {
    return [started, saw_cancel](const WorkControl& control) -> JobLane::Deliver {
        started->release();
        while (!control.cancel.cancelled()) std::this_thread::yield();
        if (saw_cancel) *saw_cancel = true;
        return {};
    };
}

} // namespace

class TestJobLane : public QObject {
    Q_OBJECT
private slots:
    void jobs_run_in_order_off_the_gui_thread_and_deliver_on_it() {
        JobLane lane(JobLane::AtEnd::cancel);
        std::vector<int> order;
        for (int i = 0; i < 5; ++i)
            lane.submit("job",
                        [&order, i, gui = QThread::currentThread()](const WorkControl&) -> JobLane::Deliver {
                            const bool elsewhere = QThread::currentThread() != gui;
                            return [&order, i, elsewhere, gui] {
                                if (elsewhere && QThread::currentThread() == gui) order.push_back(i);
                            };
                        });
        QTRY_COMPARE(order, (std::vector<int>{0, 1, 2, 3, 4}));
        QTRY_VERIFY(!lane.busy());
    }

    void cancel_reaches_the_running_job_and_forgets_the_waiting_one() {
        JobLane lane(JobLane::AtEnd::cancel);
        QSignalSpy finished(&lane, &JobLane::finished);
        auto started = std::make_shared<std::binary_semaphore>(0);
        std::atomic<bool> saw_cancel = false, second_ran = false;
        lane.submit("endless", endless(started, &saw_cancel));
        lane.submit("waiting", [&](const WorkControl&) -> JobLane::Deliver {
            second_ran = true;
            return {};
        });
        started->acquire();
        lane.cancelAll();
        QTRY_COMPARE(finished.count(), 2);
        QVERIFY(saw_cancel);
        QVERIFY(!second_ran);
        for (const QList<QVariant>& arguments : finished) QCOMPARE(arguments[1].toBool(), true);
        QVERIFY(!lane.busy());
    }

    void the_newest_wins_and_stale_results_are_dropped() {
        JobLane lane(JobLane::AtEnd::cancel);
        auto started = std::make_shared<std::binary_semaphore>(0);
        QStringList delivered;
        lane.submit("old", [&, started](const WorkControl& control) -> JobLane::Deliver {
            started->release();
            while (!control.cancel.cancelled()) std::this_thread::yield();
            return [&] { delivered += "old"; };
        });
        started->acquire();
        lane.supersede("new",
                       [&](const WorkControl&) -> JobLane::Deliver { return [&] { delivered += "new"; }; });
        QTRY_VERIFY(!lane.busy());
        QCOMPARE(delivered, QStringList{"new"});
    }

    void a_cancelled_job_still_delivers_what_it_finished() {
        JobLane lane(JobLane::AtEnd::cancel);
        auto started = std::make_shared<std::binary_semaphore>(0);
        bool delivered = false;
        const JobId id = lane.submit("partly", [&, started](const WorkControl& control) -> JobLane::Deliver {
            started->release();
            while (!control.cancel.cancelled()) std::this_thread::yield();
            return [&] { delivered = true; };
        });
        started->acquire();
        lane.cancel(id);
        QTRY_VERIFY(delivered);
    }

    void destruction_while_running_is_safe() {
        auto started = std::make_shared<std::binary_semaphore>(0);
        std::atomic<bool> saw_cancel = false;
        {
            JobLane lane(JobLane::AtEnd::cancel);
            lane.submit("endless", endless(started, &saw_cancel));
            started->acquire();
        }
        QVERIFY(saw_cancel);
    }

    void a_finishing_lane_does_all_that_waits() {
        std::atomic<int> written = 0;
        {
            JobLane lane(JobLane::AtEnd::finish);
            for (int i = 0; i < 20; ++i)
                lane.submit("write", [&](const WorkControl&) -> JobLane::Deliver {
                    ++written;
                    return {};
                });
        }
        QCOMPARE(written.load(), 20);
    }

    void progress_arrives_with_its_phase_and_the_queue() {
        JobLane lane(JobLane::AtEnd::cancel);
        QList<JobLane::Status> seen;
        connect(&lane, &JobLane::statusChanged, this, [&](const JobLane::Status& status) { seen << status; });
        auto go_on = std::make_shared<std::binary_semaphore>(0);
        lane.submit("measuring", [go_on](const WorkControl& control) -> JobLane::Deliver {
            control.report("calibrating", 3, 10);
            go_on->acquire();
            return {};
        });
        lane.submit("next", [](const WorkControl&) -> JobLane::Deliver { return {}; });
        QTRY_COMPARE(lane.status().phase, QString("calibrating"));
        QCOMPARE(lane.status().title, QString("measuring"));
        QCOMPARE(lane.status().done, 3);
        QCOMPARE(lane.status().total, 10);
        QCOMPARE(lane.status().waiting, 1);
        go_on->release();
        QTRY_VERIFY(!lane.busy());
    }
};

QTEST_GUILESS_MAIN(TestJobLane)
#include "tst_job_lane.moc"
