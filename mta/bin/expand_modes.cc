#include "mta/bin/expand_modes.h"

#include <utility>

#include "mta/base/sysexits.h"
#include "mta/cf/macros.h"
#include "mta/expand/rebuild_aliases.h"
#include "mta/expand/verify.h"

namespace stagepost {

Task<int> VerifyRecipients(Run& run, Queue& queue) {
  if (run.settings.recipients.empty()) {
    co_await run.reporter.UserError("Recipient names must be specified");
    co_return kExitUsage;
  }
  Macros macros(&run.site->configuration().macros);
  VerifyOptions options;
  options.verbose = run.settings.verbose;
  options.no_aliases = run.settings.do_not_expand;
  options.id = queue.NewId();
  co_return co_await VerifyAddresses(*run.site, macros, run.settings.recipients,
                                     std::move(options));
}

Task<int> MakeAliasDatabases(Run& run) { co_return co_await RebuildAliases(*run.site); }

}  // namespace stagepost
