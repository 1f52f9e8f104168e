#pragma once
// Small text helpers that several rooms need.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace widthwise {

/// Shell-style match: `*` any run (also of '/'), `?` one character; everything else literal.
[[nodiscard]] bool glob_match(std::string_view pattern, std::string_view text);

/// The up to `count` candidates nearest to `word` by edit distance (case-insensitive), nearest first; only
/// plausible ones.
[[nodiscard]] std::vector<std::string>
nearest_names(std::string_view word, std::span<const std::string> candidates, size_t count = 3);

[[nodiscard]] std::vector<std::string> split(std::string_view text, char separator);
[[nodiscard]] std::string trim(std::string_view text);
/// 'text', as names stand in messages.
[[nodiscard]] std::string in_quotes(std::string_view text);
[[nodiscard]] std::string join(std::span<const std::string> parts, std::string_view separator);
/// Whole-string decimal numbers, locale-independent; nullopt when anything is left over.
[[nodiscard]] std::optional<long long> parse_int(std::string_view text);
[[nodiscard]] std::optional<double> parse_double(std::string_view text);

} // namespace widthwise
