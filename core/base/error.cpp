#include "core/base/error.h"

#include <algorithm>

namespace widthwise {

std::string Error::to_line() const {
    std::string line = message;
    for (const std::string* part : {&where, &remedy})
        if (!part->empty()) line += ", " + *part;
    std::replace_if(
        line.begin(), line.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
    return line;
}

int exit_code(ErrorCode code) {
    switch (code) {
    case ErrorCode::usage:
        return 2;
    case ErrorCode::invalid_input:
    case ErrorCode::unsupported:
        return 3;
    case ErrorCode::io:
    case ErrorCode::out_of_memory:
    case ErrorCode::failed:
        return 4;
    case ErrorCode::cancelled:
        return 130;
    }
    return 4;
}

} // namespace widthwise
