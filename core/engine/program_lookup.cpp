#include "core/engine/program_lookup.h"

namespace widthwise::engine {

BufferId root(const Program& program, BufferId id) {
    while (program.buffers[id.position()].alias.valid()) id = program.buffers[id.position()].alias;
    return id;
}

std::optional<BufferId> find_buffer(const Program& program, ValueId value,
                                    const Representation* representation) {
    for (size_t i = 0; i < program.buffers.size(); ++i)
        if (program.buffers[i].value == value &&
            (!representation || program.buffers[i].representation == *representation))
            return BufferId{static_cast<int>(i)};
    return std::nullopt;
}

} // namespace widthwise::engine
