#include "mta/deliver/smtp_mailer.h"

#include <algorithm>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "mta/base/status_macros.h"
#include "mta/base/sysexits.h"
#include "mta/cf/well_known_names.h"
#include "mta/deliver/mail_transaction.h"
#include "mta/deliver/mailer_program.h"
#include "mta/deliver/route.h"
#include "mta/deliver/session_transcript.h"

namespace stagepost {
namespace {

ClientTimeouts TimeoutsOf(const Options& options, bool lmtp) {
  ClientTimeouts timeouts;
  timeouts.greeting = options.timeout(TimeoutId::kInitial);
  timeouts.hello = options.timeout(lmtp ? TimeoutId::kLhlo : TimeoutId::kHelo);
  timeouts.mail = options.timeout(TimeoutId::kMail);
  timeouts.recipient = options.timeout(TimeoutId::kRcpt);
  timeouts.data = options.timeout(TimeoutId::kDataInit);
  timeouts.data_block = options.timeout(TimeoutId::kDataBlock);
  timeouts.final_dot = options.timeout(TimeoutId::kDataFinal);
  timeouts.reset = options.timeout(TimeoutId::kRset);
  timeouts.quit = options.timeout(TimeoutId::kQuit);
  timeouts.misc = options.timeout(TimeoutId::kMisc);
  return timeouts;
}

std::vector<IpAddress> SourcesOf(const Options& options) {
  std::vector<IpAddress> sources;
  for (const PortOptions& port : options.client_ports()) {
    const std::optional<IpAddress> address = IpAddress::Parse(port.address);
    if (address.has_value()) sources.push_back(*address);
  }
  return sources;
}

// The name a server gives itself: the first word behind the code.
absl::string_view NameIn(const ServerReply& hello) {
  absl::string_view text = hello.text;
  text.remove_prefix(std::min<size_t>(text.size(), 4));
  return text.substr(0, text.find(' '));
}

// What we call ourselves.
std::string HeloName(const MailerRun& run, const Options& options) {
  const std::string name = options.Text(OptionId::kHeloName);
  return ExpandText(run.site, run.macros, name.empty() ? "$j" : name);
}

class SmtpRun {
 public:
  SmtpRun(MailerRun& run, const SmtpServices& services)
      : run_(run),
        services_(services),
        site_(run.site),
        env_(run.site.env()),
        options_(run.site.configuration().options),
        own_name_(ExpandText(run.site, run.macros, "$j")),
        helo_name_(HeloName(run, options_)) {}

  Task<MailerReport> Run() {
    const absl::StatusOr<MailerPort> port = co_await PortOf(site_, run_.mailer, run_.macros);
    if (!port.ok()) co_return ReportForAll(run_, Deferred("4.3.5", port.status().message()));
    LogSystemError(port->system_error);
    port_ = port->number;
    const absl::Duration all = options_.timeout(TimeoutId::kAllConnects);
    if (all > absl::ZeroDuration()) all_until_ = env_.clock().MonotonicNow() + all;
    Route route = co_await FindRoute(site_, run_.mailer, run_.host);
    for (const std::string& error : route.system_errors) LogSystemError(error);
    PreferOpen(route);
    for (size_t i = 0; i < run_.users.size(); ++i) pending_.push_back(i);
    report_.results.assign(run_.users.size(), Deferred("4.4.1", ""));
    for (const std::string& host : route.hosts) {
      if (std::unique_ptr<MailConnection> connection = co_await Try(route, host)) {
        co_await Deliver(std::move(connection));
      } else {
        NoteFailure();
      }
      if (pending_.empty() || (co_await CurrentContext()).stop_requested()) break;
      if (&host != &route.hosts.back()) NoteEarlier();
    }
    report_.relay = relay_;
    co_return std::move(report_);
  }

 private:
  void LogSystemError(absl::string_view text) {
    if (text.empty()) return;
    env_.log().Write(Severity::kCritical,
                     absl::StrCat(run_.message.envelope().id, ": SYSERR(root): ", OneLine(text)));
  }

