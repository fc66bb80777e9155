#include "mta/cf/class_file.h"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "mta/async/deadline.h"
#include "mta/base/errno.h"
#include "mta/base/status_macros.h"

namespace stagepost {
namespace {

constexpr size_t kReadBytes = 64 * 1024;
constexpr absl::string_view kBlanks = " \t\r\f\v";

// A link counts only where others may put one.
Task<SafeFileRules> RulesFor(FileSystem& files, std::string path, BlameFlags blame) {
  SafeFileRules rules;
  rules.group_writable_directories_are_safe = Has(blame, BlameFlag::kGroupWritableDirPathSafe);
  rules.sticky_directories_are_safe = Has(blame, BlameFlag::kTrustStickyBit);
  if (!Has(blame, BlameFlag::kClassFileInUnsafeDirPath)) co_return rules;
  if (!Has(blame, BlameFlag::kLinkedClassFileInWritableDir)) {
    const absl::Status directories = co_await CheckDirectories(files, std::move(path), rules);
    rules.refuse_links = rules.refuse_hard_links = !UnsafeDirectory(directories).empty();
  }
  rules.check_directories = false;
  co_return rules;
}

absl::Status TooLarge() { return ErrnoStatus(Errno::kEFBIG, "class file"); }

Task<absl::Status> ReadOutput(ByteSource& output, ClassWords& words) {
  std::vector<char> buffer(kReadBytes);
  size_t total = 0;
  while (true) {
    CO_ASSIGN_OR_RETURN(const size_t got, co_await output.Read(absl::MakeSpan(buffer)));
    if (got == 0) co_return absl::OkStatus();
    total += got;
    if (total > kMaxClassFileBytes) co_return TooLarge();
    words.Append(absl::string_view(buffer.data(), got));
  }
}

}  // namespace

void ClassWords::AddLine(absl::string_view line) {
  line = line.substr(0, line.find('\0'));
  if (line.empty() || line[0] == '#') return;
  if (pattern_ == nullptr) {
    const size_t begin = std::min(line.find_first_not_of(kBlanks), line.size());
    line.remove_prefix(begin);
    line = line.substr(0, line.find_first_of(kBlanks));
    if (!line.empty()) classes_.Add(name_, line);
    return;
  }
  const std::optional<absl::string_view> found = pattern_->Scan(line);
  if (!found.has_value()) return;
  for (const absl::string_view word :
       absl::StrSplit(*found, absl::ByAnyChar(kBlanks), absl::SkipEmpty())) {
    classes_.Add(name_, word);
  }
}

void ClassWords::Append(absl::string_view text) {
  while (!text.empty()) {
    const size_t room = kMaxClassLineBytes - partial_.size();
    const size_t end = text.substr(0, room).find('\n');
    const size_t length = std::min(end, std::min(room, text.size()));
    if (end == text.npos && length < room) {
      partial_.append(text.data(), text.size());
      return;
    }
    if (partial_.empty()) {
      AddLine(text.substr(0, length));
    } else {
      partial_.append(text.data(), length);
      AddLine(partial_);
      partial_.clear();
    }
    text.remove_prefix(length + (end == text.npos ? 0 : 1));
  }
}

void ClassWords::Finish() {
  AddLine(partial_);
  partial_.clear();
}

Task<absl::Status> ReadClassFile(Environment& env, std::string path, BlameFlags blame,
                                 ClassWords& words) {
  const SafeFileRules rules = co_await RulesFor(env.files(), path, blame);
  CO_ASSIGN_OR_RETURN(
      const std::unique_ptr<File> file,
      co_await OpenSafely(env.files(), env.process().credentials().effective(), path, rules));
  std::vector<char> buffer(kReadBytes);
  uint64_t offset = 0;
  while (true) {
    CO_ASSIGN_OR_RETURN(const size_t got, co_await file->Read(offset, absl::MakeSpan(buffer)));
    if (got == 0) break;
    offset += got;
    if (offset > kMaxClassFileBytes) co_return TooLarge();
    words.Append(absl::string_view(buffer.data(), got));
  }
  words.Finish();
  co_return absl::OkStatus();
}

std::string ClassFileError(absl::string_view path, const absl::Status& status) {
  const Errno error = ErrnoOf(status);
  return absl::StrCat("fileclass: cannot open '", path,
                      "': ", error == Errno::kOk ? status.message() : ErrnoText(error));
}

Task<absl::Status> ReadClassProgram(Environment& env, std::string path,
                                    std::optional<Identity> identity, ClassWords& words) {
  ProgramRequest request;
  request.path = path;
  request.arguments = {path};
  request.environment = {{"AGENT", "sendmail"}};
  request.working_directory = "/tmp";
  request.identity = std::move(identity);
  request.pipe_output = true;
  CO_ASSIGN_OR_RETURN(const std::unique_ptr<Child> child, co_await env.programs().Start(request));
  const std::unique_ptr<ByteSource> output = child->TakeOutput();
  const MonotonicTime deadline = env.clock().MonotonicNow() + kMaxClassProgramTime;
  const absl::Status read = co_await WithDeadline(deadline, ReadOutput(*output, words));
  words.Finish();
  co_return read;
}

}  // namespace stagepost
