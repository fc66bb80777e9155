#include "sim/check/sink_expectations.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "sim/check/expectation_text.h"
#include "sim/peer/sink.h"
#include "sim/scenario/values.h"

namespace stagepost {
namespace {

// One message of a sink, taken apart.
struct Kept {
  std::string mail;
  std::vector<std::string> rcpts;
  std::vector<std::string> header;  // fields, unfolded
  std::string body;
};

Kept TakeApart(absl::string_view file) {
  Kept kept;
  const size_t end = file.find("\n\n");
  std::vector<std::string> envelope = absl::StrSplit(file.substr(0, end), '\n');
  kept.mail = envelope.front();
  kept.rcpts.assign(envelope.begin() + 1, envelope.end());
  if (end == file.npos) return kept;
  const std::string message = absl::StrReplaceAll(file.substr(end + 2), {{"\r\n", "\n"}});
  const size_t header_end = message.find("\n\n");
  for (const absl::string_view line :
       absl::StrSplit(absl::string_view(message).substr(0, header_end), '\n')) {
    const bool folded = !line.empty() && (line[0] == ' ' || line[0] == '\t');
    if (folded && !kept.header.empty()) {
      absl::StrAppend(&kept.header.back(), " ", absl::StripAsciiWhitespace(line));
    } else {
      kept.header.emplace_back(line);
    }
  }
  if (header_end != std::string::npos) kept.body = message.substr(header_end + 2);
  return kept;
}

bool InAny(const std::string& pattern, const std::vector<std::string>& texts,
           PatternCache& patterns) {
  const RE2& compiled = patterns.Get(pattern);
  return std::any_of(texts.begin(), texts.end(),
                     [&](const std::string& text) { return MatchesSomewhere(compiled, text); });
}

// What of the expectation a message does not have; nullopt: it has all.
Unmet Lacks(const scenario::Expect::SinkMail& expect, const Kept& kept, PatternCache& patterns) {
  if (expect.has_mail() && !MatchesSomewhere(patterns.Get(expect.mail()), kept.mail)) {
    return absl::StrCat("mail ", expect.mail(), " in ", ShowExpected(kept.mail));
  }
  if (expect.has_recipients() && kept.rcpts.size() != expect.recipients()) {
    return absl::StrCat(expect.recipients(), " recipients, there are ", kept.rcpts.size());
  }
  for (const std::string& rcpt : expect.rcpt()) {
    if (InAny(rcpt, kept.rcpts, patterns)) continue;
    return absl::StrCat("rcpt ", rcpt, " in ", ShowExpected(absl::StrJoin(kept.rcpts, "\n")));
  }
  for (const std::string& field : expect.header()) {
    if (InAny(field, kept.header, patterns)) continue;
    return absl::StrCat("header ", field, " in ", ShowExpected(absl::StrJoin(kept.header, "\n")));
  }
  for (const std::string& field : expect.no_header()) {
    if (!InAny(field, kept.header, patterns)) continue;
    return absl::StrCat("no_header ", field, " in ",
                        ShowExpected(absl::StrJoin(kept.header, "\n")));
  }
  for (const std::string& body : expect.body()) {
    if (MatchesSomewhere(patterns.Get(body), kept.body)) continue;
    return absl::StrCat("body ", body, " in ", ShowExpected(kept.body));
  }
  return std::nullopt;
}

bool Describes(const scenario::Expect::SinkMail& expect) {
  return expect.has_mail() || expect.rcpt_size() > 0 || expect.has_recipients() ||
         expect.header_size() > 0 || expect.no_header_size() > 0 || expect.body_size() > 0;
}

// Of lines that count: how far they may be apart, and when they may come.
Unmet CheckTimes(const scenario::Expect::Heard& expect,
                 const std::vector<const SinkRecords::Line*>& lines, absl::string_view what) {
  const auto limit = [](const std::string& text) { return *ParseScenarioDuration(text); };
  for (size_t i = 0; i < lines.size(); ++i) {
    const absl::Duration when = lines[i]->when;
    const std::string shown = absl::StrCat("number ", i + 1, " of ", what, " came ");
    if (expect.has_not_before() && when < limit(expect.not_before())) {
      return absl::StrCat(shown, "after ", absl::FormatDuration(when), ", expected not before ",
                          expect.not_before());
    }
    if (expect.has_not_after() && when > limit(expect.not_after())) {
      return absl::StrCat(shown, "after ", absl::FormatDuration(when), ", expected not after ",
                          expect.not_after());
    }
    if (i == 0) continue;
    const absl::Duration gap = when - lines[i - 1]->when;
    if (expect.has_gap_at_least() && gap < limit(expect.gap_at_least())) {
      return absl::StrCat(shown, absl::FormatDuration(gap), " after the one before",
                          ", expected at least ", expect.gap_at_least());
    }
    if (expect.has_gap_at_most() && gap > limit(expect.gap_at_most())) {
      return absl::StrCat(shown, absl::FormatDuration(gap), " after the one before",
                          ", expected at most ", expect.gap_at_most());
    }
  }
  return std::nullopt;
}

}  // namespace

Unmet CheckSinkMail(const scenario::Expect::SinkMail& expect, SimHost& host,
                    PatternCache& patterns) {
  const auto files = host.editor().Snapshot(kSinkDirectory);
  size_t messages = 0;
  std::string all;
  std::string last_lack = "there is no message at all";
  for (size_t i = 0; files.ok() && i < files->size(); ++i) {
    const auto& file = (*files)[i];
    const absl::string_view name = absl::string_view(file.path).substr(file.path.rfind('/') + 1);
    // A name with a dot is of a message that has not been accepted yet.
    if (file.stat.type != FileType::kRegular || absl::StartsWith(name, ".")) continue;
    absl::StrAppend(&all, file.bytes, "\n");
    const Unmet lacks = Lacks(expect, TakeApart(file.bytes), patterns);
    if (lacks.has_value()) last_lack = absl::StrCat("the last other one lacks ", *lacks);
    messages += !lacks.has_value();
  }
  const std::string what = absl::StrCat("messages at the sink ", expect.host());
  const bool counts = expect.has_messages() || expect.has_at_least() || expect.has_at_most();
  Unmet unmet = CheckCount(expect, expect.has_messages(), expect.messages(), messages, what);
  if (!unmet.has_value() && !counts && messages == 0 && Describes(expect)) {
    unmet = absl::StrCat("expected such ", what);
  }
  if (unmet.has_value()) {
    return Describes(expect) ? absl::StrCat(*unmet, "; ", last_lack) : *unmet;
  }
  return CheckContains(expect.contains(), all,
                       absl::StrCat("what the sink ", expect.host(), " got"));
}

Unmet CheckHeard(const scenario::Expect::Heard& expect, const SinkRecords& records,
                 PatternCache& patterns) {
  std::vector<const SinkRecords::Line*> lines;
  std::string last;
  for (const SinkRecords::Line& line : records.Of(expect.host())) {
    last = line.text;
    if (expect.has_line() && !MatchesAtStart(patterns.Get(expect.line()), line.text)) continue;
    lines.push_back(&line);
  }
  const std::string what =
      absl::StrCat("lines ", expect.has_line() ? absl::StrCat(expect.line(), " ") : "", "heard by ",
                   expect.host());
  if (Unmet unmet = CheckCount(expect, expect.has_count(), expect.count(), lines.size(), what)) {
    return unmet;
  }
  const bool counts = expect.has_count() || expect.has_at_least() || expect.has_at_most();
  if (!counts && lines.empty()) {
    return absl::StrCat("expected ", what, "; there are none, the last line is ",
                        ShowExpected(last));
  }
  return CheckTimes(expect, lines, what);
}

}  // namespace stagepost
