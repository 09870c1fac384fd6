// pyojun convert: exports in, CDM out, books balanced.
#include <memory>
#include <thread>

#include "commands.hpp"
#include "outcome.hpp"
#include "pack_options.hpp"

namespace pyojun::app {

Action setup_convert(CLI::App& app) {
  auto request = std::make_shared<ConvertRequest>();
  request->warehouse = "pyojun-warehouse";
  request->threads = std::max(1U, std::thread::hardware_concurrency());
  request->sources.emplace_back();
  SourceRequest* const source = &request->sources.back();
  app.add_option("INPUT", source->inputs, "files, folders, archives, globs or -")->required();
  app.add_option("--map", source->map, "mapping: folder, .map file, or the name of a shipped one (`pyojun list mappings`)")->required();
  app.add_option("--vocab", request->vocabulary, "vocabulary snapshot made by `pyojun vocab build`")->required();
  app.add_option("--to", request->targets, "KIND:PLACE, may be given several times (`pyojun list publishers`)");
  app.add_option("--warehouse", request->warehouse, "folder for parts, ledger and quarantine")->capture_default_str();
  app.add_option("--report", request->report, "folder for report.html and report.json");
  app.add_option("--from", source->format, "reader to use instead of detection");
  app.add_option("--kind", source->kind, "record kind of files whose names the mapping does not know");
  app.add_option("--codes", source->code_lists, "further code lists (source_to_concept_map or Usagi files)");
  app.add_option("--source-name", request->source_name, "cdm_source_name; default: the mapping's title");
  app.add_option("-j,--jobs", request->threads, "threads; never changes the result")->check(CLI::Range(1, 256));
  app.add_flag("--keep-vanished", source->keep_vanished,
               "files that an earlier run took and that are not among the inputs any more go on counting");
  app.add_flag("--dry-run", request->dry_run, "say what would be read, skipped and mapped again; change nothing");
  app.add_flag("--with-vocabulary", request->with_vocabulary, "publish the vocabulary tables too");
  app.add_option("--limit-record", request->limits.record_bytes, "largest record in bytes")->capture_default_str();
  auto finish = add_pack_options(app, request->packs, false);
  return [request, finish](Context& context) {
    if (!finish(context.console)) return static_cast<int>(exit_usage);
    request->packs.with_vocabulary = request->with_vocabulary;
    request->korean = context.console.language == Tongue::ko;
    ConvertOutcome outcome;
    return run_and_tell(*request, context, outcome);
  };
}

}  // namespace pyojun::app
