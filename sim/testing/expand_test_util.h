// What tests of expansion share: a host with a site, whose -bv and newaliases are asked.
#ifndef STAGEPOST_SIM_TESTING_EXPAND_TEST_UTIL_H_
#define STAGEPOST_SIM_TESTING_EXPAND_TEST_UTIL_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "mta/base/check.h"
#include "mta/cf/macros.h"
#include "mta/expand/expander.h"
#include "mta/expand/rebuild_aliases.h"
#include "mta/expand/verify.h"
#include "mta/site/site.h"
#include "sim/scenario/default_configuration.h"
#include "sim/testing/test_host.h"

namespace stagepost {

inline Task<LoadedSite> LoadTestSite(Environment& env) {
  ReadOptions options;
  options.file = "/etc/mail/sendmail.cf";
  LoadedSite loaded = co_await LoadSite(env, std::move(options));
  for (const Diagnostic& diagnostic : loaded.diagnostics) {
    if (diagnostic.severity != Diagnostic::Severity::kNotImplemented) {
      const std::string text = absl::StrCat(Render(diagnostic), "\n");
      CHECK((co_await WriteAll(env.process().standard_output(), text)).ok());
    }
  }
  co_return loaded;
}

inline Task<int> VerifyTask(Environment& env, std::vector<std::string> addresses, bool verbose) {
  LoadedSite loaded = co_await LoadTestSite(env);
  if (loaded.exit_code != 0) co_return loaded.exit_code;
  Macros macros(&loaded.site->configuration().macros);
  co_return co_await VerifyAddresses(*loaded.site, macros, std::move(addresses),
                                     {.verbose = verbose, .id = "ID"});
}

inline Task<int> NewaliasesTask(Environment& env) {
  LoadedSite loaded = co_await LoadTestSite(env);
  if (loaded.exit_code != 0) co_return loaded.exit_code;
  co_return co_await RebuildAliases(*loaded.site);
}

// A host whose aliases and users' files tests write.
class ExpandHost {
 public:
  ExpandHost() {
    CHECK(host_.host().accounts().AddUser(UserNamed("daemon", 1, "/bin/sh")).ok());
    CHECK(host_.host().accounts().AddUser(UserNamed("carol", 2003, "/bin/nosuch")).ok());
    Configure("");
    Write("/etc/shells", "# shells\n/bin/sh\n/bin/bash # the other\n");
    Configure("");
  }

  static User UserNamed(std::string name, uint32_t id, std::string shell) {
    return {.name = name,
            .id = UserId{id},
            .group = GroupId{id},
            .full_name = "",
            .home = absl::StrCat("/home/", name),
            .shell = std::move(shell)};
  }

  // The default configuration with these O lines, which win.
  void Configure(absl::string_view options) {
    std::string text(DefaultConfiguration());
    text.insert(text.find("Troot"), absl::StrCat("O DontProbeInterfaces=True\n", options));
    Write("/etc/mail/sendmail.cf", text);
  }
  void Write(absl::string_view path, absl::string_view text, uint32_t owner = 0,
             FileMode mode = 0644) {
    CHECK(
        host_.disk()
            .WriteFile(path, text, {.owner = UserId{owner}, .group = GroupId{owner}, .mode = mode})
            .ok());
  }
  // Writes the file and runs newaliases.
  std::string Aliases(absl::string_view text) {
    Write("/etc/mail/aliases", text);
    return Newaliases();
  }
  std::string Newaliases() {
    exit_code = host_.Run(&NewaliasesTask);
    return host_.output;
  }
  // What -bv prints.
  std::string Verify(std::vector<std::string> addresses, bool verbose = false) {
    exit_code = host_.Run(&VerifyTask, std::move(addresses), verbose);
    return host_.output;
  }
  std::string Verify(absl::string_view address) {
    return Verify(std::vector<std::string>{std::string(address)});
  }
  std::string Verify(const char* address) { return Verify(absl::string_view(address)); }

  TestHost& host() { return host_; }
  DiskEditor disk() { return host_.disk(); }
  int exit_code = 0;  // of the last run

 private:
  TestHost host_;
};

}  // namespace stagepost

#endif  // STAGEPOST_SIM_TESTING_EXPAND_TEST_UTIL_H_
