// An existing CDM in PostgreSQL, audited in place: the same SQL, with the prelude's functions in the session's temporary schema.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "conformance/source.hpp"

namespace pyojun {

// `place`: what stands behind postgresql: -- a service of pg_service.conf, a file that holds a connection string, or KEY=VALUE pairs
// without a password (those belong in a file, a service or .pgpass, never on a command line). The session is read-only after its prelude.
// Errors: audit_database_failed, audit_password_shown, audit_no_cdm.
Result<std::unique_ptr<AuditSource>> open_postgres(const std::string& place, const std::vector<std::string>& schemas, const Schema& schema);

}  // namespace pyojun
