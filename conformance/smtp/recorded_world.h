// Plays one recorded scenario (conformance/oracle/smtp/README.md) in the simulated world of the
// recordings, and says what happened in the recordings' form.
#ifndef STAGEPOST_CONFORMANCE_SMTP_RECORDED_WORLD_H_
#define STAGEPOST_CONFORMANCE_SMTP_RECORDED_WORLD_H_

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "conformance/rewrite/oracle_world.h"
#include "conformance/smtp/json_text.h"
#include "conformance/smtp/recorded_client.h"
#include "conformance/smtp/recorded_connections.h"
#include "conformance/smtp/recorded_next_hop.h"

namespace stagepost {

// What all scenarios have in common.
struct RecordedSurroundings {
  std::string zone;                            // conformance/oracle/common/zone.json
  std::string hosts;                           // /etc/hosts
  std::map<std::string, std::string> library;  // the m4 library's files, by their relative names
};

class RecordedWorld {
 public:
  // Both outlive this.
  RecordedWorld(const RecordedSurroundings& surroundings, const JsonObject& scenario)
      : surroundings_(surroundings), scenario_(scenario) {}

  // The transcript: "steps", "after", "syslog"; "connections", those made by the programs under
  // test; "seconds", how long it took. kUnimplemented: the scenario needs what this world does not
  // have (a fuller shell, TLS), and says what.
  absl::StatusOr<JsonObject> Play();

 private:
  struct Exit {
    std::string output, error;
    std::optional<ExitStatus> status;
  };
  // One command to its end, or for so long.
  Exit& Execute(Arguments arguments, const Identity& identity, std::string input,
                absl::Duration limit);

  absl::Status Prepare();
  absl::Status MakeConfiguration(const std::string& name);
  absl::Status MakeMaps();
  absl::Status Shell(const std::string& command);
  absl::Status Step(const JsonObject& step);
  void StartDaemon(const JsonObject& step);
  void StopDaemon();
  void Kill(const JsonObject& step);
  absl::Status StartNextHop(const JsonObject& step);
  void RunCommand(const JsonObject& step);
  RecordedDialogue& Connect(const JsonObject& step);
  // recorded_changes.h; and "after": SECONDS, later, and "zone": names of the name service, as in
  // zone.json.
  absl::Status Change(JsonObject step);
  void Crash();
  void Parallel(const JsonObject& step);
  void Record(JsonObject step);
  // Lets time pass until nothing happens any more.
  void Settle();
  JsonObject State();
  JsonObject Capture(const std::string& path);
  JsonObject Tree(const std::string& directory);
  Identity IdentityOf(const std::string& user);

  const RecordedSurroundings& surroundings_;
  const JsonObject& scenario_;
  OracleWorld oracle_;
  RecordedConnections connections_{oracle_.world().core().trace};
  std::deque<Exit> exits_;
  std::deque<RecordedDialogue> dialogues_;
  std::deque<RecordedNextHop> next_hops_;
  Exit* daemon_ = nullptr;
  uint32_t daemon_pid_ = 0;
  google::protobuf::ListValue steps_;
};

}  // namespace stagepost

#endif  // STAGEPOST_CONFORMANCE_SMTP_RECORDED_WORLD_H_
