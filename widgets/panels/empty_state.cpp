#include "widgets/panels/empty_state.h"

#include "widgets/theme.h"

#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

namespace widthwise::gui {

EmptyState::EmptyState(const QString& title, const QString& hint, const QString& button, QWidget* parent)
    : QWidget(parent) {
    setAutoFillBackground(true);
    setBackgroundRole(QPalette::Base);
    auto* heading = new QLabel(title, this);
    heading->setAlignment(Qt::AlignCenter);
    heading->setWordWrap(true);
    QFont font = heading->font();
    font.setPointSizeF(font.pointSizeF() * 1.2);
    heading->setFont(font);
    auto* explanation = new QLabel(hint, this);
    explanation->setAlignment(Qt::AlignCenter);
    explanation->setWordWrap(true);
    explanation->setForegroundRole(QPalette::PlaceholderText);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(24, 16, 24, 16);
    column->setSpacing(8);
    column->addStretch(1);
    column->addWidget(heading);
    column->addWidget(explanation);
    if (!button.isEmpty()) {
        auto* push = new QPushButton(button, this);
        push->setObjectName(QStringLiteral("emptyStateButton"));
        column->addSpacing(8);
        column->addWidget(push, 0, Qt::AlignHCenter);
        connect(push, &QPushButton::clicked, this, &EmptyState::chosen);
    }
    column->addStretch(1);
}

} // namespace widthwise::gui
