#pragma once
// Compression of the document's network: previewed in the background, applied as a version.

#include "widgets/document/project.h"
#include "widgets/document/training_backend.h"

#include <memory>
#include <optional>

namespace widthwise::gui {

class Compression : public QObject {
    Q_OBJECT
public:
    /// What a request would do.
    struct Preview {
        passes::CompressionRequest request;
        int64_t from = 0; ///< version
        flow::CompressionOutcome outcome;
        std::optional<CostBreakdown> before, after; ///< on the document's target; nullopt: it refuses
    };

    Compression(Document& document, Project& project, TrainingBackend backend, QObject* parent = nullptr);
    ~Compression() override;

    /// The newest request wins; previewed() or refused() follows.
    void preview(const passes::CompressionRequest& request);
    /// Of the newest request; null: it is not there yet, or cannot be.
    [[nodiscard]] const Preview* shown() const { return m_preview.get(); }
    [[nodiscard]] bool busy() const { return m_lane.busy(); }
    /// Makes what is shown a version and goes there: one command.
    void apply();
    [[nodiscard]] JobLane& lane() { return m_lane; }

signals:
    void previewed();
    /// The request cannot be done on this network.
    void refused(const QString& why);
    void applied(int64_t version);
    void failed(const widthwise::gui::Problem& problem);

private:
    void forget();
    Document& m_document;
    Project& m_project;
    TrainingBackend m_backend;
    std::shared_ptr<const Preview> m_preview;
    JobId m_apply_job = 0;
    JobLane m_lane{JobLane::AtEnd::cancel};
};

} // namespace widthwise::gui
