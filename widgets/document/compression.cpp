#include "widgets/document/compression.h"

#include "widgets/document/new_version.h"
#include "widgets/document/version_io.h"
#include "widgets/number_text.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

namespace widthwise::gui {
namespace {

QString recipe_of(const passes::CompressionRequest& request) {
    QJsonArray layers;
    for (const std::string& layer : request.layers) layers.append(qt(layer));
    const QJsonObject object{{QStringLiteral("method"), qt(passes::to_string(request.method))},
                             {QStringLiteral("layers"), layers},
                             {QStringLiteral("seed"), static_cast<qint64>(request.seed)}};
    return QString::fromUtf8(QJsonDocument(object).toJson(QJsonDocument::Compact));
}

} // namespace

Compression::Compression(Document& document, Project& project, TrainingBackend backend, QObject* parent)
    : QObject(parent), m_document(document), m_project(project), m_backend(std::move(backend)) {
    for (const auto signal : {&Document::networkChanged, &Document::planChanged, &Document::targetChanged})
        connect(&m_document, signal, this, &Compression::forget);
    connect(&m_lane, &JobLane::finished, this, [this](JobId id) {
        if (id != m_apply_job) return;
        m_apply_job = 0;
        m_preview.reset();
    });
}

Compression::~Compression() = default;

void Compression::forget() {
    if (m_apply_job != 0) return;
    m_lane.cancelAll();
    m_preview.reset();
}

void Compression::preview(const passes::CompressionRequest& request) {
    m_preview.reset();
    if (!m_document.hasNetwork() || m_apply_job != 0) return;
    m_lane.supersede(
        tr("Compressing"),
        [this, request, from = m_document.version().id, model = m_document.model(), plan = m_document.plan(),
         target = m_document.target(), options = m_document.modelOptions(),
         backend = m_backend](const WorkControl& control) -> JobLane::Deliver {
            auto outcome = backend.compress(model, plan, request, control);
            if (!outcome) {
                if (outcome.error().code == ErrorCode::cancelled) return {};
                return [this, why = to_problem(outcome.error()).text] { emit refused(why); };
            }
            auto preview = std::make_shared<Preview>();
            preview->request = request;
            preview->from = from;
            preview->outcome = std::move(*outcome);
            cost::Options priced = options;
            if (auto cost = cost::estimate(*model.graph, plan, target, priced))
                preview->before = std::move(*cost);
            const flow::CompressionOutcome& made = preview->outcome;
            if (!priced.zeros.empty()) {
                // Zeros of the network before say nothing about the one after; its weights' own are cheap.
                priced.zeros.clear();
                if (auto zeros = backend.measure_zeros(made.model, made.plan, nullptr, 0, control))
                    for (const auto& [layer, share] : *zeros)
                        priced.zeros[layer] = {
                            options.zeros.contains(layer) ? options.zeros.at(layer).inputs : 0, share.weights,
                            options.zeros.contains(layer) ? options.zeros.at(layer).outputs : 0};
            }
            if (auto cost = cost::estimate(*made.model.graph, made.plan, target, priced))
                preview->after = std::move(*cost);
            return [this, preview] {
                m_preview = preview;
                emit previewed();
            };
        });
}

void Compression::apply() {
    if (!m_preview || m_apply_job != 0 || m_preview->from != m_document.version().id) return;
    m_project.markWorthKeeping();
    Version version;
    version.parent = m_preview->from;
    version.label = qt(passes::description(m_preview->request.method));
    version.kind = QStringLiteral("compress");
    version.recipe = recipe_of(m_preview->request);
    version.model = m_preview->outcome.model;
    version.plan = m_preview->outcome.plan;
    version.preserve = preserved(version, m_document.version().preserve);
    const std::map<std::string, std::string> recipe{{"widthwise.version", flow::program_version()},
                                                    {"widthwise.source", version.model.source},
                                                    {"widthwise.recipe", version.recipe.toStdString()}};
    m_apply_job = m_lane.submit(tr("Compressing: %1").arg(version.label),
                                [this, version, recipe, store = m_project.store(),
                                 backend = m_backend](const WorkControl&) -> JobLane::Deliver {
                                    auto kept = std::make_shared<KeptVersion>(
                                        keep_version(version, recipe, *store, backend));
                                    return [this, kept, store] {
                                        if (m_project.store() == store) {
                                            const int64_t id = kept->version.id;
                                            m_document.addVersion(std::move(kept->version));
                                            m_document.useVersion(id);
                                            emit applied(id);
                                            if (kept->problem) emit failed(*kept->problem);
                                        }
                                    };
                                });
}

} // namespace widthwise::gui
