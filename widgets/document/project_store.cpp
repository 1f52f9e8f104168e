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

Result<void> ProjectStore::set_network(const StoredNetwork& network) {
    const std::lock_guard lock(m_mutex);
    return m_file->set_network(network);
}

Result<std::optional<StoredNetwork>> ProjectStore::network() const {
    const std::lock_guard lock(m_mutex);
    return m_file->network();
}

Result<std::vector<StoredEvaluation>> ProjectStore::evaluations() const {
    const std::lock_guard lock(m_mutex);
    return m_file->evaluations();
}

Result<void> ProjectStore::move_to(const QString& path, const StoredNetwork& network) {
    const std::lock_guard lock(m_mutex);
    if (auto set = m_file->set_network(network); !set) return set;
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
