#include "widgets/precision/layer_panel.h"

#include "widgets/models/layer_table_model.h"
#include "widgets/precision/bits_delegate.h"
#include "widgets/precision/equalizer.h"
#include "widgets/precision/layer_filter.h"
#include "widgets/precision/layer_view.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QSignalBlocker>
#include <QSpinBox>
#include <QToolButton>
#include <QVBoxLayout>

namespace widthwise::gui {

LayerPanel::LayerPanel(Document& document, LayerTableModel& layers, QWidget* parent)
    : QWidget(parent), m_document(document), m_filter(new LayerFilter(this)) {
    m_filter->setSourceModel(&layers);
    m_view = new LayerView(document, layers, *m_filter, this);

    m_search = new QLineEdit(this);
    m_search->setObjectName(QStringLiteral("layerFilter"));
    m_search->setPlaceholderText(tr("Filter layers"));
    m_search->setClearButtonEnabled(true);
    m_search->setMaximumWidth(220);
    connect(m_search, &QLineEdit::textChanged, m_filter, &LayerFilter::setText);

    auto* all = new QToolButton(this);
    all->setObjectName(QStringLiteral("allNodes"));
    all->setText(tr("All nodes"));
    all->setToolTip(tr("Show also the nodes that take no precision"));
    all->setCheckable(true);
    all->setAutoRaise(true);
    connect(all, &QToolButton::toggled, m_filter, &LayerFilter::setAllNodes);

    m_summary = new QLabel(this);
    m_summary->setObjectName(QStringLiteral("selectionSummary"));
    m_weights = addSpin(LayerOperand::weights, QStringLiteral("weightBits"));
    m_activations = addSpin(LayerOperand::activations, QStringLiteral("activationBits"));
    auto* weights_label = new QLabel(tr("&Weights"), this);
    weights_label->setBuddy(m_weights);
    auto* activations_label = new QLabel(tr("Activat&ions"), this);
    activations_label->setBuddy(m_activations);

    auto* bar = new QHBoxLayout;
    bar->setContentsMargins(8, 8, 8, 8);
    bar->setSpacing(8);
    bar->addWidget(m_search, 1);
    bar->addWidget(all);
    bar->addStretch(1);
    bar->addWidget(m_summary);
    bar->addSpacing(8);
    bar->addWidget(weights_label);
    bar->addWidget(m_weights);
    bar->addWidget(activations_label);
    bar->addWidget(m_activations);

    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    m_equalizer = new Equalizer(document, this);
    column->addWidget(m_equalizer);
    column->addLayout(bar);
    column->addWidget(m_view, 1);

    connect(&m_document, &Document::selectionChanged, this, [this] {
        m_gesture = 0;
        refreshSpins();
    });
    connect(&m_document, &Document::planChanged, this, &LayerPanel::refreshSpins);
    refreshSpins();
}

QSpinBox* LayerPanel::addSpin(LayerOperand operand, const QString& name) {
    QSpinBox* spin = make_bits_spin(this);
    spin->setObjectName(name);
    spin->setMinimumWidth(76);
    connect(spin, &QSpinBox::valueChanged, this, [this, operand](int value) {
        // Steps on one selection are one edit.
        if (m_gesture == 0) m_gesture = Document::newGesture();
        m_document.setBits(m_document.selection(), operand, bits_from_spin(value), m_gesture);
    });
    return spin;
}

void LayerPanel::focusFilter() {
    m_search->setFocus(Qt::ShortcutFocusReason);
    m_search->selectAll();
}

void LayerPanel::refreshSpins() {
    const QStringList& selection = m_document.selection();
    const auto refresh = [&](QSpinBox* spin, LayerOperand operand) {
        const QString* first = nullptr;
        for (const QString& layer : selection)
            if (!first && takes_bits(m_document.graph(), layer.toStdString(), operand)) first = &layer;
        spin->setEnabled(first != nullptr);
        if (!first) return;
        const QSignalBlocker blocker(spin);
        spin->setValue(spin_from_bits(bits_of(m_document.plan(), first->toStdString(), operand)));
    };
    refresh(m_weights, LayerOperand::weights);
    refresh(m_activations, LayerOperand::activations);
    m_summary->setText(selection.isEmpty()     ? QString()
                       : selection.size() == 1 ? tr("1 layer")
                                               : tr("%1 layers").arg(selection.size()));
}

} // namespace widthwise::gui
