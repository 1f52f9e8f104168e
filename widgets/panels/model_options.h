#pragma once

#include "widgets/document/document.h"

#include <QWidget>

#include <vector>

class QCheckBox;
class QComboBox;
class QLabel;

namespace widthwise::gui {

/// How the model may run the network (what stays on the chip, depth-first fusion, the order of operators,
/// what the search for mappings minimizes), and what each gives. Gains are worked out in the background while
/// this is looked at.
class ModelOptions : public QWidget {
    Q_OBJECT
public:
    explicit ModelOptions(Document& document, QWidget* parent = nullptr);

signals:
    void gainsShown();

protected:
    void showEvent(QShowEvent* event) override;

private:
    enum Option { Keep, Fuse, Reorder, OptionCount };
    struct Row {
        QCheckBox* box = nullptr;
        std::vector<QLabel*> gains; ///< energy, latency, off-chip traffic, peak activations
    };
    void setOption(Option option, bool on);
    void refresh();
    void refreshGains();
    void showGains(const CostBreakdown& cost);

    Document& m_document;
    std::vector<Row> m_rows;
    QComboBox* m_objective;
    QLabel* m_note;
    JobLane m_lane{JobLane::AtEnd::cancel};
};

} // namespace widthwise::gui
