#pragma once
// The real window with its own settings and autosaves, and what tests do with it.

#include "app/main_window.h"
#include "tests/support/test_data.h"

#include <QApplication>
#include <QSettings>
#include <QSignalSpy>
#include <QStandardPaths>
#include <QTableView>
#include <QTest>

namespace widthwise::test {

inline void use_own_settings() {
    QStandardPaths::setTestModeEnabled(true);
    QCoreApplication::setOrganizationName(QStringLiteral("widthwise-test"));
    QCoreApplication::setApplicationName(QStringLiteral("widthwise-test"));
    QSettings::setDefaultFormat(QSettings::IniFormat);
    QSettings::setPath(QSettings::IniFormat, QSettings::UserScope,
                       QString::fromStdString((scratch_dir() / "settings").string()));
    QSettings().clear();
}

/// A child by object name; fails the test where there is none.
template <typename T> T* child(QWidget& window, const char* name) {
    T* found = window.findChild<T*>(QString::fromLatin1(name));
    if (!found)
        QTest::qFail(qPrintable(QStringLiteral("no %1").arg(QString::fromLatin1(name))), __FILE__, __LINE__);
    return found;
}

/// Selects layers in the table as a user would see them.
inline void select(gui::MainWindow& window, const QStringList& layers) {
    window.document().setSelection(layers);
    QApplication::processEvents();
}

} // namespace widthwise::test
