#pragma once

#include "core/design/precision_plan.h"

#include <QUndoCommand>

namespace widthwise::gui {

class Document;

/// From one version of the network, with its plan, to another.
class SetNetworkCommand : public QUndoCommand {
public:
    SetNetworkCommand(Document& document, int64_t to, PrecisionPlan plan, const QString& text);
    void undo() override;
    void redo() override;

private:
    Document& m_document;
    int64_t m_from, m_to;
    PrecisionPlan m_from_plan, m_to_plan;
};

} // namespace widthwise::gui
