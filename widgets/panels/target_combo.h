#pragma once

#include "widgets/document/document.h"
#include "widgets/document/problem.h"

#include <QComboBox>

namespace widthwise::gui {

/// The hardware target: the presets, one's own files, and whatever the project came with.
class TargetCombo : public QComboBox {
    Q_OBJECT
public:
    explicit TargetCombo(Document& document, QWidget* parent = nullptr);
    /// A preset's name or a file.
    void choose(const QString& name_or_path);

signals:
    void fileRequested();
    void failed(const widthwise::gui::Problem& problem);

private:
    void refresh();
    Document& m_document;
};

} // namespace widthwise::gui
