#include "widgets/document/commands/set_target.h"

#include "widgets/document/document.h"

namespace widthwise::gui {

SetTargetCommand::SetTargetCommand(Document& document, HardwareTarget to)
    : QUndoCommand(QObject::tr("target %1").arg(QString::fromStdString(to.name)))
    , m_document(document)
    , m_from(document.target())
    , m_to(std::move(to)) {}

void SetTargetCommand::undo() {
    m_document.putTarget(m_from);
}
void SetTargetCommand::redo() {
    m_document.putTarget(m_to);
}

} // namespace widthwise::gui