  // The host that was tried last has failed, for whoever is left.
  void NoteFailure() {
    report_.host_failed = true;
    DeliveryResult failure = failure_.value_or(Deferred("4.4.1", ""));
    failure.queue_text.clear();  // the M line of the message says it
    // One of the others may yet come back.
    if (temporary_ && failure.exit_code == kExitNoHost) failure = Deferred(failure.dsn, "");
    bool kept = false;
    for (const size_t user : pending_) {
      DeliveryResult& result = report_.results[user];
      kept = kept || result.at_recipient;
      if (result.at_recipient) continue;
      const std::string reply = std::move(result.reply);
      result = failure;
      if (failure.reply.empty()) result.reply = reply;
    }
    if (kept) NoteInVain(std::move(failure));
  }

  // Who has been put off alone by another host keeps what was said. sendmail tells of this one as
  // if it were about those whom the other one has served.
  void NoteInVain(DeliveryResult failure) {
    for (EarlierOutcome& earlier : report_.earlier) {
      DeliveryResult& result = report_.results[earlier.user];
      const bool waits =
          std::find(pending_.begin(), pending_.end(), earlier.user) != pending_.end();
      if (waits && result.at_recipient) result.alone = true;
    }
    std::erase_if(report_.earlier, [this](const EarlierOutcome& earlier) {
      return report_.results[earlier.user].alone;
    });
    LaterOutcome in_vain{.result = std::move(failure), .relay = relay_};
    for (size_t user = 0; user < report_.results.size(); ++user) {
      const DeliveryResult& result = report_.results[user];
      if (result.kind == DeliveryResult::Kind::kSent) in_vain.users.push_back(user);
      if (!result.reply.empty() && in_vain.result.reply.empty())
        in_vain.result.reply = result.reply;
    }
    if (!in_vain.users.empty()) report_.in_vain = std::move(in_vain);
  }

  // Who has been put off alone has that on record, though there are more hosts to try.
  void NoteEarlier() {
    for (const size_t user : pending_) {
      DeliveryResult& result = report_.results[user];
      if (!result.alone) continue;
      report_.earlier.push_back({user, result});
      result.alone = false;
    }
  }

  // Of hosts that are as good as each other, those that a connection is open to come first.
  void PreferOpen(Route& route) {
    std::vector<std::pair<uint32_t, bool>> order;  // rank, and whether it is closed
    std::vector<size_t> numbers;
    for (size_t i = 0; i < route.hosts.size(); ++i) {
      order.emplace_back(route.ranks[i], !services_.connections.Has(KeyOf(route.hosts[i])));
      numbers.push_back(i);
    }
    std::sort(numbers.begin(), numbers.end(), [&order](size_t a, size_t b) {
      return std::pair(order[a], a) < std::pair(order[b], b);
    });
    std::vector<std::string> hosts;
    for (const size_t number : numbers) hosts.push_back(std::move(route.hosts[number]));
    route.hosts = std::move(hosts);
  }

  std::string KeyOf(absl::string_view host) const {
    return absl::AsciiStrToLower(absl::StrCat(run_.mailer.name, " ", host, " ", port_));
  }

  // As Reach(), of a host of the route and what stands in for it.
  Task<std::unique_ptr<MailConnection>> Try(const Route& route, const std::string& host) {
    bool stand_in = !route.smart_host.empty();
    if (const auto unusable = route.unusable.find(host); unusable != route.unusable.end()) {
      relay_ = host;
      failure_ = unusable->second.result;
      failure_->remote_mta = host;
      report_.transcript += unusable->second.transcript;
      stand_in = stand_in && !unusable->second.final;
    } else if (auto connection = co_await Reach(host); connection != nullptr) {
      co_return std::move(connection);
    }
    NoteIfTemporary();
    if (stand_in) {
      if (auto connection = co_await Reach(route.smart_host); connection != nullptr) {
        co_return std::move(connection);
      }
    }
    NoteIfTemporary();
    co_return nullptr;
  }

