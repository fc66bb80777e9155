#include "mta/site/site.h"

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "mta/base/sysexits.h"
#include "mta/cf/map_class_table.h"
#include "mta/cf/own_names.h"
#include "mta/cf/well_known_names.h"
#include "mta/maps/alias_maps.h"

namespace stagepost {
namespace {

// What the configuration says about finding hosts.
HostLookupOptions HostOptionsOf(const Options& options) {
  const auto resolver = [&](const char* name, bool otherwise) {
    const auto found = options.resolver().find(name);
    return found == options.resolver().end() ? otherwise : found->second;
  };
  HostLookupOptions hosts;
  hosts.service_switch_file = options.Text(OptionId::kServiceSwitchFile);
  hosts.hosts_file = options.Text(OptionId::kHostsFile);
  hosts.search_domains = resolver("dnsrch", hosts.search_domains);
  hosts.default_domain = resolver("defnames", hosts.default_domain);
  hosts.has_wildcard_mx = resolver("haswildcardmx", hosts.has_wildcard_mx);
  hosts.work_around_broken_aaaa = resolver("workaroundbrokenaaaa", hosts.work_around_broken_aaaa);
  hosts.expand_cnames = !options.Flag(OptionId::kDontExpandCnames);
  return hosts;
}

// A class filled from a map (F{name}key@class:spec): a map for one question.
class MapClassQuery : public ClassQuery {
 public:
  MapClassQuery(Environment& env, Configuration& configuration, HostLookup& hosts)
      : context_{env, configuration, &configuration.macros, hosts}, maps_(context_) {}

  Task<absl::StatusOr<std::string>> Query(absl::string_view map_class, absl::string_view spec,
                                          absl::string_view key) override {
    const MapClassInfo* const known = FindMapClass(map_class);
    if (known == nullptr || !known->known) {
      co_return absl::NotFoundError(absl::StrCat("class ", map_class, " not available"));
    }
    Diagnostics diagnostics;
    MapDeclaration declaration;
    declaration.name = absl::StrCat("class", ++count_);
    declaration.map_class = std::string(map_class);
    declaration.arguments = std::string(spec);
    Map* map = maps_.Declare(declaration, diagnostics);
    if (map == nullptr) {
      co_return absl::InvalidArgumentError(
          diagnostics.empty() ? absl::StrCat("map class ", map_class, " cannot be used for classes")
                              : diagnostics.front().text);
    }
    std::string message;
    if (!co_await map->Open(message)) {
      co_return absl::NotFoundError(message.empty() ? absl::StrCat("cannot open map ", spec)
                                                    : message);
    }
    MapAnswer answer = co_await map->Ask(key, {});
    if (answer.status == kExitTemporaryFailure) {
      co_return absl::UnavailableError(absl::StrCat(
          "map ", spec, ": ", answer.message.empty() ? "temporary failure" : answer.message));
    }
    co_return answer.value.value_or("");
  }

 private:
  MapContext context_;
  MapTable maps_;
  int count_ = 0;
};

}  // namespace

Site::Site(Environment& env, std::unique_ptr<Configuration> configuration, HostLookupOptions hosts,
           Diagnostics& diagnostics)
    : env_(env),
      configuration_(std::move(configuration)),
      hosts_(env, std::move(hosts)),
      map_context_{env, *configuration_, &configuration_->macros, hosts_},
      maps_(map_context_) {
  maps_.DeclareAll(diagnostics);
  DeclareAliasMaps(configuration_->options, maps_, diagnostics);
  engine_.emplace(
      *configuration_, [this](absl::string_view name) { return maps_.Find(name); }, diagnostics);
}

Task<LoadedSite> LoadSite(Environment& env, ReadOptions options) {
  HostLookup first_hosts(env, HostLookupOptions());
  std::unique_ptr<Configuration> initial = co_await InitialConfiguration(env, first_hosts);
  if (options.mode != '\0') {
    initial->macros.SetLiteral(well_known::kOpMode, absl::string_view(&options.mode, 1));
  }
  MapClassQuery query(env, *initial, first_hosts);
  ReadResult read = co_await ReadConfiguration(env, std::move(initial), std::move(options), query);

  LoadedSite loaded;
  loaded.exit_code = read.exit_code;
  loaded.late_exit_code = read.late_exit_code;
  loaded.writable_by_others = read.writable_by_others;
  Diagnostics of_maps_and_rules;
  if (read.configuration != nullptr) {
    co_await ProbeInterfaces(env, first_hosts, *read.configuration);
    const HostLookupOptions hosts = HostOptionsOf(read.configuration->options);
    loaded.site =
        std::make_unique<Site>(env, std::move(read.configuration), hosts, of_maps_and_rules);
    if (loaded.exit_code == 0) loaded.exit_code = ExitCodeOf(of_maps_and_rules);
  }
  loaded.diagnostics = InPrintingOrder(read, of_maps_and_rules);
  co_return loaded;
}

}  // namespace stagepost
