// An audit's results as text and as JSON.
#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "sim/trace/one_line.h"
#include "tools/audit/audit.h"
#include "tools/stagepost_report.h"

namespace stagepost {
namespace {

constexpr size_t kMaxShown = 300;

std::string Shown(absl::string_view text) { return OneLine(text, kMaxShown); }

std::string Who(const Party& party) {
  return party.about.empty() ? party.kind : absl::StrCat(party.kind, " ", party.about);
}

std::string VerdictOf(const ProbeResult& result) {
  if (result.taken()) return result.sent ? "taken" : "allowed";
  return "refused";
}

std::string BecauseOf(const Decision& decision) {
  std::string text;
  if (!decision.ruleset.empty()) {
    text = absl::StrCat("ruleset ", decision.ruleset);
    if (decision.place.line != 0) absl::StrAppend(&text, ", ", decision.place.ToString());
  }
  const std::string cause = decision.Cause();
  if (!cause.empty()) absl::StrAppend(&text, text.empty() ? "" : "; ", cause);
  return text;
}

std::string HoleText(const AuditReport& report, const Hole& hole) {
  const ProbeResult& first = report.run.results[hole.results.front()];
  const AuditEnvelope& envelope = report.EnvelopeOf(first);
  const Party& party = report.PartyOf(first);
  std::string text = absl::StrCat(
      "HOLE  ", hole.explanation, "\n  form     ", envelope.form, " ", envelope.what,
      ": MAIL FROM:", first.sender, " RCPT TO:", envelope.rcpt, "\n  from     ", Who(party), " [",
      party.address.ToString(), "], port ", first.port, "\n  answer   ", first.reply, "\n");
  if (hole.decision.place.line != 0) {
    absl::StrAppend(&text, "  rule     ruleset ", hole.decision.ruleset, ", ",
                    hole.decision.place.ToString(), ": ", hole.decision.rule, "\n");
  } else if (!hole.decision.ruleset.empty()) {
    absl::StrAppend(&text, "  rule     none of ruleset ", hole.decision.ruleset, " refuses it\n");
  }
  const std::string cause = hole.decision.Cause();
  if (!cause.empty()) absl::StrAppend(&text, "  because  ", cause, "\n");
  absl::StrAppend(&text, "  then     ",
                  !first.delivered_to.empty()
                      ? absl::StrCat("sent to a stranger's host: ", first.delivered_to.front())
                      : absl::StrCat("kept in the queue for ", envelope.victim),
                  "; ", first.connections, " connections\n");
  std::vector<std::string> forms;
  for (const size_t index : hole.results) {
    const std::string& form = report.EnvelopeOf(report.run.results[index]).form;
    if (std::find(forms.begin(), forms.end(), form) == forms.end()) forms.push_back(form);
  }
  absl::StrAppend(&text, "  forms    ", absl::StrJoin(forms, " "), "\n");
  return text;
}

// One line for all parties who were answered the same.
std::string TableText(const AuditReport& report) {
  struct Row {
    std::string form, verdict, reply, because;
    size_t number = 0;
    std::vector<std::string> who;
  };
  std::vector<Row> rows;
  std::map<std::string, size_t> known;
  for (const ProbeResult& result : report.run.results) {
    const AuditEnvelope& envelope = report.EnvelopeOf(result);
    Row row{absl::StrCat(envelope.form, " ", envelope.what),
            VerdictOf(result),
            result.reply.substr(0, result.reply.find(' ', 4)),
            BecauseOf(result.decision),
            rows.size(),
            {}};
    const std::string key = absl::StrCat(row.form, "|", row.verdict, "|", row.reply, row.because);
    const auto [found, is_new] = known.emplace(key, rows.size());
    if (is_new) rows.push_back(std::move(row));
    std::vector<std::string>& who = rows[found->second].who;
    const std::string name = Who(report.PartyOf(result));
    if (std::find(who.begin(), who.end(), name) == who.end()) who.push_back(name);
  }
  std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) {
    return std::make_pair(a.form.substr(0, 3), a.number) <
           std::make_pair(b.form.substr(0, 3), b.number);
  });
  std::string text;
  for (const Row& row : rows) {
    const std::string who = absl::StrJoin(row.who, ", ");
    absl::StrAppend(&text,
                    absl::StrFormat("%-48s %-8s %-10s %s\n    %s\n", Shown(row.form), row.verdict,
                                    Shown(row.reply), Shown(row.because), Shown(who)));
  }
  return text;
}

std::string Listed(const std::vector<std::string>& items) {
  return items.empty() ? "-" : absl::StrJoin(items, ", ");
}

template <class T>
std::vector<std::string> Strings(const std::vector<T>& items) {
  std::vector<std::string> strings;
  for (const T& item : items) strings.push_back(item.ToString());
  return strings;
}

std::string JsonList(const std::vector<std::string>& items) {
  return absl::StrCat("[",
                      absl::StrJoin(items, ", ",
                                    [](std::string* out, const std::string& one) {
                                      absl::StrAppend(out, JsonString(one));
                                    }),
                      "]");
}

