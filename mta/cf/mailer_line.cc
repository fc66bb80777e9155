#include "mta/cf/mailer_line.h"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "mta/cf/equates.h"
#include "mta/cf/option_value.h"

namespace stagepost {
namespace {

constexpr int64_t kMaxInt = std::numeric_limits<int32_t>::max();

void SetFlags(Mailer& mailer, absl::string_view flags) {
  for (const char c : flags) {
    if (!absl::ascii_isspace(static_cast<unsigned char>(c))) {
      mailer.flags.set(static_cast<unsigned char>(c));
    }
  }
}

// sendmail takes numbers of more than 32 bits for something else; here they are the largest.
int Int(absl::string_view text) { return static_cast<int>(ReadNumber(text, kMaxInt)); }

class MailerReader {
 public:
  MailerReader(LoadContext& context, RulesetNames& rulesets, Accounts& accounts)
      : context_(context), rulesets_(rulesets), accounts_(accounts) {}

  // nullopt: there is no mailer because of an error, which was reported.
  std::optional<Mailer> Read(absl::string_view line) {
    mailer_.where = context_.where;
    mailer_.name = TakeEquatesName(line);
    if (mailer_.name.empty()) {
      context_.Error("name required for mailer");
      return std::nullopt;
    }
    while (std::optional<Equate> equate = TakeEquate(line)) {
      if (equate->broken) {
        context_.Error(absl::StrCat("mailer ", mailer_.name, ": `=' expected"));
        return std::nullopt;
      }
      Apply(*std::move(equate));
    }
    if (!IsComplete()) return std::nullopt;
    // One delivery for each program and each file, whatever the flags say.
    if (absl::EqualsIgnoreCase(mailer_.name, "prog") ||
        absl::EqualsIgnoreCase(mailer_.name, "*file*")) {
      mailer_.flags.reset('m');
    }
    SetDefaults();
    return std::move(mailer_);
  }

 private:
  void Error(absl::string_view text) { context_.Error(absl::StrCat("M", mailer_.name, text)); }

  void Apply(Equate equate) {
    switch (equate.key) {
      case 'A':
        SetArguments(equate.value);
        return;
      case 'E':
        mailer_.end_of_line = std::move(equate.value);
        has_end_of_line_ = true;
        return;
      case 'F':
        SetFlags(mailer_, equate.value);
        return;
      case 'M':
        mailer_.max_message_bytes =
            ReadNumber(equate.value, std::numeric_limits<int64_t>::max() / 2);
        return;
      case 'r':
        mailer_.max_recipients = Int(equate.value);
        return;
      case 'S':
        SetRulesets(equate.value, mailer_.envelope_sender, mailer_.header_sender);
        return;
      case 'R':
        SetRulesets(equate.value, mailer_.envelope_recipient, mailer_.header_recipient);
        return;
      case 'T':
        SetTypes(equate.value);
        return;
      case 'U':
        SetUser(std::move(equate.value));
        return;
      case 'W':
        SetWait(equate.value);
        return;
      default:
        ApplySimple(std::move(equate));
        return;
    }
  }

  // Those whose values are only kept.
  void ApplySimple(Equate equate) {
    switch (equate.key) {
      case 'P':
        mailer_.path = std::move(equate.value);
        return;
      case 'C':
        mailer_.charset = std::move(equate.value);
        return;
      case 'D':
        mailer_.directory = std::move(equate.value);
        return;
      case 'L':
        mailer_.line_limit = std::max(0, Int(equate.value));
        return;
      case 'm':
        mailer_.max_messages = std::max(0, Int(equate.value));
        return;
      case 'N':
        mailer_.nice = Int(equate.value);
        return;
      case 'Q':
        SetQueueGroup(std::move(equate.value));
        return;
      case '/':
        mailer_.root = std::move(equate.value);
        return;
      default:
        Error(absl::StrCat(": unknown mailer equate ", std::string(1, equate.key), "="));
        return;
    }
  }

  void SetArguments(absl::string_view value) {
    mailer_.arguments.clear();
    for (const absl::string_view word : WordsOf(value)) {
      if (mailer_.arguments.size() == kMaxMailerArguments) return;
      mailer_.arguments.push_back(context_.Parse(word));
    }
  }

  void SetRulesets(absl::string_view value, int& envelope, int& header) {
    const size_t slash = value.find('/');
    const auto set = [&](absl::string_view name, int& number) {
      const std::optional<size_t> index = rulesets_.Resolve(name, context_);
      if (index.has_value()) number = context_.configuration.rulesets[*index].number;
      return index.has_value();
    };
    if (!set(value, envelope)) return;
    header = envelope;
    if (slash != value.npos) set(value.substr(slash + 1), header);
  }

  void SetTypes(absl::string_view value) {
    const std::vector<absl::string_view> types = absl::StrSplit(value, absl::MaxSplits('/', 2));
    mailer_.mta_type = std::string(types[0]);
    if (types.size() > 1) mailer_.address_type = std::string(types[1]);
    if (types.size() > 2) mailer_.diagnostic_type = std::string(types[2]);
  }

  void SetUser(std::string value) {
    const size_t colon = value.find(':');
    const absl::string_view user = absl::string_view(value).substr(0, colon);
    if (user.empty()) {
      context_.Error(absl::StrCat("mailer ", mailer_.name, ": null user name"));
      return;
    }
    int32_t id = 0;
    if (absl::SimpleAtoi(user, &id)) {
      mailer_.user_id = UserId{static_cast<uint32_t>(id)};
    } else if (const absl::StatusOr<User> known = accounts_.FindUser(user); known.ok()) {
      mailer_.user_id = known->id;
      mailer_.group_id = known->group;
    } else {
      context_.Error(absl::StrCat("readcf: mailer U= flag: unknown user ", user));
      return;
    }
    if (colon != value.npos && colon + 1 < value.size()) {
      SetGroup(absl::string_view(value).substr(colon + 1));
    }
    mailer_.user = std::move(value);
  }

