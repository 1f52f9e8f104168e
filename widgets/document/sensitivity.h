#pragma once
// What each layer alone loses at each width: measured on request in the background, kept in the project file
// before anyone sees it, and found there again when the network comes back.

#include "widgets/document/project.h"

#include <optional>

namespace widthwise::gui {

class SensitivityStudy : public QObject {
    Q_OBJECT
public:
    /// Images of one study at most, drawn by a fixed seed.
    static constexpr int64_t k_images = 2000;

    SensitivityStudy(Document& document, Project& project, QObject* parent = nullptr);
    ~SensitivityStudy() override;

    /// Empty when it can be measured.
    [[nodiscard]] QString whyNot() const;
    /// Layers one by one, all others in float. A study under way starts over.
    void measure();
    void cancel();
    [[nodiscard]] bool running() const { return m_job != 0; }
    [[nodiscard]] JobLane& lane() { return m_lane; }

    /// Of the network and data at hand; else of other data or another version with the same layers: stale.
    /// Null: none.
    [[nodiscard]] const Sensitivity* shown() const { return m_shown ? &*m_shown : nullptr; }
    [[nodiscard]] bool stale() const { return m_stale; }

signals:
    void changed();
    void failed(const widthwise::gui::Problem& problem);

private:
    [[nodiscard]] flow::SensitivityRequest request() const;
    /// Looks in the project file for what was measured of the network and data at hand.
    void refresh();
    void show(std::optional<Sensitivity> sensitivity, bool stale);
    [[nodiscard]] bool hasLayersOf(const Sensitivity& sensitivity) const;

    Document& m_document;
    Project& m_project;
    std::optional<Sensitivity> m_shown;
    bool m_stale = false;
    JobId m_job = 0;
    std::shared_ptr<flow::Evaluator> m_evaluator; ///< used by the lane's jobs only
    JobLane m_lane{JobLane::AtEnd::cancel};
};

} // namespace widthwise::gui
