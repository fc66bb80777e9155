// Databases as libdb sees them, for the comparison of the map tools.
//
//   database_tool dump FILE
//     prints the type, "duplicates" if there may be any, and every pair in hexadecimal
//   database_tool make FILE hash|btree ORDER
//     makes one of such pairs on standard input; ORDER: 1234 or 4321, the order of its bytes

#include <db.h>

#include <cstdlib>
#include <iostream>
#include <string>

#include "absl/strings/escaping.h"

namespace {

[[noreturn]] void Die(int error) {
  std::cerr << "database_tool: " << db_strerror(error) << "\n";
  std::exit(1);
}

void Check(int error) {
  if (error != 0) Die(error);
}

DB* New() {
  DB* db = nullptr;
  Check(db_create(&db, nullptr, 0));
  return db;
}

std::string Hex(const DBT& item) {
  return std::string(
      absl::BytesToHexString(absl::string_view(static_cast<const char*>(item.data), item.size)));
}

int Dump(const char* path) {
  DB* const db = New();
  Check(db->open(db, nullptr, path, nullptr, DB_UNKNOWN, DB_RDONLY, 0));
  DBTYPE type;
  uint32_t flags = 0;
  Check(db->get_type(db, &type));
  Check(db->get_flags(db, &flags));
  std::cout << (type == DB_HASH ? "hash" : "btree") << ((flags & DB_DUP) != 0 ? " duplicates" : "")
            << "\n";
  DBC* cursor = nullptr;
  Check(db->cursor(db, nullptr, &cursor, 0));
  DBT key = {}, value = {};
  int error = 0;
  while ((error = cursor->get(cursor, &key, &value, DB_NEXT)) == 0) {
    std::cout << Hex(key) << " " << Hex(value) << "\n";
  }
  if (error != DB_NOTFOUND) Die(error);
  return 0;
}

int Make(const char* path, const std::string& type, int order) {
  DB* const db = New();
  Check(db->set_lorder(db, order));
  Check(db->open(db, nullptr, path, nullptr, type == "hash" ? DB_HASH : DB_BTREE, DB_CREATE, 0640));
  std::string line;
  while (std::getline(std::cin, line)) {
    const size_t blank = line.find(' ');
    std::string key(absl::HexStringToBytes(line.substr(0, blank)));
    std::string value(absl::HexStringToBytes(line.substr(blank + 1)));
    DBT wrapped_key = {}, wrapped_value = {};
    wrapped_key.data = key.data();
    wrapped_key.size = static_cast<uint32_t>(key.size());
    wrapped_value.data = value.data();
    wrapped_value.size = static_cast<uint32_t>(value.size());
    Check(db->put(db, nullptr, &wrapped_key, &wrapped_value, 0));
  }
  Check(db->close(db, 0));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3 && std::string(argv[1]) == "dump") return Dump(argv[2]);
  if (argc == 5 && std::string(argv[1]) == "make") {
    return Make(argv[2], argv[3], std::atoi(argv[4]));
  }
  std::cerr << "usage: database_tool dump FILE | make FILE hash|btree ORDER\n";
  return 64;
}
