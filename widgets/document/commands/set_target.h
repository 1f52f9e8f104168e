#pragma once

#include "core/design/hardware_target.h"

#include <QUndoCommand>

namespace widthwise::gui {

class Document;

class SetTargetCommand : public QUndoCommand {
public:
    SetTargetCommand(Document& document, HardwareTarget to);
    void undo() override;
    void redo() override;

private:
    Document& m_document;
    HardwareTarget m_from, m_to;
};

} // namespace widthwise::gui
