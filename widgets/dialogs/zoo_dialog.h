#pragma once

#include <QDialog>

class QLabel;
class QSortFilterProxyModel;
class QSpinBox;
class QDoubleSpinBox;
class QPushButton;
class QTableView;

namespace widthwise::gui {

class ZooTableModel;

/// The built-in networks side by side; one is opened at a size, width and number of classes of one's own.
class ZooDialog : public QDialog {
    Q_OBJECT
public:
    explicit ZooDialog(QWidget* parent = nullptr);

    /// "zoo:NAME@size=32,width=0.5,classes=10" of the selected network, options that are its own left out;
    /// empty: none is selected.
    [[nodiscard]] QString source() const;

signals:
    void chosen(const QString& source);

private:
    [[nodiscard]] int selectedRow() const;
    void selected();
    void choose();

    ZooTableModel* m_model;
    QSortFilterProxyModel* m_sorted;
    QTableView* m_table;
    QSpinBox *m_size, *m_classes;
    QDoubleSpinBox* m_width;
    QLabel* m_description;
    QPushButton* m_open;
};

} // namespace widthwise::gui
