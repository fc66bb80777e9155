#include "tools/audit/audit.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "mta/base/status_macros.h"
#include "mta/base/strings.h"
#include "re2/re2.h"
#include "tools/audit/mc_file.h"
#include "tools/audit/simulated_site.h"

namespace stagepost {
namespace {

constexpr char kCf[] = "/etc/mail/sendmail.cf";
constexpr char kMakemap[] = "/usr/sbin/makemap";
constexpr char kNoName[] = "mx.audited-site.example";

// A problem, and what may help.
absl::Status Trouble(absl::string_view what, absl::string_view remedy) {
  return absl::FailedPreconditionError(absl::StrCat(
      absl::StrReplaceAll(absl::StripAsciiWhitespace(what), {{"\n", "; "}}), "\n", remedy));
}

class Audit {
 public:
  Audit(const AuditSources& sources, const AuditRequest& request, AuditReport& report)
      : sources_(sources), request_(request), report_(report) {}

  absl::Status Perform() {
    RETURN_IF_ERROR(Find());
    RETURN_IF_ERROR(files_->Read(is_mc_ ? mc_ : kCf).status());
    hints_ = request_.hints;
    if (is_mc_) RETURN_IF_ERROR(Compile());
    GuessName();
    sources_.progress("reading the configuration");
    RETURN_IF_ERROR(ReadSite());
    report_.plan = MakePlan(facts_, IdentifySite(facts_, cf(), hints_));
    sources_.progress("asking");
    absl::StatusOr<AuditRun> run = RunAudit(report_.plan, facts_, *files_, kCf);
    if (!run.ok()) {
      return Trouble(run.status().message(),
                     "see what stagepost lint says of the configuration, and correct it");
    }
    report_.run = *std::move(run);
    JudgeAudit(facts_, cf(), report_);
    for (Hole& hole : report_.holes) {
      PlaceFeature(hole.decision);
      hole.explanation = ExplainHole(report_, hole);
    }
    for (ProbeResult& result : report_.run.results) PlaceFeature(result.decision);
    for (std::string& note : facts_.notes) report_.notes.push_back(std::move(note));
    return absl::OkStatus();
  }

 private:
  const std::string& cf() const { return *files_->Find(kCf); }

  // Where a FEATURE stands: in the .mc if there is one, else where the .cf tells of it.
  void PlaceFeature(Decision& decision) const {
    absl::string_view name = decision.option;
    if (!absl::ConsumePrefix(&name, "FEATURE(") || !absl::ConsumeSuffix(&name, ")")) return;
    const std::string path = is_mc_ ? mc_ : kCf;
    const std::string begins = is_mc_ ? absl::StrCat("FEATURE(`", name, "'") : "#####";
    const std::string has = is_mc_ ? std::string(name) : absl::StrCat(" ", name, ".m4");
    int number = 0;
    for (const absl::string_view line : absl::StrSplit(*files_->Find(path), '\n')) {
      ++number;
      if (!absl::StartsWith(line, begins) || !absl::StrContains(line, has)) continue;
      decision.option_place = {files_->label(path), number};
      return;
    }
  }

