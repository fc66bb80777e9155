// Audits a site: does its configuration relay for strangers, and which line of which file lets
// them?
//
//   AuditReport report = AuditSite(sources, {.config = "/etc/mail"});
//   std::cout << AuditText(report);
//   return report.exit_code();
//
// Everything happens in a simulated world; of the machine only files are read. docs/audit.md.
#ifndef STAGEPOST_TOOLS_AUDIT_AUDIT_H_
#define STAGEPOST_TOOLS_AUDIT_AUDIT_H_

#include <string>
#include <vector>

#include "tools/audit/audit_plan.h"
#include "tools/audit/audit_run.h"
#include "tools/audit/audit_sources.h"

namespace stagepost {

struct AuditRequest {
  std::string config = "/etc/mail";  // a directory, a .mc or a .cf
  SiteHints hints;
};

// One way in, and all who have found it.
struct Hole {
  Decision decision;
  std::string explanation;      // in a sentence
  std::vector<size_t> results;  // of run.results; the first shows it best
};

struct AuditReport {
  std::string config;
  // Not empty: it could not be audited, and what may help.
  std::string error, remedy;
  AuditPlan plan;
  AuditRun run;
  std::vector<Hole> holes;
  std::vector<std::string> notes;
  double seconds = 0;

  const Party& PartyOf(const ProbeResult& result) const { return plan.parties[result.party]; }
  const AuditEnvelope& EnvelopeOf(const ProbeResult& result) const {
    return plan.envelopes[result.party][result.envelope];
  }
  // 0: clean. 1: strangers may relay. 2: it could not be audited.
  int exit_code() const { return !error.empty() ? 2 : holes.empty() ? 0 : 1; }
};

AuditReport AuditSite(const AuditSources& sources, const AuditRequest& request);

// Fills in report.holes but for their explanations, and error where nothing can be judged.
void JudgeAudit(const SiteFacts& facts, const std::string& cf, AuditReport& report);
// Puts the hole in a sentence.
std::string ExplainHole(const AuditReport& report, const Hole& hole);

// For people: holes first, then the table. What came from files is made printable.
std::string AuditText(const AuditReport& report);
// One JSON object; docs/audit.md names what is in it.
std::string AuditJson(const AuditReport& report);

}  // namespace stagepost

#endif  // STAGEPOST_TOOLS_AUDIT_AUDIT_H_
