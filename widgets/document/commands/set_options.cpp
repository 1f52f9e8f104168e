#include "widgets/document/commands/set_options.h"

#include "widgets/document/document.h"

namespace widthwise::gui {

SetOptionsCommand::SetOptionsCommand(Document& document, cost::Options to, const QString& text)
    : QUndoCommand(text), m_document(document), m_from(document.modelOptions()), m_to(std::move(to)) {}

void SetOptionsCommand::undo() {
    m_document.putOptions(m_from);
}
void SetOptionsCommand::redo() {
    m_document.putOptions(m_to);
}

} // namespace widthwise::gui
