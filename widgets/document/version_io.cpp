#include "widgets/document/version_io.h"

#include "core/passes/compression.h"
#include "widgets/document/plan_edit.h"
#include "widgets/number_text.h"

#include <QJsonDocument>

namespace widthwise::gui {

Result<Version> read_version(const StoredVersion& stored, std::string_view onnx, const flow::Model& own) {
    const std::string where = "version " + std::to_string(stored.id) + " (" + stored.label + ")";
    auto loaded = flow::load_model_bytes(onnx, where, own.name);
    if (!loaded) return forward_error(loaded);
    Version version;
    version.id = stored.id;
    version.parent = stored.parent;
    version.label = qt(stored.label);
    version.kind = qt(stored.kind);
    version.recipe = qt(stored.recipe_json);
    version.created = qt(stored.created_utc);
    version.model = std::move(*loaded);
    flow::Model& model = version.model;
    model.source = own.source;
    // The file was written here: what a reader remarks about foreign ones is no news.
    model.warnings.clear();
    model.trained = own.trained || version.kind != QLatin1String("compress");
    version.plan = model.carried_design.value_or(uniform_plan(8, 8));
    if (stored.plan_json.empty()) return version;
    auto plan = plan_from_json(stored.plan_json, *model.graph, where);
    if (!plan) return forward_error(plan);
    version.plan = std::move(*plan);
    return version;
}

train::Preserve preserved(const Version& version, const train::Preserve& had) {
    const QJsonDocument recipe = QJsonDocument::fromJson(version.recipe.toUtf8());
    if (version.kind != QLatin1String("compress"))
        return {recipe[QStringLiteral("preserveZeros")].toBool(),
                recipe[QStringLiteral("preserveSharing")].toBool()};
    const auto method = passes::parse_compression(recipe[QStringLiteral("method")].toString().toStdString());
    if (!method) return had;
    const bool shares = std::holds_alternative<passes::ShareWeights>(*method) ||
                        std::holds_alternative<passes::QuantizeVectors>(*method);
    const bool zeros = std::holds_alternative<passes::PruneWeights>(*method) ||
                       std::holds_alternative<passes::PruneNofM>(*method);
    return {zeros || had.zeros, shares || had.sharing};
}

StoredVersion to_stored(const Version& version) {
    StoredVersion stored;
    stored.id = version.id;
    stored.parent = version.parent;
    stored.label = version.label.toStdString();
    stored.kind = version.kind.toStdString();
    stored.recipe_json = version.recipe.toStdString();
    stored.plan_json = plan_to_json(version.plan);
    stored.created_utc = version.created.toStdString();
    return stored;
}

} // namespace widthwise::gui
