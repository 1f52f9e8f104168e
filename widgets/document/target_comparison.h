#pragma once
// The current design on several targets, worked out in the background, target by target.

#include "widgets/document/document.h"

namespace widthwise::gui {

class TargetComparison : public QObject {
    Q_OBJECT
public:
    struct Row {
        HardwareTarget target;
        bool chosen = true;
        std::optional<Result<CostBreakdown>> cost; ///< nullopt: not worked out yet
    };
    /// Every preset and the document's own target.
    explicit TargetComparison(Document& document, QObject* parent = nullptr);

    [[nodiscard]] const std::vector<Row>& rows() const { return m_rows; }
    void setChosen(size_t row, bool chosen);
    /// A target of that name is replaced.
    void add(const HardwareTarget& target);
    [[nodiscard]] bool busy() const { return m_pending > 0; }

signals:
    void rowAdded();
    void rowChanged(int row);

private:
    /// Everything again, for another design.
    void restart();
    void submit(size_t row);

    Document& m_document;
    std::vector<Row> m_rows;
    quint64 m_generation = 0; ///< answers for an earlier design are dropped
    int m_pending = 0;
    JobLane m_lane{JobLane::AtEnd::cancel};
};

} // namespace widthwise::gui
