// pyojun inspect: what is this file.
#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "base/text.hpp"
#include "commands.hpp"
#include "json.hpp"
#include "mapping/parser.hpp"
#include "pipeline/inspect.hpp"

namespace pyojun::app {

namespace {

struct Options {
  std::vector<std::string> inputs;
  std::string format, map, profile;
  bool records = false;
};

std::string share(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? "-" : fmt::format("{:.1f} %", 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

std::string human(const FileInspection& file, const Console& console) {
  std::string out = fmt::format("{}\n", printable(file.path));
  if (!file.read) return out + fmt::format("  {}\n", console.render(file.problem));
  out +=
      fmt::format("  {}: {}{}{}{}\n", console.pick("format", "형식"), file.facts.format,
                  file.facts.version.empty() ? "" : " " + file.facts.version, file.facts.encoding.empty() ? "" : ", " + file.facts.encoding,
                  file.facts.delimiter.empty() ? "" : fmt::format(", '{}'", printable(file.facts.delimiter)));
  out += fmt::format("  {}: {}   {}: {}\n", console.pick("records", "레코드"), grouped(file.records), console.pick("refused", "거부"),
                     grouped(file.refused));
  for (const auto& [id, count] : file.reject_ids) out += fmt::format("    {} {}\n", id, grouped(count));
  for (const auto& note : file.facts.notes) out += fmt::format("  {}\n", console.render(note));
  for (const auto& finding : file.findings) out += fmt::format("  {}\n", console.render(finding));
  if (file.cut) out += fmt::format("  {}\n", console.render(file.problem));
  for (const auto& [kind, profile] : file.kinds) {
    out += fmt::format("  {} ({})\n", printable(kind), grouped(profile.records));
    for (const auto& [path, field] : profile.fields) {
      out += fmt::format("    {:<48} {:>9} {:>12}{} {:>6}\n", printable(path), share(field.filled, std::max(profile.records, field.seen)),
                         grouped(field.distinct), field.distinct >= distinct_limit ? "+" : " ", field.longest);
      if (field.garbled != 0) {
        out +=
            fmt::format("      {}: {}\n",
                        console.pick("texts that look like Korean read in a wrong encoding", "잘못된 인코딩으로 읽은 한글로 보이는 텍스트"),
                        grouped(field.garbled));
      }
    }
  }
  return out;
}

std::string machine(const FileInspection& file) {
  Json json;
  json.begin_object()
      .member("path", file.path)
      .member("read", file.read)
      .member("format", file.facts.format)
      .member("version", file.facts.version);
  json.member("encoding", file.facts.encoding)
      .member("delimiter", file.facts.delimiter)
      .member("records", file.records)
      .member("refused", file.refused);
  if (!file.read || file.cut) json.member("problem", std::string(info(file.problem.code).id)).member("offset", file.problem.at.offset);
  json.key("rejects").begin_object();
  for (const auto& [id, count] : file.reject_ids) json.member(id, count);
  json.end_object().key("findings").begin_array();
  for (const auto& finding : file.findings) {
    json.begin_object().member("id", std::string(info(finding.code).id)).member("subject", finding.subject);
    json.member("count", finding.count).end_object();
  }
  json.end_array().key("kinds").begin_object();
  for (const auto& [kind, profile] : file.kinds) {
    json.key(kind).begin_object().member("records", profile.records).key("fields").begin_object();
    for (const auto& [path, field] : profile.fields) {
      json.key(path).begin_object().member("seen", field.seen).member("filled", field.filled).member("records", field.records);
      json.member("distinct", field.distinct)
          .member("longest", std::uint64_t{field.longest})
          .member("numeric", field.numeric)
          .member("dates", field.dates)
          .member("garbled", field.garbled)
          .end_object();
    }
    json.end_object().end_object();
  }
  json.end_object().end_object();
  return json.text() + "\n";
}

// One CSV per file kind for spreadsheets: names and counts only.
Status write_profile(const std::string& folder, const std::vector<FileInspection>& files) {
  std::string text = "file,kind,field,records,seen,filled,distinct,longest,numeric,dates,garbled\n";
  auto quoted = [](std::string_view field) {
    std::string out = "\"";
    for (const char c : field) out += c == '"' ? std::string("\"\"") : std::string(1, c);
    return out + "\"";
  };
  for (const auto& file : files) {
    for (const auto& [kind, profile] : file.kinds) {
      for (const auto& [path, field] : profile.fields) {
        text += fmt::format("{},{},{},{},{},{},{},{},{},{},{}\n", quoted(file.path), quoted(kind), quoted(path), profile.records,
                            field.seen, field.filled, field.distinct, field.longest, field.numeric, field.dates, field.garbled);
      }
    }
  }
  return write_text_file(folder, "profile.csv", text);
}

int run(const Options& options, Context& context) {
  InspectRequest request;
  request.inputs = options.inputs;
  request.format = options.format;
  if (!options.map.empty()) request.dialect = parse_mapping(options.map).mapping.dialect;
  if (options.records) request.dump = [&](std::string_view line) { context.console.out(line); };
  auto files = inspect(request, *&context.world);
  if (!files) {
    context.console.error(files.error());
    return exit_for(files.error());
  }
  bool incomplete = false;
  for (const auto& file : *files) {
    incomplete = incomplete || !file.read || file.cut;
    if (options.records) {
      if (!file.read || file.cut) context.console.error(file.problem);
    } else {
      context.console.out(context.console.json ? machine(file) : human(file, context.console));
    }
  }
  if (!options.profile.empty()) {
    if (const Status status = write_profile(options.profile, *files); !status) {
      context.console.error(status.error());
      return exit_for(status.error());
    }
  }
  return incomplete ? exit_incomplete : exit_done;
}

}  // namespace

Action setup_inspect(Grammar grammar) {
  auto options = std::make_shared<Options>();
  grammar.add("INPUT", options->inputs, "files, folders, archives, globs or -").required();
  grammar.add("--from", options->format, "reader to use instead of detection");
  grammar.add("--map", options->map, "take the dialect (encoding, file kinds, aliases) from this mapping");
  grammar.flag("--records", options->records,
               "print every record as one JSON line (contains the data itself, resident registration numbers masked)");
  grammar.add("--profile", options->profile, "write profile.csv (fields and counts, no values) into this folder");
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace pyojun::app
