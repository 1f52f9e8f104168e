#pragma once
// Where a program keeps a graph's values.

#include "core/engine/program.h"

#include <optional>

namespace widthwise::engine {

/// The buffer whose memory `id` is.
[[nodiscard]] BufferId root(const Program& program, BufferId id);

/// The value's first buffer, of that representation where one is asked for.
[[nodiscard]] std::optional<BufferId> find_buffer(const Program& program, ValueId value,
                                                  const Representation* representation = nullptr);

} // namespace widthwise::engine
