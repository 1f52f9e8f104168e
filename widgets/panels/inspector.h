#pragma once

#include "widgets/document/diagnostics.h"
#include "widgets/document/weight_analysis.h"

#include <QWidget>

class QScrollArea;
class QTabWidget;

namespace widthwise::gui {

class FormatEditor;

/// The right-hand column: the selected layer, the formats of the selection, and the whole network's choices.
class Inspector : public QWidget {
    Q_OBJECT
public:
    Inspector(Document& document, WeightAnalysis& analysis, Diagnostics& diagnostics,
              QWidget* parent = nullptr);
    void showLayer();
    /// With the keyboard in the first field.
    void showFormats();
    void showNetwork();

private:
    QScrollArea* addScrolled(QWidget* page, const QString& title);
    QTabWidget* m_tabs;
    FormatEditor* m_formats;
};

} // namespace widthwise::gui
