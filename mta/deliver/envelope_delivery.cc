#include "mta/deliver/envelope_delivery.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "mta/base/status_macros.h"
#include "mta/base/sysexits.h"
#include "mta/cf/names.h"
#include "mta/deliver/argument_mailer.h"
#include "mta/deliver/file_mailer.h"
#include "mta/deliver/lmtp_mailer.h"
#include "mta/deliver/mailer_program.h"
#include "mta/deliver/message_bytes.h"
#include "mta/deliver/queued_recipient.h"
#include "mta/deliver/reported_recipient.h"
#include "mta/message/envelope_macros.h"
#include "mta/rewrite/address.h"

namespace stagepost {
namespace {

constexpr NameId kHostMacro = OneCharacterName('h');
constexpr NameId kUserMacro = OneCharacterName('u');
constexpr NameId kHomeMacro = OneCharacterName('z');
constexpr NameId kSenderMacro = OneCharacterName('g');

// Quotes and backslashes taken out: flag s.
std::string Unquoted(absl::string_view text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) {
      plain.push_back(text[++i]);
    } else if (text[i] != '"' && text[i] != '\\') {
      plain.push_back(text[i]);
    }
  }
  return plain;
}

// "550 5.1.1 <x@dom1.example>... User unknown" as people are shown it, without the codes.
absl::string_view WithoutCodes(absl::string_view line) {
  if (line.empty() || !absl::ascii_isdigit(line.front())) return line;
  const size_t behind = line.find(' ', std::min<size_t>(line.size(), 4));
  return behind == line.npos ? line : line.substr(behind + 1);
}

std::string WithoutBrackets(absl::string_view address) {
  if (address.size() >= 2 && address.front() == '<' && address.back() == '>') {
    address = address.substr(1, address.size() - 2);
  }
  return std::string(address);
}

}  // namespace

EnvelopeDelivery::EnvelopeDelivery(Site& site, Queue& queue, DeliveryState& state,
                                   QueuedMessage& message, SendList& list,
                                   std::vector<size_t> entries, DeliveryOptions options)
    : site_(site),
      env_(site.env()),
      queue_(queue),
      state_(state),
      message_(message),
      envelope_(message.envelope()),
      list_(list),
      entries_(std::move(entries)),
      options_(std::move(options)),
      macros_(&site.configuration().macros) {
  // sendmail keeps its list in order of hosts, so that one connection serves a host at a time.
  std::vector<std::pair<std::string, size_t>> by_host;
  for (const size_t entry : entries_) {
    by_host.emplace_back(absl::AsciiStrToLower(At(entry).host), entry);
  }
  std::sort(by_host.begin(), by_host.end());
  for (size_t i = 0; i < by_host.size(); ++i) entries_[i] = by_host[i].second;
  sender_address_ = envelope_.sender_bracketed || envelope_.sender.empty()
                        ? absl::StrCat("<", envelope_.sender, ">")
                        : envelope_.sender;
  DefineQueuedMacros(envelope_, site_.configuration(), env_.clock().WallNow(),
                     env_.host().time_zone(), macros_);
}

EnvelopeDelivery::Entries EnvelopeDelivery::Pending() {
  Entries pending;
  std::copy_if(entries_.begin(), entries_.end(), std::back_inserter(pending), [&](size_t entry) {
    return At(entry).state == SendState::kSend && outcomes_.count(entry) == 0 &&
           parked_.count(entry) == 0;
  });
  return pending;
}

Task<absl::Status> EnvelopeDelivery::Run() {
  co_await FindSender();
  CheckHops();
  CheckTime();
  LeaveOutOthers();
  co_await SortByRoute();
  for (const size_t entry : Entries(entries_)) {
    const bool wanted = At(entry).state == SendState::kSend && parked_.count(entry) == 0;
    if (wanted) (void)co_await Check(entry);
  }
  for (const Entries& group : Groups()) {
    const std::string destination = DestinationOf(group.front());
    std::optional<Destinations::Visit> visit;
    if (!destination.empty()) {
      visit = state_.destinations.TryEnter(destination, envelope_.id);
      if (!visit.has_value()) {
        Park(group, destination);
        continue;
      }
    }
    CO_RETURN_IF_ERROR(co_await CheckpointBefore(group.size()));
    const bool host_is_well = co_await RunGroup(group);
    if (!host_is_well && visit.has_value()) visit->HostFailed();
    visit.reset();
    attempted_ = true;
    if ((co_await CurrentContext()).stop_requested()) break;
  }
  co_return co_await Finish();
}

Task<void> EnvelopeDelivery::FindSender() {
  if (envelope_.sender.empty()) co_return;
  const AddressContext context = {site_.engine(), site_.configuration(), macros_};
  const std::optional<ParsedAddress> parsed =
      co_await ParseAddress(context, sender_address_, {.use = {.sender = true}});
  if (!parsed.has_value() || parsed->mailer == nullptr) co_return;
  local_sender_ = parsed->mailer->Has('l');
  const size_t at = envelope_.sender.rfind('@');
  if (parsed->mailer->Has('C') && at != std::string::npos) {
    sender_domain_ = envelope_.sender.substr(at);
  }
  if (!parsed->mailer->Has('w')) co_return;
  const absl::StatusOr<User> user = env_.accounts().FindUser(Unquoted(parsed->user));
  if (!user.ok()) co_return;
  ControllingUser controller;
  controller.address = sender_address_;
  controller.user = user->id;
  controller.group = user->group;
  sender_controller_ = ShownController(controller);
}

