#include "widgets/document/project_store.h"

#include <QCoreApplication>
#include <QDateTime>
#include <QDir>
#include <QFile>
#include <QStandardPaths>

#include <signal.h>

namespace widthwise::gui {
namespace {

const QString k_suffix = QStringLiteral(".widthwise");

std::filesystem::path native(const QString& path) {
    return QFile::encodeName(path).toStdString();
}

void remove_with_journal(const QString& path) {
    for (const QString& tail : {QString(), QStringLiteral("-wal"), QStringLiteral("-shm")})
        QFile::remove(path + tail);
}

} // namespace

QString ProjectStore::autosave_folder() {
    const QString folder =
        QStandardPaths::writableLocation(QStandardPaths::AppLocalDataLocation) + QStringLiteral("/autosave");
    QDir().mkpath(folder);
    return folder;
}

QString ProjectStore::new_autosave_path() {
    // The process id tells a leftover from a file in use.
    return QStringLiteral("%1/%2-%3%4")
        .arg(autosave_folder(),
             QDateTime::currentDateTimeUtc().toString(QStringLiteral("yyyyMMdd-hhmmss-zzz")))
        .arg(QCoreApplication::applicationPid())
        .arg(k_suffix);
}

void ProjectStore::prune_autosaves(int keep) {
    const QFileInfoList files =
        QDir(autosave_folder()).entryInfoList({QStringLiteral("*") + k_suffix}, QDir::Files, QDir::Time);
    for (qsizetype i = keep; i < files.size(); ++i) {
        const auto pid = static_cast<pid_t>(files[i].completeBaseName().section('-', -1).toLongLong());
        if (pid > 0 && ::kill(pid, 0) == 0) continue;
        remove_with_journal(files[i].absoluteFilePath());
    }
}

Result<std::shared_ptr<ProjectStore>> ProjectStore::open(const QString& path, bool temporary) {
    auto file = ProjectFile::open(native(path));
    if (!file) return forward_error(file);
    std::shared_ptr<ProjectStore> store(new ProjectStore);
    store->m_file = std::move(*file);
    store->m_path = path;
    store->m_temporary = temporary;
    return store;
}

ProjectStore::~ProjectStore() {
    m_file.reset();
    if (m_temporary && !m_worth_keeping) remove_with_journal(m_path);
}

QString ProjectStore::path() const {
    const std::lock_guard lock(m_mutex);
    return m_path;
}

bool ProjectStore::temporary() const {
    const std::lock_guard lock(m_mutex);
    return m_temporary;
}

Result<int64_t> ProjectStore::add(const StoredEvaluation& evaluation) {
    const std::lock_guard lock(m_mutex);
    return m_file->add_evaluation(evaluation);
}

Result<void> ProjectStore::keep(const StoredNetwork& network, int64_t version) {
    const std::lock_guard lock(m_mutex);
    return keep_locked(network, version);
}

Result<void> ProjectStore::keep_locked(const StoredNetwork& network, int64_t version) {
    if (auto set = m_file->set_network(network); !set) return set;
    return m_file->set_current_version(version);
}

Result<int64_t> ProjectStore::add_version(const StoredVersion& version, std::string_view onnx) {
    const std::lock_guard lock(m_mutex);
    return m_file->add_version(version, onnx);
}

Result<std::vector<StoredVersion>> ProjectStore::versions() const {
    const std::lock_guard lock(m_mutex);
    return m_file->versions();
}

Result<std::string> ProjectStore::version_onnx(int64_t id) const {
    const std::lock_guard lock(m_mutex);
    return m_file->version_onnx(id);
}

Result<int64_t> ProjectStore::current_version() const {
    const std::lock_guard lock(m_mutex);
    return m_file->current_version();
}

Result<int64_t> ProjectStore::add_run(const StoredRun& run) {
    const std::lock_guard lock(m_mutex);
    return m_file->add_run(run);
}

Result<void> ProjectStore::update_run(const StoredRun& run) {
    const std::lock_guard lock(m_mutex);
    return m_file->update_run(run);
}

Result<std::vector<StoredRun>> ProjectStore::runs() const {
    const std::lock_guard lock(m_mutex);
    return m_file->runs();
}

Result<std::optional<StoredNetwork>> ProjectStore::network() const {
    const std::lock_guard lock(m_mutex);
    return m_file->network();
}

Result<std::vector<StoredEvaluation>> ProjectStore::evaluations() const {
    const std::lock_guard lock(m_mutex);
    return m_file->evaluations();
}

Result<void> ProjectStore::move_to(const QString& path, const StoredNetwork& network, int64_t version) {
    const std::lock_guard lock(m_mutex);
    if (auto kept = keep_locked(network, version); !kept) return kept;
    if (path == m_path) {
        m_temporary = false;
        return {};
    }
    if (auto copied = m_file->save_copy(native(path)); !copied) return copied;
    auto file = ProjectFile::open(native(path));
    if (!file) return forward_error(file);
    m_file = std::move(*file);
    if (m_temporary) remove_with_journal(m_path);
    m_path = path;
    m_temporary = false;
    return {};
}

} // namespace widthwise::gui
