#include "tools/audit/audit_plan.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "tools/audit/audit_zones.h"
#include "tools/audit/public_domain.h"
#include "tools/audit/relay_forms.h"

namespace stagepost {
namespace {

// Names and addresses that no site has a right to.
constexpr char kOutside[] = "audit-stranger.org";
constexpr char kForeign[] = "audit-victim.net";
constexpr char kOurMx[] = "audit-points-here.net";
constexpr absl::string_view kStrangers[] = {"198.51.100.66", "203.0.113.66", "192.0.2.66",
                                            "45.33.7.66", "8.20.30.66"};
constexpr absl::string_view kStrangers6[] = {"2620:fe:bad::66", "2a00:1450:bad::66"};
constexpr absl::string_view kVictims[] = {"203.0.113.99", "198.51.100.99", "91.198.7.99"};
constexpr char kVictim6[] = "2a02:26f0:bad::99";
// Where strangers' domains end, besides those that the site names.
constexpr absl::string_view kEnds[] = {"com", "org", "net",   "edu",     "gov", "info",
                                       "de",  "uk",  "co.uk", "example", "test"};
constexpr size_t kMaxPartners = 12;

class Planner {
 public:
  Planner(const SiteFacts& facts, SiteIdentity site) : facts_(facts) {
    plan_.site = std::move(site);
  }

  AuditPlan Make() {
    ChooseVictims();
    AddStrangers();
    AddNamedStrangers();
    AddOwn();
    for (size_t i = 0; i < plan_.parties.size(); ++i) AddForms(i);
    // The first stranger tries everything else there is.
    AddEnds(0);
    AddSenders(0);
    AddPartners(0);
    plan_.zones = MakeZones({.site = plan_.site,
                             .parties = plan_.parties,
                             .stranger_domain = kOutside,
                             .points_here = kOurMx,
                             .victims = victims_,
                             .victim4 = victim4_,
                             .victim6 = victim6_},
                            plan_.outside);
    return std::move(plan_);
  }

 private:
  const SiteIdentity& site() const { return plan_.site; }

  bool IsTrusted(const IpAddress& address) const {
    return site().IsInside(address) ||
           std::any_of(site().trusted.begin(), site().trusted.end(),
                       [&](const AddressRange& range) { return range.Contains(address); });
  }

  // The first of them that is a stranger's; the last one if none is.
  template <size_t kSize>
  IpAddress Choose(const absl::string_view (&list)[kSize]) const {
    for (const absl::string_view text : list) {
      const IpAddress address = *IpAddress::Parse(text);
      if (!IsTrusted(address)) return address;
    }
    return *IpAddress::Parse(list[kSize - 1]);
  }

  void ChooseVictims() {
    victim4_ = Choose(kVictims);
    victim6_ = *IpAddress::Parse(kVictim6);
    plan_.outside = {victim4_, victim6_};
    victims_ = {kForeign};
  }

  Party& AddStranger(const IpAddress& address, std::string about, std::string name) {
    plan_.parties.push_back({.kind = "stranger",
                             .about = std::move(about),
                             .address = address,
                             .name = std::move(name),
                             .helo = absl::StrCat("EHLO mail.", kOutside)});
    plan_.outside.push_back(address);
    return plan_.parties.back();
  }

  // Takes the next address that is nobody's yet.
  IpAddress NextStranger() {
    for (uint32_t n = 0;; ++n) {
      const IpAddress address = RangeAround(plan_.parties[0].address, kSiteBits4).At(100 + n);
      if (n > 150 ||
          std::find(plan_.outside.begin(), plan_.outside.end(), address) == plan_.outside.end()) {
        return address;
      }
    }
  }

  void AddStrangers() {
    AddStranger(Choose(kStrangers), "", absl::StrCat("mail.", kOutside)).all_forms = true;
    AddStranger(Choose(kStrangers6), "by IPv6", absl::StrCat("mail6.", kOutside)).all_forms = true;
    for (const absl::string_view text : kStrangers) {
      const IpAddress address = *IpAddress::Parse(text);
      if (!IsTrusted(address) && address != plan_.parties[0].address) {
        AddStranger(address, "from another network", absl::StrCat("more.", kOutside));
      }
    }
    for (const AddressRange& range : site().too_wide) AddStrangerOf(range);
    AddNeighbours();
  }

