#include "widgets/dialogs/help.h"

#include "core/base/resource.h"
#include "core/engine/evaluator.h"
#include "core/flow/session.h"
#include "widgets/number_text.h"

#include <QDialog>
#include <QDialogButtonBox>
#include <QFormLayout>
#include <QKeySequence>
#include <QLabel>
#include <QTextBrowser>
#include <QVBoxLayout>

namespace widthwise::gui {
namespace {

QDialog* open_dialog(QWidget* parent, const QString& title, const QString& object_name) {
    auto* dialog = new QDialog(parent);
    dialog->setObjectName(object_name);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setWindowTitle(title);
    return dialog;
}

void finish(QDialog* dialog, QVBoxLayout* column) {
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close, dialog);
    QObject::connect(buttons, &QDialogButtonBox::rejected, dialog, &QDialog::close);
    column->addWidget(buttons);
    dialog->show();
}

} // namespace

void show_shortcuts(QWidget* parent) {
    QDialog* dialog = open_dialog(parent, QObject::tr("Keyboard shortcuts"), QStringLiteral("shortcuts"));
    auto* column = new QVBoxLayout(dialog);
    column->setContentsMargins(24, 24, 24, 16);
    auto* form = new QFormLayout;
    form->setHorizontalSpacing(32);
    form->setVerticalSpacing(6);
    const auto add = [&](const QString& keys, const QString& meaning) {
        auto* key = new QLabel(keys);
        QFont bold = key->font();
        bold.setBold(true);
        key->setFont(bold);
        form->addRow(key, new QLabel(meaning));
    };
    const auto native = [](QKeySequence::StandardKey key) {
        return QKeySequence(key).toString(QKeySequence::NativeText);
    };
    add(QStringLiteral("1 \u2026 9"), QObject::tr("bits of the selected layers, in the cursor's column"));
    add(QStringLiteral("F"), QObject::tr("float for the selected layers"));
    add(QStringLiteral("+  \u2212"), QObject::tr("one bit more or less (also Ctrl+Up, Ctrl+Down)"));
    add(QStringLiteral("Enter, F2"), QObject::tr("edit the bits of the selected layers"));
    add(QStringLiteral("F4"), QObject::tr("number formats of the selected layers"));
    add(QStringLiteral("Shift+F4"), QObject::tr("passes and requantization of the network"));
    add(native(QKeySequence::SelectAll), QObject::tr("select all layers"));
    add(native(QKeySequence::Find), QObject::tr("filter layers"));
    add(native(QKeySequence::Undo) + QStringLiteral(", ") + native(QKeySequence::Redo),
        QObject::tr("undo, redo"));
    add(QStringLiteral("F5"), QObject::tr("measure the accuracy of the current design"));
    add(QStringLiteral("Shift+F5"), QObject::tr("measure uniform designs from float to 2 bits"));
    add(QStringLiteral("F6"), QObject::tr("diagnose the layers of the current design"));
    add(QStringLiteral("F7"), QObject::tr("search the design space"));
    add(QStringLiteral("F8"), QObject::tr("measure the sensitivity of every layer"));
    add(QStringLiteral("Ctrl+T"), QObject::tr("train the network"));
    add(QStringLiteral("Ctrl+K"), QObject::tr("compress the network"));
    add(QStringLiteral("Ctrl+G"), QObject::tr("choose a version of the network"));
    add(QStringLiteral("Esc"), QObject::tr("cancel what is running"));
    add(native(QKeySequence::Open), QObject::tr("open a network, data or a project"));
    add(native(QKeySequence::Save), QObject::tr("save the project"));
    add(QStringLiteral("F1"), QObject::tr("this list"));
    column->addLayout(form);
    column->addSpacing(8);
    finish(dialog, column);
}

void show_manual(QWidget* parent) {
    QDialog* dialog = open_dialog(parent, QObject::tr("Manual"), QStringLiteral("manual"));
    auto* column = new QVBoxLayout(dialog);
    auto* text = new QTextBrowser(dialog);
    text->setFrameShape(QFrame::NoFrame);
    text->setOpenExternalLinks(true);
    text->setMarkdown(qt(resource("manual.md")));
    text->document()->setDocumentMargin(16);
    column->addWidget(text, 1);
    dialog->resize(820, 680);
    finish(dialog, column);
}

void show_about(QWidget* parent) {
    QDialog* dialog = open_dialog(parent, QObject::tr("About Widthwise"), QStringLiteral("about"));
    auto* column = new QVBoxLayout(dialog);
    column->setContentsMargins(24, 24, 24, 16);
    auto* text = new QLabel(QObject::tr("<h2>Widthwise %1</h2><p>Choose bit widths: accuracy measured on a "
                                        "really quantized network, energy, "
                                        "latency and area modelled.</p><p>Runs on oneDNN (%2), Qt "
                                        "%3.<br>Free software under the GNU General Public "
                                        "License, version 3 or later.</p>")
                                .arg(qt(flow::program_version()).toHtmlEscaped(), qt(engine::cpu_isa()),
                                     QString::fromLatin1(qVersion())),
                            dialog);
    text->setWordWrap(true);
    text->setMinimumWidth(380);
    column->addWidget(text);
    finish(dialog, column);
}

} // namespace widthwise::gui
