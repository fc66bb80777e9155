#include "mta/deliver/delivery_job.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "mta/base/status_macros.h"
#include "mta/base/sysexits.h"
#include "mta/bounce/notification.h"
#include "mta/deliver/delivery_result.h"
#include "mta/deliver/envelope_delivery.h"
#include "mta/deliver/mailer_run.h"
#include "mta/deliver/message_bytes.h"
#include "mta/deliver/queued_recipient.h"
#include "mta/expand/expander.h"
#include "mta/expand/expansion_note.h"
#include "mta/message/complete_header.h"
#include "mta/message/envelope_macros.h"
#include "mta/queue/queue_file.h"

namespace stagepost {
namespace {

static_assert(kMaxSendEntries <= kMaxQueuedRecipients, "what may be expanded can be queued");

class Job final : public ExpansionObserver {
 public:
  Job(Site& site, Queue& queue, DeliveryState& state, QueuedMessage& message,
      DeliveryOptions options, JobEnd& end)
      : site_(site),
        queue_(queue),
        state_(state),
        message_(message),
        envelope_(message.envelope()),
        queued_priority_(envelope_.priority),
        options_(std::move(options)),
        end_(end) {}

  Task<absl::Status> Run() {
    co_await Expand();
    const int64_t of_expansion = SetPriority();
    CO_RETURN_IF_ERROR(co_await Divide());
    for (Part& part : parts_) {
      EnvelopeDelivery delivery(site_, queue_, state_, *part.message, list_, part.entries,
                                options_);
      delivery.NoteExpansion(of_expansion, said_);
      if (part.split == nullptr) delivery.NoteLists(lists_);
      const absl::Status status = co_await delivery.Run();
      // As with sendmail, one transcript is behind all reports.
      AddToTranscript(delivery.transcript());
      const std::vector<std::string>& told = delivery.notifications();
      end_.notifications.insert(end_.notifications.end(), told.begin(), told.end());
      if (!delivery.parked_at().empty()) {
        end_.parked.push_back({part.message->envelope().id, delivery.parked_at()});
      }
      CO_RETURN_IF_ERROR(status);
      if (parts_.size() == 1 && delivery.is_untouched()) LeaveAsItWas();
      part.split.reset();
    }
    co_return absl::OkStatus();
  }

 private:
  // Entries that travel under one sender, and their message.
  struct Part {
    QueuedMessage* message = nullptr;
    std::unique_ptr<QueuedMessage> split;
    std::vector<size_t> entries;
  };

  // What rules, aliases and files have to say belongs into the transcript, whoever fails.
  void Note(const ExpansionNote& note) override {
    if (state_.watcher != nullptr) state_.watcher->OnRemark(note.Line());
    if (note.code.empty()) return;
    const std::string enhanced =
        note.enhanced.empty() ? absl::StrCat(note.code.substr(0, 1), ".0.0") : note.enhanced;
    ForTranscript(absl::StrCat(note.code, " ", enhanced, " ", note.Line()));
  }

  void ForTranscript(absl::string_view line) override {
    AddToTranscript(absl::StrCat(OneLine(line), "\n"));
  }

  void AddToTranscript(absl::string_view lines) {
    if (said_.size() < kMaxTranscript) said_.append(lines.data(), lines.size());
  }

  Task<void> Expand() {
    Environment& env = site_.env();
    Macros macros(&site_.configuration().macros);
    DefineQueuedMacros(envelope_, site_.configuration(), env.clock().WallNow(),
                       env.host().time_zone(), macros);
    ExpandOptions options;
    options.id = envelope_.id;
    options.observer = this;
    Expander expander(site_, macros, options);
    for (const Recipient& recipient : envelope_.recipients) {
      const size_t entry = co_await expander.AddEntry(list_, EntryOf(recipient, env.accounts()));
      const Mailer* const mailer = list_.entries[entry].mailer;
      if (mailer != nullptr && mailer->Has('A')) aliases_asked_ = true;
    }
    TraceExpansion();
  }

  // As events name recipients.
  std::string NameOf(size_t entry) const {
    absl::string_view name = list_.entries[entry].address;
    if (absl::ConsumePrefix(&name, "<")) absl::ConsumeSuffix(&name, ">");
    return std::string(name);
  }

  // What becomes of whom, for those who watch that nobody is lost.
  void TraceExpansion() {
    Trace& trace = site_.env().trace();
    for (size_t i = 0; i < list_.entries.size(); ++i) {
      const SendEntry& entry = list_.entries[i];
      const std::string address = NameOf(i);
      if (entry.parent != kNoEntry) {
        trace.Record({EventKind::kRecipientExpanded, envelope_.id,
                      absl::StrCat(NameOf(entry.parent), "\n", address)});
      }
      if (entry.mailer != nullptr && entry.state != SendState::kExpanded) {
        trace.Record({EventKind::kRecipientResolved, envelope_.id,
                      absl::StrCat(address, "\n", entry.mailer->name, "\n", entry.user)});
      }
    }
    for (const auto& [above, member] : list_.merged) {
      if (above == member) continue;
      trace.Record({EventKind::kRecipientExpanded, envelope_.id,
                    absl::StrCat(NameOf(above), "\n", NameOf(member))});
    }
  }

