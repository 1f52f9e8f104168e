#include "widgets/panels/activity_bar.h"

#include "widgets/number_text.h"
#include "widgets/theme.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QProgressBar>
#include <QToolButton>

#include <algorithm>

namespace widthwise::gui {

ActivityBar::ActivityBar(QWidget* parent)
    : QWidget(parent)
    , m_text(new QLabel(this))
    , m_bar(new QProgressBar(this))
    , m_left(new QLabel(this))
    , m_cancel(new QToolButton(this)) {
    setObjectName(QStringLiteral("activity"));
    m_text->setObjectName(QStringLiteral("activityText"));
    m_text->setTextFormat(Qt::PlainText);
    m_text->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    m_left->setObjectName(QStringLiteral("activityTimeLeft"));
    m_bar->setObjectName(QStringLiteral("activityProgress"));
    m_bar->setTextVisible(false);
    m_bar->setFixedSize(220, 8);
    m_cancel->setObjectName(QStringLiteral("activityCancel"));
    m_cancel->setText(tr("Cancel"));
    m_cancel->setToolTip(tr("Stop; what is finished is kept (Esc)"));
    m_cancel->setAutoRaise(true);
    QSizePolicy kept = m_cancel->sizePolicy();
    kept.setRetainSizeWhenHidden(true);
    m_cancel->setSizePolicy(kept);
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(16, 0, 8, 0);
    row->setSpacing(12);
    row->addWidget(m_text, 1);
    row->addWidget(m_left);
    row->addWidget(m_bar);
    row->addWidget(m_cancel);
    connect(m_cancel, &QToolButton::clicked, this, &ActivityBar::cancelRequested);
    refresh();
}

void ActivityBar::watch(JobLane& lane, Cancel cancel, Tell tell) {
    m_lanes.push_back({&lane, cancel, std::move(tell)});
    connect(&lane, &JobLane::statusChanged, this, &ActivityBar::refresh);
    connect(&lane, &QObject::destroyed, this, [this, gone = &lane] {
        std::erase_if(m_lanes, [gone](const Watched& watched) { return watched.lane == gone; });
    });
}

void ActivityBar::setRestText(const QString& text) {
    m_rest = text;
    refresh();
}

void ActivityBar::refresh() {
    const auto shown = std::ranges::find_if(m_lanes, [](const Watched& watched) {
        return watched.lane->status().busy && !watched.lane->status().title.isEmpty();
    });
    const JobLane::Status* status = shown == m_lanes.end() ? nullptr : &shown->lane->status();
    m_bar->setVisible(status);
    m_left->setVisible(status);
    m_cancel->setVisible(status && shown->cancel == Cancel::possible);
    QPalette text_colours = palette();
    text_colours.setColor(QPalette::WindowText, muted_text(palette()));
    m_left->setPalette(text_colours);
    if (!status) {
        m_text->setText(m_rest);
        m_text->setToolTip(m_rest);
        return;
    }
    const Words words = shown->tell ? shown->tell() : Words();
    QString text = status->title;
    if (!status->phase.isEmpty()) text += QStringLiteral(": ") + status->phase;
    if (status->total > 0) {
        text += tr(", %1 of %2").arg(status->done).arg(status->total);
        if (!words.unit.isEmpty()) text += QChar(' ') + words.unit;
    }
    if (status->waiting > 0) text += tr(" (%1 more waiting)").arg(status->waiting);
    m_text->setText(text);
    m_text->setToolTip(text);
    // A range of 0 to 0 shows that something goes on without saying how far.
    m_bar->setRange(0, status->total > 0 ? 1000 : 0);
    if (status->total > 0) m_bar->setValue(static_cast<int>(1000 * status->done / status->total));
    const double remaining = status->remaining_s();
    m_left->setText(words.left.value_or(remaining < 0 ? QString() : tr("%1 left").arg(duration(remaining))));
}

} // namespace widthwise::gui
