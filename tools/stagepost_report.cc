#include "tools/stagepost_report.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "sim/trace/one_line.h"

namespace stagepost {
namespace {

// Bytes of a failure that a line shows; JSON has all of them.
constexpr size_t kMaxWhat = 2000;

// Exact, without floating point.
std::string Seconds(absl::Duration duration) {
  const int64_t ns = absl::ToInt64Nanoseconds(duration);
  return absl::StrFormat("%d.%09d", ns / 1'000'000'000, ns % 1'000'000'000);
}

// For people: "12.3ms", "4.21s"
std::string Short(absl::Duration duration) {
  const double seconds = absl::ToDoubleSeconds(duration);
  if (seconds < 0.001) return absl::StrFormat("%.0fus", seconds * 1e6);
  if (seconds < 1) return absl::StrFormat("%.1fms", seconds * 1e3);
  return absl::StrFormat("%.2fs", seconds);
}

double PerSecond(uint64_t count, absl::Duration duration) {
  const double seconds = absl::ToDoubleSeconds(duration);
  return seconds > 0 ? static_cast<double>(count) / seconds : 0;
}

std::string FailureLines(const ReplayRun& run) {
  std::string text;
  for (const Failure& failure : run.result.failures) {
    absl::StrAppend(&text, "    ", failure.where, ": ", OneLine(failure.what, kMaxWhat), "\n");
  }
  absl::StrAppend(&text, "    replay: ", run.replay_command, "\n");
  return text;
}

std::string JsonFailures(const std::vector<Failure>& failures) {
  return absl::StrCat("[",
                      absl::StrJoin(failures, ", ",
                                    [](std::string* out, const Failure& failure) {
                                      absl::StrAppend(
                                          out, "{\"where\": ", JsonString(failure.where),
                                          ", \"what\": ", JsonString(failure.what), "}");
                                    }),
                      "]");
}

std::string JsonStrings(const std::vector<std::string>& texts) {
  return absl::StrCat(
      "[",
      absl::StrJoin(texts, ", ",
                    [](std::string* out, const std::string& text) { *out += JsonString(text); }),
      "]");
}

// The bytes of the UTF-8 character at the start of `text`; 0 if there is none.
size_t Utf8Length(absl::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  const size_t length = lead < 0x80                   ? 1
                        : lead >= 0xc2 && lead < 0xe0 ? 2
                        : lead >= 0xe0 && lead < 0xf0 ? 3
                        : lead >= 0xf0 && lead < 0xf5 ? 4
                                                      : 0;
  if (length == 0 || length > text.size()) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  // Overlong forms, surrogates, and what is beyond U+10FFFF.
  if (lead == 0xe0 && byte(1) < 0xa0) return 0;
  if (lead == 0xed && byte(1) >= 0xa0) return 0;
  if (lead == 0xf0 && byte(1) < 0x90) return 0;
  if (lead == 0xf4 && byte(1) >= 0x90) return 0;
  return length;
}

}  // namespace

std::string JsonString(absl::string_view text) {
  std::string json = "\"";
  while (!text.empty()) {
    const char c = text[0];
    const size_t length = Utf8Length(text);
    if (length == 0) {
      json += "\\ufffd";
    } else if (c == '"' || c == '\\') {
      json += '\\';
      json += c;
    } else if (c == '\n') {
      json += "\\n";
    } else if (length == 1 && (c < 0x20 || c == 0x7f)) {
      absl::StrAppendFormat(&json, "\\u%04x", static_cast<unsigned char>(c));
    } else {
      absl::StrAppend(&json, text.substr(0, length));
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return json + "\"";
}

std::string ShellWord(absl::string_view word) {
  constexpr absl::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./=:,@%+";
  if (!word.empty() && word.find_first_not_of(kPlain) == absl::string_view::npos) {
    return std::string(word);
  }
  std::string quoted = "'";
  for (const char c : word) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

std::string RunText(const ReplayRun& run, size_t width) {
  if (!run.error.empty()) return absl::StrCat("error   ", run.error, "\n");
  std::string text =
      absl::StrFormat("%s  %-*s  virtual %ss  real %s  hash %s\n", run.held() ? "held  " : "FAILED",
                      static_cast<int>(width), run.name, Seconds(run.result.virtual_time),
                      Short(run.real_time), run.result.hash.ToString());
  if (!run.held()) text += FailureLines(run);
  for (const Failure& remark : run.result.remarks) {
    absl::StrAppend(&text, "    ", remark.where, ": ", OneLine(remark.what, kMaxWhat), "\n");
  }
  for (const std::string& skipped : run.result.skipped) {
    absl::StrAppend(&text, "    skipped: ", skipped, "\n");
  }
  if (!run.result.trace_text.empty()) absl::StrAppend(&text, "\n", run.result.trace_text, "\n");
  return text;
}

std::string SummaryText(const ReplaySummary& summary, size_t width) {
  std::string text =
      absl::StrFormat("%s  %-*s  %d of %d seeds held, %d distinct hashes, %.0f per second\n",
                      summary.held == summary.seeds ? "held  " : "FAILED", static_cast<int>(width),
                      summary.name, summary.held, summary.seeds, summary.distinct_hashes,
                      PerSecond(summary.seeds, summary.real_time));
  for (const ReplayRun& run : summary.failed) {
    absl::StrAppend(&text, "  seed ", run.seed, ":\n");
    if (run.error.empty()) {
      text += FailureLines(run);
    } else {
      absl::StrAppend(&text, "    ", run.error, "\n");
    }
  }
  const uint64_t failed = summary.seeds - summary.held;
  if (failed > summary.failed.size()) {
    absl::StrAppend(&text, "  and ", failed - summary.failed.size(), " more\n");
  }
  return text;
}

std::string TotalsText(const ReplayTotals& totals) {
  std::string text = absl::StrCat(totals.held, " held, ", totals.failed, " failed");
  if (totals.errors > 0) absl::StrAppend(&text, ", ", totals.errors, " could not be run");
  if (totals.skipped > 0) absl::StrAppend(&text, ", ", totals.skipped, " steps skipped");
  absl::StrAppendFormat(&text, "; %s, %.0f scenarios per second\n", Short(totals.real_time),
                        PerSecond(totals.held + totals.failed, totals.real_time));
  return text;
}

void JsonReport::Add(const ReplayRun& run) {
  const RunResult& result = run.result;
  absl::StrAppend(&runs_, runs_.empty() ? "\n    {" : ",\n    {",
                  "\"name\": ", JsonString(run.name), ", \"file\": ", JsonString(run.file),
                  ", \"seed\": ", run.seed);
  if (!run.error.empty()) {
    absl::StrAppend(&runs_, ", \"result\": \"error\", \"error\": ", JsonString(run.error), "}");
    return;
  }
  absl::StrAppend(&runs_, ", \"result\": \"", run.held() ? "held" : "failed",
                  "\", \"failures\": ", JsonFailures(result.failures),
                  ", \"remarks\": ", JsonFailures(result.remarks),
                  ", \"skipped\": ", JsonStrings(result.skipped),
                  ", \"virtual_seconds\": ", Seconds(result.virtual_time),
                  ", \"real_seconds\": ", Seconds(run.real_time), ", \"trace_hash\": \"",
                  result.hash.ToString(), "\", \"events\": ", result.events,
                  ", \"replay\": ", JsonString(run.replay_command));
  if (!result.trace_text.empty()) {
    absl::StrAppend(&runs_, ", \"trace\": ", JsonString(result.trace_text));
  }
  runs_ += "}";
}

void JsonReport::Add(const ReplaySummary& summary) {
  absl::StrAppend(&summaries_, summaries_.empty() ? "\n    {" : ",\n    {",
                  "\"name\": ", JsonString(summary.name), ", \"file\": ", JsonString(summary.file),
                  ", \"seeds\": ", summary.seeds, ", \"held\": ", summary.held,
                  ", \"distinct_hashes\": ", summary.distinct_hashes, "}");
}

std::string JsonReport::Finish(const ReplayTotals& totals) const {
  std::string json = absl::StrCat("{\n  \"scenarios\": [", runs_, "\n  ],\n");
  if (!summaries_.empty()) absl::StrAppend(&json, "  \"summaries\": [", summaries_, "\n  ],\n");
  absl::StrAppend(&json, "  \"held\": ", totals.held, ",\n  \"failed\": ", totals.failed,
                  ",\n  \"errors\": ", totals.errors, ",\n  \"skipped\": ", totals.skipped,
                  "\n}\n");
  return json;
}

}  // namespace stagepost