  void SetGroup(absl::string_view name) {
    int32_t id = 0;
    if (absl::SimpleAtoi(name, &id)) {
      mailer_.group_id = GroupId{static_cast<uint32_t>(id)};
    } else if (const absl::StatusOr<Group> known = accounts_.FindGroup(name); known.ok()) {
      mailer_.group_id = known->id;
    } else {
      context_.Error(absl::StrCat("readcf: mailer U= flag: unknown group ", name));
    }
  }

  void SetWait(absl::string_view value) {
    std::vector<std::string> messages;
    mailer_.wait_seconds = ReadInterval(value, 's', messages);
    for (std::string& message : messages) context_.Complain(std::move(message), kExitUsage);
  }

  void SetQueueGroup(std::string value) {
    const auto& groups = context_.configuration.queue_groups;
    const bool known = absl::EqualsIgnoreCase(value, "mqueue") ||
                       std::any_of(groups.begin(), groups.end(), [&](const QueueGroup& group) {
                         return absl::EqualsIgnoreCase(group.name, value);
                       });
    if (known) {
      mailer_.queue_group = std::move(value);
    } else {
      context_.Error(absl::StrCat("mailer ", mailer_.name, ": unknown queue ", value));
    }
  }

  std::string FirstArgument() const {
    return WriteText(mailer_.arguments[0], context_.configuration.names);
  }

  bool IsComplete() {
    if (mailer_.arguments.empty()) {
      Error(": A= argument required");
      return false;
    }
    if (mailer_.path.empty()) {
      Error(": P= argument required");
      return false;
    }
    if (mailer_.path == "[TCP]") {
      Error(": P=[TCP] must be replaced by P=[IPC]");
      return false;
    }
    const bool ipc = mailer_.path == "[IPC]";
    if (!ipc && mailer_.path != "[FILE]") return true;
    const std::string first = FirstArgument();
    if (ipc && first != "TCP" && first != "FILE") {
      context_.Warn(absl::StrCat("M", mailer_.name, ": Warning: first argument in ", mailer_.path,
                                 " mailer must be TCP or FILE"));
    }
    if (!ipc && first != "FILE") {
      Error(absl::StrCat(": first argument in ", mailer_.path, " mailer must be FILE"));
      return false;
    }
    if (mailer_.arguments.size() < 2) {
      Error(absl::StrCat(": too few parameters for ", mailer_.path, " mailer"));
      return false;
    }
    return true;
  }

  bool SpeaksSmtp() const {
    for (const Text& argument : mailer_.arguments) {
      for (const Piece& piece : argument) {
        if (piece.kind != Piece::Kind::kCharacters && piece.kind != Piece::Kind::kOperator &&
            piece.name == OneCharacterName('u')) {
          return false;
        }
      }
    }
    return true;
  }

  void SetDefaults() {
    if (!has_end_of_line_) mailer_.end_of_line = SpeaksSmtp() ? "\r\n" : "\n";
    if (mailer_.max_recipients <= 0) mailer_.max_recipients = Mailer().max_recipients;
    if (mailer_.path == "[IPC]" && mailer_.mta_type.empty()) mailer_.mta_type = "dns";
    if (mailer_.mta_type.empty()) return;
    if (mailer_.address_type.empty()) mailer_.address_type = "rfc822";
    if (mailer_.diagnostic_type.empty()) mailer_.diagnostic_type = "smtp";
  }

  LoadContext& context_;
  RulesetNames& rulesets_;
  Accounts& accounts_;
  Mailer mailer_;
  bool has_end_of_line_ = false;
};

Mailer OwnMailer(std::string name, std::string path, absl::string_view flags, std::string type,
                 std::vector<std::string> arguments) {
  Mailer mailer;
  mailer.name = std::move(name);
  mailer.path = std::move(path);
  SetFlags(mailer, flags);
  mailer.mta_type = mailer.address_type = mailer.diagnostic_type = std::move(type);
  for (const std::string& argument : arguments) mailer.arguments.push_back(Literal(argument));
  Piece user;
  user.kind = Piece::Kind::kMacro;
  user.name = OneCharacterName('u');
  mailer.arguments.push_back({user});
  return mailer;
}

}  // namespace

void DefineOwnMailers(Configuration& configuration) {
  configuration.mailers.push_back(OwnMailer("prog", "/bin/sh", "lsoDq9u", "X-Unix", {"sh", "-c"}));
  configuration.mailers.push_back(OwnMailer("*file*", "[FILE]", "lsDFMPEouq9", "X-Unix", {"FILE"}));
  configuration.mailers.push_back(OwnMailer("*include*", "/dev/null", "su", "", {"INCLUDE"}));
}

void ReadMailerLine(absl::string_view line, LoadContext& context, RulesetNames& rulesets,
                    Accounts& accounts) {
  std::optional<Mailer> mailer = MailerReader(context, rulesets, accounts).Read(line);
  if (!mailer.has_value()) return;
  std::vector<Mailer>& mailers = context.configuration.mailers;
  for (Mailer& known : mailers) {
    if (!absl::EqualsIgnoreCase(known.name, mailer->name)) continue;
    known = *std::move(mailer);
    return;
  }
  if (mailers.size() == kMaxMailers) {
    context.Error(absl::StrCat("too many mailers defined (", kMaxMailers, " max)"));
    return;
  }
  mailers.push_back(*std::move(mailer));
}

}  // namespace stagepost
