#pragma once
// The project file's schema, as the ordered steps that lead to it.

#include "core/store/database.h"

#include <span>

namespace widthwise::store {

/// 'WdWi' in the SQLite header: which program the database belongs to.
inline constexpr int64_t k_application_id = 0x57645769;

/// Step i leads from version i to i + 1. Never change one that was released; append.
[[nodiscard]] std::span<const std::string_view> migrations();

/// Brings the database from its user_version to `steps.size()`, each step in a transaction of its own; before
/// the first step of a database that already has a version, a copy PATH.vN.backup is made. Errors:
/// invalid_input for a newer version; as Database::error. A failed step leaves the version before it.
[[nodiscard]] Result<void> migrate(Database& database, std::span<const std::string_view> steps);

} // namespace widthwise::store