  // A stranger whom a wide network lets in.
  void AddStrangerOf(const AddressRange& range) {
    for (uint32_t n = 0x4242; n < 0x4342; ++n) {
      // Far from the networks that sites begin with.
      const IpAddress address = range.At(range.bits <= 8 ? n << 8 | 66 : n);
      if (IsTrusted(address)) continue;
      AddStranger(address, absl::StrCat("in ", range.ToString()), absl::StrCat("wide.", kOutside))
          .all_forms = true;
      return;
    }
  }

  // Whoever has an address that only begins like a trusted one.
  void AddNeighbours() {
    size_t added = 0;
    for (const AddressRange& range : site().trusted) {
      if (!range.base.is_v4() || range.bits != 32 || added == 5) continue;
      const uint32_t last = range.base.v4() & 0xff;
      const IpAddress next = IpAddress::V4((range.base.v4() & ~0xffU) | last * 10 % 256);
      if (last == 0 || last > 25 || IsTrusted(next)) continue;
      AddStranger(next, absl::StrCat("beside ", range.base.ToString()),
                  absl::StrCat("beside.", kOutside));
      ++added;
    }
  }

  void AddNamedStrangers() {
    AddStranger(NextStranger(), "whose address has no name", "");
    Party& forged = AddStranger(NextStranger(), "whose address forges our name", site().name);
    forged.forward = false;
    AddStranger(NextStranger(), "who greets with our name", absl::StrCat("greets.", kOutside))
        .helo = absl::StrCat("EHLO ", site().name);
    AddStranger(NextStranger(), "who greets as localhost", absl::StrCat("greets2.", kOutside))
        .helo = "HELO localhost";
    for (const std::string& domain : site().public_domains) {
      AddStranger(NextStranger(), absl::StrCat("with a name below ", domain),
                  absl::StrCat("mail.audit-stranger.", domain));
    }
    size_t count = 0;
    for (const std::string& domain : site().partners) {
      if (count++ == kMaxPartners) break;
      AddStranger(NextStranger(), absl::StrCat("whose address forges a name of ", domain),
                  absl::StrCat("mail.", domain))
          .forward = false;
    }
  }

  void AddOwn() {
    const std::string name = absl::StrCat("inside.", site().local);
    for (const IpAddress& own : {site().address4, site().address6}) {
      const IpAddress address = RangeAround(own, own.is_v4() ? kSiteBits4 : kSiteBits6).At(77);
      plan_.parties.push_back({.kind = "inside",
                               .about = own.is_v4() ? "" : "by IPv6",
                               .address = address,
                               .name = name,
                               .helo = absl::StrCat("EHLO ", name),
                               .all_forms = true});
    }
    for (const char* loopback : {"127.0.0.1", "::1"}) {
      plan_.parties.push_back({.kind = "loopback",
                               .about = "",
                               .address = *IpAddress::Parse(loopback),
                               .name = "",
                               .helo = absl::StrCat("EHLO ", site().name),
                               .all_forms = true});
    }
  }

  std::string NewUser() { return absl::StrFormat("audit%05d", next_user_++); }

  std::map<std::string, std::string> Values(const std::string& user) const {
    const std::string partner = site().partners.empty() ? "" : site().partners.front();
    return {{"user", user},
            {"outside", kOutside},
            {"foreign", kForeign},
            {"number", victim4_.ToString()},
            {"integer", absl::StrCat(victim4_.v4())},
            {"literal", victim4_.ToString()},
            {"literal6", victim6_.ToString()},
            {"local", site().local},
            {"host", site().name},
            {"address", site().address4.ToString()},
            {"partner", partner},
            {"mx", kOurMx}};
  }

  void Add(size_t party, const RelayForm& form, std::map<std::string, std::string> values,
           std::string victim) {
    plan_.envelopes.resize(plan_.parties.size());
    plan_.envelopes[party].push_back({.form = std::string(form.id),
                                      .what = std::string(form.what),
                                      .mail = FillInForm(form.mail, values),
                                      .rcpt = FillInForm(form.rcpt, values),
                                      .usual_sender = form.mail == "spam@{outside}",
                                      .user = values["user"],
                                      .victim = std::move(victim)});
  }

