// `stagepost audit`: the command. docs/audit.md.
#ifndef STAGEPOST_TOOLS_AUDIT_STAGEPOST_AUDIT_H_
#define STAGEPOST_TOOLS_AUDIT_STAGEPOST_AUDIT_H_

#include <ostream>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/audit/audit.h"

namespace stagepost {

struct AuditOptions {
  AuditRequest request;
  bool json = false;
  bool help = false;
};

// `words` are those after "audit". kInvalidArgument: one line, for a user.
absl::StatusOr<AuditOptions> ParseAuditOptions(const std::vector<std::string>& words);

absl::string_view AuditHelp();

// This machine. `err` gets a line of progress when an audit takes long, and outlives it.
AuditSources MachineSources(std::ostream& err);

// The command; `words` begin with "audit" itself. The exit status: see AuditHelp().
int RunAuditCommand(const std::vector<std::string>& words, const AuditSources& sources,
                    std::ostream& out, std::ostream& err);

}  // namespace stagepost

#endif  // STAGEPOST_TOOLS_AUDIT_STAGEPOST_AUDIT_H_
