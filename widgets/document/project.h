#pragma once
// Opens networks, data and project files for the document and keeps its project file, all in the background.
// A document always has a project file: one in the autosave folder until it is given a name.

#include "widgets/document/document.h"
#include "widgets/document/problem.h"
#include "widgets/document/project_store.h"
#include "widgets/jobs/job_lane.h"

#include <QTimer>

namespace widthwise::gui {

class Project : public QObject {
    Q_OBJECT
public:
    explicit Project(Document& document, QObject* parent = nullptr);
    /// Waits for what is being written.
    ~Project() override;

    /// A network (.onnx, .csv, "demo", "zoo:NAME"), a project (.widthwise) or a data card (.json, folder), by
    /// its name.
    void openAnything(const QString& path);
    /// `data` empty: none, but "demo" brings its own. Starts a new project.
    void openNetwork(const QString& source, const QString& data = {});
    void openData(const QString& source);
    void openProject(const QString& path);

    /// False when the project has no name yet: ask for one and saveAs().
    bool save();
    void saveAs(const QString& path);
    /// A report of all designs, by the extension of `path`; `pictures` are rendered by the caller.
    void exportReport(const QString& path, std::vector<report::Picture> pictures);

    /// Edits since the last save, or measurements without a name.
    [[nodiscard]] bool isModified() const;
    /// Empty for a project without a name.
    [[nodiscard]] QString path() const;
    /// "resnet20.widthwise" or "resnet20".
    [[nodiscard]] QString title() const;
    [[nodiscard]] const ProjectStorePtr& store() const { return m_store; }
    [[nodiscard]] JobLane& loading() { return m_loading; }
    [[nodiscard]] JobLane& writing() { return m_writing; }
    /// Someone asked for a measurement: an unnamed project is worth keeping.
    void markWorthKeeping();
    /// Writes the present plan, target and data without asking; at closing.
    void keep();

signals:
    void titleChanged();
    void opened(const QString& source_or_path);
    void saved(const QString& path);
    void reportWritten(const QString& path);
    void failed(const widthwise::gui::Problem& problem);
    void worked(); ///< an earlier problem is over

private:
    struct Loaded;
    void takeOver(Loaded loaded);
    [[nodiscard]] StoredNetwork snapshot() const;
    /// To be kept as the version that is shown.
    [[nodiscard]] int64_t shownVersion() const;

    Document& m_document;
    ProjectStorePtr m_store;
    QTimer m_autosave;
    JobLane m_loading{JobLane::AtEnd::cancel};
    JobLane m_writing{JobLane::AtEnd::finish};
};

} // namespace widthwise::gui
