#include "mta/bin/smtp_mode.h"

#include <string>
#include <utility>

#include "mta/base/sysexits.h"
#include "mta/daemon/deliveries.h"
#include "mta/smtp/server_session.h"

namespace stagepost {
namespace {

class StandardInputHost final : public SessionHost {
 public:
  explicit StandardInputHost(Deliveries& deliveries) : deliveries_(deliveries) {}
  Task<bool> StartQueueRun(std::string node) override {
    co_return co_await deliveries_.StartQueueRun(SelectionOfNode(node));
  }

 private:
  Deliveries& deliveries_;
};

}  // namespace

Task<int> ServeStandardInput(Run& run, Queue& queue) {
  PortOptions port;
  port.name = "stdin";
  const CurrentSite current{run.site};
  Deliveries deliveries(run.env, current, queue, co_await CurrentContext());
  StandardInputHost host(deliveries);
  const SessionContext context = {.env = run.env,
                                  .site = run.site,
                                  .port = port,
                                  .queue = queue,
                                  .accepted = deliveries,
                                  .host = host,
                                  .delivery_mode = run.options().Character(OptionId::kDeliveryMode),
                                  .verbose = run.settings.verbose};
  Process& process = run.env.process();
  std::string login = RealUserName(run.env);
  const absl::Status status = co_await RunLocalSession(context, process.standard_input(),
                                                       process.standard_output(), std::move(login));
  co_await deliveries.Finish();
  co_return status.ok() ? kExitOk : kExitIoError;
}

}  // namespace stagepost
