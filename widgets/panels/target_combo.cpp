#include "widgets/panels/target_combo.h"

#include "widgets/cost_text.h"
#include "widgets/number_text.h"

#include <QFileInfo>
#include <QSignalBlocker>
#include <QStandardItemModel>

namespace widthwise::gui {
namespace {

constexpr int k_actions = 3; ///< the last rows: a separator and two actions

} // namespace

TargetCombo::TargetCombo(Document& document, QWidget* parent) : QComboBox(parent), m_document(document) {
    setObjectName(QStringLiteral("targetCombo"));
    setAccessibleName(tr("Hardware target"));
    setSizeAdjustPolicy(AdjustToContents);
    setMaxVisibleItems(30);
    build();
    connect(this, &QComboBox::activated, this, &TargetCombo::picked);
    connect(&m_document, &Document::targetChanged, this, &TargetCombo::refresh);
    refresh();
}

void TargetCombo::build() {
    std::map<TargetGroup, std::vector<HardwareTarget>> groups;
    for (const std::string& name : cost::preset_names())
        if (auto target = cost::load_target(name)) groups[group_of(*target)].push_back(std::move(*target));
    for (const auto& [group, targets] : groups) {
        addHeading(count(), group_name(group));
        for (const HardwareTarget& target : targets) addTarget(target, qt(target.name));
    }
    insertSeparator(count());
    addAction(tr("Open a target file\u2026"), open_file);
    m_reload = addAction(tr("Reload"), reload);
}

void TargetCombo::addHeading(int at, const QString& text) {
    insertItem(at, text);
    QStandardItem* item = qobject_cast<QStandardItemModel*>(model())->item(at);
    item->setFlags(Qt::NoItemFlags);
    QFont small = font();
    small.setBold(true);
    small.setPointSizeF(small.pointSizeF() * 0.9);
    item->setFont(small);
}

void TargetCombo::addTarget(const HardwareTarget& target, const QString& source) {
    // Before the separator and the actions, once these are there.
    if (m_reload && !m_own_heading) {
        addHeading(count() - k_actions, tr("Own"));
        m_own_heading = true;
    }
    const int at = m_reload ? count() - k_actions : count();
    insertItem(at, qt(target.name), source);
    setItemData(at, target_tip(target), Qt::ToolTipRole);
}

QStandardItem* TargetCombo::addAction(const QString& text, Action action) {
    addItem(text);
    setItemData(count() - 1, action, ActionRole);
    return qobject_cast<QStandardItemModel*>(model())->item(count() - 1);
}

void TargetCombo::picked(int index) {
    switch (itemData(index, ActionRole).toInt()) {
    case open_file:
        refresh();
        emit fileRequested();
        break;
    case reload:
        choose(file());
        break;
    default:
        const QString source = itemData(index, SourceRole).toString();
        if (const auto found = m_brought.find(source); found != m_brought.end())
            m_document.setTarget(found->second);
        else if (!source.isEmpty())
            choose(source);
    }
}

QString TargetCombo::file() const {
    return m_files.value(qt(m_document.target().name));
}

void TargetCombo::choose(const QString& name_or_path) {
    auto target = cost::load_target(name_or_path.toStdString());
    if (!target) {
        refresh();
        emit failed(to_problem(target.error()));
        return;
    }
    const QString name = qt(target->name);
    const auto presets = cost::preset_names();
    const bool from_file = std::ranges::find(presets, name_or_path.toStdString()) == presets.end();
    if (from_file)
        m_files[name] = name_or_path;
    else
        m_files.remove(name);
    if (from_file && findData(name_or_path) < 0) addTarget(*target, name_or_path);
    m_document.setTarget(*target);
    refresh();
    emit worked();
}

void TargetCombo::refresh() {
    const QSignalBlocker blocker(this);
    const QString name = qt(m_document.target().name);
    const QString source = m_files.value(name, name);
    int index = findData(source);
    if (index < 0 && m_document.hasNetwork()) { // what the project came with
        addTarget(m_document.target(), source);
        m_brought.emplace(source, m_document.target());
        index = findData(source);
    }
    if (const auto brought = m_brought.find(source); brought != m_brought.end())
        brought->second = m_document.target();
    setCurrentIndex(index);
    setToolTip(target_tip(m_document.target()));
    const QString own = file();
    m_reload->setEnabled(!own.isEmpty());
    m_reload->setText(own.isEmpty() ? tr("Reload the file") : tr("Reload %1").arg(QFileInfo(own).fileName()));
}

} // namespace widthwise::gui
