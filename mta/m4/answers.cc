// What the caller answers to requests; see m4.h.
#include <utility>

#include "absl/strings/str_cat.h"
#include "mta/base/check.h"
#include "mta/m4/m4.h"

namespace stagepost {

void M4::Answered(M4Event event) {
  CHECK(waiting_ && wanted_ == event) << "nobody asked for this";
  waiting_ = false;
}

void M4::GiveFile(absl::string_view path, std::shared_ptr<const std::string> text) {
  Answered(M4Event::kNeedFile);
  if (request_.by == M4Builtin::kUndivert) {
    Ship(*text);
    return AfterUndivert();
  }
  if (debug('p') && path != request_.name) {
    Debug(absl::StrCat("path search for `", request_.name, "' found `", path, "'"));
  }
  input_.PushFile(std::string(path), std::move(text), calls_.back().place);
  if (debug('i')) Debug(absl::StrCat("input read from ", path));
  CheckLimits();
  CompleteCall();
}

void M4::AfterUndivert() {
  CheckLimits();
  if (state_ == State::kFinished) return;
  DoUndivert();
  if (!waiting_) CompleteCall();
}

void M4::RefuseFile(Errno why) {
  CHECK(waiting_ && wanted_ != M4Event::kNeedCommand) << "nobody asked for this";
  waiting_ = false;
  const absl::string_view text = ErrnoText(why);
  switch (request_.by) {
    case M4Builtin::kUndivert:
      Warn(absl::StrCat("cannot undivert `", request_.name, "': ", text));
      return AfterUndivert();
    case M4Builtin::kSinclude:
      return CompleteCall();
    case M4Builtin::kInclude: {
      Warn(absl::StrCat("cannot open `", request_.name, "': ", text));
      M4Finding finding;
      finding.place = calls_.back().place;
      finding.missing_file = request_.name;
      finding.what = absl::StrCat("cannot include ", request_.name, ": ", text);
      if (findings_.size() < kMaxFindings) findings_.push_back(std::move(finding));
      break;
    }
    default:
      Warn(absl::StrCat("cannot create tempfile `", request_.name, "': ", text));
  }
  exit_code_ = 1;
  CompleteCall();
}

void M4::GiveTemporary(absl::string_view path) {
  Answered(M4Event::kNeedTemporary);
  Append(absl::StrCat(input_.open_quote(), path, input_.close_quote()));
  CompleteCall();
}

void M4::GiveCommand(absl::string_view output, int status) {
  Answered(M4Event::kNeedCommand);
  sysval_ = status;
  if (request_.by == M4Builtin::kEsyscmd) {
    Append(output);
  } else {
    // The command writes where m4 writes, whatever is diverted.
    const int32_t divert = std::exchange(divert_, 0);
    Ship(output);
    divert_ = divert;
  }
  CompleteCall();
}

void M4::RefuseCommand(absl::string_view why) {
  Answered(M4Event::kNeedCommand);
  M4Finding finding;
  finding.place = calls_.back().place;
  finding.what = absl::StrCat(why, ": ", request_.name);
  Fail(std::move(finding), absl::StrCat("ERROR: ", current_.name, " refused"));
}

void M4::GiveMessages(absl::string_view text) {
  message_bytes_ += text.size();
  absl::StrAppend(&messages_, text);
}

}  // namespace stagepost
