// cp, ln, mv: utilities that put files somewhere else.

#include <array>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "mta/base/errno.h"
#include "mta/base/status_macros.h"
#include "sim/peer/sh_parser.h"
#include "sim/peer/sh_utilities.h"

namespace stagepost {
namespace {

// Puts one file elsewhere, as cp, ln and mv do.
using Transfer = Task<absl::Status> (*)(FileSystem& files, std::string from, std::string to,
                                        const std::string& flags);

Task<absl::Status> CopyBytes(File& from, File& to) {
  std::array<char, 4096> buffer;
  uint64_t read = 0;
  while (true) {
    CO_ASSIGN_OR_RETURN(const size_t got, co_await from.Read(read, absl::MakeSpan(buffer)));
    if (got == 0) co_return absl::OkStatus();
    for (size_t put = 0; put < got;) {
      CO_ASSIGN_OR_RETURN(
          const size_t n,
          co_await to.Write(read + put, absl::string_view(buffer.data() + put, got - put)));
      put += n;
    }
    read += got;
  }
}

// As cp -p: times, owner, mode. Only root may give the owner, and set-id bits go with it.
Task<absl::Status> CopyAttributes(FileSystem& files, const FileStat& from, File& to,
                                  std::string path) {
  const absl::Status owned = co_await to.ChangeOwner(from.owner, from.group);
  CO_RETURN_IF_ERROR(co_await to.ChangeMode(owned.ok() ? from.mode : from.mode & 01777));
  co_return co_await files.SetTimes(path, from.accessed, from.modified);
}

Task<absl::Status> CopyFile(FileSystem& files, std::string from, std::string to,
                            const std::string& flags) {
  CO_ASSIGN_OR_RETURN(const FileStat stat, co_await files.Stat(from));
  if (stat.type == FileType::kDirectory) co_return ErrnoStatus(Errno::kEISDIR, from);
  const auto old = co_await files.Stat(to);
  if (old.ok() && old->inode == stat.inode) co_return ErrnoStatus(Errno::kEEXIST, to);
  CO_ASSIGN_OR_RETURN(std::unique_ptr<File> source, co_await files.Open(from, {.read = true}));
  CO_ASSIGN_OR_RETURN(
      std::unique_ptr<File> target,
      co_await files.Open(
          to, {.write = true, .create = true, .truncate = true, .mode = stat.mode & 0777}));
  CO_RETURN_IF_ERROR(co_await CopyBytes(*source, *target));
  if (!absl::StrContains(flags, 'p')) co_return absl::OkStatus();
  co_return co_await CopyAttributes(files, stat, *target, to);
}

Task<absl::Status> MakeLink(FileSystem& files, std::string from, std::string to,
                            const std::string& flags) {
  if (absl::StrContains(flags, 'f')) {
    const absl::Status removed = co_await files.Unlink(to);
    if (!removed.ok() && ErrnoOf(removed) != Errno::kENOENT) co_return removed;
  }
  if (absl::StrContains(flags, 's')) co_return co_await files.Symlink(from, to);
  co_return co_await files.Link(from, to);
}

Task<absl::Status> Move(FileSystem& files, std::string from, std::string to, const std::string&) {
  co_return co_await files.Rename(from, to);
}

absl::string_view Basename(absl::string_view path) {
  while (path.size() > 1 && absl::EndsWith(path, "/")) path.remove_suffix(1);
  return path.substr(path.rfind('/') + 1);
}

// The last operand is where to: a directory, or the new name of the one before it.
Task<int> TransferAll(const ShCall& call, absl::string_view known, Transfer transfer) {
  ShOptions options = ParseShOptions(call.arguments, known);
  if (!options.unknown.empty()) {
    co_return co_await ShComplain(call, absl::StrCat(options.unknown, " ", kNotInSimulatedShell),
                                  2);
  }
  if (transfer == &MakeLink && options.operands.size() == 1) options.operands.push_back(".");
  if (options.operands.size() < 2) co_return co_await ShComplain(call, "two files are needed");
  const std::string to = options.operands.back();
  options.operands.pop_back();
  const auto stat = co_await call.env.files().Stat(to);
  const bool into = stat.ok() && stat->type == FileType::kDirectory;
  if (options.operands.size() > 1 && !into) {
    co_return co_await ShComplain(call, absl::StrCat(to, ": Not a directory"));
  }
  int status = 0;
  for (const std::string& from : options.operands) {
    const std::string target = into ? absl::StrCat(to, "/", Basename(from)) : to;
    const absl::Status done = co_await transfer(call.env.files(), from, target, options.flags);
    if (done.ok()) continue;
    status = co_await ShComplain(
        call, absl::StrCat(from, " to ", target, ": ", ErrnoText(ErrnoOf(done))));
  }
  co_return status;
}

}  // namespace

Task<int> ShCp(const ShCall& call) { co_return co_await TransferAll(call, "p", &CopyFile); }
Task<int> ShLn(const ShCall& call) { co_return co_await TransferAll(call, "sf", &MakeLink); }
Task<int> ShMv(const ShCall& call) { co_return co_await TransferAll(call, "f", &Move); }

}  // namespace stagepost
