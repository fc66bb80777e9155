// `sendmail -bt` in the simulated world of the oracle's recordings: commands on standard input,
// answers on standard output. For rewrite_vectors.py.
//
//   simulated_test_mode ZONE.json HOSTS yes|no CONFIGURATION.cf FILE...
//
// yes or no: whether host names are looked up in DNS, or in HOSTS only. Every FILE is put into
// /etc/mail; those that are sources of maps are made into databases by makemap, as Debian's set-up
// does. Exit codes: that of sendmail; 65 something is wrong with the data.

#include <array>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

#include "absl/strings/string_view.h"
#include "conformance/rewrite/oracle_world.h"
#include "mta/bin/makemap.h"
#include "mta/bin/sendmail.h"

namespace stagepost {
namespace {

constexpr int kExitData = 65;

constexpr std::array<absl::string_view, 12> kMapSources = {
    "access",    "mailertable", "virtusertable", "genericstable", "authinfo",    "domaintable",
    "bitdomain", "uudomain",    "ldaphost",      "ldapaddr",      "userdomains", "numbers"};

bool ReadFile(const std::string& path, std::string& content) {
  std::ifstream file(path, std::ios::binary);
  content.assign(std::istreambuf_iterator<char>(file), {});
  if (file) return true;
  std::cerr << path << ": cannot be read\n";
  return false;
}

// Puts one file where sendmail looks for it, and makes a database of it if it is a map's source.
bool InstallFile(OracleWorld& world, const std::string& path) {
  std::string content;
  if (!ReadFile(path, content)) return false;
  const std::string name = path.substr(path.rfind('/') + 1);
  const std::string target = "/etc/mail/" + name;
  world.WriteFile(target, content);
  for (const absl::string_view source : kMapSources) {
    if (name != source) continue;
    const OracleWorld::Result made =
        world.Run(&MakemapMain, {"makemap", "-C/etc/mail/sendmail.cf", "hash", target}, content);
    std::cerr << made.output;
  }
  return true;
}

int Run(int argc, char** argv) {
  if (argc < 5) {
    std::cerr << "usage: simulated_test_mode ZONE.json HOSTS yes|no CONFIGURATION.cf FILE...\n";
    return 64;
  }
  OracleWorld world;
  std::string zone, hosts, configuration;
  if (!ReadFile(argv[1], zone) || !ReadFile(argv[2], hosts) || !ReadFile(argv[4], configuration)) {
    return kExitData;
  }
  if (const absl::Status status = world.AddZones(zone); !status.ok()) {
    std::cerr << status.message() << "\n";
    return kExitData;
  }
  const bool dns = absl::string_view(argv[3]) == "yes";
  world.WriteFile("/etc/hosts", hosts);
  world.WriteFile("/etc/resolv.conf", "search corp.example\nnameserver 127.0.0.1\n");
  world.WriteFile("/etc/mail/service.switch",
                  dns ? "hosts\tfiles dns\naliases\tfiles\n" : "hosts\tfiles\naliases\tfiles\n");
  world.WriteFile("/etc/mail/sendmail.cf", configuration);
  for (int i = 5; i < argc; ++i) {
    if (!InstallFile(world, argv[i])) return kExitData;
  }
  std::string commands(std::istreambuf_iterator<char>(std::cin), {});
  const OracleWorld::Result result =
      world.Run(&SendmailMain, {"sendmail", "-bt"}, std::move(commands));
  std::cout << result.output << std::flush;
  return result.exit_code;
}

}  // namespace
}  // namespace stagepost

int main(int argc, char** argv) { return stagepost::Run(argc, argv); }
