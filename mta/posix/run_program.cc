#include "mta/posix/run_program.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "mta/base/check.h"
#include "mta/posix/environment.h"
#include "mta/posix/signals.h"

namespace stagepost {
namespace {

// Started without one of the standard streams, the next file opened would become it.
void OpenMissingStreams() {
  for (int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(fd, F_GETFD) >= 0) continue;
    CHECK(::open("/dev/null", O_RDWR) == fd) << "/dev/null as descriptor " << fd;
  }
}

// All sessions and deliveries of a daemon share one process: 1024 descriptors, the usual limit, are
// few. Far beyond this, programs that close all they might have would take long.
constexpr rlim_t kDescriptors = 16'384;

void RaiseDescriptorLimit() {
  struct rlimit limit;
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= kDescriptors) return;
  limit.rlim_cur = std::max(limit.rlim_cur, std::min(limit.rlim_max, kDescriptors));
  ::setrlimit(RLIMIT_NOFILE, &limit);  // what is refused stays as it is
}

std::map<std::string, std::string> VariablesOfMachine() {
  std::map<std::string, std::string> variables;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const absl::string_view text = *variable;
    const size_t equals = text.find('=');
    // Of two with the same name the first counts, as for getenv(3).
    if (equals != absl::string_view::npos) {
      variables.emplace(std::string(text.substr(0, equals)), std::string(text.substr(equals + 1)));
    }
  }
  return variables;
}

std::string PrivateRootOfMachine() {
  const std::string name(kPrivateRootVariable);
  const char* const root = ::secure_getenv(name.c_str());
  if (root == nullptr || *root == '\0') return "";
  if (!absl::StartsWith(root, "/")) {
    constexpr absl::string_view kMessage = "STAGEPOST_ROOT must be an absolute path\n";
    if (::write(STDERR_FILENO, kMessage.data(), kMessage.size()) < 0) ::_exit(78);
    ::_exit(78);  // EX_CONFIG
  }
  return root;
}

}  // namespace

int RunProgram(Program main, int argc, char** argv) {
  OpenMissingStreams();
  ::syscall(SYS_close_range, 3u, ~0u, 0u);  // whoever holds the other ends must not wait for us
  RaiseDescriptorLimit();
  PrepareSignals();
  PosixOptions options{.arguments = Arguments(argv, argv + argc),
                       .variables = VariablesOfMachine(),
                       .private_root = PrivateRootOfMachine(),
                       .title = {},
                       .resolver = {}};
  options.title = TitleArea::Take(argc, argv);
  PosixEnvironment environment(std::move(options));
  return environment.Run(main);
}

}  // namespace stagepost
