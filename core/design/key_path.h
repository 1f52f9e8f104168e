#pragma once
// Where a JSON document of this room says something wrong: every complaint names the file and the key path.

#include "core/base/result.h"

#include <string>
#include <string_view>

namespace widthwise {

/// Where in which document: `file` plus `layers."conv1".weights`.
struct KeyPath {
    std::string file;
    std::string path;

    /// This path with `.key` appended; names that are not plain words are quoted.
    [[nodiscard]] KeyPath key(std::string_view name) const;
    /// The same, always quoted: keys that the user made up.
    [[nodiscard]] KeyPath quoted(std::string_view name) const;
    /// "design.json: layers.\"conv1\".weights"; only the file at the top.
    [[nodiscard]] std::string to_string() const;
};

[[nodiscard]] inline tl::unexpected<Error> fail_at(const KeyPath& at, std::string message,
                                                   std::string remedy = {},
                                                   ErrorCode code = ErrorCode::invalid_input) {
    return fail(code, std::move(message), at.to_string(), std::move(remedy));
}

} // namespace widthwise
