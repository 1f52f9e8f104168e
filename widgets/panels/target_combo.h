#pragma once

#include "widgets/document/document.h"
#include "widgets/document/problem.h"

#include <QComboBox>
#include <QMap>

#include <map>

class QStandardItem;

namespace widthwise::gui {

/// The hardware target: the presets by kind, one's own files, and whatever the project came with.
class TargetCombo : public QComboBox {
    Q_OBJECT
public:
    explicit TargetCombo(Document& document, QWidget* parent = nullptr);
    /// A preset's name or a file.
    void choose(const QString& name_or_path);
    /// The file that the present target was read from; empty: none.
    [[nodiscard]] QString file() const;

signals:
    void fileRequested();
    void failed(const widthwise::gui::Problem& problem);
    void worked(); ///< an earlier problem is over

private:
    enum Role { SourceRole = Qt::UserRole, ActionRole };
    enum Action { none, open_file, reload };
    void build();
    void addHeading(int at, const QString& text);
    void addTarget(const HardwareTarget& target, const QString& source);
    QStandardItem* addAction(const QString& text, Action action);
    void picked(int index);
    void refresh();

    Document& m_document;
    QMap<QString, QString> m_files;              ///< by the target's name
    std::map<QString, HardwareTarget> m_brought; ///< by projects: neither presets nor read from a file here
    QStandardItem* m_reload = nullptr;
    bool m_own_heading = false;
};

} // namespace widthwise::gui