std::string JsonDecision(const Decision& decision) {
  std::string json = absl::StrCat(
      "{\"ruleset\": ", JsonString(decision.ruleset),
      ", \"file\": ", JsonString(decision.place.file), ", \"line\": ", decision.place.line,
      ", \"rule\": ", JsonString(decision.rule), ", \"way\": ", JsonList(decision.way));
  if (decision.entry.has_value()) {
    absl::StrAppend(&json, ", \"entry\": {\"map\": ", JsonString(decision.entry->map),
                    ", \"file\": ", JsonString(decision.entry->file),
                    ", \"key\": ", JsonString(decision.entry->key),
                    ", \"value\": ", JsonString(decision.entry->value), "}");
  }
  if (decision.word.has_value()) {
    absl::StrAppend(&json, ", \"class\": {\"name\": ", JsonString(decision.word->class_name),
                    ", \"word\": ", JsonString(decision.word->word),
                    ", \"file\": ", JsonString(decision.word->place.file),
                    ", \"line\": ", decision.word->place.line, "}");
  }
  if (!decision.option.empty()) {
    absl::StrAppend(&json, ", \"option\": {\"name\": ", JsonString(decision.option),
                    ", \"file\": ", JsonString(decision.option_place.file),
                    ", \"line\": ", decision.option_place.line, "}");
  }
  return absl::StrCat(json, "}");
}

std::string JsonResult(const AuditReport& report, const ProbeResult& result) {
  const Party& party = report.PartyOf(result);
  const AuditEnvelope& envelope = report.EnvelopeOf(result);
  return absl::StrCat(
      "{\"form\": ", JsonString(envelope.form), ", \"what\": ", JsonString(envelope.what),
      ", \"client\": ", JsonString(party.kind), ", \"about\": ", JsonString(party.about),
      ", \"address\": ", JsonString(party.address.ToString()), ", \"port\": ", result.port,
      ", \"mail\": ", JsonString(result.sender), ", \"rcpt\": ", JsonString(envelope.rcpt),
      ", \"verdict\": ", JsonString(VerdictOf(result)),
      ", \"refused_at\": ", JsonString(result.refused_at),
      ", \"reply\": ", JsonString(result.reply), ", \"queued\": ", JsonList(result.queued),
      ", \"sent_to\": ", JsonList(result.delivered_to), ", \"connections\": ", result.connections,
      ", \"decision\": ", JsonDecision(result.decision), "}");
}

}  // namespace

std::string AuditText(const AuditReport& report) {
  if (!report.error.empty()) {
    return absl::StrCat("could not audit ", Shown(report.config), ": ", OneLine(report.error, 2000),
                        "\n", report.remedy.empty() ? "" : "  ", OneLine(report.remedy, 2000),
                        report.remedy.empty() ? "" : "\n");
  }
  const SiteIdentity& site = report.plan.site;
  std::string text;
  for (const Hole& hole : report.holes) absl::StrAppend(&text, HoleText(report, hole), "\n");
  absl::StrAppend(&text, TableText(report), "\n");
  for (const std::string& note : report.notes) absl::StrAppend(&text, "note: ", Shown(note), "\n");
  absl::StrAppend(&text, "site: ", site.name, ", mail for ", site.local, "; listens on ",
                  Listed(report.run.listens), "\n      inside: ", Listed(Strings(site.inside)),
                  "; may relay by name: ", Listed(Strings(site.trusted)), "\n");
  absl::StrAppend(
      &text,
      report.holes.empty() ? "clean: " : absl::StrCat(report.holes.size(), " ways to relay: "),
      report.run.results.size(), " envelopes, ", report.run.connections,
      " connections to elsewhere, ", report.run.messages_out,
      absl::StrFormat(" messages sent there; %.1f s\n", report.seconds));
  return text;
}

std::string AuditJson(const AuditReport& report) {
  const SiteIdentity& site = report.plan.site;
  std::string json = absl::StrCat("{\"config\": ", JsonString(report.config), ", \"result\": ",
                                  JsonString(report.exit_code() == 0   ? "clean"
                                             : report.exit_code() == 1 ? "hole"
                                                                       : "error"),
                                  ", \"error\": ", JsonString(report.error),
                                  ", \"remedy\": ", JsonString(report.remedy));
  absl::StrAppend(&json, ",\n \"site\": {\"name\": ", JsonString(site.name),
                  ", \"local\": ", JsonString(site.local),
                  ", \"listens\": ", JsonList(report.run.listens),
                  ", \"inside\": ", JsonList(Strings(site.inside)),
                  ", \"trusted\": ", JsonList(Strings(site.trusted)),
                  ", \"too_wide\": ", JsonList(Strings(site.too_wide)),
                  ", \"domains\": ", JsonList(site.partners),
                  ", \"public_domains\": ", JsonList(site.public_domains), "},\n \"holes\": [");
  for (size_t i = 0; i < report.holes.size(); ++i) {
    const Hole& hole = report.holes[i];
    absl::StrAppend(&json, i == 0 ? "\n  " : ",\n  ", "{\"what\": ", JsonString(hole.explanation),
                    ", \"decision\": ", JsonDecision(hole.decision), ", \"envelopes\": [");
    for (size_t j = 0; j < hole.results.size(); ++j) {
      absl::StrAppend(&json, j == 0 ? "" : ",\n   ",
                      JsonResult(report, report.run.results[hole.results[j]]));
    }
    absl::StrAppend(&json, "]}");
  }
  absl::StrAppend(&json, "],\n \"envelopes\": [");
  for (size_t i = 0; i < report.run.results.size(); ++i) {
    absl::StrAppend(&json, i == 0 ? "\n  " : ",\n  ", JsonResult(report, report.run.results[i]));
  }
  absl::StrAppend(&json, "],\n \"notes\": ", JsonList(report.notes),
                  ", \"connections\": ", report.run.connections,
                  ", \"messages_sent\": ", report.run.messages_out,
                  absl::StrFormat(", \"seconds\": %.3f}\n", report.seconds));
  return json;
}

}  // namespace stagepost
