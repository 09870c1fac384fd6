#include "readers/column_names.hpp"

#include <map>
#include <set>

#include "base/hangul.hpp"
#include "base/hash.hpp"
#include "base/text.hpp"

namespace pyojun {

namespace {

class Binder {
 public:
  Binder(const Source& source, FileFacts& facts) : source_(source), facts_(facts), kind_(declared_kind(source)) {
    if (source.needs.all) return;
    for (std::size_t i = 1; i < source.needs.symbols->size(); ++i) {
      const auto symbol = static_cast<Symbol>(i);
      folded_.emplace(ascii_lower(source.needs.symbols->name(symbol)), symbol);
    }
  }
  BoundColumns bind(const std::vector<std::string>& names);

 private:
  Symbol symbol_of(const std::string& name) const;
  std::string renamed(std::string_view name) const;
  void note_differences(const std::vector<std::string>& names, const BoundColumns& bound, const std::set<Symbol>& all);

  const Source& source_;
  FileFacts& facts_;
  const FileKind* kind_;
  std::map<std::string, Symbol, std::less<>> folded_;  // the plan's names in lower case
};

// An alias of the file kind, of the dialect, or the name itself.
std::string Binder::renamed(std::string_view name) const {
  const std::string composed = compose_hangul(trim(name));  // macOS writes Hangul in separate letters
  const std::string_view trimmed = composed;
  const auto search = [&](const auto& aliases) -> const std::string* {
    for (const auto& [delivered, used] : aliases) {
      if (equal_folded(delivered, trimmed)) return &used;
    }
    return nullptr;
  };
  if (kind_ != nullptr) {
    if (const std::string* used = search(kind_->aliases)) return *used;
  }
  if (const std::string* used = search(source_.dialect->aliases)) return *used;
  return std::string(trimmed);
}

Symbol Binder::symbol_of(const std::string& name) const {
  if (source_.needs.all) return source_.needs.symbols->intern(name);
  if (const Symbol exact = source_.needs.symbols->find(name)) return exact;
  const auto found = folded_.find(ascii_lower(name));
  return found == folded_.end() ? Symbol{0} : found->second;
}

BoundColumns Binder::bind(const std::vector<std::string>& names) {
  BoundColumns out;
  out.symbols.resize(names.size());
  std::vector<std::string> used;
  std::string shape;
  for (std::size_t i = 0; i < names.size(); ++i) {
    used.push_back(renamed(names[i]));
    if (used.back().empty() && source_.needs.all) used.back() = "column_" + std::to_string(i + 1);
    shape += used.back() + '\x1F';
  }
  out.shape = hash128(shape).low;
  std::set<Symbol> bound;
  // Two passes, so that "id" goes to the column called just so even when "Id" stands before it.
  for (const bool exact : {true, false}) {
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (out.symbols[i] != 0 || used[i].empty()) continue;
      const Symbol symbol = symbol_of(used[i]);
      if (symbol == 0 || (exact && source_.needs.symbols->name(symbol) != used[i])) continue;
      if (!bound.insert(symbol).second && !source_.needs.all) {
        add_finding(facts_.notes, Code::column_twice, std::to_string(i + 1), 1);
        used[i].clear();
        continue;
      }
      out.symbols[i] = symbol;
    }
  }
  for (const Symbol symbol : out.symbols) {
    if (symbol != 0) out.kept.push_back(symbol);
  }
  note_differences(names, out, bound);
  return out;
}

void Binder::note_differences(const std::vector<std::string>& names, const BoundColumns& bound, const std::set<Symbol>& all) {
  std::set<Symbol> expected;
  for (const auto& name : source_.expected) {
    const Symbol symbol = symbol_of(name);
    expected.insert(symbol);
    if (!name.starts_with('@') && !all.contains(symbol)) facts_.missing_columns.push_back(name);
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    const Symbol symbol = bound.symbols[i];
    const bool read = symbol != 0 && (source_.expected.empty() || expected.contains(symbol));
    if (!read) facts_.unknown_columns.push_back(names[i]);
  }
}

}  // namespace

const FileKind* declared_kind(const Source& source) {
  const FileKind* found = nullptr;
  for (const FileKind& kind : source.dialect->files) {
    if (!source.kind.empty() && kind.kind == source.kind) found = &kind;
  }
  return found;
}

Symbol record_kind_of(const Source& source) {
  std::string name = source.kind;
  if (name.empty() && source.needs.all) {
    name = source.input->name();
    if (const std::size_t dot = name.rfind('.'); dot != 0 && dot != std::string::npos) name.resize(dot);
  }
  return source.needs.all ? source.needs.symbols->intern(name) : source.needs.symbols->find(name);
}

BoundColumns bind_columns(const Source& source, const std::vector<std::string>& names, FileFacts& facts) {
  return Binder(source, facts).bind(names);
}

std::vector<std::string> names_in_rules(const Dialect& dialect, const SymbolTable& symbols, const std::string& kind,
                                        const std::vector<std::string>& names) {
  Source source;
  source.dialect = &dialect;
  source.kind = kind;
  source.needs.symbols = const_cast<SymbolTable*>(&symbols);  // only find()
  FileFacts ignored;
  const BoundColumns bound = bind_columns(source, names, ignored);
  std::vector<std::string> out;
  for (std::size_t i = 0; i < names.size(); ++i) {
    out.push_back(bound.symbols[i] == 0 ? compose_hangul(names[i]) : std::string(symbols.name(bound.symbols[i])));
  }
  return out;
}

}  // namespace pyojun
