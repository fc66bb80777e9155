#include "mta/m4/symbols.h"

#include <algorithm>
#include <utility>

namespace stagepost {
namespace {

constexpr size_t kFirstBuckets = 2048;

// FNV-1a; the same everywhere.
uint64_t HashName(absl::string_view name) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return hash ^ (hash >> 32);
}

uint64_t BytesOf(const M4Definition& definition) {
  return sizeof(M4Definition) + definition.text.size();
}

}  // namespace

M4SymbolTable::M4SymbolTable() : buckets_(kFirstBuckets) {}

M4Symbol* M4SymbolTable::Find(absl::string_view name) {
  const uint64_t hash = HashName(name);
  for (uint32_t n = buckets_[hash & (buckets_.size() - 1)]; n != 0; n = symbols_[n - 1].next) {
    M4Symbol& symbol = symbols_[n - 1];
    if (symbol.hash == hash && symbol.name == name) return &symbol;
  }
  return nullptr;
}

M4Symbol& M4SymbolTable::FindOrAdd(absl::string_view name) {
  if (M4Symbol* const found = Find(name)) return *found;
  if (symbols_.size() >= 2 * buckets_.size()) Grow();
  M4Symbol& symbol = symbols_.emplace_back();
  symbol.name = std::string(name);
  symbol.hash = HashName(name);
  uint32_t& bucket = buckets_[symbol.hash & (buckets_.size() - 1)];
  symbol.next = std::exchange(bucket, static_cast<uint32_t>(symbols_.size()));
  bytes_ += sizeof(M4Symbol) + name.size();
  return symbol;
}

void M4SymbolTable::Grow() {
  buckets_.assign(buckets_.size() * 4, 0);
  for (uint32_t n = 1; n <= symbols_.size(); ++n) {
    M4Symbol& symbol = symbols_[n - 1];
    symbol.next = std::exchange(buckets_[symbol.hash & (buckets_.size() - 1)], n);
  }
}

void M4SymbolTable::Define(absl::string_view name, std::shared_ptr<const M4Definition> definition) {
  M4Symbol& symbol = FindOrAdd(name);
  if (symbol.defined()) {
    bytes_ -= BytesOf(*symbol.definitions.back());
    symbol.definitions.pop_back();
  }
  bytes_ += BytesOf(*definition);
  symbol.definitions.push_back(std::move(definition));
}

void M4SymbolTable::Push(absl::string_view name, std::shared_ptr<const M4Definition> definition) {
  bytes_ += BytesOf(*definition);
  FindOrAdd(name).definitions.push_back(std::move(definition));
}

void M4SymbolTable::Pop(absl::string_view name) {
  M4Symbol* const symbol = Find(name);
  if (symbol == nullptr || !symbol->defined()) return;
  bytes_ -= BytesOf(*symbol->definitions.back());
  symbol->definitions.pop_back();
}

void M4SymbolTable::Undefine(absl::string_view name) {
  M4Symbol* const symbol = Find(name);
  if (symbol == nullptr) return;
  for (const auto& definition : symbol->definitions) bytes_ -= BytesOf(*definition);
  symbol->definitions.clear();
}

void M4SymbolTable::TraceNone() {
  for (M4Symbol& symbol : symbols_) symbol.traced = false;
}

std::vector<const M4Symbol*> M4SymbolTable::Defined() const {
  std::vector<const M4Symbol*> result;
  for (const M4Symbol& symbol : symbols_) {
    if (symbol.defined()) result.push_back(&symbol);
  }
  std::sort(result.begin(), result.end(),
            [](const M4Symbol* a, const M4Symbol* b) { return a->name < b->name; });
  return result;
}

}  // namespace stagepost
