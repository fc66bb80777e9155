// The commands of the test mode: one run of `sendmail -bt`.
//
// A line is read, its first character says what is to be done, and what is done prints itself.
// Lives on the frame of RunAddressTest(); the Environment and the Site outlive it.
#ifndef STAGEPOST_MTA_BIN_ADDRESS_TEST_COMMANDS_H_
#define STAGEPOST_MTA_BIN_ADDRESS_TEST_COMMANDS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "mta/async/task.h"
#include "mta/bin/console.h"
#include "mta/bin/rewrite_printer.h"
#include "mta/cf/configuration.h"
#include "mta/env/environment.h"
#include "mta/rewrite/address.h"
#include "mta/site/site.h"

namespace stagepost {

class AddressTest {
 public:
  AddressTest(Environment& env, Site& site)
      : env_(env), site_(site), console_(env.process()), printer_(console_.out()) {}

  Task<int> Run(std::vector<std::string> debug);

 private:
  std::string& out() { return printer_.out(); }
  Configuration& configuration() { return site_.configuration(); }

  // Anything but a rewriting: what begins with one of "?.=-$/". False: /quit.
  Task<bool> Execute(absl::string_view line);
  Task<void> Help();
  void Define(absl::string_view line);
  void Show(absl::string_view line);
  void List(absl::string_view line);
  void Debug(absl::string_view specification);
  Task<bool> Slash(absl::string_view line);
  Task<void> LookUpMap(absl::string_view rest);
  Task<void> Canonify(absl::string_view name);
  Task<void> ListExchangers(absl::string_view name);
  Task<void> Parse(absl::string_view address);
  Task<void> Try(absl::string_view rest);
  void SetFlags(absl::string_view flags);
  void NoteUse();
  // Applies rulesets to addresses, as a line says that stays where it is meanwhile. Rewrite() gives
  // false as long as application_ has to be waited for.
  void StartRewriting(absl::string_view line);
  bool Rewrite();
  void TakeAddress();
  void ApplyRuleset();
  void EndRuleset();
  AddressContext Context() {
    return {site_.engine(), configuration(), configuration().macros, &printer_};
  }
  std::string OwnDomain();

  // The name behind a '$', '.D' or '.C'; the rest of `text` is left in it.
  std::optional<NameId> TakeName(absl::string_view& text);

  Environment& env_;
  Site& site_;
  Console console_;
  RewritePrinter printer_;
  AddressUse use_;  // /tryflags
  // What is left to be done of a line.
  struct Work {
    absl::string_view rulesets;   // for each of the addresses
    absl::string_view left;       // those still to be applied to tokens_
    absl::string_view addresses;  // not looked at yet
    int number = 0;               // of the ruleset that is being applied
  };
  Work work_;
  TokenList tokens_;  // of the address in hand; kept for its memory
  std::optional<Engine::Application> application_;
  int exit_code_ = 0;
};

// Takes the first word off `text`; blanks before it go too.
absl::string_view TakeWord(absl::string_view& text);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_BIN_ADDRESS_TEST_COMMANDS_H_
