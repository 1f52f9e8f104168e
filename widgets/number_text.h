#pragma once
// Numbers as people read them: engineering prefixes, fixed digits, real minus signs. The C locale's decimal
// point everywhere, so that numbers can be compared with files and papers.

#include <QString>

#include <cstdint>
#include <string>
#include <string_view>

namespace widthwise::gui {

inline const QString k_dash = QStringLiteral("\u2013");

[[nodiscard]] inline QString qt(const std::string& text) {
    return QString::fromStdString(text);
}
[[nodiscard]] inline QString qt(std::string_view text) {
    return QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size()));
}

/// A unit with its prefix, "mJ", and what to divide by.
struct ScaledUnit {
    double factor = 1;
    QString text;
};
/// The prefix (p to T) with which |value| lies in [1, 1000).
[[nodiscard]] ScaledUnit scaled_unit(double value, const QString& unit);

/// Three significant digits: "1.84", "12.3", "148".
[[nodiscard]] QString significant(double value);
/// "1.84 mJ".
[[nodiscard]] QString engineering(double value, const QString& unit);
/// "148 kB" (powers of 1000).
[[nodiscard]] QString bytes_text(double bytes);
/// "0.44 M", "432", "12.3 k".
[[nodiscard]] QString count_text(int64_t count);
/// "91.5 %" of a fraction.
[[nodiscard]] QString percent(double fraction, int decimals = 1);
/// "+1.2" or a true minus sign.
[[nodiscard]] QString signed_number(double value, int decimals);
/// Change of `value` against `base`: "▼ 41 %", "▲ 3.1 ×", "=".
[[nodiscard]] QString relative_change(double value, double base);
/// "3 s", "2 min 5 s".
[[nodiscard]] QString duration(double seconds);

} // namespace widthwise::gui