  // Those that something is to become of.
  static bool Counts(const SendEntry& entry) {
    return entry.state != SendState::kExpanded && entry.state != SendState::kDuplicate &&
           entry.state != SendState::kVerified;
  }

  // Sets the priority and the size of what goes out now, and gives the priority of expansion's log
  // lines. sendmail counts a message whose aliases it has looked up as if it were read from the
  // queue; the size that it had when it came is in its first priority.
  int64_t SetPriority() {
    const Options& options = site_.configuration().options;
    const int64_t all = MessageBytes(envelope_);
    const int64_t retry = options.Number(OptionId::kRetryFactor);
    const int64_t raised = envelope_.priority + retry;
    SetBytes(all);
    if (options_.queue_run) {
      envelope_.priority = raised;
    } else if (aliases_asked_) {
      const auto recipients = std::count_if(list_.entries.begin(), list_.entries.end(), Counts);
      envelope_.priority = all - envelope_.message_class * options.Number(OptionId::kClassFactor) +
                           recipients * options.Number(OptionId::kRecipientFactor);
    }
    return raised;
  }

  // As the queue has it, so that a later turn counts from the same.
  void LeaveAsItWas() {
    envelope_.priority = queued_priority_;
    envelope_.message_bytes.reset();
    end_.is_untouched = true;
  }

  // `all`: the message as it is in the queue.
  void SetBytes(int64_t all) {
    envelope_.message_bytes = all;
    if (options_.queue_run || aliases_asked_ || envelope_.attempts > 0) return;
    const Options& options = site_.configuration().options;
    const int64_t of_class = ImportanceOf(site_.configuration(), envelope_.header).message_class *
                             options.Number(OptionId::kClassFactor);
    const int64_t of_recipients = static_cast<int64_t>(envelope_.recipients.size()) *
                                  options.Number(OptionId::kRecipientFactor);
    const int64_t received = envelope_.priority + of_class - of_recipients;
    if (received >= 0 && received < all) envelope_.message_bytes = received;
  }

  // More than the lines of an entry in a qf file take, but for its M line.
  size_t MostBytesOf(const SendEntry& entry) const {
    constexpr size_t kLettersAndNumbers = 64;
    size_t bytes = kLettersAndNumbers + entry.address.size() + entry.flags.size() +
                   entry.original_recipient.size() + entry.final_recipient.size();
    if (entry.controller.has_value()) {
      bytes += entry.controller->name.size() + entry.controller->address.size();
    }
    if (entry.account.has_value()) bytes += entry.account->name.size();
    if (entry.parent != kNoEntry) bytes += list_.entries[entry.parent].user.size();
    return bytes;
  }

  bool HasRoomForAll() const {
    size_t room = kMaxQueueFileBytes - kMaxNewQueueFileBytes - kQueueFileReserve;
    if (list_.entries.size() > kMaxQueuedRecipients) return false;
    for (const SendEntry& entry : list_.entries) {
      const size_t bytes = MostBytesOf(entry);
      if (bytes > room) return false;
      room -= bytes;
    }
    return true;
  }

  bool HasRoomFor(const std::vector<size_t>& entries) const {
    Envelope written = envelope_;
    written.recipients = RecipientsOf(entries);
    return !absl::IsResourceExhausted(
        FormatQueueFile(written, kMaxQueueFileBytes - kQueueFileReserve).status());
  }

  // An envelope that the queue could not keep would be delivered to the same recipients again and
  // again. Nobody gets it: what was expanded fails, in place of its members.
  void RefuseWhatHasNoRoom(std::map<std::string, std::vector<size_t>>& owned,
                           std::vector<size_t>& rest) {
    if (HasRoomForAll()) return;
    std::set<size_t> refused;
    std::erase_if(owned, [&](const auto& part) {
      if (HasRoomFor(part.second)) return false;
      Refuse(part.second, refused);
      return true;
    });
    if (!HasRoomFor(rest)) {
      Refuse(rest, refused);
      rest.clear();
    }
    for (const size_t entry : refused) FailForSize(list_.entries[entry]);
    rest.insert(rest.end(), refused.begin(), refused.end());
    std::sort(rest.begin(), rest.end());
  }

  void FailForSize(SendEntry& entry) {
    if (entry.state == SendState::kBad) return;
    ExpansionNote note;
    note.code = "552";
    note.enhanced = "5.5.3";
    note.address = entry.address;
    note.names_address = true;
    note.text = "too many addresses to be queued";
    Note(note);
    entry.state = SendState::kBad;
    entry.status = note.enhanced;
    entry.text = absl::StrCat(note.code, " ", note.enhanced, " ", note.text);
    entry.exit_code = kExitUnavailable;
  }

