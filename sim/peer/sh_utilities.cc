#include "sim/peer/sh_utilities.h"

#include <array>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "mta/async/deadline.h"
#include "mta/base/errno.h"
#include "sim/peer/sh_parser.h"
#include "sim/world/sim_environment.h"
#include "sim/world/sim_host.h"

namespace stagepost {
namespace {

constexpr int kBrokenPipeStatus = 141;  // 128 and SIGPIPE
constexpr double kMaxSleepSeconds = 100.0 * 366 * 86400;

Task<int> True(const ShCall&) { co_return 0; }
Task<int> False(const ShCall&) { co_return 1; }

// Up to three octal digits, from `at` on.
char TakeOctal(absl::string_view text, size_t& at) {
  int value = 0;
  for (int digits = 0; digits < 3 && at < text.size() && text[at] >= '0' && text[at] <= '7';
       ++digits) {
    value = value * 8 + (text[at++] - '0');
  }
  return static_cast<char>(value);
}

// Replaces the escapes that echo(1) and printf(1) have in common; \c ends the text and sets *end.
std::string Unescape(absl::string_view text, bool* end) {
  static constexpr absl::string_view kLetters = "abfnrtv\\";
  static constexpr absl::string_view kBytes = "\a\b\f\n\r\t\v\\";
  std::string result;
  for (size_t at = 0; at < text.size();) {
    if (text[at] != '\\' || at + 1 == text.size()) {
      result += text[at++];
      continue;
    }
    const char c = text[++at];
    if (const size_t letter = kLetters.find(c); letter != kLetters.npos) {
      result += kBytes[letter];
      ++at;
    } else if (c == 'c') {
      *end = true;
      return result;
    } else if (c >= '0' && c <= '7') {
      result += TakeOctal(text, at);
    } else {
      result += '\\';
    }
  }
  return result;
}

Task<int> Echo(const ShCall& call) {
  const bool newline = call.arguments.size() < 2 || call.arguments[1] != "-n";
  const auto words = absl::MakeConstSpan(call.arguments).subspan(newline ? 1 : 2);
  bool end = false;
  std::string text = Unescape(absl::StrJoin(words, " "), &end);
  if (newline && !end) text += '\n';
  co_return co_await ShPrint(call, text);
}

// One pass over the format; false at a conversion that is not known, which is left in *text.
bool FormatOnce(absl::string_view format, absl::Span<const std::string>& words, std::string* text) {
  for (size_t at = 0; at < format.size(); ++at) {
    if (format[at] != '%') {
      *text += format[at];
      continue;
    }
    const char conversion = ++at < format.size() ? format[at] : '\0';
    if (conversion == '%') {
      *text += '%';
      continue;
    }
    const std::string word = words.empty() ? "" : words[0];
    int64_t number = 0;
    if (conversion == 's') {
      *text += word;
    } else if (conversion == 'c') {
      text->append(word, 0, 1);
    } else if ((conversion == 'd' || conversion == 'i') &&
               (word.empty() || absl::SimpleAtoi(word, &number))) {
      absl::StrAppend(text, number);
    } else {
      *text = absl::StrCat("\"%", format.substr(at, 1), "\" of \"", word, "\"");
      return false;
    }
    if (!words.empty()) words.remove_prefix(1);
  }
  return true;
}

Task<int> Printf(const ShCall& call) {
  if (call.arguments.size() < 2) co_return co_await ShComplain(call, "no format", 2);
  bool end = false;
  const std::string format = Unescape(call.arguments[1], &end);
  auto words = absl::MakeConstSpan(call.arguments).subspan(2);
  std::string text;
  size_t left;
  do {
    left = words.size();
    if (!FormatOnce(format, words, &text)) {
      co_return co_await ShComplain(call, absl::StrCat(text, " ", kNotInSimulatedShell), 2);
    }
  } while (!words.empty() && words.size() < left);
  co_return co_await ShPrint(call, text);
}

// Copies `input` to the end; the exit status.
Task<int> Copy(const ShCall& call, ShInput& input, std::string name) {
  std::array<char, 4096> buffer;
  while (true) {
    const auto got = co_await input.Read(absl::MakeSpan(buffer));
    if (!got.ok()) {
      co_return co_await ShComplain(call,
                                    absl::StrCat(name, ": ", ErrnoText(ErrnoOf(got.status()))));
    }
    if (*got == 0) co_return 0;
    const int printed = co_await ShPrint(call, absl::string_view(buffer.data(), *got));
    if (printed != 0) co_return printed;
  }
}

Task<int> Cat(const ShCall& call) {
  ShOptions options = ParseShOptions(call.arguments, "");
  if (!options.unknown.empty()) {
    co_return co_await ShComplain(call, absl::StrCat(options.unknown, " ", kNotInSimulatedShell),
                                  2);
  }
  if (options.operands.empty()) options.operands.push_back("-");
  int status = 0;
  for (const std::string& name : options.operands) {
    if (name == "-") {
      status |= co_await Copy(call, *call.streams.input, name);
      continue;
    }
    auto file = co_await call.env.files().Open(name, {.read = true});
    if (!file.ok()) {
      status |=
          co_await ShComplain(call, absl::StrCat(name, ": ", ErrnoText(ErrnoOf(file.status()))));
      continue;
    }
    ShInput input(*std::move(file));
    status |= co_await Copy(call, input, name);
  }
  co_return status;
}

Task<int> SleepFor(const ShCall& call) {
  double total = 0;
  for (size_t i = 1; i < call.arguments.size(); ++i) {
    absl::string_view text = call.arguments[i];
    const double unit = absl::ConsumeSuffix(&text, "d")   ? 86400
                        : absl::ConsumeSuffix(&text, "h") ? 3600
                        : absl::ConsumeSuffix(&text, "m") ? 60
                                                          : 1;
    if (unit == 1) absl::ConsumeSuffix(&text, "s");
    double number = 0;
    if (text.empty() || !absl::ascii_isdigit(text[0]) || !absl::SimpleAtod(text, &number)) {
      co_return co_await ShComplain(call, absl::StrCat(call.arguments[i], ": not a time"));
    }
    total += number * unit;
  }
  if (call.arguments.size() < 2) co_return co_await ShComplain(call, "no time");
  if (total > kMaxSleepSeconds) co_return co_await ShComplain(call, "more than 100 years");
  const absl::Status slept = co_await Sleep(absl::Seconds(total));
  co_return slept.ok() ? 0 : 1;
}

struct SignalName {
  absl::string_view name;
  Signal signal;
};
constexpr SignalName kSignals[] = {
    {"HUP", Signal::kHangup}, {"INT", Signal::kInterrupt},  {"KILL", Signal::kKill},
    {"USR1", Signal::kUser1}, {"USR2", Signal::kUser2},     {"PIPE", Signal::kPipe},
    {"ALRM", Signal::kAlarm}, {"TERM", Signal::kTerminate}, {"CHLD", Signal::kChild},
};

std::optional<Signal> FindSignal(absl::string_view text) {
  absl::ConsumePrefix(&text, "SIG");
  int number = 0;
  const bool is_number = absl::SimpleAtoi(text, &number);
  for (const SignalName& known : kSignals) {
    if (is_number ? number == static_cast<int>(known.signal) : text == known.name) {
      return known.signal;
    }
  }
  return std::nullopt;
}

// As kill(2). The seam has no such call: the MTA signals only its own children.
Errno SendSignal(Environment& env, uint32_t pid, Signal signal) {
  SimHost& host = static_cast<SimEnvironment&>(env).simulated_process().host();
  SimProcess* process = host.FindProcess(pid);
  if (process == nullptr || process->inert()) return Errno::kESRCH;
  const Credentials& mine = env.process().credentials();
  const Credentials& theirs = process->spec().credentials;
  const auto is_theirs = [&](UserId id) {
    return id == theirs.real_user || id == theirs.saved_user;
  };
  if (mine.effective_user != kRootUser && !is_theirs(mine.real_user) &&
      !is_theirs(mine.effective_user)) {
    return Errno::kEPERM;
  }
  host.core().soon.push_back([&host, pid, signal] {
    if (SimProcess* victim = host.FindProcess(pid)) victim->Deliver(signal);
  });
  return Errno::kOk;
}

Task<int> Kill(const ShCall& call) {
  auto words = absl::MakeConstSpan(call.arguments).subspan(1);
  std::optional<Signal> signal = Signal::kTerminate;
  if (!words.empty() && words[0].size() > 1 && words[0][0] == '-') {
    signal = FindSignal(absl::string_view(words[0]).substr(1));
    if (!signal.has_value()) {
      co_return co_await ShComplain(call, absl::StrCat(words[0], " ", kNotInSimulatedShell), 2);
    }
    words.remove_prefix(1);
  }
  if (words.empty()) co_return co_await ShComplain(call, "no process", 2);
  int status = 0;
  for (const std::string& word : words) {
    uint32_t pid = 0;
    if (!absl::SimpleAtoi(word, &pid) || pid == 0) {
      co_return co_await ShComplain(call, absl::StrCat("process ", word, " ", kNotInSimulatedShell),
                                    2);
    }
    const Errno sent = SendSignal(call.env, pid, *signal);
    if (sent != Errno::kOk) {
      status = co_await ShComplain(call, absl::StrCat(word, ": ", ErrnoText(sent)));
    }
  }
  co_return status;
}

struct KnownUtility {
  absl::string_view name;
  ShUtility utility;
};
constexpr KnownUtility kUtilities[] = {
    {"cat", &Cat},       {"chmod", &ShChmod},  {"chown", &ShChown}, {"cp", &ShCp},
    {"echo", &Echo},     {"false", &False},    {"kill", &Kill},     {"ln", &ShLn},
    {"mkdir", &ShMkdir}, {"mv", &ShMv},        {"printf", &Printf}, {"rm", &ShRm},
    {"rmdir", &ShRmdir}, {"sleep", &SleepFor}, {"true", &True},
};

}  // namespace

ShUtility FindShUtility(absl::string_view name) {
  for (const KnownUtility& known : kUtilities) {
    if (known.name == name) return known.utility;
  }
  return nullptr;
}

std::vector<absl::string_view> ShUtilityNames() {
  std::vector<absl::string_view> names;
  for (const KnownUtility& known : kUtilities) names.push_back(known.name);
  return names;
}

Task<int> ShComplain(const ShCall& call, absl::string_view what, int status) {
  // Nobody can be told where that fails.
  (void)co_await call.streams.error->Write(absl::StrCat(call.arguments[0], ": ", what, "\n"));
  co_return status;
}

Task<int> ShPrint(const ShCall& call, absl::string_view text) {
  const absl::Status written = co_await call.streams.output->Write(text);
  if (written.ok()) co_return 0;
  const Errno error = ErrnoOf(written);
  if (error == Errno::kEPIPE) co_return kBrokenPipeStatus;
  co_return co_await ShComplain(call, absl::StrCat("write error: ", ErrnoText(error)));
}

ShOptions ParseShOptions(const Arguments& arguments, absl::string_view known) {
  ShOptions options;
  size_t i = 1;
  for (; i < arguments.size() && arguments[i].size() > 1 && arguments[i][0] == '-'; ++i) {
    const absl::string_view word = arguments[i];
    if (word == "--") {
      ++i;
      break;
    }
    for (size_t at = 1; at < word.size(); ++at) {
      const size_t found = word[at] == ':' ? known.npos : known.find(word[at]);
      if (found == known.npos) {
        options.unknown = absl::StrCat("-", word.substr(at, 1));
        return options;
      }
      options.flags += word[at];
      if (found + 1 == known.size() || known[found + 1] != ':') continue;
      if (at + 1 < word.size()) {
        options.value = std::string(word.substr(at + 1));
      } else if (++i < arguments.size()) {
        options.value = arguments[i];
      } else {
        options.unknown = absl::StrCat("-", word.substr(at, 1), " without a value");
        return options;
      }
      break;
    }
  }
  for (; i < arguments.size(); ++i) options.operands.push_back(arguments[i]);
  return options;
}

Task<int> ShUtilityMain(Environment& env, Arguments arguments) {
  const ShStreams streams{std::make_shared<ShInput>(env.process().standard_input()),
                          std::make_shared<ShOutput>(env.process().standard_output()),
                          std::make_shared<ShOutput>(env.process().standard_error())};
  if (arguments.empty()) co_return 127;
  arguments[0] = arguments[0].substr(arguments[0].rfind('/') + 1);
  const ShUtility utility = FindShUtility(arguments[0]);
  const ShCall call{env, streams, arguments};
  if (utility == nullptr) co_return co_await ShComplain(call, "no such utility", 127);
  co_return co_await utility(call);
}

}  // namespace stagepost
