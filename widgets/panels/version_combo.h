#pragma once

#include "widgets/document/document.h"

#include <QComboBox>

namespace widthwise::gui {

class VersionTableModel;

/// Which version of the network is shown; the list tells accuracy, parameters and origin of each.
class VersionCombo : public QComboBox {
    Q_OBJECT
public:
    explicit VersionCombo(Document& document, QWidget* parent = nullptr);
    void showPopup() override;

signals:
    /// There is something to choose from, or no longer.
    void useful(bool useful);

private:
    void refresh();
    Document& m_document;
    VersionTableModel* m_versions;
};

} // namespace widthwise::gui
