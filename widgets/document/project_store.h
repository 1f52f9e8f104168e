#pragma once
// The project file behind one lock, so that a worker can commit a result while the GUI thread carries on.
// Shared by the document's project and the jobs under way.

#include "core/store/project_file.h"

#include <QString>

#include <atomic>

#include <memory>
#include <mutex>

namespace widthwise::gui {

class ProjectStore {
public:
    static Result<std::shared_ptr<ProjectStore>> open(const QString& path, bool temporary);
    /// Where projects without a name live until they get one; created when missing.
    [[nodiscard]] static QString autosave_folder();
    [[nodiscard]] static QString new_autosave_path();
    /// Deletes all but the `keep` newest leftovers that no running program holds.
    static void prune_autosaves(int keep);

    ~ProjectStore();
    ProjectStore(const ProjectStore&) = delete;
    ProjectStore& operator=(const ProjectStore&) = delete;

    [[nodiscard]] QString path() const;
    [[nodiscard]] bool temporary() const;
    Result<int64_t> add(const StoredEvaluation& evaluation);
    [[nodiscard]] Result<std::optional<StoredNetwork>> network() const;
    [[nodiscard]] Result<std::vector<StoredEvaluation>> evaluations() const;
    Result<int64_t> add_version(const StoredVersion& version, std::string_view onnx);
    [[nodiscard]] Result<std::vector<StoredVersion>> versions() const;
    [[nodiscard]] Result<std::string> version_onnx(int64_t id) const;
    [[nodiscard]] Result<int64_t> current_version() const;
    /// Network, plan and target as they are now, and the version that is shown.
    Result<void> keep(const StoredNetwork& network, int64_t version);
    Result<int64_t> add_run(const StoredRun& run);
    Result<void> update_run(const StoredRun& run);
    [[nodiscard]] Result<std::vector<StoredRun>> runs() const;
    /// Whatever else there is to do with the file, while nobody else does anything with it. `work` takes a
    /// ProjectFile&; nothing of the file may be kept beyond the call.
    template <typename Work> auto exclusively(Work&& work) {
        const std::lock_guard lock(m_mutex);
        return work(*m_file);
    }
    /// Copies everything to `path` and goes on there; a temporary file is removed afterwards. What is added
    /// meanwhile waits, so nothing falls between the two files.
    Result<void> move_to(const QString& path, const StoredNetwork& network, int64_t version);
    /// Whether a temporary file is kept when the store goes: someone edited or measured something in it.
    void set_worth_keeping() { m_worth_keeping = true; }

private:
    ProjectStore() = default;
    Result<void> keep_locked(const StoredNetwork& network, int64_t version);
    mutable std::mutex m_mutex;
    std::unique_ptr<ProjectFile> m_file;
    QString m_path;
    bool m_temporary = false;
    std::atomic<bool> m_worth_keeping{false};
};

using ProjectStorePtr = std::shared_ptr<ProjectStore>;

} // namespace widthwise::gui
