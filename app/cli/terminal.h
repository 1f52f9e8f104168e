#pragma once
// How a command speaks: one document on stdout, progress and errors on stderr.

#include "core/base/progress.h"
#include "core/base/result.h"

#include <chrono>
#include <mutex>
#include <string>
#include <string_view>

namespace widthwise::cli {

class Terminal {
public:
    explicit Terminal(CancelToken cancel);

    /// Shows progress on stderr: a bar on a terminal, else a line at most once a second. `threads` 0: one per
    /// core.
    [[nodiscard]] WorkControl control(int threads = 0);
    /// What stands behind the count while the present work goes on ("91.3 % [90.1, 92.4]"). Thread-safe.
    void set_detail(std::string detail);
    /// One line on stderr now (an epoch's figures, a warning).
    void note(std::string_view line);
    /// All of `text` on stdout, a line break added where there is none. Errors: io (the disk behind stdout is
    /// full).
    [[nodiscard]] Result<void> print(std::string_view text);
    /// `widthwise-cli: error: WHAT, WHERE, WHAT TO DO`.
    void show(const Error& error);

private:
    void show(const Progress& progress);
    void clear_bar();

    using Clock = std::chrono::steady_clock;
    CancelToken m_cancel;
    bool m_is_terminal;
    bool m_bar_shown = false;
    std::string m_what;
    int64_t m_first = 0; ///< how much was done when the present work was first shown
    std::mutex m_mutex;  ///< of m_detail
    std::string m_detail;
    Clock::time_point m_started, m_last;
};

} // namespace widthwise::cli