  // Adds to `refused` whom a report is to name: those that the envelope has had, unless they get
  // the message themselves.
  void Refuse(const std::vector<size_t>& entries, std::set<size_t>& refused) {
    std::set<size_t> above;
    for (const size_t entry : entries) {
      size_t named = entry;
      for (size_t at = list_.entries[entry].parent; at != kNoEntry; at = list_.entries[at].parent) {
        above.insert(at);
        if (!Counts(list_.entries[at])) named = at;
      }
      refused.insert(named);
    }
    std::erase_if(lists_, [&](size_t list) { return above.count(list) != 0; });
  }

  // Gives each sender that an owner- alias has named a message of its own.
  Task<absl::Status> Divide() {
    std::map<std::string, std::vector<size_t>> owned;
    std::vector<size_t> rest;
    for (size_t i = 0; i < list_.entries.size(); ++i) {
      if (list_.entries[i].owner.has_value()) lists_.push_back(i);
      if (!Counts(list_.entries[i])) continue;
      const std::string* const owner = SenderFor(list_, i);
      if (owner == nullptr || *owner == envelope_.sender) {
        rest.push_back(i);
      } else {
        owned[*owner].push_back(i);
      }
    }
    RefuseWhatHasNoRoom(owned, rest);
    if (!Tells(rest)) lists_.clear();
    parts_.push_back({&message_, nullptr, std::move(rest)});
    if (owned.empty()) co_return absl::OkStatus();
    // Should one of these calls fail, the message is tried again as it came, and whoever has been
    // given a message of their own gets it twice: better than under another sender.
    for (auto& [owner, entries] : owned) {
      CO_RETURN_IF_ERROR(co_await SplitOff(owner, std::move(entries)));
    }
    if (parts_.front().entries.empty()) co_return absl::OkStatus();
    envelope_.recipients = RecipientsOf(parts_.front().entries);
    co_return co_await message_.Update();
  }

  // sendmail says nothing of lists with owners where others without one have members of their own.
  bool Tells(const std::vector<size_t>& rest) const {
    return std::all_of(rest.begin(), rest.end(), [this](size_t entry) {
      return list_.entries[entry].primary || list_.entries[entry].state != SendState::kSend;
    });
  }

  // The owner hears of what fails or waits, whatever was asked for by whoever has written to the
  // list (RFC 3461, 5.2.7.3).
  void BelongToOwner(SendEntry& entry) {
    std::string flags = "PFD";
    for (const char flag : entry.flags) {
      if (!absl::StrContains("PFDNS", flag)) flags.push_back(flag);
    }
    entry.flags = std::move(flags);
  }

  std::vector<Recipient> RecipientsOf(const std::vector<size_t>& entries) const {
    std::vector<Recipient> recipients;
    for (const size_t entry : entries) recipients.push_back(RecipientOf(list_, entry, ""));
    return recipients;
  }

  Task<absl::Status> SplitOff(const std::string& owner, std::vector<size_t> entries) {
    Envelope part = envelope_;
    part.sender_bracketed = owner.size() >= 2 && owner.front() == '<' && owner.back() == '>';
    part.sender = part.sender_bracketed ? owner.substr(1, owner.size() - 2) : owner;
    std::erase(part.flags, 'd');
    for (const size_t entry : entries) BelongToOwner(list_.entries[entry]);
    part.recipients = RecipientsOf(entries);
    CO_ASSIGN_OR_RETURN(std::unique_ptr<QueuedMessage> split,
                        co_await message_.Split(std::move(part)));
    split->envelope().priority = envelope_.priority;
    site_.env().trace().Record({EventKind::kEnvelopeSplit, envelope_.id, split->envelope().id});
    site_.env().log().Write(Severity::kInfo, absl::StrCat(envelope_.id, ": ", split->envelope().id,
                                                          ": clone: owner=", owner));
    Part added;
    added.message = split.get();
    added.split = std::move(split);
    added.entries = std::move(entries);
    parts_.push_back(std::move(added));
    co_return absl::OkStatus();
  }

  Site& site_;
  Queue& queue_;
  DeliveryState& state_;
  QueuedMessage& message_;
  Envelope& envelope_;
  const int64_t queued_priority_;
  const DeliveryOptions options_;
  SendList list_;
  std::string said_;           // lines
  std::vector<size_t> lists_;  // entries that have become those of an owner
  bool aliases_asked_ = false;
  std::vector<Part> parts_;
  JobEnd& end_;
};

}  // namespace

Task<absl::Status> RunDeliveryJob(Site& site, Queue& queue, DeliveryState& state,
                                  QueuedMessage& message, DeliveryOptions options, JobEnd& end) {
  const Envelope& envelope = message.envelope();
  const auto relay = envelope.macros.find("_");
  // A later attempt does not know who the client was. A report comes from whom it is about.
  if (options.received_from.empty() && envelope.attempts == 0 && relay != envelope.macros.end() &&
      relay->second != "localhost") {
    options.received_from = HostOfRelay(relay->second);
  }
  end.received_from = options.received_from;
  Job job(site, queue, state, message, std::move(options), end);
  co_return co_await job.Run();
}

}  // namespace stagepost
