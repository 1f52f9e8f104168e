#pragma once
// Shares of zeros of the network that is shown, measured in the background, for the cost model.

#include "widgets/document/document.h"
#include "widgets/document/problem.h"
#include "widgets/document/training_backend.h"

namespace widthwise::gui {

class ZeroCounts : public QObject {
    Q_OBJECT
public:
    /// Images whose activations are looked at; fewer where the data have fewer.
    static constexpr int64_t k_images = 64;

    ZeroCounts(Document& document, TrainingBackend backend, QObject* parent = nullptr);
    /// Measures where needed, and counts zeros from then on, or no longer. One command.
    void use(bool use);
    [[nodiscard]] bool busy() const { return m_lane.busy(); }
    [[nodiscard]] JobLane& lane() { return m_lane; }

signals:
    void changed();
    void failed(const widthwise::gui::Problem& problem);

private:
    /// The version that is shown has not been measured, but zeros count.
    void measure();
    Document& m_document;
    TrainingBackend m_backend;
    JobLane m_lane{JobLane::AtEnd::cancel};
};

} // namespace widthwise::gui
