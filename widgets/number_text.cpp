#include "widgets/number_text.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace widthwise::gui {

ScaledUnit scaled_unit(double value, const QString& unit) {
    struct Prefix {
        double factor;
        const char* text;
    };
    static constexpr std::array<Prefix, 9> prefixes{{{1e12, "T"},
                                                     {1e9, "G"},
                                                     {1e6, "M"},
                                                     {1e3, "k"},
                                                     {1, ""},
                                                     {1e-3, "m"},
                                                     {1e-6, "\u00b5"},
                                                     {1e-9, "n"},
                                                     {1e-12, "p"}}};
    const double magnitude = std::abs(value);
    if (magnitude == 0 || !std::isfinite(magnitude)) return {1, unit};
    for (const Prefix& prefix : prefixes)
        // 999.6 would be printed as 1000: let the next prefix have it.
        if (magnitude >= prefix.factor * 0.9995)
            return {prefix.factor, QString::fromUtf8(prefix.text) + unit};
    return {prefixes.back().factor, QString::fromUtf8(prefixes.back().text) + unit};
}

QString significant(double value) {
    const double magnitude = std::abs(value);
    const int decimals = magnitude >= 99.95 ? 0 : magnitude >= 9.995 ? 1 : 2;
    QString text = QString::number(magnitude, 'f', decimals);
    return value < 0 ? QChar(0x2212) + text : text;
}

QString engineering(double value, const QString& unit) {
    const ScaledUnit scaled = scaled_unit(value, unit);
    return significant(value / scaled.factor) + QChar(0x00a0) + scaled.text;
}

QString bytes_text(double bytes) {
    if (bytes < 999.5) return QString::number(bytes, 'f', 0) + QStringLiteral("\u00a0B");
    return engineering(bytes, QStringLiteral("B"));
}

QString count_text(int64_t count) {
    if (count < 1000) return QString::number(count);
    const ScaledUnit scaled = scaled_unit(static_cast<double>(count), QString());
    return significant(static_cast<double>(count) / scaled.factor) + QChar(0x00a0) + scaled.text;
}

QString percent(double fraction, int decimals) {
    return QString::number(fraction * 100, 'f', decimals) + QStringLiteral("\u00a0%");
}

QString signed_number(double value, int decimals) {
    const QString text = QString::number(std::abs(value), 'f', decimals);
    const bool zero = text.toDouble() == 0;
    return zero ? text : (value < 0 ? QChar(0x2212) : QChar('+')) + text;
}

QString relative_change(double value, double base) {
    if (!(base > 0) || !std::isfinite(value)) return {};
    const double ratio = value / base;
    if (std::abs(ratio - 1) < 0.0005) return QStringLiteral("=");
    if (ratio >= 2) return QStringLiteral("\u25b2\u00a0%1\u00a0\u00d7").arg(significant(ratio));
    const double change = std::abs(ratio - 1) * 100;
    return (ratio < 1 ? QStringLiteral("\u25bc\u00a0%1\u00a0%") : QStringLiteral("\u25b2\u00a0%1\u00a0%"))
        .arg(QString::number(change, 'f', change < 9.95 ? 1 : 0));
}

QString duration(double seconds) {
    const auto whole = static_cast<int64_t>(std::ceil(std::max(0.0, seconds)));
    if (whole < 60) return QStringLiteral("%1\u00a0s").arg(whole);
    return QStringLiteral("%1\u00a0min %2\u00a0s").arg(whole / 60).arg(whole % 60);
}

} // namespace widthwise::gui
