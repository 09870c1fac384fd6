// report.json: members in a fixed order, one row of a list per line. Its form is schemas/report.schema.json.
#include <fmt/format.h>

#include "report/escape.hpp"
#include "report/report.hpp"
#include "warehouse/ledger.hpp"

namespace pyojun {

namespace {

// Collects "name": value members and list rows with the commas in the right places.
class Writer {
 public:
  void open(std::string_view name, char bracket) {
    begin(name);
    out_ += bracket;
    closers_ += bracket == '{' ? '}' : ']';
    first_ = true;
  }
  void close() {
    const char closer = closers_.back();
    closers_.pop_back();
    if (!first_) newline();
    out_ += closer;
    first_ = false;
  }
  void text(std::string_view name, std::string_view value) { raw(name, json_string(value)); }
  void number(std::string_view name, std::uint64_t value) { raw(name, fmt::format("{}", value)); }
  void truth(std::string_view name, bool value) { raw(name, value ? "true" : "false"); }
  void raw(std::string_view name, std::string_view value) {
    begin(name);
    out_ += value;
  }
  std::string take() {
    out_ += '\n';
    return std::move(out_);
  }

 private:
  void newline() {
    out_ += '\n';
    out_.append(2 * closers_.size(), ' ');
  }
  void begin(std::string_view name) {
    if (!first_) out_ += ',';
    if (!closers_.empty()) newline();
    first_ = false;
    if (!name.empty()) out_ += json_string(name) + ": ";
  }

  std::string out_, closers_;
  bool first_ = true;
};

// One object on one line.
class Row {
 public:
  Row& text(std::string_view name, std::string_view value) { return raw(name, json_string(value)); }
  Row& number(std::string_view name, std::uint64_t value) { return raw(name, fmt::format("{}", value)); }
  Row& raw(std::string_view name, std::string_view value) {
    line_ += fmt::format("{}{}: {}", line_.empty() ? "{" : ", ", json_string(name), value);
    return *this;
  }
  std::string done() { return line_ + "}"; }

 private:
  std::string line_;
};

std::string counts(const std::array<std::uint64_t, grade_count>& values) {
  Row row;
  for (std::size_t i = 0; i < grade_count; ++i) row.number(grade_name(static_cast<Grade>(i)), values[i]);
  return row.done();
}

std::string ratio(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? "null" : fmt::format("{:.6f}", static_cast<double>(part) / static_cast<double>(whole));
}

std::string coverage_row(const ReportCoverage& coverage) {
  Row row;
  row.text("domain", coverage.domain).raw("codes", counts(coverage.codes)).raw("rows", counts(coverage.rows));
  row.raw("mapped_codes_ratio", ratio(coverage.mapped_codes(), coverage.all_codes()));
  return row.raw("mapped_rows_ratio", ratio(coverage.mapped_rows(), coverage.all_rows())).done();
}

void write_run(Writer& out, const ReportData& data) {
  out.open("run", '{');
  out.text("identity", data.run.identity);
  out.text("program_version", data.run.program_version);
  out.text("source_name", data.run.source_name);
  out.text("data_date", data.run.data_date);
  if (!data.run.started.empty()) out.text("started", data.run.started);
  out.text("mapping", data.run.mapping_name);
  out.text("mapping_hash", data.run.mapping_hash);
  out.text("vocabulary", data.run.vocabulary_release);
  out.text("vocabulary_hash", data.run.vocabulary_hash);
  out.close();
}

void write_summary(Writer& out, const ReportData& data) {
  const ReportCoverage total = data.total_coverage();
  out.open("summary", '{');
  out.truth("balanced", data.balanced);
  out.number("files", data.files.size());
  out.number("records", data.records());
  out.number("records_refused", data.refused());
  out.number("quarantined", data.quarantined());
  out.number("rows", data.rows());
  out.raw("mapped_codes_ratio", ratio(total.mapped_codes(), total.all_codes()));
  out.raw("mapped_rows_ratio", ratio(total.mapped_rows(), total.all_rows()));
  out.close();
}

template <class List, class Make>
void write_list(Writer& out, std::string_view name, const List& list, Make make) {
  out.open(name, '[');
  for (const auto& entry : list) out.raw({}, make(entry));
  out.close();
}

void write_books(Writer& out, const ReportData& data) {
  write_list(out, "files", data.files, [](const ReportFile& file) {
    Row row;
    row.text("name", file.name).text("format", file.format).text("encoding", file.encoding).text("kind", file.kind);
    return row.text("state", file.state).number("bytes", file.bytes).text("sha256", file.sha256).done();
  });
  write_list(out, "balance", data.balance, [](const ReportBalance& line) {
    Row row;
    row.text("file", line.file)
        .text("rule", line.rule)
        .number("in", line.in)
        .number("mapped", line.mapped)
        .number("filtered", line.filtered);
    return row.number("duplicates", line.duplicates).number("quarantined", line.quarantined).number("unread", line.unread).done();
  });
  write_list(out, "filters", data.filters, [](const ReportFilter& filter) {
    return Row().text("rule", filter.rule).text("reason", filter.reason).number("records", filter.records).done();
  });
  write_list(out, "tables", data.tables,
             [](const ReportTable& table) { return Row().text("table", table.table).number("rows", table.rows).done(); });
}

void write_codes(Writer& out, const ReportData& data) {
  write_list(out, "coverage", data.coverage, coverage_row);
  out.open("unmapped", '{');
  out.number("codes", data.unmapped_codes);
  out.number("rows", data.unmapped_rows);
  write_list(out, "top", data.unmapped, [](const ReportUnmapped& code) {
    Row row;
    row.text("vocabulary", code.vocabulary).text("code", code.code).text("domain", code.domain).text("grade", grade_name(code.grade));
    return row.number("rows", code.rows).done();
  });
  out.close();
}

std::string_view severity_name(Severity severity) {
  constexpr std::array<std::string_view, 4> names{"note", "warning", "reject", "fatal"};
  return names[static_cast<std::size_t>(severity)];
}

std::string_view field_state(ReportField::State state) {
  constexpr std::array<std::string_view, 3> names{"unread", "missing", "empty"};
  return names[static_cast<std::size_t>(state)];
}

void write_quality(Writer& out, const ReportData& data) {
  write_list(out, "quarantine", data.quarantine, [](const ReportQuarantine& entry) {
    const CodeInfo& message = info(entry.code);
    Row row;
    row.text("code", message.id).text("severity", severity_name(message.severity)).text("file", entry.file).text("rule", entry.rule);
    return row.text("column", entry.column).number("records", entry.records).number("kept", entry.kept).text("says", message.says).done();
  });
  write_list(out, "fields", data.fields, [](const ReportField& field) {
    Row row;
    row.text("file", field.file).text("kind", field.kind).text("field", field.field).text("state", field_state(field.state));
    return row.number("seen", field.seen).number("filled", field.filled).done();
  });
  write_list(out, "packs", data.packs, [](const ReportPack& pack) {
    Row row;
    row.text("id", pack.id).text("title", pack.title).text("edition", pack.edition).text("verdict", pack.verdict);
    row.raw("score", fmt::format("{:.2f}", pack.score)).number("passed", pack.passed).number("failed", pack.failed);
    return row.number("not_applicable", pack.not_applicable).number("not_observable", pack.not_observable).done();
  });
}

}  // namespace

std::string to_json(const ReportData& data) {
  Writer out;
  out.open({}, '{');
  out.number("format", 1);
  write_run(out, data);
  write_summary(out, data);
  write_books(out, data);
  write_codes(out, data);
  write_quality(out, data);
  out.close();
  return out.take();
}

}  // namespace pyojun
