// What the tests of this folder share: a site with the H lines of a standard configuration and two
// mailers, and bodies in memory.
#ifndef STAGEPOST_MTA_MESSAGE_MESSAGE_TEST_UTIL_H_
#define STAGEPOST_MTA_MESSAGE_MESSAGE_TEST_UTIL_H_

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "mta/base/check.h"
#include "mta/cf/configuration.h"
#include "mta/cf/well_known_names.h"
#include "mta/message/complete_header.h"
#include "mta/message/envelope_macros.h"
#include "mta/message/header_collector.h"
#include "mta/message/message_text.h"
#include "mta/rewrite/rewrite_test_util.h"

namespace stagepost {

class StringBody final : public BodySource {
 public:
  // Gives at most `piece` bytes at a time.
  explicit StringBody(std::string text, size_t piece = 1 << 20)
      : text_(std::move(text)), piece_(piece) {}

  Task<absl::StatusOr<size_t>> ReadAt(uint64_t offset, absl::Span<char> buffer) override {
    if (offset >= text_.size()) co_return 0;
    const size_t size =
        std::min({buffer.size(), text_.size() - static_cast<size_t>(offset), piece_});
    std::copy_n(text_.data() + offset, size, buffer.data());
    co_return size;
  }

 private:
  const std::string text_;
  const size_t piece_;
};

// Rulesets 3 and 4 focus and unfocus nothing; names without a domain get one in headers.
class TestSite {
 public:
  TestSite()
      : rules(
            "S1\nS2\nS3\nR$- : $+ => $2\nR$* < > $* => $@ <@>\nR$* < $+ > $* => $@ $2\nS4\nR< @ > "
            "=> $@\n"
            "S10\nR$- => $@ $1 @ mx1.corp.example\n"
            "Djmx1.corp.example\nDv8.17\nDZ8.17\n") {
    Header("P", "Return-Path", "<$g>");
    Header("", "Received",
           "$?sfrom $s $.$?_($?s$|from $.$_)\n\t$.by $j ($v/$Z)$?r with $r$. id $i$?u\n\tfor $u; "
           "$|;\n\t$.$b");
    Header("D", "Resent-Date", "$a");
    Header("D", "Date", "$a");
    Header("F", "Resent-From", "$?x$x <$g>$|$g$.");
    Header("F", "From", "$?x$x <$g>$|$g$.");
    Header("x", "Full-Name", "$x");
    Header("M", "Resent-Message-Id", "<$t.$i@$j>");
    Header("M", "Message-Id", "<$t.$i@$j>");
    Configuration& c = rules.configuration;
    c.precedences = {{"first-class", 0}, {"special-delivery", 100}, {"junk", -100}};
    Set("OldStyleHeaders=True");
    Class('e', {"7bit", "8bit", "binary"});
    Class('n', {"multipart/signed"});
    Class('s', {"rfc822"});
    for (const absl::string_view name : {"content-disposition", "content-type"}) {
      c.classes.Add(well_known::kCheckMimeFieldHeaders, name);
      c.classes.Add(well_known::kCheckMimeHeaders, name);
    }
    c.classes.Add(well_known::kCheckMimeTextHeaders, "content-description");
    local = AddMailer("local", "lsDFMPw", 0);
    esmtp = AddMailer("esmtp", "mDFMuXa", 990);
  }
  TestSite(const TestSite&) = delete;

  void Set(absl::string_view option) {
    CHECK(rules.configuration.options.SetLong(option, {}, Options::Origin::kFile).empty())
        << option;
  }
  void Class(char name, std::vector<std::string> words) {
    for (const std::string& word : words) {
      rules.configuration.classes.Add(OneCharacterName(name), word);
    }
  }
  void Header(absl::string_view flags, absl::string_view name, absl::string_view value) {
    HeaderDefinition definition;
    definition.name = std::string(name);
    definition.mailer_flags = std::string(flags);
    definition.conditional = !flags.empty();
    definition.value = *ParseText(value, rules.configuration.names);
    rules.configuration.headers.push_back(std::move(definition));
  }
  Mailer AddMailer(absl::string_view name, absl::string_view flags, int line_limit) {
    Mailer mailer;
    mailer.name = std::string(name);
    for (const char flag : flags) mailer.flags.set(static_cast<unsigned char>(flag));
    mailer.header_sender = mailer.header_recipient = line_limit > 0 ? 10 : 0;
    mailer.line_limit = line_limit;
    return mailer;
  }

  // As a session does it.
  CompletedHeader Complete(absl::string_view text, EnvelopeFacts facts, bool body_8bitmime = false,
                           std::vector<std::string> recipients = {"<z@outside.example>"}) {
    HeaderCollector collector(1 << 20);
    std::string body;
    collector.Take(text, body);
    collector.Finish(body);
    facts.id = "6AK6XXMh000532";
    facts.now = absl::FromCivil(absl::CivilSecond(2026, 11, 20, 6, 33, 33), absl::UTCTimeZone());
    facts.zone = absl::UTCTimeZone();
    macros.SetLiteral(OneCharacterName('r'), "ESMTP");
    macros.SetLiteral(OneCharacterName('_'), "host.outside.example [192.0.2.33]");
    if (helo) macros.SetLiteral(OneCharacterName('s'), "c.example");
    DefineEnvelopeMacros(facts, macros);
    ReceivedHeader received = {.header = collector.header(), .from_line = collector.from_line()};
    received.body_8bitmime = body_8bitmime;
    received.recipients = std::move(recipients);
    return CompleteHeader(rules.configuration, rules.engine->tokenizer(), std::move(received),
                          macros);
  }

  TestRules rules;
  Macros macros{&rules.configuration.macros};
  Mailer local, esmtp;
  bool helo = true;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_MESSAGE_MESSAGE_TEST_UTIL_H_
