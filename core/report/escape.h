#pragma once
// Names from model files and folders are foreign text: nothing of theirs may act in a page or a table.

#include <string>
#include <string_view>

namespace widthwise::report {

/// For HTML and XML text and attributes: the five special characters as references; bytes that are not UTF-8
/// and control characters that XML forbids as U+FFFD.
[[nodiscard]] std::string escape_html(std::string_view text);

/// One cell or line of Markdown: what would act in a table, a link or as HTML is escaped; line breaks become
/// blanks.
[[nodiscard]] std::string escape_markdown(std::string_view text);

/// One CSV field (RFC 4180): quoted where it holds a comma, quote or line break.
[[nodiscard]] std::string csv_field(std::string_view text);

} // namespace widthwise::report
