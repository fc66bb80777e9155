#include "tools/audit/site_files.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "mta/base/check.h"
#include "mta/base/status_macros.h"

namespace stagepost {
namespace {

// What belongs to the machine: an audited site has the simulated one's.
constexpr absl::string_view kMachines[] = {
    "/bin/",          "/dev/",         "/etc/group",  "/etc/hosts",
    "/etc/localtime", "/etc/nsswi",    "/etc/passwd", "/etc/resolv.conf",
    "/etc/shadow",    "/home/",        "/lib/",       "/proc/",
    "/root/",         "/run/",         "/sbin/",      "/sys/",
    "/usr/bin/",      "/usr/lib/",     "/usr/sbin/",  "/usr/share/zoneinfo/",
    "/tmp/",          "/usr/libexec/", "/var/"};

bool IsMachines(absl::string_view path) {
  return std::any_of(std::begin(kMachines), std::end(kMachines),
                     [&](absl::string_view place) { return absl::StartsWith(path, place); });
}

bool IsBelow(absl::string_view path, absl::string_view folder) {
  return absl::StartsWith(path, folder) && path.size() > folder.size() &&
         path[folder.size()] == '/';
}

}  // namespace

SiteFiles::SiteFiles(const AuditSources& sources, std::string folder)
    : sources_(sources), folder_(std::move(folder)) {}

absl::Status SiteFiles::Attach(SimHost& host) {
  host_ = &host;
  RETURN_IF_ERROR(host.editor().RemoveAll(kMailDirectory));
  RETURN_IF_ERROR(host.editor().MakeDirectories(kMailDirectory));
  for (const auto& [path, bytes] : read_) RETURN_IF_ERROR(host.editor().WriteFile(path, bytes));
  host.file_faults = this;
  return absl::OkStatus();
}

void SiteFiles::Put(const std::string& path, std::string bytes) {
  read_[path] = std::move(bytes);
  missing_.erase(path);
  unreadable_.erase(path);
}

std::string SiteFiles::RealPath(absl::string_view path) const {
  if (IsBelow(path, kMailDirectory)) {
    return absl::StrCat(folder_, path.substr(std::string(kMailDirectory).size()));
  }
  // Of a site that is not this machine's the aliases are beside the rest.
  if (folder_ != kMailDirectory && absl::StartsWith(path, "/etc/aliases")) {
    return absl::StrCat(folder_, path.substr(4));
  }
  // What is named by where it really stands.
  if (IsBelow(path, folder_)) return std::string(path);
  return IsMachines(path) ? "" : std::string(path);
}

std::string SiteFiles::SimulatedPath(absl::string_view real) const {
  if (!IsBelow(real, folder_)) return std::string(real);
  return absl::StrCat(kMailDirectory, real.substr(folder_.size()));
}

const std::string* SiteFiles::Find(const std::string& path) const {
  const auto found = read_.find(path);
  return found == read_.end() ? nullptr : &found->second;
}

std::string SiteFiles::label(const std::string& path) const {
  const auto found = labels_.find(path);
  return found == labels_.end() ? RealPath(path) : found->second;
}

absl::StatusOr<std::string> SiteFiles::Read(const std::string& path) {
  Provide(path);
  if (const std::string* bytes = Find(path)) return *bytes;
  const auto why = unreadable_.find(path);
  return why == unreadable_.end() ? absl::NotFoundError("no such file") : why->second;
}

void SiteFiles::Provide(const std::string& path) {
  if (read_.contains(path) || missing_.contains(path) || unreadable_.contains(path)) return;
  if (absl::StartsWith(path, kLibraryDirectory)) {
    const auto library = sources_.library();
    if (!library.ok()) {
      unreadable_.emplace(path, library.status());
      return;
    }
    const auto found = (*library)->find(path.substr(std::string(kLibraryDirectory).size()));
    if (found == (*library)->end()) return;
    CHECK(host_ == nullptr || host_->editor().WriteFile(path, found->second).ok()) << path;
    return;
  }
  const std::string real = RealPath(path);
  if (real.empty()) return;
  if (sources_.is_directory(real)) {
    // Only that it is there; what is in it comes when it is asked for.
    if (host_ != nullptr) CHECK(host_->editor().MakeDirectories(path).ok()) << path;
    return;
  }
  absl::StatusOr<std::string> bytes = sources_.read(real);
  if (bytes.ok()) {
    if (host_ != nullptr) CHECK(host_->editor().WriteFile(path, *bytes).ok()) << path;
    read_.emplace(path, *std::move(bytes));
  } else if (absl::IsNotFound(bytes.status())) {
    missing_.emplace(path, bytes.status());
  } else {
    unreadable_.emplace(path, bytes.status());
  }
}

FileFault SiteFiles::OnCall(FileCall call, absl::string_view path) {
  const bool looks =
      call == FileCall::kOpen || call == FileCall::kStat || call == FileCall::kLinkStat;
  if (looks && host_ != nullptr && !host_->editor().LinkStat(path).ok()) {
    Provide(std::string(path));
  }
  return {};
}

}  // namespace stagepost
