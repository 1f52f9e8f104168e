#pragma once
// What went wrong with something the world gave us (a file, an op, a plan, a disk).

#include <string>
#include <string_view>

namespace widthwise {

/// The kinds that callers treat differently; the command line maps them to its exit codes.
enum class ErrorCode {
    usage,         ///< the request itself is wrong (exit 2)
    invalid_input, ///< unreadable or invalid model, data, design, target, project (exit 3)
    unsupported,   ///< valid, but we cannot run it: the op or format is named (exit 3)
    io,            ///< disk full, read-only folder (exit 4)
    out_of_memory, ///< (exit 4)
    failed,        ///< the work itself failed (exit 4)
    cancelled,     ///< the user asked to stop; what was finished is kept (exit 130)
};

/// WHAT, WHERE, WHAT TO DO: one line for the user. `where` names the file, layer or key; both tails may be
/// empty.
struct Error {
    ErrorCode code = ErrorCode::failed;
    std::string message;
    std::string where;
    std::string remedy;

    /// "message, where, remedy" without the empty parts and without line breaks.
    [[nodiscard]] std::string to_line() const;
};

/// 0..255 as the command line documents it.
[[nodiscard]] int exit_code(ErrorCode code);

} // namespace widthwise
