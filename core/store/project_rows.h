#pragma once
// What the project file's parts share; private to this room.

#include "core/store/database.h"
#include "core/store/project_file.h"

namespace widthwise {

struct ProjectFile::Impl {
    store::Database database;

    /// Errors: invalid_input when there is no such version; 0 is the project's own network.
    [[nodiscard]] Result<void> check_version(int64_t id) const;
};

namespace store {

/// 0, the project's own network, is NULL in the file.
void bind_version(Statement& statement, int index, int64_t version);
/// Runs an INSERT ... RETURNING id to its end, which commits it.
[[nodiscard]] Result<int64_t> add_row(Statement& insert);

} // namespace store
} // namespace widthwise
