#include "widgets/document/commands/set_options.h"

#include "widgets/document/document.h"

namespace widthwise::gui {

SetOptionsCommand::SetOptionsCommand(Document& document, cost::Options to, bool uses_zeros,
                                     const QString& text)
    : QUndoCommand(text)
    , m_document(document)
    , m_from(document.m_options)
    , m_to(std::move(to))
    , m_from_zeros(document.usesMeasuredZeros())
    , m_to_zeros(uses_zeros) {}

void SetOptionsCommand::undo() {
    m_document.putOptions(m_from, m_from_zeros);
}
void SetOptionsCommand::redo() {
    m_document.putOptions(m_to, m_to_zeros);
}

} // namespace widthwise::gui