Task<std::optional<std::string>> EnvelopeDelivery::SenderFor(const Mailer& mailer) {
  const auto known = senders_.find(mailer.name);
  if (known != senders_.end()) co_return known->second;
  std::string sender;
  if (envelope_.sender.empty() && mailer.Has('g')) {
    sender = ExpandText(site_, macros_, "$n");
  } else {
    const AddressContext context = {site_.engine(), site_.configuration(), macros_};
    RemoteNameOptions options = {.use = {.sender = true}, .canonical = true};
    const std::string given = absl::StrCat("<", envelope_.sender, ">");
    const RemoteName name = co_await NameForMailer(context, given, mailer, options);
    if (name.exit_code != kExitOk) co_return std::nullopt;
    sender = WithoutBrackets(name.text);
  }
  // Programs are told of somebody; LMTP and files are not.
  if (sender.empty() && TakesUsersAsArguments(mailer)) sender = "MAILER-DAEMON";
  senders_[mailer.name] = sender;
  co_return sender;
}

Task<bool> EnvelopeDelivery::RunGroup(Entries group) {
  // As with sendmail, the last recipient comes first.
  std::reverse(group.begin(), group.end());
  const MonotonicTime started = env_.clock().MonotonicNow();
  MailerReport report = co_await RunMailer(group);
  const bool host_is_well = !report.host_failed;
  Note(group, std::move(report), env_.clock().MonotonicNow() - started);
  co_return host_is_well;
}

Task<MailerReport> EnvelopeDelivery::RunMailer(const Entries& group) {
  const SendEntry& first = At(group.back());
  const Mailer& mailer = *first.mailer;
  Macros macros(&macros_);
  MailerRun run = {.site = site_, .message = message_, .macros = macros, .mailer = mailer};
  run.sender_domain = sender_domain_;
  // Reports come from nobody, too.
  run.null_sender = envelope_.sender.empty() || absl::StrContains(envelope_.flags, 'r');
  run.local_sender = local_sender_;
  run.host = mailer.Has('s') ? Unquoted(first.host) : first.host;
  run.controller = first.controller;
  for (const size_t entry : group) {
    std::string user = mailer.Has('s') ? Unquoted(At(entry).user) : At(entry).user;
    // Programs are named with their bar.
    if (absl::EqualsIgnoreCase(mailer.name, "prog") && absl::StartsWith(user, "|"))
      user.erase(0, 1);
    run.users.push_back(std::move(user));
    run.recipients.push_back(RecipientOf(list_, entry, ""));
    if (!At(entry).primary) std::erase(run.recipients.back().flags, 'P');
  }
  std::string home = first.account.has_value() ? first.account->home : "";
  if (home.empty() && first.controller.has_value()) home = first.controller->home;
  const std::optional<std::string> sender = co_await SenderFor(mailer);
  if (!sender.has_value()) co_return ReportForAll(run, Deferred("4.4.3", ""));
  run.sender = *sender;
  macros.SetLiteral(kSenderMacro, run.sender);
  macros.SetLiteral(kHostMacro, run.host);
  macros.SetLiteral(kUserMacro, run.users.back());
  macros.SetLiteral(kHomeMacro, home);
  if (IsNetworkMailer(mailer)) co_return co_await RunSmtpMailer(std::move(run), Services());
  if (mailer.path == kFileMailerPath) co_return co_await RunFileMailer(std::move(run));
  // Arguments stand in the order of the queue.
  const bool arguments = TakesUsersAsArguments(mailer);
  if (!arguments) {
    MailerReport report =
        co_await RunLmtpMailer(std::move(run), state_.programs, state_.watcher, state_.watched);
    // A server at the end of a pipe is a host, too: hoststat knows it by the name of its mailer.
    const bool served = !report.results.empty() && report.results.back().done();
    if (served) co_await Services().hosts.Note(site_, mailer.name, std::nullopt, "");
    co_return report;
  }
  if (mailer.Has('z')) {
    env_.log().Write(Severity::kWarning, absl::StrCat("NOQUEUE: Warning: mailer ", mailer.name,
                                                      ": LMTP flag (F=z) turned off"));
  }
  if (state_.watcher != nullptr) state_.watcher->OnConnecting(run, mailer.name);
  std::reverse(run.users.begin(), run.users.end());
  std::reverse(run.recipients.begin(), run.recipients.end());
  co_return co_await RunArgumentMailer(std::move(run));
}

