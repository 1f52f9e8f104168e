#pragma once

#include <QStyledItemDelegate>

class QSpinBox;

namespace widthwise::gui {

/// A spin box for k_min_bits..k_max_bits and, one step above, "float".
[[nodiscard]] QSpinBox* make_bits_spin(QWidget* parent);
[[nodiscard]] int spin_from_bits(int bits);
[[nodiscard]] int bits_from_spin(int value);

/// Cells with a thin bar under the number; bits are edited with a spin box whose every step takes effect at
/// once.
class BitsDelegate : public QStyledItemDelegate {
    Q_OBJECT
public:
    using QStyledItemDelegate::QStyledItemDelegate;
    void paint(QPainter* painter, const QStyleOptionViewItem& option,
               const QModelIndex& index) const override;
    [[nodiscard]] QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    QWidget* createEditor(QWidget* parent, const QStyleOptionViewItem& option,
                          const QModelIndex& index) const override;
    void setEditorData(QWidget* editor, const QModelIndex& index) const override;
    void setModelData(QWidget* editor, QAbstractItemModel* model, const QModelIndex& index) const override;

signals:
    void editingStarted() const;
    /// Of the cell's column, for the whole selection.
    void bitsEdited(int column, int bits) const;
};

} // namespace widthwise::gui
