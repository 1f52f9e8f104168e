#pragma once

#include "core/cost/network_problem.h"

#include <QUndoCommand>

namespace widthwise::gui {

class Document;

/// How the hardware model runs the network: what stays on the chip, fusion, order, and whether zeros that
/// were measured count.
class SetOptionsCommand : public QUndoCommand {
public:
    SetOptionsCommand(Document& document, cost::Options to, bool uses_zeros, const QString& text);
    void undo() override;
    void redo() override;

private:
    Document& m_document;
    cost::Options m_from, m_to;
    bool m_from_zeros, m_to_zeros;
};

} // namespace widthwise::gui
