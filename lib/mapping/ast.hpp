// A parsed mapping, as written: what the parser gives and check, explain and the plan compiler read. Grammar: docs/map-language.md.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "readers/dialect.hpp"

namespace pyojun::ast {

// Place of a token: file number (Mapping::files), line and column from 1, column and length in characters (code points), not bytes.
struct Place {
  std::uint16_t file = 0;
  std::uint32_t line = 0, column = 0, length = 1;
};

struct Expr;
using ExprPtr = std::unique_ptr<Expr>;

struct Step {
  std::string name;
  bool choice = false;      // name[x]
  bool descendant = false;  // //name: at any depth below; names may be "@attribute", "PID-3" or a component number "1"
  struct Predicate {
    std::int32_t index = -1;  // [n], from 0; -1 when it is a condition
    ExprPtr condition;
  };
  std::vector<Predicate> predicates;
  Place at;
};

struct Path {
  std::uint32_t up = 0;  // number of ^
  bool self = false;     // "." alone, or "^" alone
  std::vector<Step> steps;
};

enum class Kind : std::uint8_t {
  text,
  number,
  boolean,
  null,       // literals: `text` holds the value
  path,       // path
  call,       // text = function or lookup name, args, member = ".column" behind the call
  node_path,  // args[0] gives a node, path continues from it: resolve(x).code.coding
  each,       // args[0]
  fallback,   // args in order
  when,       // args[0] value, args[1] condition
  logical_or,
  logical_and,
  logical_not,
  compare,    // text = operator, args[0], args[1]
  in_values,  // args[0] in (args[1..])
  in_list,    // args[0] in list `text`
  matches,    // args[0] matches text
  present,
  empty,   // args[0]
  concat,  // args
};

struct Expr {
  Kind kind = Kind::null;
  std::string text;
  std::string member;
  Path path;
  std::vector<ExprPtr> args;
  Place at;
};

struct Filter {
  ExprPtr condition;
  std::string reason;  // given text, else the expression as written
  Place at;
};

struct Assign {
  std::vector<std::pair<std::string, Place>> names;  // one, or several for range()
  ExprPtr value;
  Place at;
};

// Columns that are said together, and the column that stands in for the first when nobody says them.
struct Group {
  std::vector<std::pair<std::string, Place>> names;
  std::optional<std::pair<std::string, Place>> instead;
  Place at;
};

struct Emit {
  std::string table;              // "stem" or a CDM table
  std::string default_domain;     // stem default
  std::vector<std::string> only;  // stem only
  std::string shared;             // stem: rules that share this name share one name space of keys
  ExprPtr when;                   // `also TABLE where ..`; null for the main emit
  std::vector<ExprPtr> key;       // empty: none
  bool key_all = false;           // key *
  std::vector<ExprPtr> alias;
  bool retires = false;          // the aliases were written as `retires`: rows told under them give way
  std::vector<ExprPtr> version;  // the first decides, the others between equal ones
  std::vector<ExprPtr> within;   // references
  std::vector<Group> combine;
  std::vector<Assign> assigns;
  Place at;
};

struct Each {
  ExprPtr path;          // a path
  bool or_self = false;  // `? .`
  ExprPtr where;
  Place at;
};

struct Rule {
  std::string name, title;
  std::string kind;  // record kind; "*" is every kind
  ExprPtr from_where;
  std::vector<Each> each;
  std::vector<Filter> filters;
  std::vector<Emit> emits;         // [0] is the main one, the others are `also`
  ExprPtr delete_when, told_when;  // told_when: of these deletes it is told when they find no row
  Place at, kind_at;
};

struct Lookup {
  std::string name, kind;
  ExprPtr where;
  std::vector<ExprPtr> key;
  std::vector<std::pair<std::string, ExprPtr>> keep;
  Place at;
};

// A named value of the record itself, used as NAME() at any depth below it.
struct Define {
  std::string name;
  ExprPtr value;
  Place at;
};

struct List {
  std::string name;
  std::string file;  // path as written; empty for inline pairs
  std::vector<std::pair<std::string, std::int64_t>> pairs;
  Place at;
};

// assemble NAME value, value: a setting of schemas/omop-5.4/assemble/settings.csv.
struct Assemble {
  std::string name;
  std::vector<std::string> values;
  Place at, value_at;
};

enum class Delivery : std::uint8_t { snapshot, delta, messages };

struct Mapping {
  std::string name, title, cdm;
  Delivery delivery = Delivery::snapshot;
  std::string timezone = "keep";
  Dialect dialect;
  std::vector<Assemble> assemble;  // by name, each once; the outermost file that gives one is heard
  std::vector<List> lists;
  std::vector<Define> defines;
  std::vector<Lookup> lookups;
  std::vector<Rule> rules;                // overrides are already applied
  std::vector<std::string> files;         // paths by file number, for messages
  std::vector<std::string> texts;         // their contents, for carets and for the mapping's hash
  std::vector<std::string> layouts;       // contents of field layouts, for the mapping's hash
  std::vector<std::string> layout_files;  // their paths
};

}  // namespace pyojun::ast
