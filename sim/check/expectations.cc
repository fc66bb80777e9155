#include "sim/check/expectations.h"

#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "mta/base/check.h"
#include "sim/check/expectation_text.h"
#include "sim/check/mbox.h"
#include "sim/check/sink_expectations.h"
#include "sim/scenario/host_builder.h"
#include "sim/scenario/values.h"

namespace stagepost {
namespace {

SimHost& HostOf(World& world, absl::string_view name) {
  SimHost* host = world.FindHost(name);
  CHECK(host != nullptr) << name;
  return *host;
}

Unmet CheckMatches(bool wanted, const std::string& pattern, absl::string_view in,
                   absl::string_view what, PatternCache& patterns) {
  if (!wanted || MatchesSomewhere(patterns.Get(pattern), in)) return std::nullopt;
  return absl::StrCat(what, " does not match ", pattern, "; it is ", ShowExpected(in));
}

Unmet CheckMode(bool wanted, absl::string_view mode, const FileStat& stat, absl::string_view path) {
  if (!wanted || *ParseFileMode(mode) == stat.mode) return std::nullopt;
  return absl::StrFormat("%s has mode %o, expected %s", path, stat.mode, mode);
}

Unmet CheckOwner(bool wanted, absl::string_view owner, SimHost& host, const FileStat& stat,
                 absl::string_view path) {
  if (!wanted || ScenarioUser(host, owner) == stat.owner) return std::nullopt;
  return absl::StrCat(path, " belongs to user ", static_cast<uint32_t>(stat.owner), ", expected ",
                      owner);
}

Unmet Check(const scenario::Expect::Mailbox& expect, World& world, PatternCache& patterns) {
  SimHost& host = HostOf(world, expect.host());
  const std::string path = absl::StrCat("/var/mail/", expect.user());
  const auto text = host.editor().ReadFile(path);
  const absl::string_view content = text.ok() ? absl::string_view(*text) : "";
  const std::string what = absl::StrCat("the mailbox of ", expect.user(), " on ", expect.host());
  if (Unmet unmet = CheckCount(expect, expect.has_messages(), expect.messages(),
                               ParseMbox(content).size(), absl::StrCat("messages in ", what))) {
    return unmet;
  }
  if (Unmet unmet = CheckContains(expect.contains(), content, what)) return unmet;
  if (Unmet unmet = CheckMatches(expect.has_matches(), expect.matches(), content, what, patterns)) {
    return unmet;
  }
  if (!expect.has_mode() && !expect.has_owner()) return std::nullopt;
  const auto stat = host.editor().LinkStat(path);
  if (!stat.ok()) return std::string(stat.status().message());
  if (Unmet unmet = CheckMode(expect.has_mode(), expect.mode(), *stat, path)) return unmet;
  return CheckOwner(expect.has_owner(), expect.owner(), host, *stat, path);
}

Unmet Check(const scenario::Expect::Queue& expect, World& world, PatternCache&) {
  const auto names = HostOf(world, expect.host()).editor().ListDirectory("/var/spool/mqueue");
  size_t queued = 0;
  if (names.ok()) {
    for (const std::string& name : *names) queued += absl::StartsWith(name, "qf");
  }
  return CheckCount(expect, expect.has_messages(), expect.messages(), queued,
                    absl::StrCat("messages in the queue of ", expect.host()));
}

Unmet Check(const scenario::Expect::Log& expect, World& world, PatternCache& patterns) {
  size_t lines = 0;
  std::string last;
  for (const LogLine& line : HostOf(world, expect.host()).log()) {
    last = absl::StrCat(line.tag, "[", line.pid, "]: ", line.text);
    lines += (!expect.has_contains() || absl::StrContains(last, expect.contains())) &&
             (!expect.has_matches() || MatchesSomewhere(patterns.Get(expect.matches()), last));
  }
  const std::string what = absl::StrCat(
      "lines with ", ShowExpected(expect.has_contains() ? expect.contains() : expect.matches()),
      " in the log of ", expect.host());
  if (Unmet unmet = CheckCount(expect, expect.has_count(), expect.count(), lines, what)) {
    return unmet;
  }
  if (expect.has_count() || expect.has_at_least() || expect.has_at_most() || lines > 0) {
    return std::nullopt;
  }
  return absl::StrCat("expected ", what, "; there are none, the last line is ", ShowExpected(last));
}

Unmet Check(const scenario::Expect::FileState& expect, World& world, PatternCache& patterns) {
  SimHost& host = HostOf(world, expect.host());
  const auto stat = host.editor().LinkStat(expect.path());
  if (stat.ok() != expect.exists()) {
    return absl::StrCat(expect.path(), " on ", expect.host(),
                        stat.ok() ? " exists" : " does not exist");
  }
  if (!expect.exists()) return std::nullopt;
  if (Unmet unmet = CheckMode(expect.has_mode(), expect.mode(), *stat, expect.path())) return unmet;
  if (Unmet unmet = CheckOwner(expect.has_owner(), expect.owner(), host, *stat, expect.path())) {
    return unmet;
  }
  if (expect.has_group() && ScenarioGroup(host, expect.group()) != stat->group) {
    return absl::StrCat(expect.path(), " belongs to group ", static_cast<uint32_t>(stat->group),
                        ", expected ", expect.group());
  }
  if (expect.contains().empty() && !expect.has_matches()) return std::nullopt;
  const auto text = host.editor().ReadFile(expect.path());
  if (!text.ok()) return std::string(text.status().message());
  if (Unmet unmet = CheckContains(expect.contains(), *text, expect.path())) return unmet;
  return CheckMatches(expect.has_matches(), expect.matches(), *text, expect.path(), patterns);
}

Unmet Check(const scenario::Expect::Process& expect, World& world, PatternCache&) {
  SimHost& host = HostOf(world, expect.host());
  bool running = false;
  for (const uint32_t pid : host.ProcessIds()) {
    const absl::string_view path = host.FindProcess(pid)->path();
    running |= path.substr(path.rfind('/') + 1) == expect.program();
  }
  if (running == expect.running()) return std::nullopt;
  return absl::StrCat(expect.program(), running ? " runs on " : " does not run on ", expect.host());
}

}  // namespace

std::optional<std::string> CheckExpectation(const scenario::Expect& expect, World& world,
                                            const SinkRecords& records, PatternCache& patterns) {
  switch (expect.what_case()) {
    case scenario::Expect::kMailbox:
      return Check(expect.mailbox(), world, patterns);
    case scenario::Expect::kQueue:
      return Check(expect.queue(), world, patterns);
    case scenario::Expect::kSink:
      return CheckSinkMail(expect.sink(), HostOf(world, expect.sink().host()), patterns);
    case scenario::Expect::kHeard:
      return CheckHeard(expect.heard(), records, patterns);
    case scenario::Expect::kLog:
      return Check(expect.log(), world, patterns);
    case scenario::Expect::kFile:
      return Check(expect.file(), world, patterns);
    case scenario::Expect::kProcess:
      return Check(expect.process(), world, patterns);
    case scenario::Expect::WHAT_NOT_SET:
      break;
  }
  CHECK(false) << "an expectation of nothing";
  return std::nullopt;
}

}  // namespace stagepost