  void NoteIfTemporary() {
    temporary_ = temporary_ || failure_->kind == DeliveryResult::Kind::kDeferred;
  }

  // A connection to `host` that is ready for a message; null, with failure_ and relay_: none.
  Task<std::unique_ptr<MailConnection>> Reach(const std::string& host) {
    const absl::Duration idle = options_.Interval(OptionId::kConnectionCacheTimeout);
    std::unique_ptr<MailConnection> kept = services_.connections.Take(KeyOf(host), idle);
    if (kept != nullptr) {
      // As sendmail says it: a transaction that came to nothing is ended in the next one.
      DeliveryWatcher* const watcher = services_.watcher;
      const bool reset_late = kept->refused_at_mail;
      if (watcher != nullptr && reset_late) watcher->OnReusing(Part(), host);
      // One that has gone away meanwhile says nothing about the host.
      if ((co_await kept->client().Reset()).ok() && !kept->client().closing()) {
        if (watcher != nullptr && !reset_late) watcher->OnReusing(Part(), host);
        co_return std::move(kept);
      }
      if (watcher != nullptr) services_.watched->Use(KeyOf(host), /*closed=*/true);
      env_.probes().Reached("smtp: a kept connection was gone");
      kept.reset();
    }
    relay_ = host;
    if (const auto tried = tried_.find(host); tried != tried_.end()) {
      failure_ = tried->second;
      co_return nullptr;
    }
    const bool believes = !run_.mailer.Has('W');
    if (believes) failure_ = co_await services_.hosts.FailureOf(site_, host);
    if (believes && failure_.has_value()) {
      failure_->queue_text.clear();  // the M line of the message says it
      co_return nullptr;
    }
    std::unique_ptr<HostStatus::Hold> hold = co_await services_.holders.HoldHost(site_, host);
    if (hold == nullptr) {
      failure_ = HostStatus::HeldBack();
      co_return nullptr;
    }
    std::unique_ptr<MailConnection> connection = co_await Connect(host);
    if (failure_.has_value()) tried_[host] = *failure_;
    // Of hosts that there are not nothing is kept.
    if (failure_.has_value() && failure_->exit_code == kExitNoHost) co_return nullptr;
    std::string reply = failure_.has_value() ? failure_->reply : connection->client().hello().text;
    if (believes) co_await services_.hosts.Note(site_, host, failure_, std::move(reply));
    if (connection != nullptr) connection->hold = std::move(hold);
    co_return std::move(connection);
  }

  Task<std::unique_ptr<MailConnection>> Connect(const std::string& host) {
    if (services_.watcher != nullptr) services_.watcher->OnConnecting(Part(), host);
    RouteAddresses found = co_await AddressesOf(site_, host);
    if (run_.mailer.Has('4')) KeepIpv4(host, found);
    if (found.addresses.empty()) {
      failure_ = std::move(found.failure);
      failure_->remote_mta = host;
      co_return nullptr;
    }
    ConnectOutcome outcome =
        co_await ConnectTo(env_, host, std::move(found.addresses), OptionsOfConnection());
    relay_ = std::move(outcome.relay);
    failure_ = std::move(outcome.failure);
    if (failure_.has_value()) failure_->remote_mta = host;
    if (outcome.connection == nullptr) {
      if (found.failure.has_value()) {
        failure_ = std::move(found.failure);
        failure_->remote_mta = host;
      }
      co_return nullptr;
    }
    if (services_.watcher != nullptr) {
      co_await services_.watched->Enter(run_, KeyOf(host), host, *services_.watcher);
    }
    if (!co_await Greet(*outcome.connection)) {
      if (services_.watcher != nullptr) services_.watched->Use(KeyOf(host), /*closed=*/true);
      co_return nullptr;
    }
    co_return std::move(outcome.connection);
  }

