#include "mta/message/header_for_mailer.h"

#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "mta/cf/well_known_names.h"
#include "mta/message/address_list.h"
#include "mta/message/complete_header.h"
#include "mta/message/known_fields.h"
#include "mta/message/mime_limits.h"

namespace stagepost {
namespace {

constexpr NameId kSender = OneCharacterName('g');

bool HasAny(const Mailer& mailer, absl::string_view flags) {
  for (const char flag : flags) {
    if (mailer.Has(flag)) return true;
  }
  return false;
}

class Writer {
 public:
  Writer(AddressContext context, const Envelope& envelope, const HeaderTarget& target)
      : context_(context), envelope_(envelope), target_(target) {}

  Task<HeaderText> Run();

 private:
  bool IsWanted(const HeaderField& field, FieldTraits traits) const;
  bool MacroHasValue(absl::string_view written) const;
  Task<void> PutAddresses(const HeaderField& field, FieldTraits traits);
  void PutOther(const HeaderField& field, FieldTraits traits);
  void PutLimited(HeaderField field);
  void Put(absl::string_view line) { absl::StrAppend(&result_.text, line, "\n"); }
  bool Option(OptionId id) const { return context_.configuration.options.Flag(id); }

  AddressContext context_;
  const Envelope& envelope_;
  const HeaderTarget& target_;
  bool old_style_ = false;
  bool resent_ = false;
  TokenList sender_domain_;
  HeaderText result_;
};

// "${name}" or "$x", as a condition is written.
bool Writer::MacroHasValue(absl::string_view written) const {
  absl::string_view name = written.substr(1);
  if (absl::StartsWith(name, "{")) name = name.substr(1, name.size() - 2);
  const std::optional<NameId> id = context_.configuration.names.Find(name);
  if (!id.has_value()) return false;
  const Text* value = context_.macros.Find(*id);
  if (value == nullptr) return false;
  const absl::StatusOr<std::string> text =
      context_.macros.ExpandToString(*value, context_.configuration.names);
  return text.ok() && !text->empty();
}

bool Writer::IsWanted(const HeaderField& field, FieldTraits traits) const {
  if (traits.Has(FieldTraits::kResent) && !resent_) return false;
  // Nobody has sent a report.
  if (absl::EqualsIgnoreCase(field.name, "From") &&
      absl::StripAsciiWhitespace(field.value).empty()) {
    return false;
  }
  // Converted bodies say themselves how they are encoded.
  if (traits.Has(FieldTraits::kEncoding) && target_.plan.conversion != BodyConversion::kNone) {
    return false;
  }
  const absl::string_view condition = field.mailer_flags;
  if (condition.empty()) return !traits.Has(FieldTraits::kGuarded);
  if (condition[0] == '$') return MacroHasValue(condition);
  return HasAny(target_.mailer, condition);
}

Task<void> Writer::PutAddresses(const HeaderField& field, FieldTraits traits) {
  const bool sender = traits.Has(FieldTraits::kSender);
  RemoteNameOptions options = {.use = {.sender = sender, .header = true}};
  options.from_domain = sender_domain_;
  context_.macros.SetLiteral(well_known::kAddrType, sender ? "h s" : "h r");
  AddressListReader reader(context_.engine.tokenizer(), field.value, old_style_ && !sender);
  AddressListWriter writer(field.name, field.value, target_.mailer.line_limit);
  absl::string_view address;
  while (reader.Next(address)) {
    const RemoteName name = co_await NameForMailer(context_, address, target_.mailer, options);
    if (name.exit_code != 0) result_.exit_code = name.exit_code;
    if (!name.text.empty()) writer.Add(name.text);
  }
  context_.macros.Unset(well_known::kAddrType);
  Put(writer.text());
}

void Writer::PutLimited(HeaderField field) {
  const Configuration& configuration = context_.configuration;
  for (std::string& alert : LimitMimeField(configuration, field)) {
    result_.alerts.push_back(std::move(alert));
  }
  Put(absl::StrCat(field.name, ":", field.value));
}

void Writer::PutOther(const HeaderField& field, FieldTraits traits) {
  if (!traits.Has(FieldTraits::kLate) || field.mailer_flags.empty()) return PutLimited(field);
  Put(absl::StrCat(field.name, ":",
                   absl::StrReplaceAll(field.value, {{kLateSenderMacro, target_.sender}})));
}

Task<HeaderText> Writer::Run() {
  context_.macros.SetLiteral(kSender, target_.sender);
  old_style_ = IsOldStyle(envelope_.header, Option(OptionId::kOldStyleHeaders));
  for (const HeaderField& field : envelope_.header) {
    if (TraitsOf(field.name).Has(FieldTraits::kResent)) resent_ = true;
  }
  if (!target_.sender_domain.empty()) {
    context_.engine.tokenizer().Scan(target_.sender_domain, {}, sender_domain_);
  }
  const bool delete_bcc = absl::StrContains(envelope_.flags, 'b');
  for (const HeaderField& field : envelope_.header) {
    const FieldTraits traits = TraitsOf(field.name);
    if (!IsWanted(field, traits)) continue;
    // NOTIFY asks for it instead.
    if (Option(OptionId::kRrtImpliesDsn) &&
        absl::EqualsIgnoreCase(field.name, "Return-Receipt-To")) {
      continue;
    }
    if (traits.Has(FieldTraits::kBlindCopy) && !Option(OptionId::kKeepBcc)) {
      // Without another recipient field an empty one says that there are recipients.
      if (!delete_bcc) Put(absl::StrCat(field.name, ":"));
    } else if (traits.has_addresses()) {
      co_await PutAddresses(field, traits);
    } else {
      PutOther(field, traits);
    }
  }
  co_return std::move(result_);
}

}  // namespace

Task<HeaderText> HeaderForMailer(AddressContext context, const Envelope& envelope,
                                 HeaderTarget target) {
  Writer writer(context, envelope, target);
  co_return co_await writer.Run();
}

}  // namespace stagepost
