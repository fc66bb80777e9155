#include "mta/bin/address_test.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "mta/base/sysexits.h"
#include "mta/base/version.h"
#include "mta/bin/address_test_commands.h"
#include "mta/bin/address_test_listing.h"
#include "mta/cf/lines.h"
#include "mta/cf/text.h"
#include "mta/dns/text_file.h"

namespace stagepost {
namespace {

// A macro of such a name is an operator, and stands for itself.
constexpr absl::string_view kOperatorNames = "*+-~#@:>?|.[]()&0123456789";

// What is not a rewriting.
bool IsCommand(char c) {
  return c == '?' || c == '.' || c == '=' || c == '-' || c == '$' || c == '/';
}

}  // namespace

absl::string_view TakeWord(absl::string_view& text) {
  if (!text.empty() && absl::ascii_isspace(text[0])) text = absl::StripLeadingAsciiWhitespace(text);
  size_t end = 0;
  while (end < text.size() && text[end] != ' ' && text[end] != '\t') ++end;
  const absl::string_view word = text.substr(0, end);
  text.remove_prefix(end);
  return word;
}

Task<int> AddressTest::Run(std::vector<std::string> debug) {
  for (const std::string& specification : debug) Debug(specification);
  NoteUse();
  absl::StrAppend(&out(), "ADDRESS TEST MODE (ruleset 3 NOT automatically invoked)\n",
                  "Enter <ruleset> <address>\n");
  bool more = true;
  while (more) {
    out() += "> ";
    absl::string_view line;
    while (more && !console_.TakeLine(line, kMaxTestLineBytes)) more = co_await console_.Wait();
    if (!more) break;
    line = absl::StripLeadingAsciiWhitespace(line);
    if (line.empty() || line[0] == '#') continue;
    if (IsCommand(line[0])) {
      more = co_await Execute(line);
    } else {
      StartRewriting(line);
      while (!Rewrite()) co_await application_->Finish();
    }
  }
  printer_.Flush();
  co_return co_await console_.Flush() ? exit_code_ : kExitIoError;
}

Task<bool> AddressTest::Execute(absl::string_view line) {
  line = absl::StripTrailingAsciiWhitespace(line);
  switch (line[0]) {
    case '?':
      co_await Help();
      co_return true;
    case '.':
      Define(line);
      co_return true;
    case '=':
      List(line);
      co_return true;
    case '-':
      if (absl::StartsWith(line, "-d")) {
        Debug(line.substr(2));
      } else {
        absl::StrAppend(&out(), "Unknown \"-\" command ", line, "\n");
      }
      co_return true;
    case '$':
      Show(line.substr(1));
      co_return true;
    default:
      co_return co_await Slash(line);
  }
}

// What the site's help file says about "-bt": lines of a topic, a tab and text.
Task<void> AddressTest::Help() {
  TextFile file(env_, configuration().options.Text(OptionId::kHelpFile));
  co_await file.Refresh();
  bool found = false;
  for (const absl::string_view line : absl::StrSplit(file.text().value_or(""), '\n')) {
    if (!absl::StartsWith(line, "-bt\t")) continue;
    absl::StrAppend(&out(), line.substr(4), "\n");
    found = true;
  }
  if (!found) absl::StrAppend(&out(), "Sendmail ", kSendmailVersion, " -- HELP not implemented\n");
}

std::optional<NameId> AddressTest::TakeName(absl::string_view& text) {
  std::vector<std::string> errors;
  const ScannedName name = configuration().names.Scan(text, errors);
  for (const std::string& error : errors) absl::StrAppend(&out(), error, "\n");
  text.remove_prefix(name.length);
  return name.id;
}

// $m
std::string AddressTest::OwnDomain() {
  const Text* value = configuration().macros.Find(OneCharacterName('m'));
  if (value == nullptr) return "";
  return configuration().macros.ExpandToString(*value, configuration().names).value_or("");
}

// .Dmvalue, .Ccwords
void AddressTest::Define(absl::string_view line) {
  const char what = line.size() > 1 ? line[1] : '\0';
  if (what == '\0') {
    absl::StrAppend(&out(), "Usage: .[DC]macro value(s)\n");
    return;
  }
  if (what != 'D' && what != 'C') {
    absl::StrAppend(&out(), "Unknown \".\" command ", line, "\n");
    return;
  }
  absl::string_view rest = line.substr(2);
  const std::optional<NameId> name = TakeName(rest);
  if (!name.has_value()) return;
  // A sharp sign begins a comment, but not where the value begins.
  const size_t kept = absl::StartsWith(rest, "#") ? 1 : 0;
  const std::string value = absl::StrCat(rest.substr(0, kept), WithoutComments(rest.substr(kept)));
  std::vector<std::string> errors;
  Text text = ParseText(value, configuration().names, errors);
  for (const std::string& error : errors) absl::StrAppend(&out(), error, "\n");
  if (what == 'D') {
    configuration().macros.Set(*name, std::move(text));
    return;
  }
  const absl::StatusOr<std::string> words =
      configuration().macros.ExpandToString(text, configuration().names);
  if (!words.ok()) absl::StrAppend(&out(), words.status().message(), "\n");
  for (const absl::string_view word :
       absl::StrSplit(words.value_or(""), absl::ByAnyChar(" \t"), absl::SkipEmpty())) {
    configuration().classes.Add(*name, word);
  }
}

// $m, $=c; `text` is what stands behind the dollar sign.
void AddressTest::Show(absl::string_view text) {
  const bool is_class = absl::StartsWith(text, "=");
  if (is_class) text.remove_prefix(1);
  const std::optional<NameId> name = TakeName(text);
  if (!name.has_value()) return;
  if (is_class) {
    for (const absl::string_view word : InTableOrder(configuration().classes.Words(*name))) {
      absl::StrAppend(&out(), word, "\n");
    }
    return;
  }
  const Text* value = configuration().macros.Find(*name);
  if (value == nullptr) {
    const std::string written = configuration().names.Written(*name);
    const bool is_operator = written.size() == 1 && absl::StrContains(kOperatorNames, written);
    absl::StrAppend(&out(), is_operator ? absl::StrCat("$", written) : "Undefined", "\n");
    return;
  }
  AppendShown(WriteText(*value, configuration().names), out());
  out() += '\n';
}

// =Sruleset, =M
void AddressTest::List(absl::string_view line) {
  const char what = line.size() > 1 ? line[1] : '\0';
  if (what == 'M') {
    AppendMailers(configuration(), out());
  } else if (what == 'S') {
    const std::optional<int> number = FindRulesetNumber(configuration(), line.substr(2), out());
    if (!number.has_value()) {
      absl::StrAppend(&out(), "Undefined ruleset ", line.substr(2), "\n");
    } else {
      AppendRules(site_.engine(), *number, out());
    }
  } else if (what == '\0') {
    absl::StrAppend(&out(), "Usage: =Sruleset or =M\n");
  } else {
    absl::StrAppend(&out(), "Unknown \"=\" command ", line, "\n");
  }
}

// 21.12,0-99.1: only category 21, rewriting, has something to show here; sendmail takes anything
// else without a word, too.
void AddressTest::Debug(absl::string_view specification) {
  const std::optional<int> level = RewritingDebugLevel(specification);
  if (level.has_value()) printer_.set_level(*level);
}

Task<bool> AddressTest::Slash(absl::string_view line) {
  absl::string_view rest = line.substr(1);
  if (rest.empty()) {
    absl::StrAppend(&out(), "Usage: /[canon|map|mx|parse|try|tryflags]\n");
    co_return true;
  }
  const std::string command = absl::AsciiStrToLower(TakeWord(rest));
  const absl::string_view argument = absl::StripLeadingAsciiWhitespace(rest);
  if (command == "quit") co_return false;
  if (command == "map") {
    co_await LookUpMap(rest);
  } else if (command == "tryflags") {
    SetFlags(argument);
  } else if (command == "try") {
    co_await Try(argument);
  } else if (command == "mx" || command == "canon" || command == "parse") {
    if (argument.empty()) {
      absl::StrAppend(&out(), "Usage: /", command, " address\n");
    } else if (command == "mx") {
      co_await ListExchangers(argument);
    } else if (command == "canon") {
      co_await Canonify(argument);
    } else {
      co_await Parse(argument);
    }
  } else {
    absl::StrAppend(&out(), "Unknown \"/\" command ", line, "\n");
  }
  co_return true;
}

// Rulesets by a comma list, then one blank, then an address list, in which blanks count: messages
// show them.
void AddressTest::StartRewriting(absl::string_view line) {
  work_ = {.rulesets = TakeWord(line), .left = {}, .addresses = {}};
  if (line.empty()) {
    absl::StrAppend(&out(), "No address!\n");
    return;
  }
  line.remove_prefix(1);
  if (const std::optional<RewriteMessage> wrong = InvalidAddress(line, /*recipient=*/false);
      wrong.has_value()) {
    printer_.Message({.reply = wrong->reply, .text = wrong->text});
    return;
  }
  work_.addresses = line;
}

bool AddressTest::Rewrite() {
  while (true) {
    if (application_.has_value()) {
      if (!application_->done()) return false;
      EndRuleset();
    } else if (!work_.left.empty()) {
      ApplyRuleset();
    } else if (!work_.addresses.empty()) {
      TakeAddress();
    } else {
      return true;
    }
  }
}

// Makes tokens of the next address.
void AddressTest::TakeAddress() {
  absl::string_view& addresses = work_.addresses;
  printer_.set_subject(addresses);
  tokens_.Clear();
  const ScanOptions options = {.comments = Comments::kKeep, .delimiter = ','};
  const ScanResult scanned = site_.engine().tokenizer().Scan(addresses, options, tokens_);
  for (const RewriteMessage& message : scanned.messages) printer_.Message(message);
  if (scanned.ok) work_.left = work_.rulesets;
  addresses.remove_prefix(std::min(scanned.end, addresses.size()));
  while (!addresses.empty() && addresses[0] == ',') addresses.remove_prefix(1);
}

// Applies the first of the rulesets that are left, as far as it goes without waiting.
void AddressTest::ApplyRuleset() {
  const std::optional<int> number = FindRulesetNumber(configuration(), work_.left, out());
  if (!number.has_value()) {
    absl::StrAppend(&out(), "Undefined ruleset ", work_.left, "\n");
    work_.left = {};
    return;
  }
  work_.number = *number;
  application_.emplace(site_.engine(), *number, tokens_, configuration().macros, &printer_);
}

void AddressTest::EndRuleset() {
  if (const int status = application_->status(); status != 0) {
    absl::StrAppend(&out(), "== Ruleset ", work_.left, " (", work_.number, ") status ", status,
                    "\n");
  }
  application_.reset();
  const size_t comma = work_.left.find(',');
  work_.left = comma == absl::string_view::npos ? "" : work_.left.substr(comma + 1);
}

Task<int> RunAddressTest(Environment& env, Site& site, std::vector<std::string> debug) {
  AddressTest test(env, site);
  co_return co_await test.Run(std::move(debug));
}

}  // namespace stagepost