  void KeepIpv4(const std::string& host, RouteAddresses& found) const {
    std::erase_if(found.addresses, [](const IpAddress& address) { return !address.is_v4(); });
    if (!found.addresses.empty() || found.failure.has_value()) return;
    found.failure = Deferred(
        "4.4.1", absl::StrCat(host, ": mailer ", run_.mailer.name, " wants an IPv4 address"));
  }

  ConnectOptions OptionsOfConnection() const {
    ConnectOptions connect;
    connect.port = port_;
    connect.timeout = options_.timeout(TimeoutId::kConnect);
    const absl::Duration first = options_.timeout(TimeoutId::kInitialConnect);
    if (!services_.queue_run && first > absl::ZeroDuration()) connect.timeout = first;
    connect.all_until = all_until_;
    connect.from = SourcesOf(options_);
    const bool lmtp = run_.mailer.Has('z');
    connect.client.lmtp = lmtp;
    connect.client.esmtp = run_.mailer.Has('a');
    connect.client.never_esmtp = run_.mailer.Has('2');
    connect.client.timeouts = TimeoutsOf(options_, lmtp);
    return connect;
  }

  // Whether the server has let us in.
  Task<bool> Greet(MailConnection& connection) {
    SmtpClient& client = connection.client();
    SessionTranscript transcript(connection.host(), services_.watcher);
    client.set_dialogue(&transcript);
    const absl::Status status = co_await client.Greet(helo_name_);
    const bool loops = status.ok() && !run_.mailer.Has('k') && !run_.mailer.Has('z') &&
                       absl::EqualsIgnoreCase(NameIn(client.hello()), own_name_);
    if (loops) {
      failure_ = Loops(connection.host());
    } else if (absl::IsFailedPrecondition(status)) {
      failure_ = ResultOfReply(client.refusal(), {.stage = client.stage()});
    } else if (!status.ok()) {
      failure_ = ConnectionFailure(status, connection.host(), "4.4.2");
    }
    absl::StrAppend(&report_.transcript, transcript.Take());
    if (!failure_.has_value() && run_.mailer.Has('I')) {
      const absl::Status verbose = co_await client.SetVerbose();
      if (!verbose.ok()) failure_ = ConnectionFailure(verbose, connection.host(), "4.4.2");
    }
    if (failure_.has_value() && !client.closing() &&
        (status.ok() || absl::IsFailedPrecondition(status))) {
      (void)co_await client.Quit();
    }
    client.set_dialogue(nullptr);
    co_return !failure_.has_value();
  }

  // A host of the route is this one.
  DeliveryResult Loops(absl::string_view host) {
    const std::string what =
        absl::StrCat(host, " config error: mail loops back to me (MX problem?)");
    absl::StrAppend(&report_.transcript, "553 5.3.5 ", what, "\n");
    env_.log().Write(Severity::kCritical,
                     absl::StrCat(run_.message.envelope().id, ": SYSERR(root): ", OneLine(what)));
    DeliveryResult result = ResultOfExitCode(kExitConfiguration, "", "");
    result.diagnostic = "553 5.3.5 system config error";
    return result;
  }

  // Gives the message to those who are left. Afterwards those are left who may fare better with
  // another host.
  Task<void> Deliver(std::unique_ptr<MailConnection> connection) {
    SmtpClient& client = connection->client();
    SessionTranscript transcript(connection->host(), services_.watcher);
    client.set_dialogue(&transcript);
    run_.macros.SetLiteral(well_known::kServerName, connection->host());
    run_.macros.SetLiteral(well_known::kServerAddr, connection->peer().address.ToString());
    const MailerRun part = Part();
    MailTransaction transaction(part, client, connection->host(), transcript);
    absl::Status status = co_await transaction.Run();
    MailerReport report = transaction.Report();
    if (status.ok() && client.needs_reset() && !client.closing()) status = co_await client.Reset();
    absl::StrAppend(&report_.transcript, transcript.Take());
    report_.message_text = std::move(report.message_text);
    report_.host_failed = !status.ok();
    Take(std::move(report.results), connection->relay());
    client.set_dialogue(services_.watcher);
    ++connection->messages;
    connection->refused_at_mail = client.stage() == ReplyStage::kMail;
    std::optional<DeliveryResult> broken;
    if (!status.ok()) broken = ConnectionFailure(status, connection->host(), "4.4.2");
    co_await services_.hosts.Note(site_, connection->host(), std::move(broken),
                                  transcript.last_reply());
    const bool open = status.ok() && !client.closing();
    if (services_.watcher != nullptr) services_.watched->Use(KeyOf(connection->host()), !open);
    if (open) co_await Leave(std::move(connection));
  }

