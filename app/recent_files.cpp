#include "app/recent_files.h"

#include "widgets/document/project_store.h"

#include <QDateTime>
#include <QDir>
#include <QFileInfo>
#include <QMenu>
#include <QSettings>

namespace widthwise::gui {
namespace {

const QString k_key = QStringLiteral("recentFiles");
constexpr qsizetype k_most = 10;

} // namespace

RecentFiles::RecentFiles(QMenu& menu, QObject* parent) : QObject(parent), m_menu(menu) {
    connect(&m_menu, &QMenu::aboutToShow, this, &RecentFiles::fill);
}

QStringList RecentFiles::paths() {
    return QSettings().value(k_key).toStringList();
}

void RecentFiles::add(const QString& path) {
    if (path.startsWith(ProjectStore::autosave_folder())) return;
    QStringList list = paths();
    list.removeAll(path);
    list.prepend(path);
    QSettings().setValue(k_key, QStringList(list.mid(0, k_most)));
}

void RecentFiles::fill() {
    m_menu.clear();
    for (const QString& path : paths()) {
        const bool built_in = path == QLatin1String("demo") || path.startsWith(QLatin1String("zoo:"));
        if (!built_in && !QFileInfo::exists(path)) continue;
        // A single & would become a mnemonic.
        QString text = built_in ? path : QDir::toNativeSeparators(path);
        QAction* action = m_menu.addAction(text.replace('&', QStringLiteral("&&")), this,
                                           [this, path] { emit chosen(path); });
        action->setToolTip(path);
    }
    const QFileInfoList left = QDir(ProjectStore::autosave_folder())
                                   .entryInfoList({QStringLiteral("*.widthwise")}, QDir::Files, QDir::Time);
    if (!left.isEmpty()) m_menu.addSection(tr("Unsaved work"));
    for (const QFileInfo& file : left) {
        const QString path = file.absoluteFilePath();
        m_menu.addAction(
            tr("Left on %1").arg(file.lastModified().toString(QStringLiteral("d MMM yyyy, hh:mm:ss"))), this,
            [this, path] { emit chosen(path); });
    }
    if (m_menu.isEmpty()) m_menu.addAction(tr("Nothing yet"))->setEnabled(false);
}

} // namespace widthwise::gui
