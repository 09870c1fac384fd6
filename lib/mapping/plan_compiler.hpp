// Turns the syntax tree of a mapping into a PlanData; one object per compilation.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "mapping/frame.hpp"

namespace pyojun::mapping {

class PlanCompiler {
 public:
  PlanCompiler(PlanData& plan, const ast::Mapping& mapping, const CompileOptions& options, std::vector<Diagnostic>& diagnostics)
      : plan_(plan), mapping_(mapping), options_(options), diagnostics_(diagnostics) {}
  void compile_all();
  // After it: contents of the code lists of the mapping and of the options, in order, and the paths of all files that were read.
  const std::vector<std::string>& list_texts() const { return list_texts_; }
  std::vector<std::string> files() const;

 private:
  // An attribute of a stem emit, or a column of a table emit: which value, and which side of a range.
  struct Part {
    std::uint16_t attribute = 0xFFFF;
    Fill fill = Fill::generic;
    std::uint16_t assumed = 0xFFFF;  // attribute that stands in
  };

  void problem(Code code, const ast::Place& at, std::string subject);
  Symbol intern(std::string_view name, const ast::Place& at);
  void shapes();

  // plan_expression.cpp
  const Op* expression(const ast::Expr& expr);
  Op& make(const ast::Expr& expr, Run run);
  void arguments(Op& op, const ast::Expr& expr);
  const Op* literal(const ast::Expr& expr);
  const Op* path(const ast::Expr& expr);
  void steps(Op& op, const ast::Path& path, const ast::Place& at);
  std::int16_t choice(const std::string& name, const ast::Place& at);
  void note_field(const ast::Path& path);
  const Op* each(const ast::Expr& expr);
  const Op* call(const ast::Expr& expr);
  const Op* function(const ast::Expr& expr, Run run);
  const Op* define(const ast::Expr& expr, const ast::Define& define);
  const Op* lookup(const ast::Expr& expr, std::size_t number);
  const Op* reference(const ast::Expr& expr, TableId table);
  void list_argument(Op& op, const ast::Expr& expr);
  const Op* alternatives(const ast::Expr& expr);
  const CodeList* find_list(const std::string& name) const;
  void push(bool root_like);
  void pop() {
    --level_;
    root_like_.pop_back();
  }

  // plan_rule.cpp
  void lists();
  void lookups();
  void rules();
  RulePlan rule(const ast::Rule& rule, std::uint16_t number);
  FilterPlan filter(RuleInfo& info, const ast::Expr& condition, std::string reason);
  void within(const ast::Emit& emit, EmitPlan& out);
  const Op* without_assumption(const Op& op);
  void groups(const ast::Emit& emit, const std::map<std::string, Part, std::less<>>& parts, Layout& layout);
  std::uint64_t key_space(const std::string& of) const;
  EmitPlan emit(const ast::Rule& rule, const ast::Emit& emit, std::size_t position, RuleInfo& info);
  std::vector<const Op*> expressions(const std::vector<ast::ExprPtr>& list);
  void aliases(const ast::Emit& emit, EmitPlan& out);
  void attributes(const ast::Emit& emit, EmitPlan& out, std::map<std::string, Part, std::less<>>& parts);
  void table_layout(const ast::Emit& emit, EmitPlan& out, const std::map<std::string, Part, std::less<>>& parts);
  void stem_layouts(const ast::Emit& emit, EmitPlan& out, const std::map<std::string, Part, std::less<>>& parts);
  void stem_layout(const ast::Emit& emit, EmitPlan& out, TableId table, const std::map<std::string, Part, std::less<>>& parts);
  Binding binding(const EmitPlan& emit, TableId table, ColumnId column, Part part) const;
  void place(EmitPlan& emit, Layout& layout, std::vector<Binding> alternatives, const ast::Place& at);
  void required_columns(Layout& layout);

  PlanData& plan_;
  const ast::Mapping& mapping_;
  const CompileOptions& options_;
  std::vector<Diagnostic>& diagnostics_;
  std::string kind_;                   // record kind of the rule at hand
  std::uint32_t level_ = 0;            // contexts below the record
  std::vector<bool> root_like_{true};  // by level: names there are fields of the record itself
  std::vector<std::string> fhir_types_;
  std::map<std::string, std::int16_t, std::less<>> choices_;  // by name: "value" of value[x]
  std::vector<const ast::Define*> defining_;                  // being compiled: one may not use itself
  std::vector<std::string> list_texts_;
};

std::unique_ptr<ast::Expr> clone(const ast::Expr& expr);

}  // namespace pyojun::mapping
