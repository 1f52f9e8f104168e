#include "widgets/document/format_edit.h"

#include "widgets/number_text.h"

#include <QObject>

#include <cmath>

namespace widthwise::gui {
namespace {

constexpr int k_usual_group = 32;

void drop_parameters(NumberFormat& format) {
    format.scale.clear();
    format.zero_point.clear();
    format.threshold.clear();
    format.codebook.clear();
}

NumberFormat usual_format(FormatType type, int bits, LayerOperand operand) {
    return operand == LayerOperand::weights ? default_weight_format(type, bits)
                                            : default_activation_format(type, bits);
}

/// Another type: its usual format with what it can keep of the present one.
NumberFormat with_type(const NumberFormat& format, FormatType type, LayerOperand operand) {
    NumberFormat usual = usual_format(type, 0, operand);
    if (has_field(type, FormatField::bits) && has_field(format.type, FormatField::bits)) {
        const NumberFormat same_width = usual_format(type, format.bits, operand);
        if (validate(same_width)) usual = same_width;
    }
    const auto keep = [&](auto&& assign) {
        NumberFormat candidate = usual;
        assign(candidate);
        if (validate(candidate)) usual = candidate;
    };
    if (has_field(type, FormatField::granularity) && has_field(format.type, FormatField::granularity))
        keep([&](NumberFormat& f) {
            f.granularity = format.granularity;
            f.group_size = format.group_size;
        });
    if (has_field(type, FormatField::range) && has_field(format.type, FormatField::range))
        keep([&](NumberFormat& f) { f.range = format.range; });
    return usual;
}

NumberFormat with_width(const NumberFormat& format, int bits, LayerOperand operand) {
    if (format.type == FormatType::integer && bits == 1)
        return with_type(format, FormatType::binary, operand);
    NumberFormat result = format;
    result.bits = bits;
    return result;
}

} // namespace

NumberFormat without_parameters(NumberFormat format) {
    drop_parameters(format);
    return format;
}

bool has_field(FormatType type, FormatField field) {
    const bool integer = type == FormatType::integer;
    const bool fixed = type == FormatType::fixed_point || type == FormatType::dynamic_fixed_point;
    const bool small_float = type == FormatType::float8_e4m3 || type == FormatType::float8_e5m2;
    const bool signs = type == FormatType::ternary || type == FormatType::binary;
    const bool log = type == FormatType::power_of_two;
    switch (field) {
    case FormatField::type:
        return true;
    case FormatField::bits:
        return integer || fixed || log || type == FormatType::codebook;
    case FormatField::symmetric:
    case FormatField::narrow:
        return integer;
    case FormatField::granularity:
        return integer || type == FormatType::dynamic_fixed_point || log || small_float || signs;
    case FormatField::scale_type:
        return integer || small_float || signs;
    case FormatField::range:
        return integer || type == FormatType::dynamic_fixed_point || log || small_float;
    case FormatField::fraction_bits:
        return fixed;
    }
    return false;
}

Result<NumberFormat> changed(const NumberFormat& format, const FormatChange& change, LayerOperand operand) {
    NumberFormat result = format;
    drop_parameters(result);
    if (change.type == FormatType::codebook && operand == LayerOperand::activations)
        return fail(ErrorCode::invalid_input, QObject::tr("codebooks are for weights").toStdString());
    if (change.type && *change.type != format.type) result = with_type(result, *change.type, operand);
    const auto lacks = [&](FormatField field) { return !has_field(result.type, field); };
    const auto refuse = [&](const QString& what) {
        return fail(ErrorCode::invalid_input,
                    QObject::tr("%1 has no %2 to choose").arg(type_name(result.type), what).toStdString());
    };
    if (change.bits) {
        if (lacks(FormatField::bits)) return refuse(QObject::tr("width"));
        result = with_width(result, *change.bits, operand);
    }
    if (change.symmetric) {
        if (lacks(FormatField::symmetric)) return refuse(QObject::tr("zero point"));
        result.symmetric = *change.symmetric;
    }
    if (change.narrow) {
        if (lacks(FormatField::narrow)) return refuse(QObject::tr("range of codes"));
        result.narrow = *change.narrow;
    }
    if (change.granularity || change.group_size) {
        if (lacks(FormatField::granularity)) return refuse(QObject::tr("number of scales"));
        if (change.granularity) result.granularity = *change.granularity;
        if (change.group_size) result.group_size = *change.group_size;
        if (result.granularity != Granularity::group)
            result.group_size = 0;
        else if (result.group_size < 1)
            result.group_size = k_usual_group;
    }
    if (change.scale_type) {
        if (lacks(FormatField::scale_type)) return refuse(QObject::tr("kind of scale"));
        result.scale_type = *change.scale_type;
    }
    if (change.rule || change.percentile || change.lo || change.hi) {
        if (lacks(FormatField::range)) return refuse(QObject::tr("range"));
        if (change.rule) result.range.type = *change.rule;
        if (change.percentile) result.range.percentile = *change.percentile;
        if (change.lo) result.range.lo = *change.lo;
        if (change.hi) result.range.hi = *change.hi;
        if (result.range.type == RangeRuleType::given && !change.lo && !change.hi &&
            !(result.range.lo < result.range.hi)) {
            result.range.lo = -1;
            result.range.hi = 1;
        }
    }
    if (change.fraction_bits) {
        if (lacks(FormatField::fraction_bits)) return refuse(QObject::tr("binary point"));
        result.fraction_bits = *change.fraction_bits;
    }
    if (auto valid = validate(result); !valid) return forward_error(valid);
    return result;
}

QString why_not(const std::vector<NumberFormat>& formats, const FormatChange& change, LayerOperand operand) {
    QString reason;
    for (const NumberFormat& format : formats) {
        const auto result = changed(format, change, operand);
        if (result) return {};
        if (reason.isEmpty()) reason = qt(result.error().message);
    }
    return formats.empty() ? QObject::tr("the selection has none") : reason;
}

QString type_name(FormatType type) {
    switch (type) {
    case FormatType::float32:
        return QObject::tr("float32");
    case FormatType::float16:
        return QObject::tr("float16");
    case FormatType::bfloat16:
        return QObject::tr("bfloat16");
    case FormatType::float8_e4m3:
        return QObject::tr("FP8 E4M3");
    case FormatType::float8_e5m2:
        return QObject::tr("FP8 E5M2");
    case FormatType::integer:
        return QObject::tr("integer");
    case FormatType::fixed_point:
        return QObject::tr("fixed point");
    case FormatType::dynamic_fixed_point:
        return QObject::tr("dynamic fixed point");
    case FormatType::power_of_two:
        return QObject::tr("powers of two");
    case FormatType::ternary:
        return QObject::tr("ternary");
    case FormatType::binary:
        return QObject::tr("binary");
    case FormatType::codebook:
        return QObject::tr("codebook");
    }
    return {};
}

QString short_label(const NumberFormat& format) {
    switch (format.type) {
    case FormatType::float32:
        return QObject::tr("float");
    case FormatType::float16:
        return QStringLiteral("fp16");
    case FormatType::bfloat16:
        return QStringLiteral("bf16");
    case FormatType::float8_e4m3:
        return QStringLiteral("e4m3");
    case FormatType::float8_e5m2:
        return QStringLiteral("e5m2");
    case FormatType::integer:
        return QString::number(format.bits);
    case FormatType::fixed_point:
    case FormatType::dynamic_fixed_point:
        return QObject::tr("fix%1").arg(format.bits);
    case FormatType::power_of_two:
        return QObject::tr("log%1").arg(format.bits);
    case FormatType::ternary:
        return QObject::tr("tern");
    case FormatType::binary:
        return QObject::tr("bin");
    case FormatType::codebook:
        return QObject::tr("cb%1").arg(format.bits);
    }
    return {};
}

QString rule_name(RangeRuleType rule) {
    switch (rule) {
    case RangeRuleType::minmax:
        return QObject::tr("min to max");
    case RangeRuleType::moving_average:
        return QObject::tr("moving average");
    case RangeRuleType::percentile:
        return QObject::tr("percentile");
    case RangeRuleType::mse:
        return QObject::tr("least squared error");
    case RangeRuleType::entropy:
        return QObject::tr("entropy (KL)");
    case RangeRuleType::given:
        return QObject::tr("given");
    case RangeRuleType::dynamic:
        return QObject::tr("of each image");
    }
    return {};
}

QString range_text(const NumberFormat& format) {
    if (!format.scale.empty()) return QObject::tr("as given");
    if (format.type == FormatType::ternary || format.type == FormatType::binary)
        return QObject::tr("mean magnitude");
    if (format.type == FormatType::codebook)
        return format.codebook.empty() ? QObject::tr("k-means") : QObject::tr("given levels");
    if (!has_field(format.type, FormatField::range)) return QObject::tr("the type's own");
    switch (format.range.type) {
    case RangeRuleType::percentile:
        return QObject::tr("%1 % of the values").arg(format.range.percentile, 0, 'g', 6);
    case RangeRuleType::given:
        return QObject::tr("%1 to %2").arg(format.range.lo, 0, 'g', 4).arg(format.range.hi, 0, 'g', 4);
    default:
        return rule_name(format.range.type);
    }
}

QString facts_text(const NumberFormat& format) {
    if (!format.is_quantized()) return {};
    const FormatFacts f = facts(format);
    if (format.type == FormatType::codebook && format.codebook.empty())
        return QObject::tr("%1 levels of the layer's own").arg(f.levels);
    const auto number = [](double value) {
        const double magnitude = std::abs(value);
        const bool plain = magnitude == 0 || (magnitude >= 1e-3 && magnitude < 1e5);
        QString text = QString::number(value, 'g', plain ? 4 : 3);
        return text.replace('-', QChar(0x2212));
    };
    const bool scaled = format.has_scale() && format.scale.empty();
    QStringList lines;
    lines += QObject::tr("%1 to %2%3")
                 .arg(number(f.lowest), number(f.highest), scaled ? QObject::tr(" \u00d7 scale") : QString());
    lines += f.smallest_step == f.largest_step
                 ? QObject::tr("step %1").arg(number(f.smallest_step))
                 : QObject::tr("steps %1 to %2").arg(number(f.smallest_step), number(f.largest_step));
    lines += f.levels > 0 ? QObject::tr("%1 levels").arg(f.levels) : QObject::tr("over 2^32 levels");
    lines += QObject::tr("%1 dB dynamic range").arg(f.dynamic_range_db, 0, 'f', 1);
    // On a uniform grid what is smaller than half a step vanishes: only the absolute error says something.
    lines += f.max_relative_error < 1
                 ? QObject::tr("relative error up to %1 %").arg(f.max_relative_error * 100, 0, 'g', 3)
                 : QObject::tr("error up to %1").arg(number(f.max_absolute_error));
    return lines.join('\n');
}

} // namespace widthwise::gui
