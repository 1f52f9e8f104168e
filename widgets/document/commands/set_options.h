#pragma once

#include "core/cost/network_problem.h"

#include <QUndoCommand>

namespace widthwise::gui {

class Document;

/// How the hardware model runs the network: what stays on the chip, fusion, order.
class SetOptionsCommand : public QUndoCommand {
public:
    SetOptionsCommand(Document& document, cost::Options to, const QString& text);
    void undo() override;
    void redo() override;

private:
    Document& m_document;
    cost::Options m_from, m_to;
};

} // namespace widthwise::gui
