#pragma once
// Spreads independent items over threads; the caller's results are indexed by item, so order never matters.

#include "core/base/result.h"

#include <cstdint>
#include <functional>

namespace widthwise {

/// Threads to use when the caller names none: the cores this process may run on, at least 1.
[[nodiscard]] int default_thread_count();

/// Calls `work(item, worker)` once for each item in [0, count) from `threads` threads (0:
/// default_thread_count()), `worker` in [0, threads). Items are handed out in order. The first Error stops
/// the hand-out and is returned; an exception in `work` becomes ErrorCode::failed (std::bad_alloc:
/// out_of_memory). Blocks until all threads are done.
[[nodiscard]] Result<void> parallel_for(int64_t count, int threads,
                                        const std::function<Result<void>(int64_t item, int worker)>& work);

} // namespace widthwise
