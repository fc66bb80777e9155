// The events of one run, in order: their hash, those who watch them, and, on demand, the events.
//
//   TraceLog log(TraceLog::Keep::kReadable);
//   const uint32_t mx = log.AddHost("mx");
//   log.Record(now_ns, mx, pid, {EventKind::kLogLine, "sendmail[12]", "alias database rebuilt"});
//   log.hash().ToString();
//   RenderTrace(log);             // sim/trace/render.h
//
// The hash is over a fixed-width encoding of our own: kind, virtual time, host, process, numbers,
// length-prefixed text. Never floats, addresses, protobuf bytes. It does not depend on what is kept
// or who watches. Two runs are the same if their hashes are; where they part shows in the
// checkpoints.
//
// Owned by the world of one run. Single-threaded. Record() without keeping and observers costs some
// tens of nanoseconds for a small event.
#ifndef STAGEPOST_SIM_TRACE_TRACE_H_
#define STAGEPOST_SIM_TRACE_TRACE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "mta/env/trace.h"
#include "sim/trace/hash128.h"

namespace stagepost {

struct TraceEvent {
  uint64_t index = 0;    // of all events of the run, from 0
  int64_t time_ns = 0;   // virtual time since the world began
  uint32_t host = 0;     // as AddHost() gave it; TraceLog::kWorld: of no host
  uint32_t process = 0;  // process id on that host; 0: none
  Event event;           // its text lives as long as the log if kept, else during OnEvent() only
};

// Somebody who watches: an expectation, an invariant, the trigger of a fault.
class TraceObserver {
 public:
  virtual ~TraceObserver() = default;
  // May record further events, which come after this one, and add or remove observers.
  virtual void OnEvent(const TraceEvent& event) = 0;
};

class TraceLog {
 public:
  enum class Keep : uint8_t {
    kNothing,     // only the hash
    kReadable,    // what changes the state that a person looks at: see IsReadable()
    kEverything,  // also bytes on the wire, reads, every scheduling decision
  };

  // The host of events that belong to none.
  static constexpr uint32_t kWorld = 0xffffffff;
  // Events between two checkpoints.
  static constexpr uint64_t kCheckpointInterval = 1024;

  explicit TraceLog(Keep keep = Keep::kNothing) : keep_(keep) {}
  TraceLog(const TraceLog&) = delete;
  TraceLog& operator=(const TraceLog&) = delete;

  // Gives the index of a new host: 0, 1, ...
  uint32_t AddHost(absl::string_view name);
  // "-" for kWorld, "host-N" for an index that AddHost() has not given.
  std::string HostName(uint32_t host) const;

  void Record(int64_t time_ns, uint32_t host, uint32_t process, const Event& event);

  // Events recorded so far.
  uint64_t size() const { return size_; }
  Hash128 hash() const { return hasher_.Finish(); }
  // [i] is the hash after (i + 1) * kCheckpointInterval events.
  const std::vector<Hash128>& checkpoints() const { return checkpoints_; }

  // What was kept, in order.
  const std::vector<TraceEvent>& kept() const { return kept_; }
  Keep keep() const { return keep_; }

  // Not owned; each is called in order of addition, after the event was hashed and kept.
  void AddObserver(TraceObserver* observer) { observers_.push_back(observer); }
  void RemoveObserver(TraceObserver* observer);

  // The event of the readable trace: connections, SMTP commands and replies, envelopes and their
  // recipients, processes, changes of files (failed calls too, unless the file was simply not
  // there), log lines, output, DNS, crashes, faults, steps.
  static bool IsReadable(const Event& event);

 private:
  // A copy that lives as long as the log.
  absl::string_view Store(absl::string_view text);
  void Notify(const TraceEvent& event);

  Keep keep_;
  std::vector<std::string> hosts_;
  uint64_t size_ = 0;
  Hasher128 hasher_;
  std::vector<Hash128> checkpoints_;

  std::vector<TraceEvent> kept_;
  std::vector<std::unique_ptr<char[]>> blocks_;  // text of kept events
  char* block_next_ = nullptr;
  size_t block_left_ = 0;

  std::vector<TraceObserver*> observers_;  // null: removed while observers were being called
  int notifying_ = 0;                      // depth of Notify()
};

// The events [first, second) in which two runs first differ: one checkpoint interval, or the rest
// of the shorter run. nullopt: their hashes and lengths are equal.
struct EventRange {
  uint64_t first = 0;
  uint64_t last = 0;  // exclusive
};
std::optional<EventRange> FirstDifference(const TraceLog& a, const TraceLog& b);

}  // namespace stagepost

#endif  // STAGEPOST_SIM_TRACE_TRACE_H_
