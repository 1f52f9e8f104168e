#include "core/base/worker_pool.h"

#include <QTest>

#include <atomic>
#include <mutex>
#include <new>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

using namespace widthwise;

class TestWorkerPool : public QObject {
    Q_OBJECT

private slots:
    void everyItemOnce() {
        for (const int threads : {0, 1, 2, 7}) {
            std::vector<std::atomic<int>> calls(1000);
            std::atomic<int> worst{0};
            const auto done = parallel_for(1000, threads, [&](int64_t item, int worker) -> Result<void> {
                ++calls[static_cast<size_t>(item)];
                for (int seen = worst; seen < worker && !worst.compare_exchange_weak(seen, worker);) {
                }
                return {};
            });
            QVERIFY(done.has_value());
            QVERIFY(std::all_of(calls.begin(), calls.end(), [](const auto& n) { return n == 1; }));
            QVERIFY(worst < (threads ? threads : default_thread_count()));
        }
    }

    void nothingToDo() {
        const auto refuse = [](int64_t, int) -> Result<void> { return fail(ErrorCode::failed, "called"); };
        QVERIFY(parallel_for(0, 4, refuse).has_value());
        QVERIFY(parallel_for(-5, 4, refuse).has_value());
    }

    void aWorkerIsOneThread() {
        std::mutex mutex;
        std::vector<std::set<std::thread::id>> threads(3);
        QVERIFY(parallel_for(300, 3, [&](int64_t, int worker) -> Result<void> {
                    const std::scoped_lock lock(mutex);
                    threads[static_cast<size_t>(worker)].insert(std::this_thread::get_id());
                    return {};
                }).has_value());
        std::set<std::thread::id> all;
        for (const auto& ids : threads) {
            QVERIFY(ids.size() <= 1);
            all.insert(ids.begin(), ids.end());
        }
        QVERIFY(!all.contains(std::this_thread::get_id()));
    }

    void firstErrorStopsTheRest() {
        std::atomic<int64_t> last{0};
        const auto done = parallel_for(1'000'000, 4, [&](int64_t item, int) -> Result<void> {
            for (int64_t seen = last; seen < item && !last.compare_exchange_weak(seen, item);) {
            }
            if (item == 10) return fail(ErrorCode::invalid_input, "ten", "item 10");
            return {};
        });
        QVERIFY(!done.has_value());
        QCOMPARE(done.error().code, ErrorCode::invalid_input);
        QCOMPARE(done.error().where, std::string("item 10"));
        QVERIFY(last < 999'999);
    }

    void exceptionsBecomeErrors() {
        const auto failed =
            parallel_for(3, 2, [](int64_t, int) -> Result<void> { throw std::runtime_error("broken"); });
        QCOMPARE(failed.error().code, ErrorCode::failed);
        QCOMPARE(failed.error().message, std::string("broken"));
        const auto memory = parallel_for(3, 2, [](int64_t, int) -> Result<void> { throw std::bad_alloc(); });
        QCOMPARE(memory.error().code, ErrorCode::out_of_memory);
    }
};

QTEST_APPLESS_MAIN(TestWorkerPool)
#include "tst_worker_pool.moc"
