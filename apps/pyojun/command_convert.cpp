// pyojun convert: exports in, CDM out, books balanced.
#include <memory>
#include <thread>

#include "commands.hpp"
#include "outcome.hpp"
#include "pack_options.hpp"

namespace pyojun::app {

Action setup_convert(Grammar grammar) {
  auto request = std::make_shared<ConvertRequest>();
  request->warehouse = "pyojun-warehouse";
  request->threads = std::max(1U, std::thread::hardware_concurrency());
  request->sources.emplace_back();
  SourceRequest* const source = &request->sources.back();
  grammar.add("INPUT", source->inputs, "files, folders, archives, globs or -").required();
  grammar.add("--map", source->map, "mapping: folder, .map file, or the name of a shipped one (`pyojun list mappings`)").required();
  grammar.add("--vocab", request->vocabulary, "vocabulary snapshot made by `pyojun vocab build`").required();
  grammar.add("--to", request->targets, "KIND:PLACE, may be given several times (`pyojun list publishers`)");
  grammar.add("--warehouse", request->warehouse, "folder for parts, ledger and quarantine").shows_default();
  grammar.add("--report", request->report, "folder for report.html and report.json");
  grammar.add("--from", source->format, "reader to use instead of detection");
  grammar.add("--kind", source->kind, "record kind of files whose names the mapping does not know");
  grammar.add("--codes", source->code_lists, "further code lists (source_to_concept_map or Usagi files)");
  grammar.add("--source-name", request->source_name, "cdm_source_name; default: the mapping's title");
  grammar.add("-j,--jobs", request->threads, "threads; never changes the result").within(1, 256);
  grammar.flag("--keep-vanished", source->keep_vanished,
               "files that an earlier run took and that are not among the inputs any more go on counting");
  grammar.flag("--dry-run", request->dry_run, "say what would be read, skipped and mapped again; change nothing");
  grammar.flag("--with-vocabulary", request->with_vocabulary, "publish the vocabulary tables too");
  grammar.add("--limit-record", request->limits.record_bytes, "largest record in bytes").shows_default();
  auto finish = add_pack_options(grammar, request->packs, false);
  return [request, finish](Context& context) {
    if (!finish(context.console)) return static_cast<int>(exit_usage);
    request->packs.with_vocabulary = request->with_vocabulary;
    request->korean = context.console.language == Tongue::ko;
    ConvertOutcome outcome;
    return run_and_tell(*request, context, outcome);
  };
}

}  // namespace pyojun::app