SmtpServices EnvelopeDelivery::Services() {
  return {.hosts = options_.hosts == nullptr ? state_.hosts : *options_.hosts,
          .holders = state_.hosts,
          .connections = state_.connections,
          .watcher = state_.watcher,
          .watched = &state_.watched,
          .queue_run = options_.queue_run};
}

void EnvelopeDelivery::Record(size_t entry, DeliveryResult result, std::string relay) {
  const std::string address = WithoutBrackets(At(entry).address);
  using Kind = DeliveryResult::Kind;
  EventKind event = EventKind::kRecipientDeferred;
  if (result.kind == Kind::kSent) event = EventKind::kRecipientDelivered;
  if (result.kind == Kind::kDiscarded) event = EventKind::kRecipientDiscarded;
  env_.trace().Record({event, envelope_.id, address});
  if (result.done()) At(entry).state = SendState::kDone;
  if (result.kind == Kind::kSent) ++since_checkpoint_;
  // sendmail's choice of what mailq shows: the last error for good, else the first one.
  if (result.kind == Kind::kFailed || (result.kind == Kind::kDeferred && message_text_.empty())) {
    message_text_ = result.stat;
  }
  outcomes_[entry] = {std::move(result), std::move(relay), false};
}

void EnvelopeDelivery::Note(const Entries& group, MailerReport report, absl::Duration xdelay) {
  if (!report.message_text.empty()) message_text_ = report.message_text;
  AddToTranscript(report.transcript);
  for (const EarlierOutcome& earlier : report.earlier) {
    if (message_text_.empty()) message_text_ = earlier.result.stat;
    Log({group[earlier.user]}, {earlier.result, earlier.result.relay}, xdelay);
  }
  std::vector<Entries> alike;
  Entries sent;
  for (size_t i = 0; i < group.size(); ++i) {
    const size_t entry = group[i];
    std::string relay = report.results[i].relay.empty() ? report.relay : report.results[i].relay;
    Record(entry, std::move(report.results[i]), std::move(relay));
    const Outcome& outcome = outcomes_[entry];
    if (outcome.result.kind == DeliveryResult::Kind::kSent) {
      sent.push_back(entry);
    } else if (outcome.result.alone) {
      Log({entry}, outcome, xdelay);
    } else if (!alike.empty() && FaresAlike(outcome, outcomes_[alike.back().back()])) {
      alike.back().push_back(entry);
    } else {
      alike.push_back({entry});
    }
  }
  if (!sent.empty()) alike.push_back(std::move(sent));
  for (const Entries& entries : alike) {
    const Outcome& outcome = outcomes_[entries.back()];
    Log(entries, outcome, xdelay);
    Tell(entries, outcome.result);
    if (outcome.result.kind != DeliveryResult::Kind::kSent) continue;
    for (const size_t entry : entries) TellOfReceipt(entry);
  }
  if (!report.in_vain.has_value()) return;
  Entries others;
  for (const size_t user : report.in_vain->users) others.push_back(group[user]);
  Log(others, {report.in_vain->result, report.in_vain->relay}, xdelay);
  Tell(others, report.in_vain->result);
}

// Who has asked for a receipt gets one, or somebody further on will see to it.
void EnvelopeDelivery::TellOfReceipt(size_t entry) {
  using Action = NotifiedRecipient::Action;
  const SendEntry& sent = At(entry);
  const std::optional<Action> receipt =
      ReceiptFor(envelope_, RecipientOf(list_, entry, ""), *sent.mailer, sent.primary,
                 outcomes_[entry].result);
  if (!receipt.has_value()) return;
  absl::string_view what = "Successfully delivered";
  if (*receipt == Action::kRelayed) what = "relayed; expect no further notifications";
  if (*receipt == Action::kNotifyRelayed) what = "Deliver-by notify: relayed";
  if (*receipt == Action::kTraceRelayed) what = "Deliver-By trace: relayed";
  AddToTranscript(absl::StrCat(sent.address, "... ", what, "\n"));
}

bool EnvelopeDelivery::FaresAlike(const Outcome& a, const Outcome& b) {
  return a.result.kind == b.result.kind && a.result.dsn == b.result.dsn &&
         a.result.stat == b.result.stat && a.result.reply == b.result.reply && a.relay == b.relay;
}

// For the transcript of a report, and for who looks on.
void EnvelopeDelivery::Tell(const Entries& entries, const DeliveryResult& result) {
  std::vector<std::string> shown;
  for (const size_t entry : entries) shown.push_back(At(entry).address);
  const std::string line = OutcomeLine(result, absl::StrJoin(shown, ","));
  if (!result.done()) AddToTranscript(absl::StrCat(line, "\n"));
  if (state_.watcher == nullptr) return;
  state_.watcher->OnRemark(WithoutCodes(line));
  if (result.kind == DeliveryResult::Kind::kFailed) state_.watcher->OnFailed(result.exit_code);
}

void EnvelopeDelivery::AddToTranscript(absl::string_view text) {
  const size_t room = kMaxTranscript - std::min(kMaxTranscript, transcript_.size());
  transcript_.append(text.data(), std::min(text.size(), room));
}

}  // namespace stagepost
