// pyojun check: everything wrong with a mapping, without data.
#include <fmt/format.h>

#include <memory>

#include "cdm/schema.hpp"
#include "commands.hpp"
#include "json.hpp"
#include "mapping/diagnostic.hpp"
#include "mapping/plan.hpp"

namespace pyojun::app {

namespace {

struct Options {
  std::vector<std::string> maps;
  std::string vocabulary;
};

std::string machine(const Diagnostic& diagnostic) {
  constexpr std::string_view names[] = {"note", "warning", "reject", "fatal"};
  Json json;
  json.begin_object()
      .member("file", diagnostic.file)
      .member("line", std::uint64_t{diagnostic.line})
      .member("column", std::uint64_t{diagnostic.column});
  json.member("id", info(diagnostic.code).id).member("severity", names[static_cast<std::size_t>(info(diagnostic.code).severity)]);
  json.member("says", info(diagnostic.code).says)
      .member("subject", diagnostic.subject)
      .member("suggestion", diagnostic.suggestion)
      .end_object();
  return json.text() + "\n";
}

int run(const Options& options, Context& context) {
  auto schema = Schema::load();
  if (!schema) {
    context.console.error(schema.error());
    return exit_failed;
  }
  std::shared_ptr<const Vocabulary> vocabulary;
  if (!options.vocabulary.empty()) {
    auto opened = Vocabulary::open(options.vocabulary);
    if (!opened) {
      context.console.error(opened.error());
      return exit_for(opened.error());
    }
    vocabulary = *opened;
  }
  std::size_t errors = 0, warnings = 0;
  for (const auto& map : options.maps) {
    const Compiled compiled = compile({map, &*schema, vocabulary, {}, {}});
    for (const auto& diagnostic : compiled.diagnostics) {
      const Severity severity = info(diagnostic.code).severity;
      if (severity == Severity::fatal || severity == Severity::reject) ++errors;
      if (severity == Severity::warning) ++warnings;
      if (context.console.json) {
        context.console.out(machine(diagnostic));
      } else {
        context.console.out(render(diagnostic, context.console.language == Tongue::ko ? "ko" : "en") + "\n");
      }
    }
  }
  context.console.say(fmt::format("{}: {} {}, {} {}", context.console.pick("checked", "검사"), errors,
                                  context.console.pick("errors", "오류"), warnings, context.console.pick("warnings", "경고")));
  return errors == 0 ? exit_done : exit_usage;
}

}  // namespace

Action setup_check(Grammar grammar) {
  auto options = std::make_shared<Options>();
  grammar.add("MAP", options->maps, "folders, .map files or names of shipped mappings").required();
  grammar.add("--vocab", options->vocabulary, "snapshot folder: concepts and code lists are checked too");
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace pyojun::app
