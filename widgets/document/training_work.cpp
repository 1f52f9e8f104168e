#include "widgets/document/training_work.h"

#include "widgets/document/plan_edit.h"
#include "widgets/document/training_feed.h"

#include <QStringList>

namespace widthwise::gui {
namespace {

Result<DatasetPtr> load(const QString& sources, const Graph& graph, const TrainingBackend& backend) {
    std::vector<DatasetPtr> parts;
    for (const QString& source : sources.split(QChar(';'), Qt::SkipEmptyParts)) {
        auto part = backend.load_data(source.trimmed().toStdString());
        if (!part) return part;
        parts.push_back(std::move(*part));
    }
    auto data = join_datasets(std::move(parts));
    if (!data) return data;
    if (auto fit = flow::check_fit(graph, **data); !fit) return forward_error(fit);
    return data;
}

Result<TrainedVersion> run_meta(const TrainingWork& work, DatasetPtr data, Version version,
                                const TrainingBackend& backend, const WorkControl& control,
                                const train::Observer& observer) {
    flow::MetaRequest request;
    request.model = work.from.model;
    request.data = std::move(data);
    request.calibration = work.calibration;
    request.options = flow::recommended_meta_options(*work.from.model.graph);
    request.options.tasks = work.setup.tasks;
    request.options.inner_steps = work.setup.inner_steps;
    request.options.inner = work.setup.options;
    auto result = backend.meta_train(request, control, observer);
    if (!result) return forward_error(result);
    version.model = std::move(result->model);
    version.model.scales = std::move(result->scales);
    version.plan = without_parameters(work.design);
    return TrainedVersion{std::move(version), {}, {}};
}

} // namespace

std::map<std::string, std::string> recipe_of(const TrainingWork& work) {
    return {{"widthwise.version", flow::program_version()},
            {"widthwise.source", work.from.model.source},
            {"widthwise.source_hash", work.from.model.hash},
            {"widthwise.recipe", setup_to_json(work.setup)}};
}

Result<TrainedVersion> run_training(const TrainingWork& work, const TrainingBackend& backend,
                                    TrainingFeed& feed, const WorkControl& control) {
    const Graph& graph = *work.from.model.graph;
    auto data = load(work.setup.data, graph, backend);
    if (!data) return forward_error(data);
    DatasetPtr validation = work.evaluation;
    if (!work.setup.validation.trimmed().isEmpty()) {
        auto other = load(work.setup.validation, graph, backend);
        if (!other) return forward_error(other);
        validation = std::move(*other);
    }
    const train::Observer observer{[&](const train::StepReport& step) { feed.add(step, control.cancel); },
                                   [&](const train::Epoch& epoch) { feed.add(epoch); }};
    Version version;
    version.parent = work.from.id;
    version.label = work.label;
    version.kind = kind_of(work.setup.mode);
    version.recipe = QString::fromStdString(setup_to_json(work.setup));
    if (work.setup.mode == TrainingMode::meta)
        return run_meta(work, std::move(*data), std::move(version), backend, control, observer);

    flow::TrainingRequest request;
    request.model = work.from.model;
    request.data = std::move(*data);
    request.validation = std::move(validation);
    if (work.setup.mode == TrainingMode::quantized) request.design = work.design;
    if (work.setup.mode == TrainingMode::adapt) {
        // The start's own scales, not those that the design had elsewhere.
        request.design = without_parameters(work.design);
        request.scales = work.from.model.scales;
    }
    request.batch_norm = work.setup.batch_norm;
    request.weight_scales = work.setup.weight_scales;
    request.activation_scales = work.setup.activation_scales;
    request.calibration = work.calibration;
    request.options = work.setup.options;
    auto outcome = backend.train(request, control, observer);
    if (!outcome) return forward_error(outcome);
    version.model = std::move(outcome->model);
    version.preserve = work.setup.options.preserve;
    version.plan = version.model.carried_design.value_or(without_parameters(work.design));
    TrainedVersion made{std::move(version), {}, {}};
    if (outcome->before) made.before = outcome->before->top1;
    if (outcome->after) made.after = outcome->after->top1;
    return made;
}

} // namespace widthwise::gui
