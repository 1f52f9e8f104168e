#include "widgets/panels/inspector.h"

#include "widgets/panels/layer_detail.h"
#include "widgets/panels/network_choices.h"
#include "widgets/precision/format_editor.h"

#include <QScrollArea>
#include <QTabWidget>
#include <QVBoxLayout>

namespace widthwise::gui {

Inspector::Inspector(Document& document, WeightAnalysis& analysis, Diagnostics& diagnostics, QWidget* parent)
    : QWidget(parent), m_tabs(new QTabWidget(this)) {
    setObjectName(QStringLiteral("inspector"));
    m_tabs->setObjectName(QStringLiteral("inspectorTabs"));
    m_tabs->setDocumentMode(true);
    auto* detail = new LayerDetail(document, analysis, diagnostics, this);
    connect(detail, &LayerDetail::formatsRequested, this, &Inspector::showFormats);
    m_tabs->addTab(detail, tr("Layer"));
    m_formats = new FormatEditor(document, this);
    addScrolled(m_formats, tr("Formats"));
    addScrolled(new NetworkChoices(document, this), tr("Network"));
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(m_tabs);
}

QScrollArea* Inspector::addScrolled(QWidget* page, const QString& title) {
    auto* scroll = new QScrollArea(this);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setWidgetResizable(true);
    scroll->setWidget(page);
    scroll->viewport()->setBackgroundRole(QPalette::Base);
    page->setBackgroundRole(QPalette::Base);
    page->setAutoFillBackground(true);
    m_tabs->addTab(scroll, title);
    return scroll;
}

void Inspector::showLayer() {
    m_tabs->setCurrentIndex(0);
}

void Inspector::showFormats() {
    m_tabs->setCurrentIndex(1);
    m_formats->focusFirst();
}

void Inspector::showNetwork() {
    m_tabs->setCurrentIndex(2);
}

} // namespace widthwise::gui
