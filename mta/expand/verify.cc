#include "mta/expand/verify.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "mta/expand/expander.h"
#include "mta/maptools/map_tool.h"

namespace stagepost {
namespace {

class Printer final : public ExpansionObserver {
 public:
  explicit Printer(bool verbose) : verbose_(verbose) {}
  void Note(const ExpansionNote& note) override {
    if (verbose_ || !note.code.empty()) absl::StrAppend(&text_, note.Line(), "\n");
  }
  std::string& text() { return text_; }

 private:
  const bool verbose_;
  std::string text_;
};

// "alice... deliverable: mailer local, user alice"
std::string DeliverableLine(const SendEntry& entry) {
  return absl::StrCat(AddressInMessages(entry.address), "... deliverable: mailer ",
                      entry.mailer == nullptr ? "*error*" : entry.mailer->name,
                      entry.host.empty() ? "" : ", host ", entry.host, ", user ", entry.user, "\n");
}

}  // namespace

Task<int> VerifyAddresses(Site& site, Macros& macros, std::vector<std::string> addresses,
                          VerifyOptions options) {
  Printer printer(options.verbose);
  ExpandOptions expand;
  expand.id = options.id;
  expand.log_errors = true;
  expand.observer = &printer;
  expand.no_aliases = options.no_aliases;
  expand.only_verifying = true;
  Expander expander(site, macros, std::move(expand));
  SendList list;
  for (const std::string& argument : addresses) co_await expander.AddList(list, argument);
  for (const size_t index : ListingOrder(list)) {
    const SendEntry& entry = list.entries[index];
    const bool sendable = entry.state == SendState::kSend || entry.state == SendState::kDeferred;
    if (sendable) printer.text() += DeliverableLine(entry);
  }
  co_return co_await PrintAndExit(site.env(), "sendmail", std::move(printer.text()),
                                  expander.exit_code());
}

}  // namespace stagepost
