#include "widgets/document/training_setup.h"

#include "widgets/number_text.h"

#include <QFileInfo>
#include <QJsonDocument>
#include <QJsonObject>
#include <QSettings>

namespace widthwise::gui {

TrainingSetup recommended_setup(TrainingMode mode, const flow::Model& model) {
    TrainingSetup setup;
    setup.mode = mode;
    const bool trained = !model.graph || model.trained;
    setup.options = flow::recommended_options(mode != TrainingMode::plain, trained);
    if (trained) setup.options.epochs = 5;
    if (mode == TrainingMode::adapt) setup.options.steps = 20;
    if (mode != TrainingMode::meta || !model.graph) return setup;
    const train::MetaOptions meta = flow::recommended_meta_options(*model.graph);
    setup.options = meta.inner;
    setup.tasks = meta.tasks;
    setup.inner_steps = meta.inner_steps;
    return setup;
}

QString kind_of(TrainingMode mode) {
    switch (mode) {
    case TrainingMode::plain:
        return QStringLiteral("train");
    case TrainingMode::quantized:
        return QStringLiteral("qat");
    case TrainingMode::adapt:
        return QStringLiteral("adapt");
    case TrainingMode::meta:
        return QStringLiteral("meta");
    }
    return {};
}

QString run_label(const TrainingSetup& setup, const QString& design) {
    const auto count = [](qint64 number, const QString& one, const QString& many) {
        return QStringLiteral("%1 %2").arg(number).arg(number == 1 ? one : many);
    };
    const QString epochs = setup.options.steps > 0
                               ? count(setup.options.steps, QObject::tr("step"), QObject::tr("steps"))
                               : count(setup.options.epochs, QObject::tr("epoch"), QObject::tr("epochs"));
    switch (setup.mode) {
    case TrainingMode::plain:
        return QObject::tr("Float, %1").arg(epochs);
    case TrainingMode::quantized:
        return QObject::tr("QAT %1, %2").arg(design, epochs);
    case TrainingMode::adapt:
        return QObject::tr("Adapted to %1, %2").arg(design, epochs);
    case TrainingMode::meta:
        return QObject::tr("Meta-initialization, %1")
            .arg(count(setup.tasks, QObject::tr("task"), QObject::tr("tasks")));
    }
    return {};
}

QString guess_training_data(const Dataset* evaluation) {
    if (!evaluation) return {};
    const QString name = qt(evaluation->name());
    if (name == QLatin1String("demo") || name == QLatin1String("demo:train"))
        return QStringLiteral("demo:train");
    const QFileInfo card(name);
    const QString beside = card.absolutePath() + QStringLiteral("/train.json");
    return card.fileName() != QLatin1String("train.json") && QFileInfo::exists(beside) ? beside : QString();
}

namespace {

/// One list of fields for storing, restoring and the project.
template <typename Setup, typename Visit> void visit_fields(Setup& setup, Visit visit) {
    auto& o = setup.options;
    visit("epochs", o.epochs);
    visit("steps", o.steps);
    visit("batchSize", o.batch_size);
    visit("optimizer", o.optimizer);
    visit("learningRate", o.learning_rate);
    visit("momentum", o.momentum);
    visit("nesterov", o.nesterov);
    visit("weightDecay", o.weight_decay);
    visit("schedule", o.schedule);
    visit("labelSmoothing", o.label_smoothing);
    visit("distillation", o.distillation);
    visit("weightAverage", o.weight_average);
    visit("flip", o.augmentation.flip);
    visit("crop", o.augmentation.crop);
    visit("cutout", o.augmentation.cutout);
    visit("patience", o.patience);
    visit("keepBest", o.keep_best);
    visit("reestimateImages", o.reestimate_images);
    visit("compute", o.compute);
    visit("seed", o.seed);
    visit("batchNorm", setup.batch_norm);
    visit("weightScales", setup.weight_scales);
    visit("activationScales", setup.activation_scales);
    visit("tasks", setup.tasks);
    visit("innerSteps", setup.inner_steps);
}

template <typename T> QVariant to_variant(const T& value) {
    if constexpr (std::is_enum_v<T>)
        return static_cast<int>(value);
    else if constexpr (std::is_same_v<T, int64_t> || std::is_same_v<T, uint64_t>)
        return QVariant::fromValue(static_cast<qlonglong>(value));
    else
        return value;
}

QString group_of(TrainingMode mode, const flow::Model& model) {
    const bool trained = !model.graph || model.trained;
    return QStringLiteral("training/") + kind_of(mode) + (trained ? QString() : QStringLiteral("-scratch"));
}

} // namespace

void store_setup(const TrainingSetup& setup, const flow::Model& model, QSettings& settings) {
    settings.beginGroup(group_of(setup.mode, model));
    visit_fields(setup, [&](const char* name, const auto& value) {
        settings.setValue(QLatin1String(name), to_variant(value));
    });
    settings.endGroup();
}

void restore_setup(TrainingSetup& setup, const flow::Model& model, const QSettings& settings) {
    const QString group = group_of(setup.mode, model) + QChar('/');
    visit_fields(setup, [&](const char* name, auto& value) {
        using T = std::decay_t<decltype(value)>;
        const QVariant stored = settings.value(group + QLatin1String(name));
        if (!stored.isValid()) return;
        if constexpr (std::is_enum_v<T>)
            value = static_cast<T>(stored.toInt());
        else
            value = stored.value<T>();
    });
    // A settings file can hold anything; what cannot be run is not restored.
    if (!train::validate(setup.options)) setup = recommended_setup(setup.mode, model);
}

std::string setup_to_json(const TrainingSetup& setup) {
    QJsonObject object{{QStringLiteral("mode"), kind_of(setup.mode)},
                       {QStringLiteral("data"), setup.data},
                       {QStringLiteral("validation"), setup.validation}};
    visit_fields(setup, [&](const char* name, const auto& value) {
        object.insert(QLatin1String(name), QJsonValue::fromVariant(to_variant(value)));
    });
    object[QStringLiteral("preserveZeros")] = setup.options.preserve.zeros;
    object[QStringLiteral("preserveSharing")] = setup.options.preserve.sharing;
    // Enumerations by their names: numbers mean nothing outside.
    object[QStringLiteral("optimizer")] = qt(train::to_string(setup.options.optimizer));
    object[QStringLiteral("schedule")] = qt(train::to_string(setup.options.schedule));
    object[QStringLiteral("compute")] = qt(train::to_string(setup.options.compute));
    object[QStringLiteral("batchNorm")] = qt(train::to_string(setup.batch_norm));
    object[QStringLiteral("weightScales")] = qt(train::to_string(setup.weight_scales));
    object[QStringLiteral("activationScales")] = qt(train::to_string(setup.activation_scales));
    return QJsonDocument(object).toJson(QJsonDocument::Compact).toStdString();
}

} // namespace widthwise::gui
