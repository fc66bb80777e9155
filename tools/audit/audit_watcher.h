// Watches the trace of an audit's world for what the probes come to.
#ifndef STAGEPOST_TOOLS_AUDIT_AUDIT_WATCHER_H_
#define STAGEPOST_TOOLS_AUDIT_AUDIT_WATCHER_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "sim/trace/trace.h"
#include "tools/audit/decision.h"

namespace stagepost {

class AuditWatcher final : public TraceObserver {
 public:
  // Watches what happens on this host; both outlive this.
  AuditWatcher(TraceLog& trace, uint32_t host);
  ~AuditWatcher() override;
  AuditWatcher(const AuditWatcher&) = delete;

  // What this process of the host does is the audit's own.
  void Leave(uint32_t process) { own_.insert(process); }

  // Forgets the steps so far; what comes now belongs to the next command.
  void Begin() { steps_.clear(); }
  const std::vector<RuleStep>& steps() const { return steps_; }

  // "MAILER\nUSER" of a message and those that were split off.
  std::vector<std::string> ResolvedOf(const std::string& queue_id) const;
  // Messages that something is still to become of, as far as is known now.
  bool HasOpen() const { return !open_.empty(); }
  // Connections, or attempts, to other hosts so far; those that ask who a client is left out.
  int connections() const { return connections_; }

 private:
  void OnEvent(const TraceEvent& event) override;

  TraceLog& trace_;
  const uint32_t host_;
  std::set<uint32_t> own_;
  std::vector<RuleStep> steps_;
  std::map<std::string, std::vector<std::string>> resolved_;
  std::map<std::string, std::string> split_from_;
  std::set<std::string> open_;
  int connections_ = 0;
};

}  // namespace stagepost

#endif  // STAGEPOST_TOOLS_AUDIT_AUDIT_WATCHER_H_
