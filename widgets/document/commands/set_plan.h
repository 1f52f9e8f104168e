#pragma once

#include "core/design/precision_plan.h"

#include <QUndoCommand>

namespace widthwise::gui {

class Document;

/// From one plan to another: bits set by hand, or a whole design taken over. Commands of one gesture (a drag,
/// typing in one field, holding a key) merge, and vanish when they come back to where they began.
class SetPlanCommand : public QUndoCommand {
public:
    SetPlanCommand(Document& document, PrecisionPlan to, const QString& text, quint64 gesture);
    void undo() override;
    void redo() override;
    [[nodiscard]] int id() const override;
    bool mergeWith(const QUndoCommand* other) override;

private:
    Document& m_document;
    PrecisionPlan m_from, m_to;
    quint64 m_gesture;
};

} // namespace widthwise::gui
