#include "mta/posix/resolv_conf.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "mta/posix/unique_fd.h"

namespace stagepost {
namespace {

// "timeout:3", of any length: a number from 1 to `most`, as near as that can be.
std::optional<int> NumberOf(absl::string_view option, absl::string_view name, int most) {
  if (!absl::ConsumePrefix(&option, name) || option.empty()) return std::nullopt;
  if (option.find_first_not_of("0123456789") != absl::string_view::npos) return std::nullopt;
  int number = most;  // of more digits than a number has
  (void)absl::SimpleAtoi(option, &number);
  return std::clamp(number, 1, most);
}

void ParseOption(absl::string_view option, ResolvConf& conf) {
  if (option == "rotate") conf.rotate = true;
  if (option == "use-vc") conf.use_tcp = true;
  if (const auto attempts = NumberOf(option, "attempts:", ResolvConf::kMaxAttempts)) {
    conf.attempts = attempts;
  }
  if (const auto seconds = NumberOf(option, "timeout:", ResolvConf::kMaxTimeoutSeconds)) {
    conf.timeout = absl::Seconds(*seconds);
  }
}

void ParseLine(absl::string_view line, ResolvConf& conf) {
  const std::vector<absl::string_view> words =
      absl::StrSplit(line, absl::ByAnyChar(" \t\r"), absl::SkipEmpty());
  // A keyword stands in the first column; so does the # or ; of a comment.
  if (words.size() < 2 || words[0].data() != line.data()) return;
  if (words[0] == "nameserver" && conf.name_servers.size() < ResolvConf::kMaxNameServers) {
    if (const auto address = IpAddress::Parse(words[1])) conf.name_servers.push_back(*address);
  }
  if (words[0] == "options") {
    for (size_t i = 1; i < words.size(); ++i) ParseOption(words[i], conf);
  }
}

}  // namespace

ResolvConf ParseResolvConf(absl::string_view text) {
  ResolvConf conf;
  for (const absl::string_view line : absl::StrSplit(text.substr(0, ResolvConf::kMaxBytes), '\n')) {
    ParseLine(line, conf);
  }
  if (conf.name_servers.empty()) conf.name_servers = {*IpAddress::Parse("127.0.0.1")};
  return conf;
}

ResolvConf ReadResolvConf(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  std::string text(ResolvConf::kMaxBytes, '\0');
  size_t size = 0;
  while (fd.valid() && size < text.size()) {
    const ssize_t got = Retry([&] { return ::read(fd.get(), &text[size], text.size() - size); });
    if (got <= 0) break;
    size += static_cast<size_t>(got);
  }
  return ParseResolvConf(absl::string_view(text).substr(0, size));
}

}  // namespace stagepost
