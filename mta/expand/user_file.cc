#include "mta/expand/user_file.h"

#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "mta/async/deadline.h"
#include "mta/base/errno.h"
#include "mta/base/passing_error.h"
#include "mta/base/status_macros.h"
#include "mta/policy/safe_file.h"

namespace stagepost {
namespace {

constexpr FileMode kGroupWrite = 0020;
constexpr FileMode kWorldWrite = 0002;
constexpr size_t kBlockBytes = 64 * 1024;

// The flags of DontBlameSendmail that one kind of file has.
struct KindOfFlags {
  BlameFlag group_writable, group_writable_safe, world_writable;
  BlameFlag unsafe_path, unsafe_path_safe, group_writable_path, linked;
};
constexpr KindOfFlags kForwardFlags = {
    BlameFlag::kGroupWritableForwardFile,       BlameFlag::kGroupWritableForwardFileSafe,
    BlameFlag::kWorldWritableForwardFile,       BlameFlag::kForwardFileInUnsafeDirPath,
    BlameFlag::kForwardFileInUnsafeDirPathSafe, BlameFlag::kForwardFileInGroupWritableDirPath,
    BlameFlag::kLinkedForwardFileInWritableDir};
constexpr KindOfFlags kIncludeFlags = {
    BlameFlag::kGroupWritableIncludeFile,       BlameFlag::kGroupWritableIncludeFileSafe,
    BlameFlag::kWorldWritableIncludeFile,       BlameFlag::kIncludeFileInUnsafeDirPath,
    BlameFlag::kIncludeFileInUnsafeDirPathSafe, BlameFlag::kIncludeFileInGroupWritableDirPath,
    BlameFlag::kLinkedIncludeFileInWritableDir};

class Reader {
 public:
  Reader(Environment& env, const Options& options, UserFileKind kind, Identity identity)
      : options_(options),
        flags_(kind == UserFileKind::kForward ? kForwardFlags : kIncludeFlags),
        kind_(kind),
        identity_(std::move(identity)),
        files_(env.process().credentials().effective_user == kRootUser ? env.files().As(identity_)
                                                                       : nullptr),
        env_(env) {}

  Task<absl::StatusOr<UserFile>> Read(std::string path) {
    // Safe, but for what holds of every file.
    SafeFileRules strict;
    strict.group_writable_directories_are_safe = Has(BlameFlag::kGroupWritableDirPathSafe);
    strict.sticky_directories_are_safe = Has(BlameFlag::kTrustStickyBit);
    const absl::Status strictly = co_await CheckDirectories(files(), path, strict);
    const bool writable_path = !strictly.ok();

    SafeFileRules rules = strict;
    rules.check_directories = !Has(flags_.unsafe_path);
    rules.group_writable_directories_are_safe |= Has(flags_.group_writable_path);
    rules.refuse_group_writable = !Has(flags_.group_writable);
    rules.refuse_world_writable = !Has(flags_.world_writable);
    rules.refuse_links = rules.refuse_hard_links = writable_path && !Has(flags_.linked);
    if (kind_ == UserFileKind::kForward) rules.owner = identity_.user;
    const bool as_strict =
        rules.check_directories &&
        rules.group_writable_directories_are_safe == strict.group_writable_directories_are_safe;
    if (as_strict) {
      // That has just been looked at.
      CO_RETURN_IF_ERROR(strictly);
      rules.check_directories = false;
    }
    CO_ASSIGN_OR_RETURN(const std::unique_ptr<File> file,
                        co_await OpenSafely(files(), identity_, path, rules));
    CO_ASSIGN_OR_RETURN(const FileStat stat, co_await file->Stat());
    UserFile read;
    read.owner = stat.owner;
    read.world_writable = (stat.mode & kWorldWrite) != 0;
    read.unsafe =
        read.world_writable || ((stat.mode & kGroupWrite) != 0 && !Has(flags_.group_writable_safe));
    if (Has(flags_.unsafe_path) && !Has(flags_.unsafe_path_safe)) {
      rules.check_directories = true;
      read.unsafe |= !(co_await CheckDirectories(files(), path, rules)).ok();
    }
    if (stat.size > kMaxIncludeBytes) co_return TooLarge();
    CO_ASSIGN_OR_RETURN(read.text, co_await ReadText(*file));
    co_return std::move(read);
  }

 private:
  FileSystem& files() { return files_ == nullptr ? env_.files() : *files_; }
  bool Has(BlameFlag flag) const { return options_.Has(flag); }

  static absl::Status TooLarge() { return ErrnoStatus(Errno::kEFBIG, ""); }

  Task<absl::StatusOr<std::string>> ReadText(File& file) {
    std::string text;
    std::vector<char> block(kBlockBytes);
    while (true) {
      CO_ASSIGN_OR_RETURN(const size_t size,
                          co_await file.Read(text.size(), absl::MakeSpan(block)));
      if (size == 0) co_return text;
      if (text.size() + size > kMaxIncludeBytes) co_return TooLarge();
      text.append(block.data(), size);
    }
  }

  const Options& options_;
  const KindOfFlags& flags_;
  const UserFileKind kind_;
  const Identity identity_;
  const std::unique_ptr<FileSystem> files_;
  Environment& env_;
};

// Where a comment in the middle of a line begins, white space in front included; npos: nowhere.
size_t FindInnerComment(absl::string_view line) {
  size_t at = 0;
  while ((at = line.find("#@#", at + 1)) != absl::string_view::npos) {
    const bool ends = at + 3 == line.size() || absl::ascii_isspace(line[at + 3]);
    if (!ends || !absl::ascii_isspace(line[at - 1])) continue;
    while (at > 0 && absl::ascii_isspace(line[at - 1])) --at;
    return at;
  }
  return absl::string_view::npos;
}

}  // namespace

Task<absl::StatusOr<UserFile>> ReadUserFile(Environment& env, const Options& options,
                                            UserFileKind kind, Identity identity,
                                            std::string path) {
  Reader reader(env, options, kind, std::move(identity));
  const absl::Duration patience = options.timeout(TimeoutId::kFileOpen);
  if (patience <= absl::ZeroDuration()) co_return co_await reader.Read(std::move(path));
  co_return co_await WithDeadline(env.clock().MonotonicNow() + patience,
                                  reader.Read(std::move(path)));
}

bool IsPassingFileError(const absl::Status& status) {
  if (absl::IsDeadlineExceeded(status) || absl::IsCancelled(status)) return true;
  switch (ErrnoOf(status)) {
    case Errno::kEAGAIN:
    case Errno::kENOSPC:
    case Errno::kETIMEDOUT:
    case Errno::kESTALE:
      return true;
    default:
      return IsPassingError(status);
  }
}

std::vector<UserFileLine> LinesOfUserFile(absl::string_view text) {
  std::vector<UserFileLine> lines;
  int number = 0;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    absl::string_view line = text.substr(0, end);
    text.remove_prefix(end == absl::string_view::npos ? text.size() : end + 1);
    ++number;
    if (absl::EndsWith(line, "\r")) line.remove_suffix(1);
    if (line.empty() || line[0] == '#') continue;
    line = line.substr(0, FindInnerComment(line));
    if (!line.empty()) lines.push_back({number, line});
  }
  return lines;
}

}  // namespace stagepost
