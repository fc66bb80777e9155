#include "mta/message/envelope_macros.h"

#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "mta/cf/well_known_names.h"
#include "mta/message/date.h"
#include "mta/message/known_fields.h"

namespace stagepost {
namespace {

void SetOrUnset(char name, absl::string_view value, Macros& macros) {
  if (value.empty()) {
    macros.Unset(OneCharacterName(name));
  } else {
    macros.SetLiteral(OneCharacterName(name), value);
  }
}

void DefineTimes(absl::Time now, absl::TimeZone zone, Macros& macros) {
  const std::string date = FormatDate(now, zone);
  macros.SetLiteral(OneCharacterName('a'), date);
  macros.SetLiteral(OneCharacterName('b'), date);
  macros.SetLiteral(OneCharacterName('d'), FormatCtime(now, zone));
  macros.SetLiteral(OneCharacterName('t'), FormatMessageIdTime(now));
  macros.SetLiteral(well_known::kTime, absl::StrCat(absl::ToUnixSeconds(now)));
}

}  // namespace

void DefineEnvelopeMacros(const EnvelopeFacts& facts, Macros& macros) {
  DefineTimes(facts.now, facts.zone, macros);
  macros.SetLiteral(OneCharacterName('c'), absl::StrCat(facts.hops));
  macros.SetLiteral(OneCharacterName('f'), facts.sender);
  macros.SetLiteral(OneCharacterName('g'), facts.sender);
  SetOrUnset('i', facts.id, macros);
  SetOrUnset('u', facts.only_recipient, macros);
  SetOrUnset('x', facts.full_name, macros);
}

void DefineQueuedMacros(const Envelope& envelope, const Configuration& configuration,
                        absl::Time now, absl::TimeZone zone, Macros& macros) {
  EnvelopeFacts facts;
  facts.id = envelope.id;
  facts.sender = envelope.sender;
  facts.full_name = FieldValue(envelope.header, "Full-Name");
  facts.now = now;
  facts.zone = zone;
  for (const HeaderField& field : envelope.header) {
    if (TraitsOf(field.name).Has(FieldTraits::kTrace)) ++facts.hops;
  }
  DefineEnvelopeMacros(facts, macros);
  if (const std::string date = FieldValue(envelope.header, "Date"); !date.empty()) {
    macros.SetLiteral(OneCharacterName('a'), date);
  }
  for (const auto& [name, value] : envelope.macros) {
    if (const std::optional<NameId> id = configuration.names.Find(name); id.has_value()) {
      macros.SetLiteral(*id, value);
    }
  }
}

}  // namespace stagepost
