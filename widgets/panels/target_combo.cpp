#include "widgets/panels/target_combo.h"

#include "widgets/number_text.h"

#include <QSignalBlocker>

namespace widthwise::gui {

TargetCombo::TargetCombo(Document& document, QWidget* parent) : QComboBox(parent), m_document(document) {
    setObjectName(QStringLiteral("targetCombo"));
    setAccessibleName(tr("Hardware target"));
    setSizeAdjustPolicy(AdjustToContents);
    for (const std::string& name : cost::preset_names()) addItem(qt(name), qt(name));
    insertSeparator(count());
    addItem(tr("Open target file\u2026"));
    connect(this, &QComboBox::activated, this, [this](int index) {
        const QString name = itemData(index).toString();
        if (name.isEmpty()) {
            refresh();
            emit fileRequested();
        } else {
            choose(name);
        }
    });
    connect(&m_document, &Document::targetChanged, this, &TargetCombo::refresh);
    refresh();
}

void TargetCombo::choose(const QString& name_or_path) {
    auto target = cost::load_target(name_or_path.toStdString());
    if (!target) {
        refresh();
        emit failed(to_problem(target.error()));
        return;
    }
    const QString name = qt(target->name);
    if (findData(name) < 0 && findData(name_or_path) < 0) {
        insertItem(count() - 2, name, name_or_path);
        setItemData(count() - 3, name_or_path, Qt::ToolTipRole);
    }
    m_document.setTarget(*target);
}

void TargetCombo::refresh() {
    const QSignalBlocker blocker(this);
    const QString name = qt(m_document.target().name);
    int index = findText(name, Qt::MatchExactly);
    if (index < 0 && !name.isEmpty()) {
        insertItem(count() - 2, name, name);
        index = count() - 3;
    }
    setCurrentIndex(index);
    setToolTip(qt(m_document.target().description));
}

} // namespace widthwise::gui