  MailerRun Part() const {
    MailerRun part = run_;
    part.users.clear();
    part.recipients.clear();
    for (const size_t user : pending_) {
      part.users.push_back(run_.users[user]);
      part.recipients.push_back(run_.recipients[user]);
    }
    return part;
  }

  // As sendmail: who has been put off is tried elsewhere.
  void Take(std::vector<DeliveryResult> results, const std::string& relay) {
    using Kind = DeliveryResult::Kind;
    std::vector<size_t> left;
    for (size_t i = 0; i < pending_.size(); ++i) {
      DeliveryResult& result = results[i];
      result.relay = relay;
      DeliveryResult& before = report_.results[pending_[i]];
      // What mailq shows is what was said first.
      if (before.at_recipient && result.at_recipient) result.queue_text = before.queue_text;
      if (result.kind == Kind::kDeferred) left.push_back(pending_[i]);
      before = std::move(result);
    }
    pending_ = std::move(left);
  }

  // The next message to this host goes over it, too, or it is closed.
  Task<void> Leave(std::unique_ptr<MailConnection> connection) {
    const int limit = run_.mailer.max_messages;
    CacheLimits limits;
    limits.connections = limit > 0 && connection->messages >= limit
                             ? 0
                             : options_.Number(OptionId::kConnectionCacheSize);
    limits.idle = options_.Interval(OptionId::kConnectionCacheTimeout);
    const std::string key = KeyOf(connection->host());
    const bool has_place = services_.watcher != nullptr && WatchedConnections::Keeps(run_);
    if (has_place) {
      limits.always = true;
      // WatchedConnections says who leaves.
      if (limits.connections > 0) limits.connections = std::numeric_limits<size_t>::max();
      limits.idle = absl::InfiniteDuration();
    }
    MailConnections leaving = services_.connections.Keep(key, std::move(connection), limits);
    for (const std::unique_ptr<MailConnection>& last : leaving) {
      if (services_.watcher != nullptr) services_.watched->Use(key, /*closed=*/true);
      (void)co_await last->client().Quit();
    }
  }

  MailerRun& run_;
  const SmtpServices& services_;
  Site& site_;
  Environment& env_;
  const Options& options_;
  const std::string own_name_;
  const std::string helo_name_;
  uint16_t port_ = 25;
  MonotonicTime all_until_ = MonotonicTime::InfiniteFuture();
  std::map<std::string, DeliveryResult> tried_;  // hosts that have failed this message
  bool temporary_ = false;                       // some of them for the moment only
  // Of the host that was tried last.
  std::optional<DeliveryResult> failure_;
  std::string relay_;
  std::vector<size_t> pending_;  // users that are still to be served
  MailerReport report_;
};

}  // namespace

Task<MailerReport> RunSmtpMailer(MailerRun run, SmtpServices services) {
  SmtpRun smtp(run, services);
  co_return co_await smtp.Run();
}

Task<void> QuitAll(MailConnections connections, DeliveryWatcher* watcher) {
  for (const std::unique_ptr<MailConnection>& connection : connections) {
    if (watcher != nullptr) watcher->OnClosing(connection->host());
    connection->client().set_dialogue(watcher);
    (void)co_await connection->client().Quit();
  }
}

}  // namespace stagepost
