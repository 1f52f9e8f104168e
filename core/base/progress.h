#pragma once
// Progress out of, and cancellation into, long work. Both are cheap enough to call per batch.

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

namespace widthwise {

/// Shared between the one who started the work and the workers; copies refer to the same flag.
class CancelToken {
public:
    CancelToken() : m_flag(std::make_shared<std::atomic<bool>>(false)) {}
    void cancel() const { m_flag->store(true, std::memory_order_relaxed); }
    [[nodiscard]] bool cancelled() const { return m_flag->load(std::memory_order_relaxed); }

private:
    std::shared_ptr<std::atomic<bool>> m_flag;
};

/// `done` of `total` units (images, epochs); `what` is a short English phrase ("calibrating").
struct Progress {
    std::string_view what;
    int64_t done = 0;
    int64_t total = 0;
};

/// Called from worker threads, one call at a time; may be empty.
using ProgressFn = std::function<void(const Progress&)>;

struct WorkControl {
    ProgressFn progress;
    CancelToken cancel;
    /// Worker threads; 0: one per core.
    int threads = 0;

    void report(std::string_view what, int64_t done, int64_t total) const {
        if (progress) progress(Progress{what, done, total});
    }
};

} // namespace widthwise
