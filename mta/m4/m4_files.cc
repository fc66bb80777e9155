#include "mta/m4/m4_files.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "mta/base/errno.h"
#include "mta/base/status_macros.h"

namespace stagepost {
namespace {

constexpr absl::string_view kLibraryFile = "m4/cf.m4";
constexpr size_t kBufferBytes = 256 * 1024;

// How many letters have to change; `limit` or more is all the same.
size_t EditDistance(absl::string_view a, absl::string_view b, size_t limit) {
  if (a.size() > 64 || b.size() > 64) return limit;
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i);
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t change = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, change});
    }
  }
  return std::min(row[b.size()], limit);
}

}  // namespace

absl::Span<const absl::string_view> SendmailTrees() {
  static constexpr std::array<absl::string_view, 7> kTrees = {
      "/usr/share/sendmail/cf",  // Debian, FreeBSD
      "/usr/share/sendmail-cf",  // Red Hat, SUSE
      "/usr/lib/sendmail-cf",    // Red Hat of old, Slackware's link
      "/usr/share/sendmail/sendmail-cf",
      "/usr/local/share/sendmail/cf",  // FreeBSD's port
      "/etc/mail/cf",                  // Solaris
      "/usr/lib/mail",                 // Solaris of old
  };
  return kTrees;
}

bool IsSendmailLibrary(absl::string_view name) {
  return name == kLibraryFile || absl::EndsWith(name, "/m4/cf.m4");
}

M4Files::M4Files(Environment& env, std::vector<std::string> include_path)
    : env_(env), path_(std::move(include_path)), from_options_(path_.size()) {
  const std::string variable = env_.process().EnvironmentVariable("M4PATH").value_or("");
  for (const absl::string_view directory : absl::StrSplit(variable, ':', absl::SkipEmpty())) {
    path_.emplace_back(directory);
  }
}

Task<absl::StatusOr<M4Files::Found>> M4Files::Read(std::string path) {
  OpenOptions options;
  options.read = true;
  CO_ASSIGN_OR_RETURN(const std::unique_ptr<File> file, co_await env_.files().Open(path, options));
  CO_ASSIGN_OR_RETURN(const FileStat stat, co_await file->Stat());
  if (stat.type == FileType::kDirectory) co_return ErrnoStatus(Errno::kEISDIR, path);
  auto text = std::make_shared<std::string>();
  size_t room = static_cast<size_t>(std::min<uint64_t>(stat.size, kMaxM4FileBytes)) + 1;
  while (true) {
    const size_t size = text->size();
    text->resize(size + room);
    CO_ASSIGN_OR_RETURN(const size_t read,
                        co_await file->Read(size, absl::MakeSpan(text->data() + size, room)));
    text->resize(size + read);
    if (text->size() > kMaxM4FileBytes) co_return ErrnoStatus(Errno::kEFBIG, path);
    if (read == 0) co_return Found{std::move(path), std::move(text)};
    room = read < room ? room - read : kBufferBytes;
  }
}

Task<absl::StatusOr<M4Files::Found>> M4Files::Find(std::string name) {
  absl::StatusOr<Found> first = co_await Read(name);
  if (first.ok() || name.empty()) co_return first;
  if (name[0] != '/') {
    for (const std::string& directory : path_) {
      absl::StatusOr<Found> found = co_await Read(absl::StrCat(directory, "/", name));
      if (found.ok()) co_return found;
    }
  }
  if (!IsSendmailLibrary(name) || ErrnoOf(first.status()) != Errno::kENOENT) co_return first;
  std::vector<std::string> trees(path_.begin(),
                                 path_.begin() + static_cast<std::ptrdiff_t>(from_options_));
  for (const absl::string_view tree : SendmailTrees()) trees.emplace_back(tree);
  for (const std::string& tree : trees) {
    absl::StatusOr<Found> found = co_await Read(absl::StrCat(tree, "/", kLibraryFile));
    if (found.ok()) co_return found;
  }
  co_return first;
}

Task<absl::StatusOr<M4Files::Found>> M4Files::ReadStandardInput() {
  auto text = std::make_shared<std::string>();
  std::vector<char> buffer(kBufferBytes);
  while (true) {
    CO_ASSIGN_OR_RETURN(const size_t read,
                        co_await env_.process().standard_input().Read(absl::MakeSpan(buffer)));
    if (read == 0) co_return Found{"stdin", std::move(text)};
    text->append(buffer.data(), read);
    if (text->size() > kMaxM4FileBytes) co_return ErrnoStatus(Errno::kEFBIG, "standard input");
  }
}

Task<std::string> M4Files::Similar(std::string path) {
  const size_t slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : path.substr(0, slash);
  const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  absl::StatusOr<std::vector<DirectoryEntry>> entries =
      co_await env_.files().ListDirectory(directory);
  if (!entries.ok()) co_return "";
  std::string best;
  size_t distance = 2 + name.size() / 5;
  std::sort(entries->begin(), entries->end(),
            [](const DirectoryEntry& a, const DirectoryEntry& b) { return a.name < b.name; });
  for (const DirectoryEntry& entry : *entries) {
    const size_t of_entry = EditDistance(name, entry.name, distance);
    if (of_entry >= distance || entry.name == name) continue;
    best = entry.name;
    distance = of_entry;
  }
  co_return best;
}

}  // namespace stagepost
