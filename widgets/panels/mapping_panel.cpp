#include "widgets/panels/mapping_panel.h"

#include "widgets/cost_text.h"
#include "widgets/number_text.h"

#include <QApplication>
#include <QClipboard>
#include <QFontDatabase>
#include <QHBoxLayout>
#include <QLabel>
#include <QPlainTextEdit>
#include <QStackedLayout>
#include <QToolButton>

namespace widthwise::gui {
namespace {

/// Why there is no loop nest.
QString nothing_text(const LayerCost* layer) {
    if (!layer) return MappingPanel::tr("Select a layer to see how it runs on the target.");
    if (layer->energy.total_j() <= 0) return MappingPanel::tr("This layer costs nothing of its own here.");
    if (layer->macs <= 0) return MappingPanel::tr("This layer has no loops to map.");
    return MappingPanel::tr("The target has one way to run this layer, which the line above tells; "
                            "there are no loops to choose.");
}

/// Why the model refuses the layer, or the network for another's sake.
QString refused_text(const Error& problem, const QString& layer) {
    const QString line = qt(problem.to_line());
    return qt(problem.where).contains(layer)
               ? MappingPanel::tr("This layer cannot be modelled: %1").arg(line)
               : MappingPanel::tr("The network cannot be modelled: %1").arg(line);
}

/// How the mapping was found, where there was a choice.
QString found_text(const MappedNest& nest) {
    if (!nest.searched) return {};
    const QString count = count_text(static_cast<int64_t>(nest.examined));
    return nest.gap > 0
               ? MappingPanel::tr("of %1 mappings, at most %2 from the best").arg(count, percent(nest.gap))
               : MappingPanel::tr("the best of %1 mappings").arg(count);
}

} // namespace

MappingPanel::MappingPanel(Document& document, QWidget* parent)
    : QWidget(parent)
    , m_document(document)
    , m_title(new QLabel(this))
    , m_line(new QLabel(this))
    , m_nothing(new QLabel(this))
    , m_copy(new QToolButton(this))
    , m_loops(new QPlainTextEdit(this)) {
    setObjectName(QStringLiteral("mappingPanel"));
    m_title->setObjectName(QStringLiteral("mappingTitle"));
    m_title->setTextFormat(Qt::PlainText);
    QFont bold = m_title->font();
    bold.setBold(true);
    m_title->setFont(bold);
    m_title->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    m_line->setObjectName(QStringLiteral("mappingLine"));
    m_line->setTextFormat(Qt::PlainText);
    m_line->setWordWrap(true);
    m_line->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_line->setForegroundRole(QPalette::PlaceholderText);
    m_nothing->setObjectName(QStringLiteral("mappingNothing"));
    m_nothing->setAlignment(Qt::AlignCenter);
    m_nothing->setWordWrap(true);
    m_nothing->setContentsMargins(24, 0, 24, 0);
    m_nothing->setForegroundRole(QPalette::PlaceholderText);
    m_copy->setObjectName(QStringLiteral("mappingCopy"));
    m_copy->setText(tr("Copy"));
    m_copy->setToolTip(tr("Copy the loop nest as text"));
    m_copy->setFocusPolicy(Qt::StrongFocus);
    connect(m_copy, &QToolButton::clicked, this,
            [this] { QApplication::clipboard()->setText(m_loops->toPlainText()); });
    m_loops->setObjectName(QStringLiteral("loopNest"));
    m_loops->setAccessibleName(tr("Loop nest"));
    m_loops->setReadOnly(true);
    m_loops->setLineWrapMode(QPlainTextEdit::NoWrap);
    m_loops->setFrameShape(QFrame::NoFrame);
    QFont mono = QFontDatabase::systemFont(QFontDatabase::FixedFont);
    mono.setPointSizeF(font().pointSizeF() * 0.95);
    m_loops->setFont(mono);
    m_loops->document()->setDocumentMargin(8);

    auto* top = new QHBoxLayout;
    top->setContentsMargins(8, 8, 8, 0);
    top->setSpacing(8);
    top->addWidget(m_title, 1);
    top->addWidget(m_copy);
    auto* body = new QWidget(this);
    m_stack = new QStackedLayout(body);
    m_stack->addWidget(m_loops);
    m_stack->addWidget(m_nothing);
    m_line->setContentsMargins(8, 2, 8, 6);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addLayout(top);
    column->addWidget(m_line);
    column->addWidget(body, 1);
    for (const auto signal :
         {&Document::opened, &Document::costChanged, &Document::selectionChanged, &Document::targetChanged})
        connect(&m_document, signal, this, &MappingPanel::refresh);
    refresh();
}

void MappingPanel::refresh() {
    const QString layer = m_document.selection().value(0);
    const auto& cost = m_document.cost();
    const auto& problem = m_document.costProblem();
    const LayerCost* found = nullptr;
    if (cost && !problem)
        for (const LayerCost& candidate : cost->layers)
            if (qt(candidate.layer) == layer) found = &candidate;
    const bool mapped = found && found->nest;
    m_title->setText(layer.isEmpty() ? tr("Mapping") : tr("Mapping of %1").arg(layer));
    m_title->setToolTip(layer);
    QStringList line;
    if (found && !found->mapping.empty()) line += qt(found->mapping);
    if (mapped)
        if (const QString how = found_text(*found->nest); !how.isEmpty()) line += how;
    m_line->setText(line.join(QStringLiteral("; ")));
    m_line->setVisible(!line.isEmpty());
    m_copy->setVisible(mapped);
    m_stack->setCurrentIndex(mapped ? 0 : 1);
    if (mapped) {
        if (const QString text = qt(to_text(*found->nest)); text != m_loops->toPlainText())
            m_loops->setPlainText(text);
        return;
    }
    m_nothing->setText(problem && !layer.isEmpty() ? refused_text(*problem, layer) : nothing_text(found));
}

} // namespace widthwise::gui
