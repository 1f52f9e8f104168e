#include "core/base/worker_pool.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <new>
#include <optional>
#include <sched.h>
#include <thread>
#include <vector>

namespace widthwise {

int default_thread_count() {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) return std::max(1, CPU_COUNT(&set));
    return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

Result<void> parallel_for(int64_t count, int threads, const std::function<Result<void>(int64_t, int)>& work) {
    if (threads <= 0) threads = default_thread_count();
    threads = static_cast<int>(std::clamp<int64_t>(count, 1, threads));
    std::atomic<int64_t> next{0};
    std::mutex mutex;
    std::optional<Error> first_error;
    const auto stop_with = [&](Error error) {
        const std::scoped_lock lock(mutex);
        if (!first_error) first_error = std::move(error);
        next.store(count, std::memory_order_relaxed);
    };
    const auto run = [&](int worker) {
        try {
            for (int64_t item = next.fetch_add(1); item < count; item = next.fetch_add(1))
                if (Result<void> done = work(item, worker); !done) return stop_with(std::move(done.error()));
        } catch (const std::bad_alloc&) {
            stop_with(Error{ErrorCode::out_of_memory, "out of memory", {}, {}});
        } catch (const std::exception& e) {
            stop_with(Error{ErrorCode::failed, e.what(), {}, {}});
        }
    };
    // Always on our own threads: callers rely on it to set per-thread state (OpenMP's thread count).
    std::vector<std::jthread> pool;
    pool.reserve(static_cast<size_t>(threads));
    for (int worker = 0; worker < threads; ++worker) pool.emplace_back(run, worker);
    pool.clear();
    if (first_error) return tl::unexpected<Error>(std::move(*first_error));
    return {};
}

} // namespace widthwise
