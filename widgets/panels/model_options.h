#pragma once

#include "widgets/document/zero_counts.h"

#include <QWidget>

#include <vector>

class QCheckBox;
class QComboBox;
class QLabel;

namespace widthwise::gui {

/// How the model may run the network (what stays on the chip, depth-first fusion, the order of operators,
/// whether measured zeros count, what the search for mappings minimizes), and what each gives. Gains are
/// worked out in the background while this is looked at.
class ModelOptions : public QWidget {
    Q_OBJECT
public:
    ModelOptions(Document& document, ZeroCounts& zeros, QWidget* parent = nullptr);

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
    void refreshZeros();
    void showGains(const CostBreakdown& cost);

    Document& m_document;
    ZeroCounts& m_zeros;
    std::vector<Row> m_rows;
    QCheckBox* m_count_zeros;
    QLabel* m_zeros_note;
    QComboBox* m_objective;
    QLabel* m_note;
    JobLane m_lane{JobLane::AtEnd::cancel};
};

} // namespace widthwise::gui
