#include "widgets/panels/banner.h"

#include "widgets/theme.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QPushButton>
#include <QStyle>
#include <QToolButton>

namespace widthwise::gui {

Banner::Banner(QWidget* parent) : QFrame(parent), m_label(new QLabel(this)), m_remedy(new QPushButton(this)) {
    setObjectName(QStringLiteral("banner"));
    m_label->setObjectName(QStringLiteral("bannerText"));
    m_label->setWordWrap(true);
    m_label->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_label->setTextFormat(Qt::PlainText);
    m_remedy->setObjectName(QStringLiteral("bannerRemedy"));
    auto* close = new QToolButton(this);
    close->setObjectName(QStringLiteral("bannerClose"));
    close->setText(QStringLiteral("\u2715"));
    close->setAutoRaise(true);
    close->setAccessibleName(tr("Dismiss"));
    close->setToolTip(tr("Dismiss"));
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(16, 6, 8, 6);
    row->setSpacing(8);
    row->addWidget(m_label, 1);
    row->addWidget(m_remedy);
    row->addWidget(close);
    connect(close, &QToolButton::clicked, this, &Banner::dismiss);
    connect(m_remedy, &QPushButton::clicked, this, [this] {
        const Problem::Remedy remedy = m_problem.remedy;
        dismiss();
        emit remedyChosen(remedy);
    });
    hide();
}

void Banner::show(const Problem& problem) {
    m_problem = problem;
    m_good = false;
    refresh();
    setVisible(true);
}

void Banner::tell(const QString& text) {
    m_problem = {text, Problem::Remedy::none};
    m_good = true;
    refresh();
    setVisible(true);
}

void Banner::dismiss() {
    setVisible(false);
}

QString Banner::text() const {
    return m_problem.text;
}

void Banner::refresh() {
    m_label->setText(m_problem.text);
    m_remedy->setVisible(m_problem.remedy != Problem::Remedy::none);
    switch (m_problem.remedy) {
    case Problem::Remedy::open_network:
        m_remedy->setText(tr("Open network\u2026"));
        break;
    case Problem::Remedy::open_data:
        m_remedy->setText(tr("Add data\u2026"));
        break;
    case Problem::Remedy::save_as:
        m_remedy->setText(tr("Save elsewhere\u2026"));
        break;
    case Problem::Remedy::retry_evaluation:
        m_remedy->setText(tr("Try again"));
        break;
    case Problem::Remedy::resume_search:
        m_remedy->setText(tr("Resume"));
        break;
    case Problem::Remedy::none:
        break;
    }
    update();
}

void Banner::changeEvent(QEvent* event) {
    QFrame::changeEvent(event);
    if (event->type() == QEvent::PaletteChange) update();
}

void Banner::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    const QColor mark = m_good ? okabe_ito::green : okabe_ito::vermillion;
    QColor wash = mark;
    wash.setAlphaF(is_dark(palette()) ? 0.22F : 0.10F);
    painter.fillRect(rect(), wash);
    painter.fillRect(0, 0, 4, height(), mark);
}

} // namespace widthwise::gui