  // What of an outgoing recipient shows that it was for a stranger.
  std::string VictimOf(const RelayForm& form) const {
    for (const auto& [placeholder, victim] :
         std::initializer_list<std::pair<absl::string_view, std::string>>{
             {"{foreign}", kForeign},
             {"{FOREIGN}", kForeign},
             {"{literal}", victim4_.ToString()},
             {"{literal6}", victim6_.ToString()},
             {"{integer}", absl::StrCat(victim4_.v4())},
             {"{mx}", kOurMx}}) {
      if (absl::StrContains(form.rcpt, placeholder)) return victim;
    }
    if (form.id == "R43") return absl::StrCat("evil", site().partners.front());
    if (absl::StrContains(form.rcpt, "{outside}")) return kOutside;
    return "";
  }

  void AddForms(size_t party) {
    const bool all = plan_.parties[party].all_forms;
    for (const RelayForm& form : RelayForms()) {
      if (!all && form.id != "R01" && form.id != "R03") continue;
      if (form.Uses("{partner}") && site().partners.empty()) continue;
      Add(party, form, Values(NewUser()), VictimOf(form));
    }
  }

  // Victims of many kinds of domains.
  void AddEnds(size_t party) {
    std::vector<std::string> ends(std::begin(kEnds), std::end(kEnds));
    ends.insert(ends.end(), site().public_domains.begin(), site().public_domains.end());
    for (const std::string& end : ends) {
      std::map<std::string, std::string> values = Values(NewUser());
      values["foreign"] = absl::StrCat("audit-victim.", end);
      Add(party, RelayForms().front(), values, values["foreign"]);
      victims_.push_back(values["foreign"]);
    }
  }

  // Senders that the site speaks of may open a door.
  void AddSenders(size_t party) {
    std::vector<std::string> senders;
    for (const MapEntry& entry : facts_.entries) {
      const size_t colon = entry.key.find(':');
      const std::string key = colon == std::string::npos ? entry.key : entry.key.substr(colon + 1);
      if (absl::EqualsIgnoreCase(entry.value, "RELAY") && absl::StrContains(key, '@')) {
        senders.push_back(absl::EndsWith(key, "@") ? absl::StrCat(key, site().local) : key);
      }
    }
    for (const std::string& word : facts_.Words("w")) {
      if (absl::StrContains(word, '.') || word[0] == '[') senders.push_back("alice@" + word);
    }
    for (const std::string& domain : site().partners) senders.push_back("alice@" + domain);
    for (const std::string& domain : site().public_domains) {
      senders.push_back("alice@audit-stranger." + domain);
    }
    senders.resize(std::min(senders.size(), size_t{60}));
    for (const std::string& sender : senders) {
      std::map<std::string, std::string> values = Values(NewUser());
      const RelayForm form = {"R57", "a forged sender whom the site knows", sender,
                              "{user}@{foreign}"};
      Add(party, form, values, kForeign);
    }
  }

  // Ways through each domain that the site takes mail for.
  void AddPartners(size_t party) {
    static constexpr absl::string_view kVia[] = {"R12", "R13", "R23", "R43", "R44"};
    size_t count = 0;
    for (const std::string& domain : site().partners) {
      if (count++ == kMaxPartners) break;
      std::map<std::string, std::string> values = Values(NewUser());
      values["partner"] = values["local"] = domain;
      for (const RelayForm& form : RelayForms()) {
        const bool via = std::find(std::begin(kVia), std::end(kVia), form.id) != std::end(kVia);
        if (!via && !absl::StrContains(form.rcpt, "{local}")) continue;
        // R12 is what R09 would be here.
        if (form.id == "R09" || form.id == "R42" || form.id >= "R63") continue;
        values["user"] = NewUser();
        const std::string victim = form.id == "R43" ? absl::StrCat("evil", domain) : VictimOf(form);
        Add(party, form, values, victim);
        std::string& what = plan_.envelopes[party].back().what;
        what = absl::StrReplaceAll(what, {{"our domain", domain}});
      }
    }
  }

  const SiteFacts& facts_;
  AuditPlan plan_;
  IpAddress victim4_, victim6_;
  std::vector<std::string> victims_;
  int next_user_ = 1;
};

}  // namespace

AuditPlan MakePlan(const SiteFacts& facts, SiteIdentity site) {
  return Planner(facts, std::move(site)).Make();
}

}  // namespace stagepost
