// pyojun vocab: build, look into and search vocabulary snapshots.
#include <fmt/format.h>

#include <memory>

#include "commands.hpp"
#include "json.hpp"
#include "vocabulary/vocabulary.hpp"

namespace pyojun::app {

namespace {

struct Options {
  std::string source, target, snapshot, vocabulary, code, text;
  bool no_sql = false;
  unsigned jobs = 1;
  std::size_t limit = 20;
  int what = 0;
};

int fail(Context& context, const Error& error) {
  context.console.error(error);
  return exit_for(error);
}

void print_info(const Vocabulary::Info& info, Context& context) {
  Console& console = context.console;
  if (console.json) {
    Json json;
    json.begin_object().member("release", info.release).member("hash", info.content_hash).member("concepts", info.concepts);
    json.member("relationships", info.relationships).member("ancestors", info.ancestors).key("vocabularies").begin_array();
    for (const auto& item : info.vocabularies) {
      json.begin_object().member("id", item.id).member("name", item.name).member("version", item.version).member("concepts", item.concepts);
      json.member("licence", item.licence).end_object();
    }
    console.out(json.end_array().end_object().text() + "\n");
    return;
  }
  std::string out = fmt::format("{}: {}\n{}: {}\n{}: {}   {}: {}   {}: {}\n", console.pick("release", "판"), info.release,
                                console.pick("content", "내용 해시"), info.content_hash, console.pick("concepts", "개념"),
                                grouped(info.concepts), console.pick("relationships", "관계"), grouped(info.relationships),
                                console.pick("ancestors", "상하위"), grouped(info.ancestors));
  for (const auto& item : info.vocabularies) {
    out += fmt::format("  {:<24} {:>10}  {}{}\n", item.id, grouped(item.concepts), item.version,
                       item.licence.empty() ? "" : "  [" + item.licence + "]");
  }
  console.out(out);
}

void print_concept(const ConceptView& found, Console& console) {
  if (console.json) {
    Json json;
    json.begin_object()
        .member("concept_id", static_cast<std::int64_t>(found.id))
        .member("concept_name", found.name)
        .member("domain_id", found.domain);
    json.member("vocabulary_id", found.vocabulary).member("concept_class_id", found.concept_class).member("concept_code", found.code);
    json.member("standard", found.is_standard()).end_object();
    console.out(json.text() + "\n");
    return;
  }
  console.out(fmt::format("{}\t{}\t{}\t{}\t{}\t{}\n", found.id, found.vocabulary, found.code, found.domain,
                          found.is_standard() ? "standard" : "non-standard", found.name));
}

int lookup(const Options& options, const Vocabulary& vocabulary, Context& context) {
  const VocabularyId system = vocabulary.system(options.vocabulary);
  const auto found = system == no_vocabulary ? Vocabulary::Found{} : vocabulary.find(system, options.code);
  if (found.concept_id == 0) {
    context.console.say(fmt::format("pyojun: {}", context.console.pick("no such code in this snapshot", "이 스냅숏에 없는 코드입니다")));
    return exit_failed;
  }
  if (const auto view = vocabulary.concept_of(found.concept_id)) print_concept(*view, context.console);
  for (const auto& [label, targets] :
       {std::pair{"Maps to", vocabulary.maps_to(found.concept_id)}, {"Maps to value", vocabulary.maps_to_value(found.concept_id)}}) {
    for (const auto id : targets) {
      if (!context.console.json) context.console.out(fmt::format("  {}\t", label));
      if (const auto view = vocabulary.concept_of(id)) print_concept(*view, context.console);
    }
  }
  return exit_done;
}

int run(const Options& options, Context& context) {
  if (options.what == 0) {
    SnapshotOptions build;
    build.source = options.source;
    build.target = options.target;
    build.sql_tables = !options.no_sql;
    build.threads = options.jobs;
    context.world.progress->stage("vocabulary", 0);
    auto info = build_snapshot(build);
    if (!info) return fail(context, info.error());
    print_info(*info, context);
    return exit_done;
  }
  auto vocabulary = Vocabulary::open(options.snapshot);
  if (!vocabulary) return fail(context, vocabulary.error());
  if (options.what == 1) return lookup(options, **vocabulary, context);
  if (options.what == 2) {
    for (const auto& found : (*vocabulary)->suggest(options.text, options.limit)) print_concept(found, context.console);
    return exit_done;
  }
  print_info((*vocabulary)->info(), context);
  return exit_done;
}

}  // namespace

Action setup_vocab(Grammar grammar) {
  auto options = std::make_shared<Options>();
  grammar.needs_command();
  const Grammar build = grammar.command("build", "import an Athena download into a snapshot", [options] { options->what = 0; });
  build.add("ATHENA_DIR", options->source, "folder with CONCEPT.csv, CONCEPT_RELATIONSHIP.csv, ...").required();
  build.add("--out", options->target, "snapshot folder to make").required();
  build.flag("--no-sql", options->no_sql, "leave out what only SQL needs (ancestors, drug strength)");
  build.add("-j,--jobs", options->jobs, "threads").within(1, 256);
  const Grammar look = grammar.command("lookup", "one code: its concept and standard targets", [options] { options->what = 1; });
  look.add("VOCABULARY", options->vocabulary, "OMOP vocabulary id, URI, OID or other known name").required();
  look.add("CODE", options->code, "source code").required();
  const Grammar suggest = grammar.command("suggest", "concepts whose names contain these words", [options] { options->what = 2; });
  suggest.add("TEXT", options->text, "words").required();
  suggest.add("--limit", options->limit, "how many");
  const Grammar about = grammar.command("info", "release, vocabularies, licences", [options] { options->what = 3; });
  for (const Grammar& sub : {look, suggest, about}) {
    sub.add("--vocab,--snapshot", options->snapshot, "snapshot folder").required();
  }
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace pyojun::app
