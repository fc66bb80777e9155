#include "mta/bin/address_test.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "mta/base/version.h"
#include "mta/bin/address_test_listing.h"
#include "mta/bin/console.h"
#include "mta/cf/lines.h"
#include "mta/cf/own_names.h"
#include "mta/cf/text.h"
#include "mta/cf/well_known_names.h"
#include "mta/dns/text_file.h"
#include "mta/rewrite/address.h"

namespace stagepost {
namespace {

constexpr int kExitOsError = 71;
constexpr int kExitIoError = 74;

// What the machine does, as lines of output.
class Printer : public RewriteObserver {
 public:
  explicit Printer(std::string& out) : out_(out) {}

  // The address that messages are about.
  void set_subject(absl::string_view subject) { subject_ = std::string(subject); }
  void set_level(int level) { level_ = level; }

  void Entered(absl::string_view ruleset, absl::Span<const Token> tokens) override {
    Line(ruleset, "   input:", tokens);
  }
  void Left(absl::string_view ruleset, absl::Span<const Token> tokens) override {
    Line(ruleset, " returns:", tokens);
  }
  // In 7 bits, as sendmail gives all its messages; what becomes a NUL ends them.
  void Message(const RewriteMessage& message) override {
    const size_t begin = out_.size();
    if (message.names_address) {
      const std::string& address = message.address.empty() ? subject_ : message.address;
      absl::StrAppend(&out_, AddressInMessages(address), "... ");
    }
    absl::StrAppend(&out_, message.text);
    for (size_t i = begin; i < out_.size(); ++i) out_[i] &= 0x7f;
    out_.resize(std::min(out_.find('\0', begin), out_.size()));
    out_ += '\n';
  }

  // What single rules do, from -d21.2 on. Unlike sendmail's, lines of level 15 have no addresses of
  // memory.
  bool WantsRules() const override { return level_ >= 1; }
  void Trying(absl::Span<const Token> left, int line) override {
    if (level_ < 12) return;
    absl::StrAppend(&out_, "-----trying rule");
    if (level_ >= 15) absl::StrAppend(&out_, " (line ", line, ")");
    Tokens(":", left);
  }
  void Failed() override {
    if (level_ >= 12) absl::StrAppend(&out_, "----- rule fails\n");
  }
  void Matched(absl::Span<const Token> right) override {
    if (level_ >= 12) Tokens("-----rule matches:", right);
  }
  void PutIn(int digit, absl::Span<const Token> tokens) override {
    if (level_ < 15) return;
    absl::StrAppend(&out_, "$", digit, ":");
    for (const Token& token : tokens) {
      absl::StrAppend(&out_, " \"");
      AppendShown(token, out_);
      out_ += '"';
    }
    out_ += '\n';
  }
  void PutIn(absl::string_view macro, const std::optional<std::string>& value) override {
    if (level_ < 2) return;
    absl::StrAppend(&out_, "rewrite: RHS $&", macro, " => \"");
    AppendShown(value.value_or("(NULL)"), out_);
    absl::StrAppend(&out_, "\"\n");
  }
  void Rewritten(absl::Span<const Token> tokens) override {
    if (level_ >= 4) Tokens("rewritten as:", tokens);
  }
  void Looped(absl::Span<const Token> tokens) override { Tokens("workspace: ", tokens); }

 private:
  void Tokens(absl::string_view what, absl::Span<const Token> tokens) {
    out_.append(what.data(), what.size());
    AppendShownTokens(tokens, out_);
    out_ += '\n';
  }

  void Line(absl::string_view ruleset, absl::string_view what, absl::Span<const Token> tokens) {
    constexpr size_t kNameWidth = 16;
    std::array<char, kNameWidth> name;
    name.fill(' ');
    std::copy_n(ruleset.begin(), std::min(ruleset.size(), kNameWidth), name.begin());
    out_.append(name.data(), kNameWidth);
    Tokens(what, tokens);
  }

  std::string& out_;
  std::string subject_;
  int level_ = 0;
};

class AddressTest {
 public:
  AddressTest(Environment& env, Site& site)
      : env_(env), site_(site), console_(env.process()), printer_(console_.out()) {}

  Task<int> Run(std::vector<std::string> debug);

 private:
  std::string& out() { return console_.out(); }
  Configuration& configuration() { return site_.configuration(); }

  // False: /quit.
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
  Task<void> Rewrite(absl::string_view line);
  Task<void> ApplyRulesets(absl::string_view list, TokenList& tokens);
  AddressContext Context() {
    return {site_.engine(), configuration(), configuration().macros, &printer_};
  }
  std::string OwnDomain();

  // The name behind a '$', '.D' or '.C'; the rest of `text` is left in it.
  std::optional<NameId> TakeName(absl::string_view& text);

