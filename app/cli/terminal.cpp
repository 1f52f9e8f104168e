#include "app/cli/terminal.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <unistd.h>

namespace widthwise::cli {
namespace {

constexpr int k_bar_cells = 30;

std::string seconds_text(double seconds) {
    const long long whole = std::llround(seconds);
    if (whole < 60) return std::to_string(whole) + " s";
    if (whole < 3600) return std::to_string(whole / 60) + " min " + std::to_string(whole % 60) + " s";
    return std::to_string(whole / 3600) + " h " + std::to_string(whole / 60 % 60) + " min";
}

} // namespace

Terminal::Terminal(CancelToken cancel)
    : m_cancel(std::move(cancel)), m_is_terminal(::isatty(STDERR_FILENO) == 1) {}

WorkControl Terminal::control(int threads) {
    WorkControl control;
    control.progress = [this](const Progress& progress) { show(progress); };
    control.cancel = m_cancel;
    control.threads = threads;
    return control;
}

void Terminal::set_detail(std::string detail) {
    const std::scoped_lock lock(m_mutex);
    m_detail = std::move(detail);
}

void Terminal::show(const Progress& progress) {
    const Clock::time_point now = Clock::now();
    if (progress.what != m_what) {
        clear_bar();
        m_what = progress.what;
        set_detail({});
        m_started = now;
        m_first = progress.done;
    }
    const auto interval = m_is_terminal ? std::chrono::milliseconds(50) : std::chrono::milliseconds(1000);
    if (now - m_last < interval) return;
    m_last = now;

    std::string line = m_what + " " + std::to_string(progress.done) + "/" + std::to_string(progress.total);
    {
        const std::scoped_lock lock(m_mutex);
        if (!m_detail.empty()) line += ": " + m_detail;
    }
    const double elapsed = std::chrono::duration<double>(now - m_started).count();
    const auto run = static_cast<double>(progress.done - m_first); // a resumed run does not start at 0
    if (run > 0 && elapsed > 2)
        line += ", " + seconds_text(elapsed / run * static_cast<double>(progress.total - progress.done)) +
                " left";
    if (!m_is_terminal) {
        std::fprintf(stderr, "%s\n", line.c_str());
        return;
    }
    const double share =
        progress.total > 0
            ? std::clamp(static_cast<double>(progress.done) / static_cast<double>(progress.total), 0.0, 1.0)
            : 0.0;
    const int full = static_cast<int>(share * k_bar_cells);
    const std::string bar = std::string(static_cast<size_t>(full), '#') +
                            std::string(static_cast<size_t>(k_bar_cells - full), '.');
    std::fprintf(stderr, "\r\033[K[%s] %s", bar.c_str(), line.c_str());
    std::fflush(stderr);
    m_bar_shown = true;
}

void Terminal::clear_bar() {
    if (m_bar_shown) std::fputs("\r\033[K", stderr);
    m_bar_shown = false;
}

void Terminal::note(std::string_view line) {
    clear_bar();
    std::fprintf(stderr, "%.*s\n", static_cast<int>(line.size()), line.data());
}

Result<void> Terminal::print(std::string_view text) {
    clear_bar();
    bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
    if (!text.ends_with('\n')) written = std::fputc('\n', stdout) != EOF && written;
    written = std::fflush(stdout) == 0 && written;
    if (written) return {};
    return fail(ErrorCode::io, std::string("cannot write the result: ") + std::strerror(errno), "stdout",
                "send it somewhere else");
}

void Terminal::show(const Error& error) {
    clear_bar();
    std::fprintf(stderr, "widthwise-cli: error: %s\n", error.to_line().c_str());
}

} // namespace widthwise::cli