  // What is to be audited, and what stands for /etc/mail.
  absl::Status Find() {
    std::string config = request_.config;
    while (config.size() > 1 && config.back() == '/') config.pop_back();
    std::string file = config;
    if (sources_.is_directory(config)) {
      folder_ = config;
      file = absl::StrCat(config, "/sendmail.cf");
      if (absl::IsNotFound(sources_.read(file).status())) {
        file = absl::StrCat(config, "/sendmail.mc");
        if (absl::IsNotFound(sources_.read(file).status())) {
          return Trouble(absl::StrCat(config, ": there is neither sendmail.cf nor sendmail.mc"),
                         "name the directory that has them, or the file: --config FILE");
        }
      }
    } else {
      const size_t slash = config.rfind('/');
      folder_ = slash == std::string::npos ? "." : config.substr(0, slash);
      if (folder_.empty()) folder_ = "/";
    }
    const absl::StatusOr<std::string> text = sources_.read(file);
    if (!text.ok()) {
      return Trouble(absl::StrCat(file, ": ", text.status().message()),
                     absl::IsPermissionDenied(text.status())
                         ? "run the audit as a user who may read it"
                         : "name a directory like /etc/mail, a .mc or a .cf: --config PATH");
    }
    files_ = std::make_unique<SiteFiles>(sources_, folder_);
    is_mc_ = absl::EndsWith(file, ".mc");
    source_ = file;
    mc_ = "/etc/mail/sendmail.mc";
    files_->Put(is_mc_ ? mc_ : kCf, *text);
    files_->Label(is_mc_ ? mc_ : kCf, file);
    return absl::OkStatus();
  }

  absl::StatusOr<std::unique_ptr<SimulatedSite>> Machine() {
    const std::string* cf = files_->Find(kCf);
    return SimulatedSite::Make(
        {.name = hints_.name.empty() ? kNoName : hints_.name,
         .addresses = hints_.addresses,
         .users = cf == nullptr ? std::vector<std::string>() : AccountsOf(*cf)},
        *files_);
  }

  absl::Status Compile() {
    sources_.progress("making sendmail.cf of the .mc");
    ASSIGN_OR_RETURN(const auto site, Machine());
    absl::StatusOr<CompiledMc> made = CompileMc(*site, mc_);
    for (const auto& [path, why] : files_->unreadable()) {
      return Trouble(absl::StrCat(path, ": ", why.message()),
                     "sendmail-cf has the m4 library; STAGEPOST_M4_LIBRARY may name its folder");
    }
    if (!made.ok()) {
      return Trouble(absl::StrCat(source_, ": m4 says: ", made.status().message()),
                     "stagepost m4 shows file and line");
    }
    for (const absl::string_view line : absl::StrSplit(made->said, '\n', absl::SkipEmpty())) {
      report_.notes.push_back(absl::StrCat("m4: ", line));
    }
    files_->Put(kCf, std::move(made->cf));
    files_->Label(kCf, absl::StrCat(source_, " (made into sendmail.cf)"));
    return absl::OkStatus();
  }

  // The name of the host, where the configuration does not give one.
  void GuessName() {
    if (!hints_.name.empty()) return;
    if (folder_ == kMailDirectory) {
      hints_.name = sources_.host_name();
      if (hints_.addresses.empty()) hints_.addresses = sources_.addresses();
      if (absl::StrContains(hints_.name, '.')) return;
    }
    std::string name;
    static const RE2 kName("(?m)^Dj([A-Za-z0-9-]+(?:\\.[A-Za-z0-9-]+)+)\\s*$");
    if (RE2::PartialMatch(cf(), kName, &name)) {
      hints_.name = name;
      return;
    }
    const absl::StatusOr<std::string> names = files_->Read("/etc/mail/local-host-names");
    static const RE2 kDomain("(?m)^([A-Za-z0-9-]+(?:\\.[A-Za-z0-9-]+)+)\\s*$");
    if (names.ok() && RE2::PartialMatch(*names, kDomain, &name)) {
      hints_.name = absl::StrCat("mx.", name);
    } else {
      hints_.name = kNoName;
    }
    report_.notes.push_back(
        absl::StrCat("the host is taken to be called ", hints_.name, ": --name says otherwise"));
  }

