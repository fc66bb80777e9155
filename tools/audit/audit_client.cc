#include "tools/audit/audit_client.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "mta/async/deadline.h"
#include "mta/base/status_macros.h"
#include "sim/scenario/reply_reader.h"

namespace stagepost {
namespace {

constexpr absl::Duration kReplyLimit = absl::Minutes(20);
// Whoever is told to come back later does: limits on rates count by the minute.
constexpr absl::Duration kComeBack = absl::Seconds(61);
constexpr int kMaxVisits = 4;
// So long a delivery is waited for before the next envelope.
constexpr absl::Duration kLook = absl::Milliseconds(100);
constexpr int kMaxLooks = 30;

class Client {
 public:
  Client(Environment& env, ClientErrand& errand) : env_(env), errand_(errand) {}

  Task<void> Run() {
    for (size_t i = 0; i < errand_.envelopes.size(); ++i) {
      ProbeResult& result = *errand_.results[i];
      for (int visit = 0; visit < kMaxVisits; ++visit) {
        co_await Try(errand_.envelopes[i], result);
        if (connected() || !ComesBack(result)) break;
        (void)co_await Sleep(kComeBack);
      }
    }
    if (connected()) (void)co_await Ask("QUIT");
  }

 private:
  bool connected() const { return reader_.has_value(); }

  // Whether it may end otherwise the next time.
  static bool ComesBack(const ProbeResult& result) {
    return !result.taken() && (absl::StartsWith(result.reply, "4") || result.reply[0] == '(');
  }

  void Disconnect() {
    reader_.reset();
    connection_.reset();
  }

  // The reply, or "(why there is none)".
  Task<std::string> Reply() {
    const absl::StatusOr<std::string> reply =
        co_await WithDeadline(env_.clock().MonotonicNow() + kReplyLimit, reader_->Next());
    if (!reply.ok()) {
      Disconnect();
      co_return absl::StrCat("(", reply.status().message(), ")");
    }
    if (absl::StartsWith(*reply, "421")) Disconnect();
    co_return absl::StrReplaceAll(*reply, {{"\n", " "}});
  }

  Task<std::string> Ask(absl::string_view line) {
    if (!connected()) co_return "(closed)";
    const absl::Status written = co_await WriteAll(*connection_, absl::StrCat(line, "\r\n"));
    if (!written.ok()) {
      Disconnect();
      co_return "(closed)";
    }
    std::string reply = co_await Reply();
    co_return reply;
  }

  static bool IsPositive(const std::string& reply) {
    return absl::StartsWith(reply, "2") || absl::StartsWith(reply, "3");
  }

  // False: `result` says why not.
  Task<bool> Connect(ProbeResult& result) {
    if (connected()) co_return true;
    errand_.watcher.Begin();
    result.refused_at = "connect";
    auto connection = co_await env_.network().Connect(errand_.to, errand_.party.address);
    if (!connection.ok()) {
      result.reply = absl::StrCat("(", connection.status().message(), ")");
      co_return false;
    }
    connection_ = *std::move(connection);
    reader_.emplace(*connection_);
    result.reply = co_await Reply();
    if (!IsPositive(result.reply)) {
      result.decision = errand_.decisions.Read(errand_.watcher.steps());
      Disconnect();
      co_return false;
    }
    result.reply = co_await Ask(errand_.party.helo);
    if (!IsPositive(result.reply)) Disconnect();
    co_return connected();
  }

  // One command of the envelope. False: it was refused.
  Task<bool> Command(absl::string_view name, std::string line, ProbeResult& result) {
    errand_.watcher.Begin();
    result.refused_at = std::string(name);
    result.reply = co_await Ask(line);
    const bool taken = IsPositive(result.reply);
    if (!taken || name == "RCPT") {
      result.decision = errand_.decisions.Read(errand_.watcher.steps());
    }
    co_return taken;
  }

  Task<void> Try(const AuditEnvelope& envelope, ProbeResult& result) {
    if (!co_await Connect(result)) co_return;
    result.asked = true;
    result.sender = envelope.mail;
    bool taken = co_await Command("MAIL", absl::StrCat("MAIL FROM:", envelope.mail), result);
    // Where the usual sender is not welcome everything is tried with the one that must be.
    if (!taken && connected() && envelope.usual_sender) {
      result.sender = "<>";
      taken = co_await Command("MAIL", "MAIL FROM:<>", result);
    }
    if (taken) {
      taken = co_await Command("RCPT", absl::StrCat("RCPT TO:", envelope.rcpt), result);
    }
    // What strangers may do is tried to its end; what others may is their business.
    if (taken && errand_.party.stranger()) {
      taken = co_await Send(envelope, result);
    }
    if (taken) result.refused_at.clear();
    if (connected() && !result.sent) (void)co_await Ask("RSET");
  }

  Task<bool> Send(const AuditEnvelope& envelope, ProbeResult& result) {
    const Decision decision = result.decision;
    const std::string reply = result.reply;
    bool taken = co_await Command("DATA", "DATA", result);
    const int before = errand_.watcher.connections();
    if (taken) {
      taken = co_await Command(
          "DATA", absl::StrCat("From: audit\r\nSubject: ", envelope.form, "\r\n\r\nAn audit.\r\n."),
          result);
    }
    if (taken) {
      const std::vector<std::string> words = absl::StrSplit(result.reply, ' ');
      if (words.size() > 2) result.queue_id = words[2];
      result.sent = true;
      for (int i = 0; i < kMaxLooks && (i == 0 || errand_.watcher.HasOpen()); ++i) {
        (void)co_await Sleep(kLook);
      }
      result.connections = errand_.watcher.connections() - before;
      result.resolved = errand_.watcher.ResolvedOf(result.queue_id);
      result.reply = reply;
      // The message came later; what let it in is what counts.
      result.decision = decision;
    }
    co_return taken;
  }

  Environment& env_;
  ClientErrand& errand_;
  std::unique_ptr<Connection> connection_;
  std::optional<ReplyReader> reader_;
};

}  // namespace

Task<int> RunAuditClient(Environment& env, ClientErrand& errand) {
  Client client(env, errand);
  co_await client.Run();
  errand.done = true;
  co_return 0;
}

}  // namespace stagepost
