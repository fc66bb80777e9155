// What is known of hosts that mail has gone to, or could not: a host that was down is not asked
// again by the same run over the queue, nor, with HostStatusDirectory, by anybody within
// Timeout.hoststatus. Operations Guide, 5.6 (HostStatusDirectory, SingleThreadDelivery), 2.4.
//
// In memory for one process; with HostStatusDirectory also in a file for each host, which hoststat
// prints and purgestat removes. Nothing here is durable, and what goes wrong with a file costs only
// that knowledge.
#ifndef STAGEPOST_MTA_DELIVER_HOST_STATUS_H_
#define STAGEPOST_MTA_DELIVER_HOST_STATUS_H_

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mta/async/task.h"
#include "mta/deliver/delivery_result.h"
#include "mta/deliver/host_record.h"
#include "mta/env/environment.h"
#include "mta/site/site.h"

namespace stagepost {

// Hosts that one table remembers; what was noted first is forgotten first.
inline constexpr size_t kMaxKnownHosts = 10'000;

// HostStatusDirectory, absolute: in the queue directory, unless it is so anyway; "" for none.
std::string HostStatusDirectory(const Options& options);

class HostStatus {
 public:
  // Hosts that are held, with their locked files: null where there is none.
  using Held = std::map<std::string, std::shared_ptr<File>>;

  // A host that is ours as long as this lives, as SingleThreadDelivery has it. It may outlive the
  // table: a connection is kept longer than the run over the queue that has made it.
  class Hold {
   public:
    Hold(std::shared_ptr<Held> held, std::string host)
        : held_(std::move(held)), host_(std::move(host)) {}
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;
    ~Hold() { held_->erase(host_); }

   private:
    const std::shared_ptr<Held> held_;
    const std::string host_;
  };

  // `in_memory`: whether failures count within this process: in a run over the queue.
  HostStatus(Environment& env, bool in_memory) : env_(env), in_memory_(in_memory) {}
  HostStatus(const HostStatus&) = delete;
  HostStatus& operator=(const HostStatus&) = delete;

  // Why `host` ("mail.corp.example.", "[192.0.2.1]") need not be tried now; nullopt: try it.
  Task<std::optional<DeliveryResult>> FailureOf(Site& site, std::string host);

  // What a connection to it has come to: `failure` of connecting or greeting, nullopt if that went
  // well. `reply` is the server's last one, if there was any: "250 2.0.0 accepted".
  Task<void> Note(Site& site, std::string host, std::optional<DeliveryResult> failure,
                  std::string reply);

  // Makes the host ours before a connection to it. With SingleThreadDelivery null means that
  // another connection goes there, in this process or another, whose mail has to wait: HeldBack().
  // Without that option nobody is in the way.
  Task<std::unique_ptr<Hold>> HoldHost(Site& site, std::string host);
  static DeliveryResult HeldBack() { return Deferred("4.0.0", ""); }

 private:
  Task<std::optional<HostRecord>> Find(const Options& options, absl::string_view host);
  Task<std::optional<HostRecord>> Read(std::string path);
  Task<void> Write(std::string directory, std::string path, const HostRecord& record);
  Task<std::shared_ptr<File>> OpenForWriting(std::string directory, std::string path);
  void Remember(const std::string& host, HostRecord record);

  Environment& env_;
  const bool in_memory_;
  std::map<std::string, HostRecord> failures_;              // by host, in lower case
  std::deque<std::pair<absl::Time, std::string>> by_time_;  // of failures_, and of some that went
  const std::shared_ptr<Held> held_ = std::make_shared<Held>();
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DELIVER_HOST_STATUS_H_
