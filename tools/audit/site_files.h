// The files of the site that is audited, put onto a simulated disk when a program asks for them:
// what a configuration names decides what is read of the machine.
//
//   SiteFiles files(sources, "/home/me/site");   // stands for /etc/mail
//   host.file_faults = &files;
//   files.Attach(host);
//
// Owners and modes are not taken along: on the simulated disk all is root's, mode 0644. Never read
// are places that belong to a machine rather than to a site (/var, /home, /proc, /tmp, /etc/passwd,
// …).
#ifndef STAGEPOST_TOOLS_AUDIT_SITE_FILES_H_
#define STAGEPOST_TOOLS_AUDIT_SITE_FILES_H_

#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "sim/world/sim_file_caller.h"
#include "sim/world/sim_host.h"
#include "tools/audit/audit_sources.h"

namespace stagepost {

inline constexpr char kMailDirectory[] = "/etc/mail";
// Where the simulated machine has sendmail's m4 library.
inline constexpr char kLibraryDirectory[] = "/usr/share/sendmail/cf/";

class SiteFiles final : public FileFaults {
 public:
  // `folder`: what stands for /etc/mail; `sources` outlives this.
  SiteFiles(const AuditSources& sources, std::string folder);

  // From now on this host is given what it asks for. Its /etc/mail is emptied first.
  absl::Status Attach(SimHost& host);

  // A file of these bytes takes the place of what the machine has. `path` is that on the simulated
  // disk.
  void Put(const std::string& path, std::string bytes);
  // Where a path of the simulated disk is read from on this machine; empty: nowhere.
  std::string RealPath(absl::string_view path) const;
  // The path on the simulated disk of a file of the machine.
  std::string SimulatedPath(absl::string_view real) const;
  // Bytes of a file that programs have asked for; null: they have not, or there is none.
  const std::string* Find(const std::string& path) const;
  // How a file is called where it is named: that of the machine, or what Label() has said.
  std::string label(const std::string& path) const;
  void Label(const std::string& path, std::string label) { labels_[path] = std::move(label); }
  // Reads it as if a program had asked for it.
  absl::StatusOr<std::string> Read(const std::string& path);

  // What was asked for and was not there; and what is there and could not be read, with the reason.
  const std::map<std::string, absl::Status>& missing() const { return missing_; }
  const std::map<std::string, absl::Status>& unreadable() const { return unreadable_; }
  const std::map<std::string, std::string>& read() const { return read_; }

 private:
  FileFault OnCall(FileCall call, absl::string_view path) override;
  void Provide(const std::string& path);

  const AuditSources& sources_;
  const std::string folder_;
  SimHost* host_ = nullptr;
  std::map<std::string, std::string> read_;
  std::map<std::string, std::string> labels_;
  std::map<std::string, absl::Status> missing_, unreadable_;
};

}  // namespace stagepost

#endif  // STAGEPOST_TOOLS_AUDIT_SITE_FILES_H_
