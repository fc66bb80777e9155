// Which connections the programs under test made to elsewhere: what an open relay would show.
#ifndef STAGEPOST_CONFORMANCE_SMTP_RECORDED_CONNECTIONS_H_
#define STAGEPOST_CONFORMANCE_SMTP_RECORDED_CONNECTIONS_H_

#include <set>
#include <string>
#include <vector>

#include "sim/trace/trace.h"

namespace stagepost {

// Watches a world from its beginning to its end. Attempts that nobody answered, not even by a
// refusal, are not seen: addresses of the recordings' world all answer.
class RecordedConnections final : public TraceObserver {
 public:
  explicit RecordedConnections(TraceLog& trace) : trace_(trace) { trace_.AddObserver(this); }
  ~RecordedConnections() override { trace_.RemoveObserver(this); }
  RecordedConnections(const RecordedConnections&) = delete;
  RecordedConnections& operator=(const RecordedConnections&) = delete;

  // What this process does is the recordings' own.
  void Leave(uint32_t process) { own_.insert(process); }
  // "ADDRESS:PORT" of each attempt, in order.
  const std::vector<std::string>& made() const { return made_; }

  void OnEvent(const TraceEvent& event) override;

 private:
  TraceLog& trace_;
  std::set<uint32_t> own_;
  std::vector<std::string> made_;
};

}  // namespace stagepost

#endif  // STAGEPOST_CONFORMANCE_SMTP_RECORDED_CONNECTIONS_H_
