#pragma once

#include "core/passes/compression.h"

#include <QWidget>

class QStackedWidget;

namespace widthwise::gui {

class ChoiceBox;

/// A method of compression and its parameters; remembers both.
class CompressionForm : public QWidget {
    Q_OBJECT
public:
    explicit CompressionForm(QWidget* parent = nullptr);
    [[nodiscard]] passes::CompressionMethod method() const;

signals:
    void edited();

private:
    enum Index { Weights, NofM, Channels, Rank, Share, Vectors, IndexCount };
    void buildPages();
    void choose(int index);
    void store();
    void restore();

    int m_index = Weights;
    passes::PruneWeights m_weights;
    passes::PruneNofM m_n_of_m;
    passes::PruneChannels m_channels;
    passes::LowRank m_low_rank;
    passes::ShareWeights m_share;
    passes::QuantizeVectors m_vectors;
    ChoiceBox* m_choice;
    QStackedWidget* m_pages;
};

} // namespace widthwise::gui
