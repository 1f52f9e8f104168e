#include "widgets/panels/figure.h"

#include "widgets/number_text.h"
#include "widgets/theme.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QVBoxLayout>

namespace widthwise::gui {
namespace {

void set_colour(QLabel& label, const QColor& colour) {
    QPalette palette = label.palette();
    if (palette.color(QPalette::WindowText) == colour) return;
    palette.setColor(QPalette::WindowText, colour);
    label.setPalette(palette);
}

void scale_font(QLabel& label, double factor, QFont::Weight weight = QFont::Normal) {
    QFont font = label.font();
    font.setPointSizeF(font.pointSizeF() * factor);
    font.setWeight(weight);
    label.setFont(font);
}

} // namespace

Figure::Figure(const QString& title, const QString& object_name, QWidget* parent)
    : QWidget(parent)
    , m_own_title(title)
    , m_title(new QLabel(title.toUpper(), this))
    , m_value(new QLabel(this))
    , m_detail(new QLabel(this))
    , m_change(new QLabel(this)) {
    setObjectName(object_name);
    setAccessibleName(title);
    m_value->setObjectName(object_name + QStringLiteral("Value"));
    m_detail->setObjectName(object_name + QStringLiteral("Detail"));
    m_change->setObjectName(object_name + QStringLiteral("Change"));
    scale_font(*m_title, 0.82, QFont::DemiBold);
    QFont spaced = m_title->font();
    spaced.setLetterSpacing(QFont::PercentageSpacing, 106);
    m_title->setFont(spaced);
    scale_font(*m_value, 1.75, QFont::DemiBold);
    auto* line = new QHBoxLayout;
    line->setSpacing(6);
    line->addWidget(m_value, 0, Qt::AlignBaseline);
    line->addWidget(m_detail, 0, Qt::AlignBaseline);
    line->addStretch(1);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(16, 8, 8, 8);
    column->setSpacing(2);
    column->addWidget(m_title);
    column->addLayout(line);
    column->addWidget(m_change);
    refresh();
}

void Figure::show(const FigureText& text) {
    m_text = text;
    refresh();
}

void Figure::changeEvent(QEvent* event) {
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange) refresh();
}

void Figure::refresh() {
    m_title->setText((m_text.title.isEmpty() ? m_own_title : m_text.title).toUpper());
    const bool estimated = m_text.source == FigureText::Source::estimated;
    m_value->setText(m_text.value.isEmpty() ? k_dash
                     : estimated            ? QStringLiteral("\u2248\u2009") + m_text.value
                                            : m_text.value);
    QFont font = m_value->font();
    font.setItalic(estimated);
    m_value->setFont(font);
    m_detail->setText(m_text.detail);
    m_change->setText(m_text.change.isEmpty()      ? QStringLiteral(" ")
                      : m_text.reference.isEmpty() ? m_text.change
                                                   : tr("%1  vs %2").arg(m_text.change, m_text.reference));
    setToolTip(m_text.tip);
    const QColor normal = palette().color(QPalette::Active, QPalette::WindowText),
                 muted = muted_text(palette());
    QColor grey = muted;
    grey.setAlphaF(0.55F);
    set_colour(*m_title, muted);
    set_colour(*m_value, m_text.stale || m_text.source == FigureText::Source::none ? grey : normal);
    set_colour(*m_detail, m_text.stale ? grey : muted);
    set_colour(*m_change, m_text.stale                                      ? grey
                          : m_text.tendency == FigureText::Tendency::better ? good_colour(palette())
                          : m_text.tendency == FigureText::Tendency::worse  ? bad_colour(palette())
                                                                            : muted);
}

} // namespace widthwise::gui