  // Reads it, with what has to be made first.
  absl::Status ReadSite() {
    for (int round = 0; true; ++round) {
      ASSIGN_OR_RETURN(const auto site, Machine());
      facts_ = ReadFacts(*site, kCf);
      for (const auto& [path, why] : files_->unreadable()) {
        return Trouble(absl::StrCat(files_->RealPath(path), ": ", why.message()),
                       "run the audit as a user who may read it, or on a copy of the site: "
                       "--config DIR");
      }
      if (round > 2 || !MakeMissing(*site)) break;
    }
    if (!facts_.unopened.empty()) {
      const auto& [map, why] = facts_.unopened.front();
      return Trouble(absl::StrCat("map ", map, ": ", why, " (", folder_, " stands for /etc/mail)"),
                     "make the database with makemap, or put its text beside it");
    }
    if (facts_.loaded && facts_.exit_code == 0) return absl::OkStatus();
    std::string said;
    for (Diagnostic& diagnostic : facts_.diagnostics) {
      diagnostic.where.file = files_->label(diagnostic.where.file);
      if (diagnostic.severity == Diagnostic::Severity::kError ||
          diagnostic.severity == Diagnostic::Severity::kFatal) {
        absl::StrAppend(&said, said.empty() ? "" : "; ", Render(diagnostic));
      }
    }
    return Trouble(said.empty() ? "the configuration cannot be read" : said,
                   "sendmail would not start with it: correct it, or put the missing file in its "
                   "place");
  }

  // Makes databases whose text is there. Of a .mc alone nothing needs to be there: what is missing
  // is empty. Whether something was made.
  bool MakeMissing(SimulatedSite& site) {
    bool made = false;
    const std::map<std::string, absl::Status> missing = files_->missing();
    for (const auto& [path, why] : missing) {
      if (!absl::EndsWith(path, ".db")) {
        made |= PutEmpty(path);
        continue;
      }
      const std::string base(absl::StripSuffix(path, ".db"));
      const absl::StatusOr<std::string> text = files_->Read(base);
      if (!text.ok() && !(is_mc_ && IsWanted(path))) continue;
      const std::string source = text.value_or("");
      const auto result = site.Run({kMakemap, "hash", "/tmp/made"}, source);
      const auto bytes = site.host().editor().ReadFile("/tmp/made.db");
      if (!result.ok() || !bytes.ok()) {
        report_.notes.push_back(absl::StrCat(files_->RealPath(base), ": ", result.errors));
        continue;
      }
      files_->Put(path, *bytes);
      made = true;
      report_.notes.push_back(
          text.ok() ? absl::StrCat(files_->RealPath(path), " is not there: made of ",
                                   files_->RealPath(base))
                    : absl::StrCat(files_->RealPath(path), " is not there: taken as empty"));
    }
    return made;
  }

  // Whether something is wrong because this file is not there.
  bool IsWanted(const std::string& path) const {
    const std::string base(absl::StripSuffix(path, ".db"));
    for (const auto& [map, why] : facts_.unopened) {
      if (absl::StrContains(why, base)) return true;
    }
    for (const Diagnostic& diagnostic : facts_.diagnostics) {
      if (absl::StrContains(diagnostic.text, base)) return true;
    }
    return false;
  }

  bool PutEmpty(const std::string& path) {
    if (!is_mc_ || !IsWanted(path) || files_->Find(path) != nullptr) return false;
    files_->Put(path, "");
    report_.notes.push_back(absl::StrCat(files_->RealPath(path), " is not there: taken as empty"));
    return true;
  }

  const AuditSources& sources_;
  const AuditRequest& request_;
  AuditReport& report_;
  SiteHints hints_;
  std::string folder_, source_, mc_;
  bool is_mc_ = false;
  std::unique_ptr<SiteFiles> files_;
  SiteFacts facts_;
};

}  // namespace

AuditReport AuditSite(const AuditSources& sources, const AuditRequest& request) {
  AuditReport report;
  report.config = request.config;
  const double begin = sources.now();
  const absl::Status status = Audit(sources, request, report).Perform();
  if (!status.ok()) {
    const std::vector<std::string> parts =
        absl::StrSplit(status.message(), absl::MaxSplits('\n', 1));
    report.error = parts[0];
    if (parts.size() > 1) report.remedy = parts[1];
  }
  report.seconds = sources.now() - begin;
  return report;
}

}  // namespace stagepost
