#pragma once

#include <QObject>
#include <QStringList>

class QMenu;

namespace widthwise::gui {

/// Networks and projects opened lately, and unsaved work that was left behind; newest first, kept between
/// runs.
class RecentFiles : public QObject {
    Q_OBJECT
public:
    explicit RecentFiles(QMenu& menu, QObject* parent = nullptr);
    void add(const QString& path);
    [[nodiscard]] static QStringList paths();

signals:
    void chosen(const QString& path);

private:
    void fill();
    QMenu& m_menu;
};

} // namespace widthwise::gui
