#include "widgets/document/commands/set_plan.h"

#include "widgets/document/document.h"

namespace widthwise::gui {

SetPlanCommand::SetPlanCommand(Document& document, PrecisionPlan to, const QString& text, quint64 gesture)
    : QUndoCommand(text)
    , m_document(document)
    , m_from(document.plan())
    , m_to(std::move(to))
    , m_gesture(gesture) {}

void SetPlanCommand::undo() {
    m_document.putPlan(m_from);
}
void SetPlanCommand::redo() {
    m_document.putPlan(m_to);
}
int SetPlanCommand::id() const {
    return m_gesture == 0 ? -1 : 1;
}

bool SetPlanCommand::mergeWith(const QUndoCommand* other) {
    const auto& next = *static_cast<const SetPlanCommand*>(other);
    if (next.m_gesture != m_gesture) return false;
    m_to = next.m_to;
    setText(next.text());
    setObsolete(m_to == m_from);
    return true;
}

} // namespace widthwise::gui
