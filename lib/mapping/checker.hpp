// What the static checks share: the mapping's parts at hand, findings, and walking through expressions.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "mapping/check.hpp"

namespace pyojun::language {

class Checker {
 public:
  Checker(const ast::Mapping& mapping, const Schema& schema, const Vocabulary* vocabulary, std::span<const Function> functions)
      : mapping_(mapping), schema_(schema), vocabulary_(vocabulary), functions_(functions) {}
  std::vector<Diagnostic> run();

 private:
  void add(Code code, const ast::Place& at, std::string subject, std::string suggestion = {});

  // check.cpp: rules and targets
  void assemble();
  void lists();
  void defines();
  void lookups();
  void unused();
  void rule(const ast::Rule& rule);
  void kind(const std::string& kind, const ast::Place& at);
  void emit(const ast::Emit& emit, std::size_t depth, bool main);
  void table_emit(const ast::Emit& emit, TableId table);
  void stem_emit(const ast::Emit& emit);
  void stem_attribute(const ast::Assign& assign, std::size_t number);
  void stem_domain(const std::string& domain, const ast::Emit& emit);
  void doubled(const ast::Emit& emit);
  void assigned(const ast::Assign& assign, std::size_t number, const Column& column);
  bool sets(const ast::Emit& emit, std::string_view name) const;
  void combined(const ast::Emit& emit);
  void never_fires(const ast::Rule& rule);

  // check_registration.cpp
  void registrations();

  // check_value.cpp: does a value fit its column
  // `first_of_several`: range() may stand here. `reads_text`: the target turns plain text into a time by itself.
  void fits(const ast::Expr& expr, const Column& column, bool first_of_several, bool reads_text = false);
  void literal_fits(const ast::Expr& expr, const Column& column);
  void concept_fits(std::int64_t id, const ast::Place& at, const Column& column, std::string_view subject);
  void listed_concepts(const ast::Expr& call, const Column& column);
  std::string_view result_of(const ast::Expr& expr) const;
  bool is_concept(const Column& column) const;

  // check_expression.cpp: names and numbers of arguments. `depth`: how many enclosing nodes ^ may reach.
  void walk(const ast::Expr& expr, std::size_t depth, bool also);
  void path(const ast::Path& path, const ast::Place& at, std::size_t depth);
  void call(const ast::Expr& call, std::size_t depth, bool also);
  void define_call(const ast::Expr& call);
  bool lookup_call(const ast::Expr& call);
  bool table_call(const ast::Expr& call);
  void arguments(const ast::Expr& call, const Function& function);
  void list_name(const ast::Expr& argument);
  void fallback(const ast::Expr& expr);

  const ast::List* find_list(std::string_view name) const;
  const ast::Define* find_define(std::string_view name) const;
  const ast::Lookup* find_lookup(std::string_view name) const;
  const Function* find_function(std::string_view name) const;

  const ast::Mapping& mapping_;
  const Schema& schema_;
  const Vocabulary* vocabulary_;
  std::span<const Function> functions_;
  std::set<std::string, std::less<>> used_lists_, used_lookups_, used_defines_;
  std::vector<Diagnostic> out_;
};

// Tables that rules may fill: those of the CDM, and those of ours that say how the source files its records (docs/assembly.md).
inline bool filled_by_rules(const Table& table) { return table.schema == "cdm" || table.schema == "filing"; }
// The single plain name a path consists of, else empty: how functions name lists.
std::string_view plain_step(const ast::Expr& expr);
// Conditions that must all hold, taken out of nested `and`.
void conjuncts(const ast::Expr& expr, std::vector<const ast::Expr*>& out);

}  // namespace pyojun::language
