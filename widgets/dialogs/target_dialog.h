#pragma once

#include "widgets/document/problem.h"
#include "widgets/document/target_comparison.h"

#include <QDialog>

class QTableView;

namespace widthwise::gui {

class Banner;

/// One design across several targets, in one table. Stays open beside the window and follows the design.
class TargetDialog : public QDialog {
    Q_OBJECT
public:
    explicit TargetDialog(Document& document, QWidget* parent = nullptr);
    ~TargetDialog() override;
    [[nodiscard]] TargetComparison& comparison() { return m_comparison; }
    /// A target file takes part.
    void addFile(const QString& path);

private:
    void refresh();
    Document& m_document;
    TargetComparison m_comparison;
    Banner* m_banner;
    QTableView* m_table;
};

} // namespace widthwise::gui
