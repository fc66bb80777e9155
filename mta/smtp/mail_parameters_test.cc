#include "mta/smtp/mail_parameters.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace stagepost {
namespace {

std::string Mail(absl::string_view text, ParameterRules rules = {}) {
  MailParameters parameters;
  for (const Parameter& parameter : ParseParameters(text)) {
    if (const auto refusal = ReadMailParameter(parameter, rules, parameters)) {
      return refusal->Text();
    }
  }
  std::string by;
  if (parameters.deliver_by.has_value()) {
    const DeliverBy& value = *parameters.deliver_by;
    by = absl::StrCat(value.seconds, value.mode == DeliverBy::Mode::kReturn ? "R" : "N",
                      value.trace ? "T" : "");
  }
  return absl::StrCat(parameters.size.value_or(-1), "|", parameters.body_type, "|", parameters.ret,
                      "|", parameters.envelope_id, "|", parameters.auth, "|", by);
}

std::string Rcpt(absl::string_view text, ParameterRules rules = {}) {
  RcptParameters parameters;
  for (const Parameter& parameter : ParseParameters(text)) {
    if (const auto refusal = ReadRcptParameter(parameter, rules, parameters)) {
      return refusal->Text();
    }
  }
  return absl::StrCat(parameters.flags(), "|", parameters.original_recipient);
}

struct Case {
  absl::string_view text;
  absl::string_view result;
};

TEST(MailParameters, SizeAndBody) {
  const Case kCases[] = {
      {"", "-1|||||"},
      {"SIZE", "501 5.5.2 SIZE requires a value"},
      {"SIZE=", "0|||||"},
      {"SIZE=12x", "12|||||"},
      {"SIZE=-5", "552 5.2.3 Message size invalid"},
      {"SIZE=99999999999999999999", "552 5.2.3 Message size exceeds maximum value"},
      {"SIZE=1 SIZE=2", "2|||||"},
      {"SIZE=3001", "552 5.2.3 Message size exceeds fixed maximum message size (3000)"},
      {"BODY", "501 5.5.2 BODY requires a value"},
      {"BODY=", "501 5.5.4 Unknown BODY type "},
      {"BODY=BINARYMIME", "501 5.5.4 Unknown BODY type BINARYMIME"},
      {"BODY=8bitmime BODY=7bit", "-1|7bit||||"},
      {"SMTPUTF8", "555 5.5.4 SMTPUTF8 parameter unrecognized"},
      {"<x>", "555 5.5.4  parameter unrecognized"},
  };
  for (const Case& c : kCases) {
    EXPECT_EQ(Mail(c.text, {.max_message_bytes = 3000}), c.result) << c.text;
  }
}

TEST(MailParameters, Receipts) {
  const Case kCases[] = {
      {"RET", "501 5.5.2 RET requires a value"},
      {"RET=", "501 5.5.2 Bad argument \"\" to RET"},
      {"RET=hdrs", "-1||hdrs|||"},
      {"RET=FULL RET=HDRS", "501 5.5.0 Duplicate RET parameter"},
      {"ENVID", "501 5.5.2 ENVID requires a value"},
      {"ENVID=", "-1|||||"},
      {"ENVID=a+b", "501 5.5.4 Syntax error in ENVID parameter value"},
      {"ENVID=a+4", "501 5.5.4 Syntax error in ENVID parameter value"},
      {"ENVID=a+2B+3d", "-1|||a+2B+3d||"},
      {"ENVID=x ENVID=y", "501 5.5.0 Duplicate ENVID parameter"},
      {"ENVID=(x)", "-1|||(x)||"},
      {"AUTH", "501 5.5.2 AUTH= requires a value"},
      {"AUTH=<>", "-1||||<>|"},
      {"AUTH=a AUTH=b", "501 5.5.0 Duplicate AUTH parameter"},
      {"AUTH=a+", "501 5.5.4 Syntax error in AUTH parameter value"},
  };
  for (const Case& c : kCases) EXPECT_EQ(Mail(c.text), c.result) << c.text;
  EXPECT_EQ(Mail("RET=FULL", {.receipts = false}),
            "504 5.7.0 Sorry, RET not supported, we do not allow DSN");
}

TEST(MailParameters, DeliverBy) {
  const Case kCases[] = {
      {"BY", "501 5.5.2 BY= requires a value"},
      {"BY=", "501 5.5.2 BY= missing ';'"},
      {"BY=120", "501 5.5.2 BY= missing ';'"},
      {"BY=x;R", "501 5.5.2 BY= missing ';'"},
      {"BY=120;", "501 5.5.2 illegal by-mode '?'"},
      {"BY=120;X", "501 5.5.2 illegal by-mode 'X'"},
      {"BY=120;RT", "-1|||||120RT"},
      {"BY=120;nt", "-1|||||120NT"},
      {"BY=-5;N", "-1|||||-5N"},
      {"BY=-5;R", "501 5.5.4 mode R requires BY time > 0"},
      {"BY=0;R", "501 5.5.4 mode R requires BY time > 0"},
      {"BY=0;N", "-1|||||0N"},
      {"BY=999999999;N", "-1|||||999999999N"},
      {"BY=1234567890;N", "501 5.5.2 BY=1234567890;N out of range"},
      {"BY=99999999999999999999;N", "501 5.5.2 BY=99999999999999999999;N out of range"},
  };
  for (const Case& c : kCases) EXPECT_EQ(Mail(c.text), c.result) << c.text;
  EXPECT_EQ(Mail("BY=1;R", {.deliver_by_minimum = -1}), "555 5.5.4 BY parameter unrecognized");
}

TEST(RcptParameters, Table) {
  const Case kCases[] = {
      {"", "PFD|"},
      {"NOTIFY", "501 5.5.2 NOTIFY requires a value"},
      {"NOTIFY=", "501 5.5.4 Bad argument \"\"  to NOTIFY"},
      {"NOTIFY=NEVER", "PN|"},
      {"NOTIFY=success,failure,delay", "PNSFD|"},
      {"NOTIFY=SUCCESS,DELAY", "PNSD|"},
      {"NOTIFY=SUCCESS,", "501 5.5.4 Bad argument \"\"  to NOTIFY"},
      {"NOTIFY=NEVER,SUCCESS", "501 5.5.4 Bad argument \"NEVER\"  to NOTIFY"},
      {"ORCPT", "501 5.5.2 ORCPT requires a value"},
      {"ORCPT=", "501 5.5.4 Syntax error in ORCPT parameter value"},
      {"ORCPT=x", "501 5.5.4 Syntax error in ORCPT parameter value"},
      {"ORCPT=;x", "501 5.5.4 Syntax error in ORCPT parameter value"},
      {"ORCPT=r(c;x", "501 5.5.4 Syntax error in ORCPT parameter value"},
      {"ORCPT=rfc822;a+b", "501 5.5.4 Syntax error in ORCPT parameter value"},
      {"ORCPT=rfc822;a+40b", "PFD|rfc822;a+40b"},
      {"ORCPT=rfc822;", "PFD|rfc822;"},
      {"ORCPT=x-y;z", "PFD|x-y;z"},
      {"ORCPT=rfc822;a ORCPT=rfc822;b", "501 5.5.0 Duplicate ORCPT parameter"},
      {"RET=FULL", "555 5.5.4 RET parameter unrecognized"},
  };
  for (const Case& c : kCases) EXPECT_EQ(Rcpt(c.text), c.result) << c.text;
  EXPECT_EQ(Rcpt("NOTIFY=NEVER", {.receipts = false}),
            "504 5.7.0 Sorry, NOTIFY not supported, we do not allow DSN");
}

}  // namespace
}  // namespace stagepost
