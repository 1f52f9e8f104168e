#include "widgets/document/exploration_setup.h"

#include "widgets/number_text.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QRegularExpression>
#include <QSettings>

#include <algorithm>
#include <cmath>

namespace widthwise::gui {

using explore::Metric;

QString exploration_label(const ExplorationWork& work) {
    const std::string& name = work.setup.algorithm;
    return QObject::tr("%1, %2 on %3")
        .arg(qt(name.empty() ? explore::algorithms().front().name : name))
        .arg(work.setup.budget)
        .arg(qt(work.target.name));
}

QString metric_title(Metric metric) {
    switch (metric) {
    case Metric::drop:
        return QObject::tr("accuracy drop");
    case Metric::energy:
        return QObject::tr("energy");
    case Metric::latency:
        return QObject::tr("latency");
    case Metric::area:
        return QObject::tr("area");
    case Metric::size:
        return QObject::tr("size");
    case Metric::power:
        return QObject::tr("power");
    case Metric::throughput:
        return QObject::tr("throughput");
    case Metric::luts:
        return QObject::tr("LUTs");
    case Metric::dsps:
        return QObject::tr("DSPs");
    case Metric::bram18:
        return QObject::tr("BRAM18s");
    case Metric::urams:
        return QObject::tr("URAMs");
    }
    return {};
}

std::vector<MetricUnit> metric_units(Metric metric) {
    const auto prefixed = [](const QString& unit) {
        return std::vector<MetricUnit>{{QStringLiteral("n") + unit, 1e-9},
                                       {QStringLiteral("\u00b5") + unit, 1e-6},
                                       {QStringLiteral("m") + unit, 1e-3},
                                       {unit, 1}};
    };
    switch (metric) {
    case Metric::drop:
        return {{QObject::tr("points"), 0.01}};
    case Metric::energy:
        return prefixed(QStringLiteral("J"));
    case Metric::latency:
        return prefixed(QStringLiteral("s"));
    case Metric::power:
        return prefixed(QStringLiteral("W"));
    case Metric::area:
        return {{QStringLiteral("mm\u00b2"), 1}};
    case Metric::size:
        return {{QStringLiteral("B"), 1}, {QStringLiteral("kB"), 1e3}, {QStringLiteral("MB"), 1e6}};
    case Metric::throughput:
        return {{QObject::tr("images/s"), 1}, {QObject::tr("k images/s"), 1e3}};
    default:
        return {{QString(), 1}};
    }
}

QString metric_text(Metric metric, double value) {
    if (!std::isfinite(value)) return k_dash;
    switch (metric) {
    case Metric::drop:
        return QStringLiteral("%1\u00a0pt").arg(signed_number(value * 100, 2));
    case Metric::energy:
        return engineering(value, QStringLiteral("J"));
    case Metric::latency:
        return engineering(value, QStringLiteral("s"));
    case Metric::power:
        return engineering(value, QStringLiteral("W"));
    case Metric::area:
        return significant(value) + QStringLiteral("\u00a0mm\u00b2");
    case Metric::size:
        return bytes_text(value);
    case Metric::throughput:
        return significant(value) + QObject::tr("\u00a0images/s");
    default:
        return count_text(std::llround(value));
    }
}

QString widths_text(const std::vector<int>& widths) {
    QStringList words;
    for (const int width : widths) words += QString::number(width);
    return words.join(QStringLiteral(", "));
}

Result<std::vector<int>> widths_from(const QString& text) {
    std::vector<int> widths;
    for (const QString& word :
         text.split(QRegularExpression(QStringLiteral("[,;\\s]+")), Qt::SkipEmptyParts)) {
        bool whole = false;
        const int width = word.toInt(&whole);
        if (!whole || width < 1 || width > 16)
            return fail(ErrorCode::usage, "\"" + word.toStdString() + "\" is no width", {},
                        "name whole numbers of 1 to 16 bits");
        widths.push_back(width);
    }
    std::ranges::sort(widths);
    widths.erase(std::ranges::unique(widths).begin(), widths.end());
    if (widths.empty())
        return fail(ErrorCode::usage, "no widths are named", {}, "name some, such as 2, 4, 8");
    return widths;
}

namespace {

QJsonArray to_array(const std::vector<std::string>& words) {
    QJsonArray array;
    for (const std::string& word : words) array.append(qt(word));
    return array;
}
std::vector<std::string> strings_of(const QJsonValue& value) {
    std::vector<std::string> words;
    for (const QJsonValue& word : value.toArray()) words.push_back(word.toString().toStdString());
    return words;
}
QJsonArray to_array(const std::vector<int>& numbers) {
    QJsonArray array;
    for (const int number : numbers) array.append(number);
    return array;
}
std::vector<int> ints_of(const QJsonValue& value) {
    std::vector<int> numbers;
    for (const QJsonValue& number : value.toArray()) numbers.push_back(number.toInt());
    return numbers;
}

QJsonObject to_object(const ExplorationSetup& setup) {
    QJsonArray hardware, objectives, constraints;
    for (const flow::HardwareVariable& one : setup.space.hardware)
        hardware.append(QJsonObject{{QStringLiteral("key"), qt(one.key)},
                                    {QStringLiteral("values"), to_array(one.values)}});
    for (const Metric metric : setup.goals.objectives) objectives.append(qt(explore::to_string(metric)));
    for (const explore::Constraint& one : setup.goals.constraints)
        constraints.append(QJsonObject{{QStringLiteral("metric"), qt(explore::to_string(one.metric))},
                                       {QStringLiteral("limit"), one.limit}});
    return {{QStringLiteral("algorithm"), qt(setup.algorithm)},
            {QStringLiteral("budget"), qint64(setup.budget)},
            {QStringLiteral("seed"), QString::number(setup.seed)},
            {QStringLiteral("weight_widths"), to_array(setup.space.weight_widths)},
            {QStringLiteral("activation_widths"), to_array(setup.space.activation_widths)},
            {QStringLiteral("weight_formats"), to_array(setup.space.weight_formats)},
            {QStringLiteral("activation_formats"), to_array(setup.space.activation_formats)},
            {QStringLiteral("frozen"), to_array(setup.space.frozen)},
            {QStringLiteral("tie_operands"), setup.space.tie_operands},
            {QStringLiteral("least_error"), setup.space.least_error_for_few_bits},
            {QStringLiteral("hardware"), hardware},
            {QStringLiteral("objectives"), objectives},
            {QStringLiteral("constraints"), constraints},
            {QStringLiteral("data"), setup.data},
            {QStringLiteral("report"), setup.report},
            {QStringLiteral("limit"), qint64(setup.limit)}};
}

ExplorationSetup from_object(const QJsonObject& object, ExplorationSetup setup) {
    const auto value = [&](const char* key) { return object.value(QLatin1String(key)); };
    setup.algorithm = value("algorithm").toString(qt(setup.algorithm)).toStdString();
    setup.budget = std::max<int64_t>(1, value("budget").toInteger(setup.budget));
    if (value("seed").isString()) setup.seed = value("seed").toString().toULongLong();
    if (value("weight_widths").isArray()) setup.space.weight_widths = ints_of(value("weight_widths"));
    if (value("activation_widths").isArray())
        setup.space.activation_widths = ints_of(value("activation_widths"));
    setup.space.weight_formats = strings_of(value("weight_formats"));
    setup.space.activation_formats = strings_of(value("activation_formats"));
    setup.space.frozen = strings_of(value("frozen"));
    setup.space.tie_operands = value("tie_operands").toBool(setup.space.tie_operands);
    setup.space.least_error_for_few_bits = value("least_error").toBool(setup.space.least_error_for_few_bits);
    for (const QJsonValue& one : value("hardware").toArray())
        setup.space.hardware.push_back(
            {one[QStringLiteral("key")].toString().toStdString(), strings_of(one[QStringLiteral("values")])});
    if (value("objectives").isArray()) setup.goals.objectives.clear();
    for (const QJsonValue& one : value("objectives").toArray())
        if (const auto metric = explore::metric_from(one.toString().toStdString()))
            setup.goals.objectives.push_back(*metric);
    for (const QJsonValue& one : value("constraints").toArray())
        if (const auto metric = explore::metric_from(one[QStringLiteral("metric")].toString().toStdString()))
            setup.goals.constraints.push_back({*metric, one[QStringLiteral("limit")].toDouble()});
    setup.data = value("data").toString();
    setup.report = value("report").toString();
    setup.limit = value("limit").toInteger(setup.limit);
    return setup;
}

} // namespace

void store_setup(const ExplorationSetup& setup, QSettings& settings) {
    QJsonObject object = to_object(setup);
    // These belong to a network, its data and a target.
    for (const char* key : {"data", "report", "frozen", "hardware", "constraints"})
        object.remove(QLatin1String(key));
    settings.setValue(QStringLiteral("exploration"), QJsonDocument(object).toJson(QJsonDocument::Compact));
}

void restore_setup(ExplorationSetup& setup, const QSettings& settings) {
    const QJsonDocument document =
        QJsonDocument::fromJson(settings.value(QStringLiteral("exploration")).toByteArray());
    if (document.isObject()) setup = from_object(document.object(), setup);
}

std::string work_to_json(const ExplorationWork& work, const std::string& provenance) {
    QJsonObject zeros;
    for (const auto& [layer, share] : work.cost.zeros)
        zeros.insert(qt(layer), QJsonArray{share.inputs, share.weights, share.outputs});
    QJsonObject cost{{QStringLiteral("fuse_layers"), work.cost.fuse_layers},
                     {QStringLiteral("reorder"), work.cost.reorder},
                     {QStringLiteral("zeros"), zeros}};
    if (work.cost.keep_feature_maps)
        cost.insert(QStringLiteral("keep_feature_maps"), *work.cost.keep_feature_maps);
    const QJsonObject object{{QStringLiteral("setup"), to_object(work.setup)},
                             {QStringLiteral("version"), qint64(work.version)},
                             {QStringLiteral("plan"), qt(plan_to_json(work.base))},
                             {QStringLiteral("target"), qt(target_to_json(work.target))},
                             {QStringLiteral("cost"), cost},
                             {QStringLiteral("evaluation"), work.evaluation},
                             {QStringLiteral("calibration"), work.calibration}};
    QJsonObject all = QJsonDocument::fromJson(QByteArray::fromStdString(provenance)).object();
    all.insert(QStringLiteral("window"), object);
    return QJsonDocument(all).toJson(QJsonDocument::Compact).toStdString();
}

Result<ExplorationWork> work_from_json(const std::string& text, const Graph& graph) {
    const QJsonDocument document = QJsonDocument::fromJson(QByteArray::fromStdString(text));
    const QJsonObject object = document.object().value(QLatin1String("window")).toObject();
    const auto value = [&](const char* key) { return object.value(QLatin1String(key)); };
    if (!value("setup").isObject() || !value("plan").isString() || !value("target").isString())
        return fail(ErrorCode::invalid_input, "the search was not asked for in a window", {},
                    "resume it with the command line that started it");
    const std::string where = "the search's row in the project";
    ExplorationWork work;
    work.setup = from_object(value("setup").toObject(), {});
    work.version = value("version").toInteger();
    auto plan = plan_from_json(value("plan").toString().toStdString(), graph, where);
    if (!plan) return forward_error(plan);
    work.base = std::move(*plan);
    auto target = target_from_json(value("target").toString().toStdString(), where);
    if (!target) return forward_error(target);
    work.target = std::move(*target);
    const QJsonObject cost = value("cost").toObject();
    work.cost.fuse_layers = cost[QStringLiteral("fuse_layers")].toBool();
    work.cost.reorder = cost[QStringLiteral("reorder")].toBool();
    if (cost[QStringLiteral("keep_feature_maps")].isBool())
        work.cost.keep_feature_maps = cost[QStringLiteral("keep_feature_maps")].toBool();
    const QJsonObject zeros = cost[QStringLiteral("zeros")].toObject();
    for (auto it = zeros.begin(); it != zeros.end(); ++it)
        work.cost.zeros[it.key().toStdString()] = {it.value()[0].toDouble(), it.value()[1].toDouble(),
                                                   it.value()[2].toDouble()};
    work.evaluation = value("evaluation").toString();
    work.calibration = value("calibration").toString();
    return work;
}

} // namespace widthwise::gui
