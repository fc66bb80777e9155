// Finds and reads the files that m4 includes.
#ifndef STAGEPOST_MTA_M4_M4_FILES_H_
#define STAGEPOST_MTA_M4_M4_FILES_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "mta/async/task.h"
#include "mta/env/environment.h"

namespace stagepost {

inline constexpr size_t kMaxM4FileBytes = 64 << 20;

// Where sendmail's m4 library is on one system or another; it holds m4/cf.m4.
absl::Span<const absl::string_view> SendmailTrees();

class M4Files {
 public:
  // `include_path`: of -I.
  M4Files(Environment& env, std::vector<std::string> include_path);

  struct Found {
    std::string path;
    std::shared_ptr<const std::string> text;
  };
  // `name` in the working directory, then in the directories of -I, then in those of the variable
  // M4PATH. If that fails for the cf.m4 of sendmail's library: in the libraries below -I, then in
  // SendmailTrees(). The error has the Errno of the first attempt.
  Task<absl::StatusOr<Found>> Find(std::string name);

  // Standard input to its end.
  Task<absl::StatusOr<Found>> ReadStandardInput();

  // The file of the same directory whose name is most like the one of `path`; empty if none is.
  Task<std::string> Similar(std::string path);

 private:
  Task<absl::StatusOr<Found>> Read(std::string path);

  Environment& env_;
  std::vector<std::string> path_;
  size_t from_options_;  // how many of path_ come from -I
};

// Whether this is how somebody names the beginning of sendmail's m4 library.
bool IsSendmailLibrary(absl::string_view name);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_M4_M4_FILES_H_
