#include "mta/rewrite/address.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "mta/base/quotes.h"
#include "mta/base/sysexits.h"
#include "mta/rewrite/crack_address.h"
#include "mta/rewrite/error_mailer.h"

namespace stagepost {
namespace {

constexpr char kConfiguration[] = "554 5.3.5";

// What sendmail has room for.
constexpr size_t kHostBytes = 254;
constexpr size_t kUserBytes = 255;
constexpr size_t kNameBytes = 254;
constexpr size_t kRemoteNameBytes = 256;
constexpr size_t kAddressInMessageBytes = 203;

constexpr NameId kHostMacro = OneCharacterName('h');

// Asked with every recipient for the queue group it belongs to.
constexpr absl::string_view kQueueGroupRuleset = "queuegroup";

std::string Cut(std::string text, size_t size) {
  if (text.size() > size) text.resize(size);
  return text;
}

void Say(const AddressContext& context, RewriteMessage message) {
  if (context.observer != nullptr) context.observer->Message(message);
}

void Say(const AddressContext& context, absl::string_view reply, std::string text) {
  Say(context, {.reply = std::string(reply), .text = std::move(text)});
}

// Applies rulesets one after the other to one list of tokens.
Task<int> ApplyAll(AddressContext context, std::vector<int> rulesets, TokenList& tokens) {
  int exit_code = 0;
  for (const int ruleset : rulesets) {
    Engine::Application application(context.engine, ruleset, tokens, context.macros,
                                    context.observer);
    if (!application.done()) co_await application.Finish();
    if (application.status() == kExitTemporaryFailure) exit_code = kExitTemporaryFailure;
  }
  co_return exit_code;
}

// A user from outside of quotes that nobody may have: what is bad becomes a question mark.
std::string CheckedUser(const AddressContext& context, absl::Span<const Token> tokens, char blank,
                        bool lower_case) {
  bool eight_bit = false;
  bool unprintable = false;
  bool quoted = false;
  bool escaped = false;
  std::string user;
  bool after_word = false;
  for (const Token& token : tokens) {
    const bool word = token.kind == Token::Kind::kWord;
    if (after_word && word) user.push_back(blank);
    after_word = word;
    absl::string_view text = token.text();
    if (token.kind >= Token::Kind::kOperator) {
      // An operator of a rule that went wrong.
      user.push_back('?');
      eight_bit = true;
      text.remove_prefix(std::min<size_t>(2, text.size()));
    }
    for (const char c : text) {
      const bool free = !quoted && !escaped;
      if (c == '"' && !escaped) quoted = !quoted;
      escaped = c == '\\' && !escaped;
      const uint8_t code = static_cast<uint8_t>(c);
      const bool bad8 = (code & 0xe0) == 0x80;
      const bool bad7 = code < 0x20 || code == 0x7f || code == 0xff;
      eight_bit |= bad8 && free;
      unprintable |= bad7 && free;
      user.push_back((bad8 || bad7) && free ? '?' : c);
    }
  }
  user = Cut(std::move(user), kUserBytes);
  if (lower_case) absl::AsciiStrToLower(&user);
  if (eight_bit || unprintable) {
    Say(context, "501 5.1.3",
        absl::StrCat("Syntax error in mailbox address \"", user, "\" (",
                     eight_bit ? "8-bit" : "non-printable", " character)"));
  }
  return user;
}

// Where the parts of a mailer triple stand.
struct Triple {
  absl::string_view mailer;
  bool has_host = false;
  absl::Span<const Token> host;
  absl::Span<const Token> user;
};

// nullopt: there is none, and a message says what is missing.
std::optional<Triple> FindTriple(const AddressContext& context, absl::Span<const Token> tokens) {
  if (tokens.empty() || !tokens[0].Is(Operator::kMailer)) {
    Say(context, kConfiguration, "buildaddr: no mailer in parsed address");
    return std::nullopt;
  }
  if (tokens.size() == 1) {
    Say(context, kConfiguration, "buildaddr: no mailer name");
    return std::nullopt;
  }
  Triple triple;
  triple.mailer = tokens[1].text();
  size_t at = 2;
  if (at < tokens.size() && tokens[at].Is(Operator::kHost)) {
    triple.has_host = true;
    ++at;
  }
  const size_t host = at;
  while (at < tokens.size() && !tokens[at].Is(Operator::kUser)) ++at;
  if (at == tokens.size()) {
    Say(context, kConfiguration, "buildaddr: no user");
    return std::nullopt;
  }
  triple.host = tokens.subspan(host, at - host);
  // A host of nothing is none.
  if (triple.host.empty()) triple.has_host = false;
  triple.user = tokens.subspan(at + 1);
  return triple;
}

// What the first characters of a local user say: |program, /file, :include:list. False: it is done.
bool Redirect(const AddressContext& context, std::string& user, ParsedAddress& parsed) {
  const size_t first = absl::StartsWith(user, "\"") ? 1 : 0;
  const char kind = first < user.size() ? user[first] : '\0';
  const Mailer& mailer = *parsed.mailer;
  if (kind == '|' && mailer.Has('|')) {
    parsed.mailer = context.configuration.FindMailer("prog");
  } else if (kind == '/' && mailer.Has('/')) {
    parsed.mailer = context.configuration.FindMailer("*file*");
  } else if (kind == ':' && mailer.Has(':')) {
    const std::string stripped = StripQuotes(user);
    if (absl::StartsWithIgnoreCase(stripped, ":include:")) {
      parsed.mailer = context.configuration.FindMailer("*include*");
      parsed.user = stripped.substr(9);
      return false;
    }
  }
  if (parsed.mailer == nullptr) parsed.mailer = &mailer;
  return true;
}

// Makes an address of what ruleset 0 has given.
Task<ParsedAddress> BuildAddress(AddressContext context, AddressUse use, TokenList& tokens) {
  ParsedAddress parsed;
  const char blank = context.engine.blank();
  const std::optional<Triple> triple = FindTriple(context, tokens);
  if (!triple.has_value()) co_return parsed;
  std::string user = Cut(JoinTokens(triple->user, ' '), kUserBytes);
  if (triple->has_host) parsed.host = Cut(JoinTokens(triple->host, blank), kHostBytes);
  if (absl::EqualsIgnoreCase(triple->mailer, "error")) {
    const ErrorMailer error = ReadErrorMailer(parsed.host, user);
    parsed.status = error.status;
    parsed.exit_code = error.exit_code;
    parsed.temporary_error = error.temporary;
    Say(context, error.message);
    parsed.user = CheckedUser(context, triple->user, ' ', false);
    co_return parsed;
  }
  parsed.mailer = context.configuration.FindMailer(triple->mailer);
  if (parsed.mailer == nullptr) {
    Say(context, kConfiguration, absl::StrCat("buildaddr: unknown mailer ", triple->mailer));
    parsed.host.reset();
    co_return parsed;
  }
  if (!parsed.host.has_value() && !parsed.mailer->Has('l')) {
    Say(context, kConfiguration, "buildaddr: no host");
    parsed.mailer = nullptr;
    co_return parsed;
  }
  absl::Span<const Token> rest = triple->user;
  if (parsed.mailer->Has('@') && absl::StartsWith(user, "@")) {
    user.erase(0, 1);
    rest.remove_prefix(1);
    parsed.not_remote = true;
  }
  if (!Redirect(context, user, parsed)) co_return parsed;

  if (parsed.host.has_value()) {
    context.macros.SetLiteral(kHostMacro, *parsed.host);
  } else {
    context.macros.Unset(kHostMacro);
  }
  TokenList work;
  work.Append(rest);
  std::vector<int> rulesets;
  if (context.configuration.version_level >= 10 || (!use.sender && !use.header)) {
    rulesets.push_back(2);
    if (parsed.mailer->envelope_recipient > 0) {
      rulesets.push_back(parsed.mailer->envelope_recipient);
    }
  }
  rulesets.push_back(4);
  co_await ApplyAll(context, rulesets, work);
  if (parsed.host.has_value() && !parsed.mailer->Has('h')) absl::AsciiStrToLower(&*parsed.host);
  parsed.user = CheckedUser(context, work, blank, !parsed.mailer->Has('u'));
  co_return parsed;
}

// The queue group that rules give to a recipient; empty: none. What they say shows in the trace.
Task<std::string> FindQueueGroup(AddressContext context, absl::string_view user) {
  const std::vector<RulesetSource>& rulesets = context.configuration.rulesets;
  const auto found =
      std::find_if(rulesets.begin(), rulesets.end(), [](const RulesetSource& ruleset) {
        return absl::EqualsIgnoreCase(ruleset.name, kQueueGroupRuleset);
      });
  if (found == rulesets.end() || !context.engine.HasRules(found->number)) {
    co_return std::string();
  }
  TokenList tokens;
  const ScanResult scan = context.engine.tokenizer().Scan(user, {}, tokens);
  for (const RewriteMessage& message : scan.messages) Say(context, message);
  if (!scan.ok) co_return std::string();
  co_await ApplyAll(context, {found->number}, tokens);
  const bool named = tokens.size() >= 2 && tokens[0].Is(Operator::kMailer);
  co_return named ? std::string(tokens[1].text()) : std::string();
}

}  // namespace

CrackOptions CrackOptionsOf(const Configuration& configuration) {
  const Options& options = configuration.options;
  return {.must_quote = options.Text(OptionId::kMustQuoteChars),
          .colon_ok = options.IsSet(OptionId::kColonOkInAddr)
                          ? options.Flag(OptionId::kColonOkInAddr)
                          : configuration.version_level < 6};
}

Task<std::optional<ParsedAddress>> ParseAddress(AddressContext context, absl::string_view address,
                                                ParseOptions options, size_t* end) {
  TokenList tokens;
  const ScanResult scan =
      context.engine.tokenizer().Scan(address, {.delimiter = options.delimiter}, tokens);
  if (end != nullptr) *end = scan.end;
  for (const RewriteMessage& message : scan.messages) Say(context, message);
  if (!scan.ok) co_return std::nullopt;
  std::optional<RewriteMessage> invalid =
      InvalidAddress(address.substr(0, scan.end), !options.use.sender);
  if (invalid.has_value()) {
    Say(context, *std::move(invalid));
    co_return std::nullopt;
  }
  const int exit_code = co_await ApplyAll(context, {3, 0}, tokens);
  ParsedAddress parsed = co_await BuildAddress(context, options.use, tokens);
  parsed.deferred = exit_code == kExitTemporaryFailure;
  if (parsed.mailer == nullptr && !parsed.temporary_error) co_return parsed;
  if (!options.use.sender && !options.use.header) {
    parsed.queue_group = co_await FindQueueGroup(context, parsed.user);
  }
  if (parsed.deferred) {
    Say(context, {.reply = "451 4.4.3",
                  .text = "Transient parse error -- message queued for future delivery",
                  .names_address = true});
  }
  co_return parsed;
}

Task<ParsedAddress> AddressOfTriple(AddressContext context, AddressUse use, TokenList& tokens) {
  co_return co_await BuildAddress(context, use, tokens);
}

Task<RemoteName> NameForMailer(AddressContext context, absl::string_view name, const Mailer& mailer,
                               RemoteNameOptions options) {
  const AddressUse use = options.use;
  const int own = use.sender ? (use.header ? mailer.header_sender : mailer.envelope_sender)
                             : (use.header ? mailer.header_recipient : mailer.envelope_recipient);
  if (own < 0) co_return RemoteName{std::string(name)};
  TokenList tokens;
  const ScanResult scan = context.engine.tokenizer().Scan(name, {}, tokens);
  for (const RewriteMessage& message : scan.messages) Say(context, message);
  if (!scan.ok) {
    const bool too_long =
        !scan.messages.empty() && (scan.messages.back().text == "Address too long" ||
                                   scan.messages.back().text == "prescan: too many tokens");
    co_return RemoteName{too_long ? Cut(std::string(name), kRemoteNameBytes) : std::string(name)};
  }
  RemoteName remote;
  remote.exit_code = co_await ApplyAll(context, {3}, tokens);
  const bool has_domain =
      std::any_of(tokens.begin(), tokens.end(), [](const Token& t) { return t.text() == "@"; });
  if (!options.from_domain.empty() && !has_domain) {
    tokens.Append(options.from_domain);
    remote.exit_code = std::max(remote.exit_code, co_await ApplyAll(context, {3}, tokens));
  }
  std::vector<int> rulesets = {use.sender ? 1 : 2};
  if (own > 0) rulesets.push_back(own);
  rulesets.push_back(4);
  const int exit_code = co_await ApplyAll(context, rulesets, tokens);
  if (exit_code != 0) remote.exit_code = exit_code;

  std::string rewritten = Cut(JoinTokens(tokens, context.engine.blank()), kNameBytes);
  // The byte that quotes others inside sendmail; around the address it stays what it is.
  std::replace(rewritten.begin(), rewritten.end(), '\xff', '\x7f');
  if (options.canonical && absl::StartsWith(rewritten, "@")) {
    remote.text = Cut(absl::StrCat("<", rewritten, ">"), kRemoteNameBytes);
    co_return remote;
  }
  if (options.canonical || mailer.Has('c')) {
    remote.text = rewritten;
    co_return remote;
  }
  for (const Piece& piece : CrackAddress(name, CrackOptionsOf(context.configuration))) {
    absl::StrAppend(&remote.text, piece.kind == Piece::Kind::kMacro ? rewritten : piece.characters);
  }
  remote.text = Cut(std::move(remote.text), kRemoteNameBytes);
  co_return remote;
}

std::optional<RewriteMessage> InvalidAddress(absl::string_view address, bool recipient) {
  const auto is_eight_bit = [](char c) { return (static_cast<uint8_t>(c) & 0xe0) == 0x80; };
  const bool too_long = address.size() > kMaxAddressBytes;
  if (!too_long && std::none_of(address.begin(), address.end(), is_eight_bit)) return std::nullopt;
  std::string shown(address.substr(0, kMaxAddressBytes));
  std::replace_if(shown.begin(), shown.end(), is_eight_bit, '?');
  if (too_long) {
    return RewriteMessage{
        .reply = "553 5.1.0",
        .text = absl::StrCat("Address \"", shown, "\" too long (", kMaxAddressBytes, " bytes max)"),
        .names_address = true,
        .address = std::string(address.substr(0, kMaxAddressBytes))};
  }
  return RewriteMessage{.reply = recipient ? "501 5.1.3" : "501 5.1.7",
                        .text = absl::StrCat("8-bit character in mailbox address \"", shown, "\"")};
}

std::string AddressInMessages(absl::string_view address) {
  if (address.size() <= kAddressInMessageBytes) return std::string(address);
  const size_t part = (kAddressInMessageBytes - 3) / 2;
  return absl::StrCat(address.substr(0, part), "...", address.substr(address.size() - part));
}

bool ReplyNamesAddress(absl::string_view code) {
  const absl::string_view number = code.substr(0, 3);
  return number == "250" || number == "252" || number == "450" || number == "550" ||
         number == "553";
}

}  // namespace stagepost
