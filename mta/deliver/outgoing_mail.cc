#include "mta/deliver/outgoing_mail.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "mta/base/status_macros.h"
#include "mta/cf/names.h"
#include "mta/deliver/mailer_program.h"
#include "mta/deliver/queued_body.h"
#include "mta/message/header_for_mailer.h"
#include "mta/message/outgoing_text.h"

namespace stagepost {
namespace {

// An OutgoingText and the body it reads.
class MailText final : public MessageText {
 public:
  MailText(std::string header, OutgoingParts parts, QueuedMessage& message)
      : body_(message), text_(std::move(header), parts, body_) {}
  Task<absl::StatusOr<size_t>> Read(absl::Span<char> buffer) override {
    co_return co_await text_.Read(buffer);
  }

 private:
  QueuedBody body_;
  OutgoingText text_;
};

}  // namespace

std::string UnixFromLine(const MailerRun& run) {
  Environment& env = run.site.env();
  Macros macros(&run.macros);
  macros.SetLiteral(
      OneCharacterName('d'),
      absl::FormatTime("%a %b %e %H:%M:%S %Y", env.clock().WallNow(), env.host().time_zone()));
  const std::string& format = run.site.configuration().options.Text(OptionId::kUnixFromLine);
  const std::string line = OneLine(ExpandText(run.site, macros, format));
  const size_t bang = run.sender.find('!');
  if (!run.mailer.Has('U') || bang == std::string::npos) return line;
  // UUCP: the host in front of the first bang is named behind.
  Macros uucp(&macros);
  uucp.SetLiteral(OneCharacterName('g'), run.sender.substr(bang + 1));
  return OneLine(absl::StrCat(ExpandText(run.site, uucp, format), " remote from ",
                              run.sender.substr(0, bang)));
}

Task<absl::StatusOr<std::unique_ptr<MessageText>>> TextForMailer(
    const MailerRun& run, bool from_line, std::optional<bool> offers_8bitmime) {
  Configuration& configuration = run.site.configuration();
  const Envelope& envelope = run.message.envelope();
  const BodyPlan plan = PlanBody(envelope, run.mailer, configuration, offers_8bitmime);
  if (plan.forbidden) {
    co_return absl::DataLossError(
        absl::StrCat("554 5.6.3 ", run.host, " does not support 8BITMIME"));
  }
  const AddressContext context = {run.site.engine(), configuration, run.macros};
  HeaderTarget target = {run.mailer, run.sender, plan, run.sender_domain};
  HeaderText header = co_await HeaderForMailer(context, envelope, std::move(target));
  for (const std::string& alert : header.alerts) {
    run.site.env().log().Write(Severity::kAlert, absl::StrCat(envelope.id, ": ", alert));
  }
  std::string text;
  if (from_line && !run.mailer.Has('n')) text = absl::StrCat(UnixFromLine(run), "\n");
  text.append(header.text);
  const OutgoingParts parts = {&configuration, &envelope, &run.mailer, plan, run.local_sender};
  co_return std::make_unique<MailText>(std::move(text), parts, run.message);
}

}  // namespace stagepost
