#include "widgets/document/commands/set_network.h"

#include "widgets/document/document.h"

namespace widthwise::gui {

SetNetworkCommand::SetNetworkCommand(Document& document, int64_t to, PrecisionPlan plan, const QString& text)
    : QUndoCommand(text)
    , m_document(document)
    , m_from(document.version().id)
    , m_to(to)
    , m_from_plan(document.plan())
    , m_to_plan(std::move(plan)) {}

void SetNetworkCommand::undo() {
    m_document.putNetwork(m_from, m_from_plan);
}
void SetNetworkCommand::redo() {
    m_document.putNetwork(m_to, m_to_plan);
}

} // namespace widthwise::gui
