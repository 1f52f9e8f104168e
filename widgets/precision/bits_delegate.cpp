#include "widgets/precision/bits_delegate.h"

#include "widgets/document/plan_edit.h"
#include "widgets/models/layer_table_model.h"
#include "widgets/theme.h"

#include <QPainter>
#include <QSignalBlocker>
#include <QSpinBox>

namespace widthwise::gui {

int spin_from_bits(int bits) {
    return bits == k_float_bits ? k_max_bits + 1 : bits;
}
int bits_from_spin(int value) {
    return value > k_max_bits ? k_float_bits : value;
}

namespace {

/// Shows the step above k_max_bits as "float" and understands it typed.
class BitsSpin : public QSpinBox {
public:
    using QSpinBox::QSpinBox;

protected:
    [[nodiscard]] QString textFromValue(int value) const override {
        return LayerTableModel::bitsText(bits_from_spin(value));
    }
    [[nodiscard]] int valueFromText(const QString& text) const override {
        return text.trimmed().startsWith('f', Qt::CaseInsensitive) ? k_max_bits + 1 : text.trimmed().toInt();
    }
    [[nodiscard]] QValidator::State validate(QString& text, int& position) const override {
        const QString typed = text.trimmed();
        if (typed.isEmpty()) return QValidator::Intermediate;
        if (QStringLiteral("float").startsWith(typed, Qt::CaseInsensitive))
            return typed.size() == 5 ? QValidator::Acceptable : QValidator::Intermediate;
        return QSpinBox::validate(text, position);
    }
    void fixup(QString& text) const override { text = textFromValue(k_max_bits + 1); }
};

} // namespace

QSpinBox* make_bits_spin(QWidget* parent) {
    auto* spin = new BitsSpin(parent);
    spin->setRange(k_min_bits, k_max_bits + 1);
    spin->setAlignment(Qt::AlignRight);
    return spin;
}

void BitsDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option,
                         const QModelIndex& index) const {
    QStyleOptionViewItem cell = option;
    initStyleOption(&cell, index);
    if (index.column() == LayerTableModel::Name) cell.textElideMode = Qt::ElideMiddle;
    cell.state &= ~QStyle::State_HasFocus;
    QStyledItemDelegate::paint(painter, cell, index);

    const bool current = option.state & QStyle::State_HasFocus;
    const bool selected = option.state & QStyle::State_Selected;
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    if (const QVariant bar = index.data(LayerTableModel::BarRole); bar.isValid()) {
        const bool bits = LayerTableModel::operandOf(index.column()).has_value();
        QColor colour = bits ? accent(option.palette) : muted_text(option.palette);
        if (selected) colour = option.palette.color(QPalette::HighlightedText);
        colour.setAlphaF(bits ? 0.85F : 0.45F);
        const QRectF track = QRectF(option.rect).adjusted(6, option.rect.height() - 4, -6, -2);
        QRectF filled = track;
        filled.setLeft(track.right() - track.width() * bar.toDouble());
        painter->setPen(Qt::NoPen);
        painter->setBrush(colour);
        painter->drawRect(filled);
    }
    if (index.data(LayerTableModel::FallbackRole).toBool()) {
        // A folded corner: the target runs the layer in another format, the tooltip says which.
        const QPointF corner = QRectF(option.rect).adjusted(0, 3, -3, 0).topRight();
        painter->setPen(Qt::NoPen);
        painter->setBrush(selected ? option.palette.color(QPalette::HighlightedText)
                                   : bad_colour(option.palette));
        painter->drawPolygon(QPolygonF({corner, corner + QPointF(-7, 0), corner + QPointF(0, 7)}));
    }
    if (current && LayerTableModel::operandOf(index.column())) {
        painter->setBrush(Qt::NoBrush);
        painter->setPen(
            QPen(selected ? option.palette.color(QPalette::HighlightedText) : accent(option.palette), 1.5));
        painter->drawRoundedRect(QRectF(option.rect).adjusted(1.5, 1.5, -1.5, -1.5), 3, 3);
    }
    painter->restore();
}

QSize BitsDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const {
    QSize size = QStyledItemDelegate::sizeHint(option, index);
    size.rwidth() += 8;
    return size;
}

QWidget* BitsDelegate::createEditor(QWidget* parent, const QStyleOptionViewItem&,
                                    const QModelIndex& index) const {
    QSpinBox* spin = make_bits_spin(parent);
    spin->setObjectName(QStringLiteral("bitsEditor"));
    spin->setFrame(false);
    spin->setValue(spin_from_bits(index.data(Qt::EditRole).toInt()));
    emit editingStarted();
    connect(spin, &QSpinBox::valueChanged, this,
            [this, column = index.column()](int value) { emit bitsEdited(column, bits_from_spin(value)); });
    return spin;
}

void BitsDelegate::setEditorData(QWidget* editor, const QModelIndex& index) const {
    auto* spin = qobject_cast<QSpinBox*>(editor);
    if (!spin) return;
    const int value = spin_from_bits(index.data(Qt::EditRole).toInt());
    if (spin->value() == value) return;
    const QSignalBlocker blocker(spin);
    spin->setValue(value);
}

// Every step has taken effect already.
void BitsDelegate::setModelData(QWidget*, QAbstractItemModel*, const QModelIndex&) const {}

} // namespace widthwise::gui