  Environment& env_;
  Site& site_;
  Console console_;
  Printer printer_;
  AddressUse use_;  // /tryflags
  int exit_code_ = 0;
};

absl::string_view TakeWord(absl::string_view& text) {
  text = absl::StripLeadingAsciiWhitespace(text);
  const size_t end = std::min(text.find_first_of(" \t"), text.size());
  const absl::string_view word = text.substr(0, end);
  text.remove_prefix(end);
  return word;
}

Task<int> AddressTest::Run(std::vector<std::string> debug) {
  for (const std::string& specification : debug) Debug(specification);
  NoteUse();
  absl::StrAppend(&out(), "ADDRESS TEST MODE (ruleset 3 NOT automatically invoked)\n",
                  "Enter <ruleset> <address>\n");
  std::string line;
  while (true) {
    absl::StrAppend(&out(), "> ");
    if (!co_await console_.ReadLine(line, kMaxTestLineBytes)) break;
    if (!co_await Execute(line)) break;
  }
  co_return co_await console_.Flush() ? exit_code_ : kExitIoError;
}

Task<bool> AddressTest::Execute(absl::string_view line) {
  line = absl::StripLeadingAsciiWhitespace(line);
  if (line.empty() || line[0] == '#') co_return true;
  const absl::string_view whole_line = line;
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
    case '/':
      co_return co_await Slash(line);
    default:
      co_await Rewrite(whole_line);
      co_return true;
  }
}

// What the site's help file says about "-bt": lines of a topic, a tab and text.
Task<void> AddressTest::Help() {
  TextFile file(env_.files(), configuration().options.Text(OptionId::kHelpFile));
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
    absl::StrAppend(&out(), "Undefined\n");
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

// /map name key. The key begins right behind the one blank after the name.
Task<void> AddressTest::LookUpMap(absl::string_view rest) {
  const absl::string_view name = TakeWord(rest);
  if (name.empty()) {
    absl::StrAppend(&out(), "Usage: /map mapname key\n");
    co_return;
  }
  if (rest.size() < 2) {
    absl::StrAppend(&out(), "No key specified\n");
    co_return;
  }
  const absl::string_view key = rest.substr(1);
  Map* map = site_.maps().Find(name);
  if (map == nullptr) {
    absl::StrAppend(&out(), "Map named \"", name, "\" not found\n");
    co_return;
  }
  std::string complaint;
  const bool open = co_await map->Open(complaint);
  if (!complaint.empty()) {
    absl::StrAppend(&out(), complaint, "\n");
    exit_code_ = kExitOsError;
  }
  if (!open) {
    absl::StrAppend(&out(), "Map named \"", name, "\" not open\n");
    co_return;
  }
  absl::StrAppend(&out(), "map_lookup: ", name, " (", key, ") ");
  const MapAnswer answer = co_await map->Ask(key, {});
  if (!answer.message.empty()) absl::StrAppend(&out(), answer.message, "\n");
  if (answer.value.has_value()) {
    absl::StrAppend(&out(), "returns ", *answer.value, " (", answer.status, ")\n");
  } else {
    absl::StrAppend(&out(), "no match (", answer.status, ")\n");
  }
}

Task<void> AddressTest::Canonify(absl::string_view name) {
  const std::string domain = OwnDomain();
  const CanonicalName found = co_await site_.hosts().Canonical(name, domain);
  if (!found.message.empty()) absl::StrAppend(&out(), found.message, "\n");
  absl::StrAppend(&out(), "getcanonname(", name, ") returns ", found.name, "\n");
}

Task<void> AddressTest::ListExchangers(absl::string_view name) {
  const std::string domain = OwnDomain();
  const MxAnswer answer = co_await site_.hosts().MailExchangers(
      name,
      [this](absl::string_view host) {
        return configuration().classes.Contains(OneCharacterName('w'), host);
      },
      {.drop_local_host = false, .own_domain = domain});
  absl::StrAppend(&out(), "getmxrr(", name, ") returns ");
  if (answer.null_mx) {
    absl::StrAppend(&out(), "null MX (See RFC7505)\n");
    co_return;
  }
  const int count =
      answer.status == LookupStatus::kTemporary ? -1 : static_cast<int>(answer.hosts.size());
  absl::StrAppend(&out(), count, " value(s):\n");
  for (const MxHost& host : answer.hosts) absl::StrAppend(&out(), "\t", host.name, "\n");
}

// Any number of letters; each sets one half.
void AddressTest::SetFlags(absl::string_view flags) {
  if (flags.empty()) {
    absl::StrAppend(&out(), "Usage: /tryflags [Hh|Ee][Ss|Rr]\n");
    return;
  }
  for (const char flag : flags) {
    switch (absl::ascii_tolower(flag)) {
      case 'h':
        use_.header = true;
        break;
      case 'e':
        use_.header = false;
        break;
      case 's':
        use_.sender = true;
        break;
      case 'r':
        use_.sender = false;
        break;
      default:
        break;  // As sendmail: whatever else is written there counts for nothing.
    }
  }
  NoteUse();
}

// ${addr_type}
void AddressTest::NoteUse() {
  configuration().macros.SetLiteral(
      well_known::kAddrType, absl::StrCat(use_.header ? "h" : "e", use_.sender ? " s" : " r"));
}

absl::string_view UseName(AddressUse use) {
  if (use.header) return use.sender ? "header sender" : "header recipient";
  return use.sender ? "envelope sender" : "envelope recipient";
}

Task<void> AddressTest::Parse(absl::string_view address) {
  absl::StrAppend(&out(), "Cracked address = ");
  AppendShown(
      WriteText(CrackAddress(address, CrackOptionsOf(configuration())), configuration().names),
      out());
  absl::StrAppend(&out(), "\nParsing ", UseName(use_), " address\n");
  printer_.set_subject(address);
  const std::optional<ParsedAddress> parsed =
      co_await ParseAddress(Context(), address, {.use = use_});
  if (!parsed.has_value()) {
    absl::StrAppend(&out(), "Cannot parse\n");
    co_return;
  }
  absl::StrAppend(&out(), "mailer ", parsed->mailer_name());
  if (parsed->host.has_value() && !parsed->host->empty()) {
    absl::StrAppend(&out(), ", host ", *parsed->host);
  }
  absl::StrAppend(&out(), ", user ", WithoutSpecialBytes(parsed->user, configuration()), "\n");
}

// /try mailer address
Task<void> AddressTest::Try(absl::string_view rest) {
  const absl::string_view name = TakeWord(rest);
  const absl::string_view address = absl::StripLeadingAsciiWhitespace(rest);
  if (address.empty()) {
    absl::StrAppend(&out(), "Usage: /try mailer address\n");
    co_return;
  }
  const Mailer* mailer = configuration().FindMailer(name);
  if (mailer == nullptr) {
    absl::StrAppend(&out(), "Unknown mailer ", name, "\n");
    co_return;
  }
  absl::StrAppend(&out(), "Trying ", UseName(use_), " address ", address, " for mailer ", name,
                  "\n");
  printer_.set_subject(address);
  const RemoteName written =
      co_await NameForMailer(Context(), address, *mailer, {.use = use_, .from_domain = {}});
  absl::StrAppend(&out(), "Rcode = ", written.exit_code,
                  ", addr = ", WithoutSpecialBytes(written.text, configuration()), "\n");
}

// Rulesets by a comma list, then one blank, then an address list, in which blanks count: messages
// show them.
Task<void> AddressTest::Rewrite(absl::string_view line) {
  const absl::string_view list = TakeWord(line);
  absl::string_view addresses = line.substr(std::min<size_t>(1, line.size()));
  if (line.empty()) {
    absl::StrAppend(&out(), "No address!\n");
    co_return;
  }
  if (const std::optional<RewriteMessage> wrong = InvalidAddress(addresses, /*recipient=*/false);
      wrong.has_value()) {
    printer_.Message({.reply = wrong->reply, .text = wrong->text});
    co_return;
  }
  while (!addresses.empty()) {
    printer_.set_subject(addresses);
    TokenList tokens;
    ScanOptions options;
    options.comments = Comments::kKeep;
    options.delimiter = ',';
    const ScanResult scanned = site_.engine().tokenizer().Scan(addresses, options, tokens);
    for (const RewriteMessage& message : scanned.messages) printer_.Message(message);
    if (scanned.ok) co_await ApplyRulesets(list, tokens);
    addresses.remove_prefix(std::min(scanned.end, addresses.size()));
    while (!addresses.empty() && addresses[0] == ',') addresses.remove_prefix(1);
  }
}

Task<void> AddressTest::ApplyRulesets(absl::string_view list, TokenList& tokens) {
  while (!list.empty()) {
    const std::optional<int> number = FindRulesetNumber(configuration(), list, out());
    if (!number.has_value()) {
      absl::StrAppend(&out(), "Undefined ruleset ", list, "\n");
      co_return;
    }
    const int status =
        co_await site_.engine().Apply(*number, tokens, configuration().macros, &printer_);
    if (status != 0) {
      absl::StrAppend(&out(), "== Ruleset ", list, " (", *number, ") status ", status, "\n");
    }
    const size_t comma = list.find(',');
    list = comma == absl::string_view::npos ? "" : list.substr(comma + 1);
  }
}

}  // namespace

Task<int> RunAddressTest(Environment& env, Site& site, std::vector<std::string> debug) {
  AddressTest test(env, site);
  co_return co_await test.Run(std::move(debug));
}

}  // namespace stagepost
