// Files with addresses in them: :include: and .forward.
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "mta/base/errno.h"
#include "mta/cf/default_user.h"
#include "mta/cf/text.h"
#include "mta/expand/expansion_walk.h"
#include "mta/expand/valid_shells.h"
#include "mta/policy/safe_file.h"

namespace stagepost {
namespace {

constexpr char kDefaultForwardPath[] = "$z/.forward";
// A user whose account has none; sendmail looks there.
constexpr char kNoHome[] = "/no/such/directory";
constexpr int kLogForwards = 10;  // above this LogLevel
constexpr int kLogUnsafe = 11;
constexpr int kLogTrouble = 2;

std::string ReasonOf(const absl::Status& status) {
  const Errno error = ErrnoOf(status);
  if (error != Errno::kOk) return std::string(ErrnoText(error));
  if (absl::IsDeadlineExceeded(status)) return std::string(ErrnoText(Errno::kETIMEDOUT));
  return std::string(status.message());
}

}  // namespace

// Who reads the files that the entry stands for.
Identity ExpansionWalk::IdentityFor(const SendList& list, size_t at) {
  const SendEntry& entry = list.entries[at];
  std::string name;
  Identity identity;
  if (entry.account.has_value()) {
    name = entry.account->name;
    identity = {.user = entry.account->user, .group = entry.account->group, .supplementary = {}};
  } else if (entry.controller.has_value() && !entry.controller->is_default_user) {
    name = entry.controller->name;
    identity = {
        .user = entry.controller->user, .group = entry.controller->group, .supplementary = {}};
  } else {
    return DefaultUser(options(), accounts());
  }
  if (options().Flag(OptionId::kDontInitGroups)) return identity;
  const absl::StatusOr<User> user = accounts().FindUser(name);
  if (!user.ok() || user->id != identity.user) return identity;
  return accounts().IdentityOf(*user).value_or(identity);
}

// A :include: file that nobody's .forward has named belongs to its owner: programs in it are his.
Task<absl::Status> ExpansionWalk::BelongTo(SendList& list, size_t at, UserId owner) {
  const std::optional<ControllingUser>& controller = list.entries[at].controller;
  const bool is_somebodys = controller.has_value() && !controller->is_default_user;
  if (is_somebodys || owner == kRootUser) co_return absl::OkStatus();
  const absl::StatusOr<User> user = accounts().FindUser(owner);
  if (absl::IsNotFound(user.status())) {
    list.entries[at].account = {.name = "", .user = owner, .group = {}, .home = "", .shell = ""};
    list.entries[at].bogus_shell = true;
    co_return absl::OkStatus();
  }
  if (!user.ok()) co_return ErrnoStatus(Errno::kEAGAIN, "getpwuid");
  const absl::StatusOr<bool> valid = co_await IsValidShell(site_.env(), user->shell);
  if (!valid.ok()) co_return valid.status();
  list.entries[at].account = {.name = user->name,
                              .user = user->id,
                              .group = user->group,
                              .home = user->home,
                              .shell = user->shell};
  list.entries[at].bogus_shell = !*valid;
  co_return absl::OkStatus();
}

// Whoever is not root would serve the programs and files of all users as one and the same user.
bool ExpansionWalk::MayServePrograms() {
  return site_.env().process().credentials().effective_user == kRootUser ||
         options().Has(BlameFlag::kNonRootSafeAddr);
}

Task<absl::Status> ExpansionWalk::ReadFile(SendList& list, size_t at, std::string path,
                                           UserFileKind kind) {
  const bool forwards = kind == UserFileKind::kForward;
  const absl::StatusOr<UserFile> file =
      co_await ReadUserFile(site_.env(), options(), kind, IdentityFor(list, at), path);
  if (!file.ok()) co_return file.status();
  if (forwards) {
    const std::string shell = list.entries[at].account->shell;
    const absl::StatusOr<bool> valid = co_await IsValidShell(site_.env(), shell);
    if (!valid.ok()) {
      Deferred(list.entries[at], "451", "4.3.0", "Cannot read /etc/shells");
      co_return absl::OkStatus();
    }
    list.entries[at].bogus_shell = !*valid;
  } else {
    const absl::Status belongs = co_await BelongTo(list, at, file->owner);
    if (!belongs.ok()) co_return belongs;
  }
  const int64_t log_level = options().Number(OptionId::kLogLevel);
  list.entries[at].unsafe = file->unsafe || !MayServePrograms();
  if (file->unsafe && log_level > kLogUnsafe) {
    site_.env().log().Write(
        Severity::kInfo, absl::StrCat(expand_.id, ": ", AddressInMessages(path), ": ",
                                      file->world_writable ? "world" : "group", " writable ",
                                      forwards ? "forward" : ":include:", " file, marked unsafe"));
  }
  list.entries[at].refers_to_itself = false;
  int count = 0;
  for (const UserFileLine& line : LinesOfUserFile(file->text)) {
    if (list.entries[at].state == SendState::kBad) break;
    const std::string before = notes_.SetPlace(absl::StrCat(path, ": line ", line.number, ": "));
    const std::string shown = AddressInMessages(line.text);
    notes_.Remark("", absl::StrCat(forwards ? "forwarding to " : "sending to ", shown));
    if (forwards && log_level > kLogForwards) {
      site_.env().log().Write(Severity::kInfo,
                              absl::StrCat(expand_.id, ": forward ",
                                           list.entries[at].address.substr(0, 200), " => ", shown));
    }
    count += co_await AddList(list, line.text, at);
    notes_.SetPlace(before);
  }
  SendEntry& entry = list.entries[at];
  if (count > 0 && !entry.refers_to_itself && entry.state == SendState::kSend) {
    entry.state = SendState::kExpanded;
  }
  co_return absl::OkStatus();
}

Task<void> ExpansionWalk::Include(SendList& list, size_t at) {
  if (list.entries[at].parent == kNoEntry) {
    Bad(list.entries[at], "550", "5.7.1", "Cannot mail directly to :include:s");
    co_return;
  }
  const std::string path = list.entries[at].user;
  notes_.Remark(list.entries[at].address, absl::StrCat("including file ", path));
  const absl::Status read = co_await ReadFile(list, at, path, UserFileKind::kInclude);
  SendEntry& entry = list.entries[at];
  if (read.ok()) {
    if (entry.state == SendState::kSend) entry.state = SendState::kExpanded;
    co_return;
  }
  const std::string reason = ReasonOf(read);
  const std::string text = absl::StrCat("Cannot open ", AddressInMessages(path), ": ", reason);
  if (!IsPassingFileError(read)) co_return Bad(entry, "550", "5.2.4", text);
  if (options().Number(OptionId::kLogLevel) > kLogTrouble) {
    site_.env().log().Write(Severity::kError,
                            absl::StrCat(expand_.id, ": include ", AddressInMessages(path),
                                         ": transient error: ", reason));
  }
  Deferred(entry, "451", "4.2.4", text);
  notes_.Error("451", "4.2.4", entry.address, text, 0);
}

// Whether the search is over: the file has been used, or it has to be waited for.
Task<bool> ExpansionWalk::ForwardFrom(SendList& list, size_t at, std::string path) {
  const absl::Status read = co_await ReadFile(list, at, path, UserFileKind::kForward);
  if (read.ok()) co_return true;
  const int64_t log_level = options().Number(OptionId::kLogLevel);
  const std::string reason = ReasonOf(read);
  const std::string address = list.entries[at].address;
  if (IsPassingFileError(read)) {
    if (log_level > kLogTrouble) {
      site_.env().log().Write(Severity::kError, absl::StrCat(expand_.id, ": forward ", path,
                                                             ": transient error: ", reason));
    }
    notes_.Remark(address, absl::StrCat(path, ": ", reason, ": message queued"));
    Deferred(list.entries[at], "451", "4.2.0", absl::StrCat(path, ": ", reason));
    co_return true;
  }
  if (ErrnoOf(read) == Errno::kENOENT) co_return false;
  if (!UnsafeDirectory(read).empty() &&
      options().Has(BlameFlag::kDontWarnForwardFileInUnsafeDirPath)) {
    const absl::StatusOr<FileStat> stat = co_await site_.env().files().Stat(path);
    if (ErrnoOf(stat.status()) == Errno::kENOENT) co_return false;
  }
  if (log_level > kLogTrouble) {
    site_.env().log().Write(Severity::kWarning,
                            absl::StrCat(expand_.id, ": forward ", path, ": ", reason));
  }
  notes_.Remark(address, absl::StrCat("forward: ", path, ": ", reason));
  co_return false;
}

Task<void> ExpansionWalk::Forward(SendList& list, size_t at) {
  const bool is_set = options().IsSet(OptionId::kForwardPath);
  const std::string places =
      is_set ? options().Text(OptionId::kForwardPath) : std::string(kDefaultForwardPath);
  if (places.empty()) co_return;
  const std::string home = list.entries[at].account->home;
  DefineFor(list.entries[at]);
  if (home.empty()) {
    notes_.SystemError("forward: no home");
  }
  macros_.SetLiteral(OneCharacterName('z'), home.empty() ? kNoHome : home == "/" ? "" : home);
  for (const absl::string_view place : absl::StrSplit(places, ':')) {
    const absl::StatusOr<Text> text = ParseText(place, site_.configuration().names);
    if (!text.ok()) continue;
    std::string path =
        macros_.ExpandToString(*text, site_.configuration().names).value_or(std::string());
    if (path.empty()) continue;
    if (co_await ForwardFrom(list, at, std::move(path))) co_return;
  }
}

}  // namespace stagepost
