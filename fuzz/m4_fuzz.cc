// What an administrator may give to m4: programs. The first byte says how many steps are taken at a
// time, which must make no difference.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "mta/base/check.h"
#include "mta/base/errno.h"
#include "mta/m4/m4.h"

namespace {

using stagepost::Errno;
using stagepost::M4;
using stagepost::M4Builtin;
using stagepost::M4Event;
using stagepost::M4Limits;

M4Limits SmallLimits() {
  M4Limits limits;
  limits.nested_calls = 500;
  limits.input_blocks = 500;
  limits.nested_files = 10;
  limits.files = 50;
  limits.bytes = 2 << 20;
  limits.output_bytes = 1 << 20;
  limits.steps = 100'000;
  limits.format_bytes = 10'000;
  return limits;
}

struct Outcome {
  std::string text;
  int exit_code = 0;
};

// Files are as long as their names say, commands say themselves.
void Answer(M4& m4, M4Event event, const std::string& program) {
  const std::string name = m4.request().name;
  if (event == M4Event::kNeedTemporary) {
    m4.GiveTemporary(absl::StrCat("/tmp/", name.size()));
  } else if (event == M4Event::kNeedCommand) {
    if (name.size() % 4 == 3) {
      m4.RefuseCommand("refused");
    } else {
      m4.GiveCommand(name, static_cast<int>(name.size()));
    }
  } else if (name.size() % 3 == 2) {
    m4.RefuseFile(Errno::kENOENT);
  } else {
    m4.GiveFile(name, std::make_shared<const std::string>(program.substr(0, name.size() * 7)));
  }
}

Outcome Run(const std::string& program, uint64_t steps) {
  const M4Limits limits = SmallLimits();
  M4 m4(limits);
  m4.Define("x", "$1`$@'");
  m4.Begin("fuzz.m4", std::make_shared<const std::string>(program));
  Outcome outcome;
  std::string messages;
  bool ended = false;
  while (true) {
    const M4Event event = m4.Run(steps);
    outcome.text += m4.TakeOutput();
    messages += m4.TakeMessages();
    if (event == M4Event::kFinished) break;
    if (event == M4Event::kPaused) continue;
    if (event != M4Event::kInputEnd) {
      Answer(m4, event, program);
    } else {
      CHECK(!ended);
      ended = true;
      m4.End();
    }
  }
  // The last piece of output and the last message may be as large as what may be held.
  CHECK(outcome.text.size() + messages.size() <= limits.output_bytes + 2 * limits.bytes);
  for (const auto& finding : m4.findings()) {
    CHECK(finding.place.use < m4.uses().size());
    CHECK(!finding.what.empty());
  }
  CHECK(m4.exit_code() >= 0 && m4.exit_code() <= 255);
  outcome.text += messages;
  outcome.exit_code = m4.exit_code();
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0 || size > 20'000) return 0;
  const uint64_t steps = 1 + data[0] % 50;
  const std::string program(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Outcome at_once = Run(program, 1'000'000'000);
  const Outcome in_steps = Run(program, steps);
  CHECK(at_once.text == in_steps.text);
  CHECK(at_once.exit_code == in_steps.exit_code);
  return 0;
}
