// Mapping texts: reading never crashes, and what is read without a finding is printed to a text that reads as the same tree.
// Seeds: mappings/*/*/*.map and testdata/tutorial. The static checks, the book and the carets run over whatever was read.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "mapping/book.hpp"
#include "mapping/check.hpp"
#include "mapping/diagnostic.hpp"
#include "mapping/parser.hpp"

using namespace pyojun;

namespace {

void dump(const ast::Expr* expr, std::string& out);

void dump(const ast::Path& path, std::string& out) {
  out += "<" + std::to_string(path.up) + (path.self ? "." : "");
  for (const auto& step : path.steps) {
    out += " " + step.name + (step.choice ? "[x]" : "") + (step.descendant ? "//" : "/");
    for (const auto& predicate : step.predicates) {
      out += "[" + std::to_string(predicate.index);
      dump(predicate.condition.get(), out);
    }
  }
  out += ">";
}

// The tree as it is, without any of the printer's choices.
void dump(const ast::Expr* expr, std::string& out) {
  if (expr == nullptr) {
    out += "-";
    return;
  }
  out += "(" + std::to_string(static_cast<int>(expr->kind)) + " '" + expr->text + "' '" + expr->member + "'";
  dump(expr->path, out);
  for (const auto& arg : expr->args) dump(arg.get(), out);
  out += ")";
}

std::string dump(const ast::Mapping& mapping) {
  std::string out;
  for (const auto& lookup : mapping.lookups) {
    dump(lookup.where.get(), out);
    for (const auto& part : lookup.key) dump(part.get(), out);
    for (const auto& [name, value] : lookup.keep) dump(value.get(), out += name);
  }
  for (const auto& rule : mapping.rules) {
    dump(rule.from_where.get(), out += "\n" + rule.name + "\n" + rule.title + "\n" + rule.kind);
    for (const auto& each : rule.each) dump(each.where.get(), (dump(each.path.get(), out), out));
    for (const auto& filter : rule.filters) dump(filter.condition.get(), out += filter.reason);
    for (const auto& emit : rule.emits) {
      dump(emit.when.get(), out += "\n" + emit.table + emit.default_domain + (emit.key_all ? "*" : ""));
      for (const auto& part : emit.key) dump(part.get(), out);
      for (const auto& part : emit.alias) dump(part.get(), out += emit.retires ? "~~" : "~");
      for (const auto& part : emit.version) dump(part.get(), out += "@");
      for (const auto& part : emit.within) dump(part.get(), out += "<");
      for (const auto& assign : emit.assigns) {
        for (const auto& name : assign.names) out += name.first + ",";
        dump(assign.value.get(), out);
      }
    }
    dump(rule.delete_when.get(), out);
  }
  return out;
}

[[noreturn]] void broken(const char* what, const std::string& a, const std::string& b) {
  std::fprintf(stderr, "%s\n--- first\n%s\n--- second\n%s\n", what, a.c_str(), b.c_str());
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Schema schema = [] {
    auto loaded = Schema::load();
    if (!loaded) std::abort();
    return std::move(*loaded);
  }();
  const Parsed parsed = parse_text({reinterpret_cast<const char*>(data), size}, "fuzz.map");
  for (const auto& d : parsed.diagnostics) (void)render(d, "ko");
  for (const auto& d : check_mapping(parsed.mapping, schema, nullptr, functions())) (void)render(d, "en");
  (void)book_markdown(parsed.mapping, schema, "en");
  if (!parsed.diagnostics.empty()) return 0;
  const std::string form = print(parsed.mapping);
  const Parsed again = parse_text(form, "again.map");
  if (!again.diagnostics.empty()) broken("the printed form is not read", form, render(again.diagnostics[0], "en"));
  if (print(again.mapping) != form) broken("printing is not canonical", form, print(again.mapping));
  if (dump(parsed.mapping) != dump(again.mapping)) broken("another tree", dump(parsed.mapping), dump(again.mapping));
  return 0;
}
