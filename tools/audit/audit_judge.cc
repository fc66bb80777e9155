// What of an audit's results is a hole.
#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tools/audit/audit.h"

namespace stagepost {
namespace {

constexpr absl::string_view kWritingMailers[] = {"*file*", "*include*", "prog"};

bool Names(const std::string& recipient, const std::string& victim) {
  return absl::StrContains(absl::AsciiStrToLower(recipient), absl::AsciiStrToLower(victim));
}

// Recipients for whom the message has left, or is kept to leave.
std::vector<std::string> Outgoing(const SiteFacts& facts, const ProbeResult& result) {
  std::vector<std::string> outgoing = result.delivered_to;
  outgoing.insert(outgoing.end(), result.queued.begin(), result.queued.end());
  for (const std::string& resolved : result.resolved) {
    const size_t end = resolved.find('\n');
    if (facts.network_mailers.contains(resolved.substr(0, end))) {
      outgoing.push_back(resolved.substr(end + 1));
    }
  }
  return outgoing;
}

bool IsHole(const SiteFacts& facts, const Party& party, const AuditEnvelope& envelope,
            const ProbeResult& result) {
  if (!party.stranger() || !result.sent) return false;
  for (const std::string& resolved : result.resolved) {
    const std::string mailer = resolved.substr(0, resolved.find('\n'));
    if (std::find(std::begin(kWritingMailers), std::end(kWritingMailers), mailer) !=
            std::end(kWritingMailers) &&
        absl::StrContains(resolved, envelope.user)) {
      return true;
    }
  }
  if (envelope.victim.empty()) return false;
  const std::vector<std::string> outgoing = Outgoing(facts, result);
  return std::any_of(outgoing.begin(), outgoing.end(), [&](const std::string& recipient) {
    return Names(recipient, envelope.victim);
  });
}

// Whether what left still tells the next host where to send it.
bool HasRoute(const AuditEnvelope& envelope, const ProbeResult& result, const SiteFacts& facts) {
  for (const std::string& recipient : Outgoing(facts, result)) {
    const size_t victim = absl::AsciiStrToLower(recipient).find(envelope.victim);
    const size_t at = recipient.rfind('@');
    if (victim != std::string::npos && at != std::string::npos && victim < at) return true;
  }
  return false;
}

class Judge {
 public:
  Judge(const SiteFacts& facts, const std::string& cf, AuditReport& report)
      : facts_(facts), cf_(cf), report_(report) {}

  void Perform() {
    if (!report_.run.reached_by_strangers) {
      report_.notes.push_back("the daemon listens on no address that strangers reach");
    }
    const auto asked_by_ipv6 = [&](const ProbeResult& result) {
      const Party& party = report_.PartyOf(result);
      return party.stranger() && !party.address.is_v4() && result.refused_at != "connect";
    };
    if (std::none_of(report_.run.results.begin(), report_.run.results.end(), asked_by_ipv6)) {
      report_.notes.push_back("strangers do not reach the daemon by IPv6");
    }
    CheckThatItAnswers();
    const std::vector<ProbeResult>& results = report_.run.results;
    std::map<std::string, size_t> known;
    for (size_t i = 0; i < results.size(); ++i) {
      const AuditEnvelope& envelope = report_.EnvelopeOf(results[i]);
      if (!IsHole(facts_, report_.PartyOf(results[i]), envelope, results[i])) continue;
      Decision decision = results[i].decision;
      if (envelope.form == "R01") let_in_.insert(results[i].party);
      if (!let_in_.contains(results[i].party)) AddFeature(envelope, results[i], decision);
      const auto [found, is_new] = known.emplace(decision.Key(), report_.holes.size());
      if (is_new) report_.holes.push_back({std::move(decision), "", {}});
      report_.holes[found->second].results.push_back(i);
    }
    for (Hole& hole : report_.holes) {
      std::sort(hole.results.begin(), hole.results.end(), [&](size_t a, size_t b) {
        return std::make_pair(report_.EnvelopeOf(results[a]).form, a) <
               std::make_pair(report_.EnvelopeOf(results[b]).form, b);
      });
    }
  }

 private:
  // A server that cannot answer says nothing about itself.
  void CheckThatItAnswers() {
    for (const ProbeResult& result : report_.run.results) {
      const Party& party = report_.PartyOf(result);
      if (!party.stranger() || !party.about.empty() || !absl::StartsWith(result.reply, "4")) {
        continue;
      }
      if (report_.EnvelopeOf(result).form != "R01" || result.taken()) continue;
      report_.error =
          absl::StrCat("strangers get no answer but \"", result.reply, "\" at ", result.refused_at);
      report_.remedy =
          "sendmail itself would say so: look for a missing or broken map, or limits "
          "that nobody can meet";
      return;
    }
  }

  // Whoever passes on what stands before the @ has often been told not to look at it.
  void AddFeature(const AuditEnvelope& envelope, const ProbeResult& result, Decision& decision) {
    if (!decision.option.empty() || !HasRoute(envelope, result, facts_)) return;
    decision.option = "what is before the @ is not looked at";
    for (const char* feature : {"loose_relay_check", "nopercenthack", "nouucp"}) {
      if (!absl::StrContains(cf_, absl::StrCat(feature, ".m4,"))) continue;
      decision.option = absl::StrCat("FEATURE(", feature, ")");
      return;
    }
  }

  const SiteFacts& facts_;
  const std::string& cf_;
  AuditReport& report_;
  std::set<size_t> let_in_;  // parties who may relay anyway, whatever they write
};

}  // namespace

std::string ExplainHole(const AuditReport& report, const Hole& hole) {
  const ProbeResult& first = report.run.results[hole.results.front()];
  const AuditEnvelope& envelope = report.EnvelopeOf(first);
  const std::string cause = hole.decision.Cause();
  return absl::StrCat(
      "strangers' mail for ", envelope.victim.empty() ? "files and programs" : "strangers", " is ",
      first.delivered_to.empty() ? "taken" : "sent on", cause.empty() ? "" : ": ", cause);
}

void JudgeAudit(const SiteFacts& facts, const std::string& cf, AuditReport& report) {
  Judge(facts, cf, report).Perform();
}

}  // namespace stagepost
