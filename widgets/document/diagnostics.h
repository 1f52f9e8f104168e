#pragma once
// Layer diagnostics of the current design, float against quantized: run on request over some images, kept
// by design, so that going back to one shows its diagnostics at once.

#include "widgets/document/measurements.h"

#include <list>

namespace widthwise::gui {

class Diagnostics : public QObject {
    Q_OBJECT
public:
    struct Reports {
        PrecisionPlan plan;
        int64_t images = 0;
        std::vector<LayerReport> layers;
    };
    using ReportsPtr = std::shared_ptr<const Reports>;

    /// Images of one run; fewer where the data have fewer.
    static constexpr int64_t k_images = 256;

    Diagnostics(Document& document, Measurements& measurements, QObject* parent = nullptr);

    /// Queues the current design behind what is being measured, unless it is diagnosed or queued already.
    void run();
    [[nodiscard]] bool running() const { return m_job != 0; }
    /// Of the current design, or, where that has none, of the one diagnosed last; null: none yet.
    [[nodiscard]] const Reports* shown() const { return m_shown.get(); }
    /// What is shown is of another design than the current one.
    [[nodiscard]] bool stale() const { return m_stale; }
    /// Null: not diagnosed, or no such layer.
    [[nodiscard]] const LayerReport* reportOf(const std::string& layer) const;

signals:
    void changed();
    void failed(const widthwise::gui::Problem& problem);

private:
    void forget();
    void refresh();
    void keep(ReportsPtr reports);

    Document& m_document;
    Measurements& m_measurements;
    std::list<ReportsPtr> m_kept; ///< newest first
    ReportsPtr m_shown;
    bool m_stale = false;
    JobId m_job = 0;
    PrecisionPlan m_job_plan;
};

} // namespace widthwise::gui
