#include "mta/deliver/lmtp_programs.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "mta/async/deadline.h"

namespace stagepost {
namespace {

// For the mailer's end after QUIT, and after its pipes are closed in the middle, before it is
// killed.
constexpr absl::Duration kMailerExitTimeout = absl::Seconds(30);
constexpr absl::Duration kMailerAbortTimeout = absl::Seconds(2);

bool SameIdentity(const std::optional<Identity>& a, const std::optional<Identity>& b) {
  if (a.has_value() != b.has_value()) return false;
  return !a.has_value() ||
         (a->user == b->user && a->group == b->group && a->supplementary == b->supplementary);
}

bool SameProgram(const ProgramRequest& a, const ProgramRequest& b) {
  return a.path == b.path && a.arguments == b.arguments && a.environment == b.environment &&
         a.working_directory == b.working_directory && SameIdentity(a.identity, b.identity);
}

}  // namespace

LmtpProgram::LmtpProgram(Environment& env, std::unique_ptr<Child> child, ProgramRequest request,
                         std::string mailer, ClientOptions options)
    : env_(env),
      child_(std::move(child)),
      request_(std::move(request)),
      mailer_(std::move(mailer)),
      input_(child_->TakeInput()),
      output_(child_->TakeOutput()),
      client_(env.clock(), *input_, *output_, std::move(options)) {}

Task<void> LmtpProgram::Leave() {
  const bool said = !client_.closing() && (co_await client_.Quit()).ok();
  input_.reset();
  output_.reset();
  const absl::Duration patience = said ? kMailerExitTimeout : kMailerAbortTimeout;
  const absl::StatusOr<ExitStatus> end =
      co_await WithDeadline(env_.clock().MonotonicNow() + patience, child_->Wait());
  if (end.ok() && !end->ok()) LogExit(*end);
}

void LmtpProgram::LogExit(const ExitStatus& end) {
  const std::string how =
      end.killed_by.has_value()
          ? absl::StrCat(" stopped with signal ", static_cast<int>(*end.killed_by))
          : absl::StrCat(" exited with exit value ", end.code);
  env_.log().Write(Severity::kError,
                   absl::StrCat(last_message, ": smtpquit: mailer ", mailer_, how));
}

Task<absl::StatusOr<Semaphore::Permit>> LmtpPrograms::Turn(std::string path) {
  co_return co_await turns_.try_emplace(std::move(path), kAtATime).first->second.Acquire();
}

std::shared_ptr<LmtpProgram> LmtpPrograms::Take(const ProgramRequest& request) {
  // The one used last is the one whose memory is the warmest.
  const auto found = std::find_if(programs_.rbegin(), programs_.rend(), [&](const auto& program) {
    return SameProgram(program->request(), request);
  });
  if (found == programs_.rend()) return nullptr;
  std::shared_ptr<LmtpProgram> program = std::move(*found);
  programs_.erase(std::next(found).base());
  return program;
}

std::shared_ptr<LmtpProgram> LmtpPrograms::Join(const ProgramRequest& request,
                                                const std::vector<std::string>& users) {
  for (Shared& shared : shared_) {
    if (shared.sharing >= kMostShared || shared.broken || shared.users != users) continue;
    if ((shared.sharing + 1) * users.size() > kMostSharedReplies) continue;
    if (shared.program->client().closing()) continue;
    if (!SameProgram(shared.program->request(), request)) continue;
    ++shared.sharing;
    return shared.program;
  }
  return nullptr;
}

void LmtpPrograms::Share(std::shared_ptr<LmtpProgram> program,
                         const std::vector<std::string>& users) {
  shared_.push_back({std::move(program), users});
}

std::shared_ptr<LmtpProgram> LmtpPrograms::LetGo(std::shared_ptr<LmtpProgram> program) {
  const auto shared = std::find_if(shared_.begin(), shared_.end(),
                                   [&](const Shared& s) { return s.program == program; });
  if (shared == shared_.end()) return program;
  shared->broken = true;
  if (--shared->sharing > 0) return nullptr;
  shared_.erase(shared);
  return program;
}

std::shared_ptr<LmtpProgram> LmtpPrograms::Keep(std::shared_ptr<LmtpProgram> program, bool always) {
  const auto shared = std::find_if(shared_.begin(), shared_.end(),
                                   [&](const Shared& s) { return s.program == program; });
  if (shared != shared_.end()) {
    if (--shared->sharing > 0) return nullptr;
    const bool broken = shared->broken;
    shared_.erase(shared);
    if (broken) return program;
  }
  const bool wanted = always || expectation_.expecting() || linger_ > absl::ZeroDuration();
  if (!wanted || program->client().closing()) return program;
  const MonotonicTime now = clock_.MonotonicNow();
  program->last_used = now;
  program->turn.reset();
  programs_.push_back(std::move(program));
  const bool too_many = programs_.size() > kMost;
  if (!too_many && now - programs_.front()->last_used < kIdle) return nullptr;
  std::shared_ptr<LmtpProgram> leaving = std::move(programs_.front());
  programs_.erase(programs_.begin());
  return leaving;
}

Task<void> LeaveAll(std::vector<std::shared_ptr<LmtpProgram>> programs) {
  for (const std::shared_ptr<LmtpProgram>& program : programs) co_await program->Leave();
}

}  // namespace stagepost
