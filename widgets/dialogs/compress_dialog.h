#pragma once

#include "widgets/document/compression.h"

#include <QDialog>
#include <QTimer>

class QLabel;
class QPushButton;
class QRadioButton;
class QTableView;

namespace widthwise::gui {

class Banner;
class CompressionForm;
class LayerChangeModel;

/// Compression with a preview of what it does to size, operations and cost. Stays open beside the window and
/// follows network, design and selection.
class CompressDialog : public QDialog {
    Q_OBJECT
public:
    CompressDialog(Document& document, Compression& compression, QWidget* parent = nullptr);
    ~CompressDialog() override;

signals:
    /// What was applied is to be trained on.
    void trainingRequested();

private:
    void buildEffects();
    void schedule();
    void request();
    void refresh();
    void refreshLayers();
    void showNothing(const QString& why);
    void apply(bool train);
    void setRow(int row, const QString& before, const QString& after, const QString& change);

    Document& m_document;
    Compression& m_compression;
    CompressionForm* m_form;
    QRadioButton *m_all, *m_selected;
    QWidget* m_effects;
    std::vector<std::array<QLabel*, 3>> m_rows;
    QLabel* m_note;
    LayerChangeModel* m_model;
    QTableView* m_table;
    QPushButton *m_apply = nullptr, *m_train = nullptr;
    QTimer m_debounce;
    bool m_train_after = false;
};

} // namespace widthwise::gui
