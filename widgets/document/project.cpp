#include "widgets/document/project.h"

#include "core/design/json.h"
#include "core/flow/project.h"
#include "widgets/document/version_io.h"
#include "widgets/number_text.h"

#include <QFileInfo>
#include <QUndoStack>

namespace widthwise::gui {

struct Project::Loaded {
    Document::Opened opened;
    ProjectStorePtr store;
    QString name;                  ///< what was opened, for the list of recent files
    std::vector<Problem> problems; ///< of parts that could not be had
};

namespace {

struct DataPair {
    DatasetPtr data, calibration;
};

/// Data that fit the network. The demo calibrates on its training images; other cards on their own first
/// images.
Result<DataPair> load_fitting_data(const std::string& source, const std::string& calibration,
                                   const Graph& graph) {
    DataPair pair;
    auto data = flow::load_data(source);
    if (!data) return forward_error(data);
    if (auto fit = flow::check_fit(graph, **data); !fit) return forward_error(fit);
    pair.data = *data;
    const std::string other = !calibration.empty() ? calibration
                              : source == "demo"   ? "demo:train"
                                                   : std::string();
    if (other.empty()) return pair;
    auto second = flow::load_data(other);
    if (!second) return forward_error(second);
    if (auto fit = flow::check_fit(graph, **second); !fit) return forward_error(fit);
    pair.calibration = *second;
    return pair;
}

/// The versions of the project, and the one to show. Versions that cannot be read are told and left out.
Result<void> read_versions(const ProjectStore& store, Document::Opened& opened,
                           std::vector<Problem>& problems) {
    auto versions = store.versions();
    if (!versions) return forward_error(versions);
    for (const StoredVersion& stored : *versions) {
        auto bytes = store.version_onnx(stored.id);
        if (!bytes) return forward_error(bytes);
        auto version = read_version(stored, *bytes, opened.model);
        if (!version) {
            problems.push_back(to_problem(version.error()));
            continue;
        }
        const auto parent = std::ranges::find(opened.versions, version->parent, &Version::id);
        version->preserve =
            preserved(*version, parent == opened.versions.end() ? train::Preserve() : parent->preserve);
        opened.versions.push_back(std::move(*version));
    }
    auto current = store.current_version();
    if (!current) return forward_error(current);
    if (std::ranges::find(opened.versions, *current, &Version::id) != opened.versions.end())
        opened.version = *current;
    return {};
}

QString absolute(const QString& source) {
    const bool built_in = source == QLatin1String("demo") || source.startsWith(QLatin1String("demo:")) ||
                          source.startsWith(QLatin1String("zoo:"));
    return built_in ? source : QFileInfo(source).absoluteFilePath();
}

QString short_name(const QString& source) {
    const QString name = QFileInfo(source).fileName();
    return name.isEmpty() ? source : name;
}

} // namespace

Project::Project(Document& document, QObject* parent) : QObject(parent), m_document(document) {
    ProjectStore::prune_autosaves(10);
    m_autosave.setSingleShot(true);
    m_autosave.setInterval(800);
    connect(&m_autosave, &QTimer::timeout, this, [this] {
        if (m_store && m_store->temporary()) keep();
    });
    connect(m_document.undoStack(), &QUndoStack::indexChanged, this, [this] {
        if (m_document.undoStack()->count() > 0) markWorthKeeping();
        m_autosave.start();
        emit titleChanged();
    });
    connect(m_document.undoStack(), &QUndoStack::cleanChanged, this, &Project::titleChanged);
    connect(&m_document, &Document::designAdded, this, &Project::titleChanged);
    connect(&m_document, &Document::versionAdded, this, &Project::titleChanged);
}

Project::~Project() = default;

void Project::openAnything(const QString& path) {
    const QFileInfo file(path);
    const QString suffix = file.suffix().toLower();
    if (suffix == QLatin1String("widthwise"))
        openProject(path);
    else if (file.isDir() || suffix == QLatin1String("json"))
        openData(path);
    else
        openNetwork(path);
}

void Project::openNetwork(const QString& source_, const QString& data_) {
    const QString source = absolute(source_);
    QString data = data_.isEmpty() ? data_ : absolute(data_);
    if (data.isEmpty() && source == QLatin1String("demo")) data = QStringLiteral("demo");
    const DatasetPtr present = data.isEmpty() ? m_document.data() : nullptr;
    const DatasetPtr present_calibration = m_document.calibration();
    m_loading.supersede(
        tr("Opening %1").arg(short_name(source)), [=, this](const WorkControl&) -> JobLane::Deliver {
            auto loaded = std::make_shared<Loaded>();
            auto model = flow::load_model(source.toStdString());
            if (!model)
                return [this, error = model.error()] {
                    emit failed(to_problem(error, Problem::Remedy::open_network));
                };
            loaded->opened.model = std::move(*model);
            loaded->opened.plan = loaded->opened.model.carried_design.value_or(uniform_plan(8, 8));
            loaded->name = source;
            const Graph& graph = *loaded->opened.model.graph;
            if (!data.isEmpty()) {
                auto pair = load_fitting_data(data.toStdString(), {}, graph);
                if (pair) {
                    loaded->opened.data = pair->data;
                    loaded->opened.calibration = pair->calibration;
                } else {
                    loaded->problems.push_back(to_problem(pair.error(), Problem::Remedy::open_data));
                }
            } else if (present && flow::check_fit(graph, *present)) {
                // The next network of a comparison usually takes the same images.
                loaded->opened.data = present;
                loaded->opened.calibration = present_calibration;
            }
            auto store = ProjectStore::open(ProjectStore::new_autosave_path(), true);
            if (!store)
                return [this, error = store.error()] {
                    emit failed(to_problem(error, Problem::Remedy::save_as));
                };
            loaded->store = *store;
            return [this, loaded] { takeOver(std::move(*loaded)); };
        });
}

void Project::openData(const QString& source_) {
    const QString source = absolute(source_);
    const GraphPtr graph = m_document.model().graph;
    if (!graph) {
        emit failed({tr("Open a network first, then its data"), Problem::Remedy::open_network});
        return;
    }
    m_loading.supersede(tr("Opening %1").arg(short_name(source)),
                        [=, this](const WorkControl&) -> JobLane::Deliver {
                            auto pair = load_fitting_data(source.toStdString(), {}, *graph);
                            if (!pair)
                                return [this, error = pair.error()] {
                                    emit failed(to_problem(error, Problem::Remedy::open_data));
                                };
                            return [this, pair = *pair] {
                                m_document.setData(pair.data, pair.calibration);
                                m_autosave.start();
                                emit worked();
                            };
                        });
}

void Project::openProject(const QString& path_) {
    const QString path = absolute(path_);
    m_loading.supersede(
        tr("Opening %1").arg(short_name(path)), [=, this](const WorkControl&) -> JobLane::Deliver {
            const auto refused = [this](const Error& error, Problem::Remedy remedy) {
                return [this, error, remedy] { emit failed(to_problem(error, remedy)); };
            };
            if (!QFileInfo::exists(path))
                return refused(
                    {ErrorCode::invalid_input, "there is no such project file", path.toStdString(), {}},
                    Problem::Remedy::none);
            auto loaded = std::make_shared<Loaded>();
            const bool leftover = path.startsWith(ProjectStore::autosave_folder());
            auto store = ProjectStore::open(path, leftover);
            if (!store) return refused(store.error(), Problem::Remedy::none);
            loaded->store = *store;
            loaded->store->set_worth_keeping();
            loaded->name = path;
            auto network = loaded->store->network();
            if (!network) return refused(network.error(), Problem::Remedy::none);
            if (!*network)
                return refused(
                    {ErrorCode::invalid_input, "the project names no network", path.toStdString(), {}},
                    Problem::Remedy::open_network);
            const StoredNetwork& stored = **network;
            auto model = flow::load_model(stored.path);
            if (!model) return refused(model.error(), Problem::Remedy::open_network);
            if (model->hash != stored.hash)
                loaded->problems.push_back(
                    {tr("%1 has changed since it was measured here").arg(qt(stored.path)), {}});
            Document::Opened& opened = loaded->opened;
            opened.model = std::move(*model);
            if (auto read = read_versions(*loaded->store, opened, loaded->problems); !read)
                return refused(read.error(), Problem::Remedy::none);
            const auto graph_of = [&](int64_t version) {
                const auto found = std::ranges::find(opened.versions, version, &Version::id);
                return found == opened.versions.end() ? opened.model.graph : found->model.graph;
            };
            const Graph& graph = *graph_of(opened.version);
            const std::string where = path.toStdString();
            auto plan = plan_from_json(stored.current_plan_json, graph, where);
            opened.plan = plan ? std::move(*plan) : uniform_plan(8, 8);
            if (!plan) loaded->problems.push_back(to_problem(plan.error()));
            if (!stored.target_json.empty()) {
                if (auto target = target_from_json(stored.target_json, where))
                    opened.target = std::move(*target);
                else
                    loaded->problems.push_back(to_problem(target.error()));
            }
            if (!stored.data.empty()) {
                if (auto pair = load_fitting_data(stored.data, stored.calibration_data, graph)) {
                    opened.data = pair->data;
                    opened.calibration = pair->calibration;
                } else {
                    loaded->problems.push_back(to_problem(pair.error(), Problem::Remedy::open_data));
                }
            }
            auto rows = loaded->store->evaluations();
            if (!rows) return refused(rows.error(), Problem::Remedy::none);
            for (const StoredEvaluation& row : *rows) {
                const bool lost =
                    row.version != 0 &&
                    std::ranges::find(opened.versions, row.version, &Version::id) == opened.versions.end();
                if (lost) continue; // with its version, which has been told
                if (auto design = flow::from_stored(row, *graph_of(row.version)))
                    opened.designs.push_back(std::move(*design));
                else
                    loaded->problems.push_back(to_problem(design.error()));
            }
            return [this, loaded] { takeOver(std::move(*loaded)); };
        });
}

void Project::takeOver(Loaded loaded) {
    if (m_store && m_store->temporary()) keep();
    m_autosave.stop();
    m_store = std::move(loaded.store);
    emit worked();
    m_document.open(std::move(loaded.opened));
    if (m_store->temporary()) keep();
    emit opened(loaded.name);
    emit titleChanged();
    for (const Problem& problem : loaded.problems) emit failed(problem);
    for (const std::string& warning : m_document.model().warnings)
        emit failed({qt(warning), Problem::Remedy::none});
}

bool Project::save() {
    if (!m_store) return true;
    if (m_store->temporary()) return false;
    saveAs(m_store->path());
    return true;
}

void Project::saveAs(const QString& path_) {
    if (!m_store) return;
    const QString path = absolute(path_);
    const int index = m_document.undoStack()->index();
    m_writing.submit(tr("Saving %1").arg(short_name(path)),
                     [this, path, index, store = m_store, network = snapshot(),
                      version = shownVersion()](const WorkControl&) -> JobLane::Deliver {
                         auto done = store->move_to(path, network, version);
                         if (!done)
                             return [this, error = done.error()] {
                                 emit failed(to_problem(error, Problem::Remedy::save_as));
                             };
                         return [this, path, index] {
                             if (m_document.undoStack()->index() == index) m_document.undoStack()->setClean();
                             emit worked();
                             emit saved(path);
                             emit titleChanged();
                         };
                     });
}

void Project::exportReport(const QString& path, std::vector<report::Picture> pictures) {
    report::Report report;
    report.title = "Widthwise: " + m_document.model().name;
    report.model = m_document.model().source;
    report.data = m_document.data() ? m_document.data()->name() : std::string();
    report.target = m_document.target().name;
    report.designs = m_document.designs();
    for (Design& design : report.designs)
        if (const Version* version = m_document.versionById(design.version); version && version->id != 0)
            design.network = version->label.toStdString();
    report.pictures = std::move(pictures);
    m_writing.submit(tr("Writing %1").arg(short_name(path)),
                     [this, path, report = std::move(report)](const WorkControl&) -> JobLane::Deliver {
                         auto written = report::write(report, path.toStdString());
                         if (!written)
                             return [this, error = written.error()] { emit failed(to_problem(error)); };
                         return [this, path] { emit reportWritten(path); };
                     });
}

bool Project::isModified() const {
    if (!m_store) return false;
    return !m_document.undoStack()->isClean() ||
           (m_store->temporary() && (!m_document.designs().empty() || m_document.versions().size() > 1));
}

QString Project::path() const {
    return m_store && !m_store->temporary() ? m_store->path() : QString();
}

QString Project::title() const {
    if (!m_document.hasNetwork()) return {};
    return path().isEmpty() ? qt(m_document.model().name) : QFileInfo(path()).fileName();
}

void Project::markWorthKeeping() {
    if (m_store) m_store->set_worth_keeping();
}

void Project::keep() {
    if (!m_store || !m_document.hasNetwork()) return;
    m_writing.submit({},
                     [this, store = m_store, network = snapshot(),
                      version = shownVersion()](const WorkControl&) -> JobLane::Deliver {
                         auto done = store->keep(network, version);
                         if (done) return {};
                         return [this, error = done.error()] {
                             emit failed(to_problem(error, Problem::Remedy::save_as));
                         };
                     });
}

int64_t Project::shownVersion() const {
    // One that the file does not hold cannot be the one that it opens with.
    return std::max<int64_t>(0, m_document.version().id);
}

StoredNetwork Project::snapshot() const {
    StoredNetwork network;
    const flow::Model& own = m_document.versions().front().model;
    network.path = own.source;
    network.hash = own.hash;
    if (m_document.data()) {
        network.data = m_document.data()->name();
        network.data_hash = m_document.data()->hash();
    }
    if (m_document.calibration()) network.calibration_data = m_document.calibration()->name();
    if (!m_document.target().memory.empty()) network.target_json = target_to_json(m_document.target());
    network.current_plan_json = plan_to_json(m_document.plan());
    return network;
}

} // namespace widthwise::gui
