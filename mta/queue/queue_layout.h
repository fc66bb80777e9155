// How a site keeps its queue: directories, groups of them, and the rules of what waits there.
//
// A queue group is one directory or several that are used in turn; each recipient belongs to one
// group. The first group is "mqueue", the default one. Operations Guide, 2.3.1 and 5.10.
#ifndef STAGEPOST_MTA_QUEUE_QUEUE_LAYOUT_H_
#define STAGEPOST_MTA_QUEUE_QUEUE_LAYOUT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "mta/cf/configuration.h"
#include "mta/env/file_system.h"

namespace stagepost {

inline constexpr absl::string_view kDefaultQueueGroup = "mqueue";

// When a message is on stable storage. Operations Guide, SuperSafe.
enum class SuperSafe : uint8_t {
  kTrue,         // before it is accepted
  kInteractive,  // the same, but for those that DeliveryMode=i delivers before they are accepted
  kPostMilter,   // once the filters have accepted it, and before we do
  kFalse,        // some time later: a crash may lose what was accepted
};

enum class QueueSortOrder : uint8_t {
  kPriority,
  kHost,          // of the first recipient, its labels from the right; then by priority
  kFileName,      // which is by creation, nearly
  kModification,  // of the control file, oldest first
  kRandom,
  kTime,  // of creation
  kNone,  // as the directory has them
};

struct QueueGroupLayout {
  std::string name;
  std::string path;       // absolute; with `wildcard` the beginning of the names of directories
  bool wildcard = false;  // "q*"
  int runners = 1;        // R=, at a time; 0: only when asked for by -qG
  // Whether R= or MaxRunnersPerQueue says so. If not, nothing but the deliveries of the whole
  // process is limited: where sendmail needs a process for each, we do not.
  bool runners_given = false;
  bool parallel = false;                           // F=f
  absl::Duration interval = absl::ZeroDuration();  // I=, between runs; zero: that of -q
  int max_jobs = 0;                                // J=, in one run; 0: no limit
  int max_recipients = 0;                          // r=, of one envelope; 0: no limit
  int nice = 0;                                    // N=
};

struct QueueLayout {
  std::string base = "/var/spool/mqueue/";  // working directory of the process; ends with a slash
  std::vector<QueueGroupLayout> groups = {{std::string(kDefaultQueueGroup), "/var/spool/mqueue"}};

  bool submission = false;            // UseMSP: the queue's group may write its files
  std::optional<FileMode> file_mode;  // QueueFileMode; not set: 0600, 0660 with UseMSP
  // TrustedUser, who may own queue files besides us and root; none: nobody. It depends on the
  // host's accounts: whoever opens the queue puts it in.
  std::optional<UserId> trusted_user;
  SuperSafe super_safe = SuperSafe::kTrue;
  bool delivers_first = false;    // DeliveryMode=i
  int64_t min_free_blocks = 100;  // of a directory's file system

  QueueSortOrder order = QueueSortOrder::kPriority;
  int64_t max_run_size = 0;                       // messages of one directory in a run; 0: no limit
  absl::Duration min_age = absl::ZeroDuration();  // MinQueueAge
  absl::Duration max_age = absl::ZeroDuration();  // MaxQueueAge; zero: attempts do not thin out

  int64_t recipient_factor = 30'000;
  int64_t class_factor = 1'800;
  int64_t retry_factor = 90'000;
  int64_t queue_factor = 600'000;
  // QueueLA; none: no load is too high. Its default depends on the host: whoever opens the queue
  // puts it in.
  std::optional<int64_t> queue_load;

  // Case does not count; null: there is none.
  const QueueGroupLayout* FindGroup(absl::string_view name) const;
  // Whether a message has to be durable before it is accepted.
  bool syncs() const {
    return super_safe != SuperSafe::kFalse &&
           !(super_safe == SuperSafe::kInteractive && delivers_first);
  }
  // Whether instead a message is made durable (Update()) when its delivery does not come first.
  bool flushes_what_waits() const { return super_safe != SuperSafe::kFalse && !syncs(); }
};

// What QueueDirectory, the Q lines and the other options of the queue say. Errors are in sendmail's
// words, with kExitConfig (78) as what it exits with: "QueuePath /a not subpath of QueueDirectory
// /b/: No such file or directory". What Q lines warn of goes to `warnings`, text for standard
// output, with line ends.
absl::StatusOr<QueueLayout> MakeQueueLayout(const Configuration& configuration,
                                            std::vector<std::string>& warnings);

// Takes over what may change while the queue is in use, and says what may not and differs, as the
// log has it: "QueueDirectory and the directories of queue groups". Groups are neither added nor
// removed, and references to them stay valid. SuperSafe stays, so that no message is committed by
// one value and handled by another.
std::vector<std::string> ChangeLayout(QueueLayout wanted, QueueLayout& layout);

// A layout of one group with one directory; for tests and tools.
QueueLayout SingleQueue(absl::string_view directory);

// How a message is divided over queue groups.
struct QueuePart {
  std::string group;
  std::vector<size_t> recipients;  // indices, in order
};

// Divides recipients by the group of each, and each group's by its r=. The first part is that of
// the first recipient. `groups[i]` is what recipient i has been given; unknown or empty: the
// default one.
std::vector<QueuePart> DivideByQueueGroup(const QueueLayout& layout,
                                          absl::Span<const std::string> groups);

// The priority value of a new message: the higher, the later. Operations Guide, 4.3.
int64_t InitialPriority(const QueueLayout& layout, int64_t message_bytes, int message_class,
                        size_t recipients);

// Whether it is too early to try again, if it was tried at all: at least min_age after the last
// attempt and, with max_age, at least as long as the message had waited until then, but not longer
// than max_age.
bool IsTooYoung(const QueueLayout& layout, absl::Time now, absl::Time created,
                absl::Time last_attempt, int attempts);

// Whether at this load a message of this priority stays in the queue. Operations Guide, 2.3 (2).
bool IsOnlyQueued(const QueueLayout& layout, double load, int64_t priority);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_QUEUE_QUEUE_LAYOUT_H_
