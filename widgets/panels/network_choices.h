#pragma once

#include "widgets/document/document.h"

#include <QWidget>

class QCheckBox;
class QLabel;

namespace widthwise::gui {

class ChoiceBox;

/// What holds for the whole network: passes and what each was worth, folding, requantization. Undoable like
/// every edit.
class NetworkChoices : public QWidget {
    Q_OBJECT
public:
    explicit NetworkChoices(Document& document, QWidget* parent = nullptr);

private:
    void refresh();
    void refreshPasses();
    void refreshRequantization();

    Document& m_document;
    struct PassRow {
        Pass pass;
        QCheckBox* box;
        QLabel* worth;
    };
    std::vector<PassRow> m_passes;
    QCheckBox* m_fold;
    ChoiceBox *m_mode, *m_rounding;
};

} // namespace widthwise::gui
