#pragma once
// The tables, as the list of migrations that leads to them.

#include <cstdint>

#include "state/connection.hpp"

namespace davit::state {

/// The `user_version` of a current database: the number of migrations.
extern const std::int64_t kSchemaVersion;

/// Brings the database to kSchemaVersion, one transaction a migration. The caller holds the schema lock.
void migrate(detail::Connection& connection);

}  // namespace davit::state
