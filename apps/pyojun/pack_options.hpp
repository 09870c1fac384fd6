// Options and words that `audit` and `convert --pack` share.
#pragma once

#include <functional>
#include <string>

#include "console.hpp"
#include "grammar.hpp"
#include "pipeline/audit.hpp"

namespace pyojun::app {

// Adds --pack and its companions. The function it returns completes the request after parsing; false after an error was shown.
std::function<bool(Console&)> add_pack_options(Grammar grammar, PackRequest& request, bool required);
// Scores, failures and gates to stdout, or the JSON with --json.
void tell_audit(const AuditOutcome& outcome, Console& console);
// The last line.
std::string audit_summary(const AuditOutcome& outcome, const Console& console);

}  // namespace pyojun::app
