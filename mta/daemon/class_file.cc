#include "mta/daemon/class_file.h"

#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "mta/base/errno.h"
#include "mta/base/status_macros.h"

namespace stagepost {
namespace {

constexpr size_t kMaxMemberBytes = 255;

absl::Status ClassError(absl::string_view path, absl::string_view reason) {
  return absl::InternalError(absl::StrCat("fileclass: cannot open '", path, "': ", reason));
}

absl::Status ClassError(absl::string_view path, const absl::Status& status) {
  const Errno error = ErrnoOf(status);
  return ClassError(path, error == Errno::kOk ? status.message() : ErrnoText(error));
}

Task<absl::StatusOr<std::string>> ReadWhole(File& file) {
  std::string text;
  std::vector<char> buffer(16384);
  while (true) {
    CO_ASSIGN_OR_RETURN(const size_t read, co_await file.Read(text.size(), absl::MakeSpan(buffer)));
    if (read == 0) co_return text;
    if (text.size() + read > kMaxClassFileBytes) {
      co_return absl::ResourceExhaustedError(
          absl::StrCat("larger than ", kMaxClassFileBytes, " bytes"));
    }
    text.append(buffer.data(), read);
  }
}

std::set<std::string> Members(absl::string_view text) {
  std::set<std::string> members;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    line = absl::StripAsciiWhitespace(line);
    if (line.empty() || line[0] == '#') continue;
    const absl::string_view word = line.substr(0, line.find_first_of(" \t"));
    if (word.size() <= kMaxMemberBytes) members.insert(absl::AsciiStrToLower(word));
  }
  return members;
}

}  // namespace

Task<absl::StatusOr<std::set<std::string>>> ReadClassFile(Environment& env, std::string path) {
  OpenOptions options;
  options.read = true;
  // Whoever puts a FIFO here must not stop the daemon.
  options.non_blocking = true;
  absl::StatusOr<std::unique_ptr<File>> file = co_await env.files().Open(path, options);
  if (!file.ok()) {
    if (ErrnoOf(file.status()) == Errno::kENOENT) co_return std::set<std::string>();
    co_return ClassError(path, file.status());
  }
  const absl::StatusOr<FileStat> stat = co_await (*file)->Stat();
  if (!stat.ok()) co_return ClassError(path, stat.status());
  if (stat->type != FileType::kRegular) co_return ClassError(path, "Not a regular file");
  const absl::StatusOr<std::string> text = co_await ReadWhole(**file);
  if (!text.ok()) co_return ClassError(path, text.status());
  co_return Members(*text);
}

Task<absl::StatusOr<HostClasses>> ReadHostClasses(Environment& env, const Settings& settings) {
  HostClasses classes;
  CO_ASSIGN_OR_RETURN(classes.local, co_await ReadClassFile(env, settings.local_host_names_file));
  CO_ASSIGN_OR_RETURN(classes.relay, co_await ReadClassFile(env, settings.relay_domains_file));
  const std::string name = absl::AsciiStrToLower(env.host().name());
  classes.local.insert(name);
  classes.local.insert(name.substr(0, name.find('.')));
  classes.local.insert("localhost");
  classes.own_addresses = env.host().interface_addresses();
  for (const IpAddress& address : classes.own_addresses) {
    // "user@[127.0.0.1]" says nothing about whose loopback is meant.
    if (address.is_loopback()) continue;
    classes.local.insert(
        absl::StrCat("[", address.is_v4() ? "" : "ipv6:", address.ToString(), "]"));
  }
  co_return classes;
}

}  // namespace stagepost
