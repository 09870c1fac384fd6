// What an earlier run left, read back.
#include <fmt/format.h>

#include <array>

#include "warehouse/ledger.hpp"

namespace pyojun {

namespace {

std::uint64_t count(const DuckRows& rows, std::size_t column, std::size_t row) {
  return static_cast<std::uint64_t>(rows.integer(column, row));
}
std::uint32_t small(const DuckRows& rows, std::size_t column, std::size_t row) {
  return static_cast<std::uint32_t>(rows.integer(column, row));
}

// `mapped` and `quarantined` name the columns to read.
Status read_books(Duck& duck, std::string_view mapped, std::string_view duplicates, std::string_view quarantined,
                  std::vector<Balance>& out) {
  const std::string lines = fmt::format(R"(select file, rule, "in", {}, {}, {}, unread from ledger.balance order by file, rule)", mapped,
                                        duplicates, quarantined);
  Status status = duck.each_row(lines, "books", [&](const DuckRows& rows, std::size_t i) {
    Balance& balance = out.emplace_back();
    balance.file = small(rows, 0, i);
    balance.rule = static_cast<std::int32_t>(rows.integer(1, i));
    balance.in = count(rows, 2, i);
    balance.mapped = count(rows, 3, i);
    balance.duplicates = count(rows, 4, i);
    balance.quarantined = count(rows, 5, i);
    balance.unread = count(rows, 6, i);
  });
  if (!status) return status;
  std::size_t at = 0;
  return duck.each_row("select file, rule, rows from ledger.filter order by file, rule, filter", "filters",
                       [&](const DuckRows& rows, std::size_t i) {
                         while (at < out.size() && (out[at].file != small(rows, 0, i) || out[at].rule != rows.integer(1, i))) ++at;
                         if (at < out.size()) out[at].filtered.push_back(count(rows, 2, i));
                       });
}

Status read_files(Duck& duck, std::vector<FileEntry>& out) {
  return duck.each_row(
      "select name, path, sha256, format, encoding, kind, source, made_by, coalesce(built_by, ''), size, first_rule, rules, run, "
      "coalesce(retired, 0) from ledger.file order by file",
      "files", [&](const DuckRows& rows, std::size_t i) {
        FileEntry& entry = out.emplace_back();
        const std::array<std::string*, 9> fields{&entry.name, &entry.path,   &entry.sha256,  &entry.format,  &entry.encoding,
                                                 &entry.kind, &entry.source, &entry.made_by, &entry.built_by};
        for (std::size_t k = 0; k < fields.size(); ++k) *fields[k] = rows.text(k, i);
        entry.size = count(rows, 9, i);
        entry.first_rule = small(rows, 10, i);
        entry.rules = small(rows, 11, i);
        entry.run = count(rows, 12, i);
        entry.retired = count(rows, 13, i);
      });
}

Status read_names(Duck& duck, std::vector<FileName>& out) {
  return duck.each_row("select source, path, stamp, file, seen, vanished, name from ledger.name order by source, path", "names",
                       [&](const DuckRows& rows, std::size_t i) {
                         out.push_back({std::string(rows.text(0, i)), std::string(rows.text(1, i)), std::string(rows.text(6, i)),
                                        small(rows, 3, i), count(rows, 4, i), count(rows, 5, i), std::string(rows.text(2, i))});
                       });
}

}  // namespace

Result<History> Ledger::history() {
  History out;
  if (Status status = read_files(duck_, out.files); !status) return status.error();
  if (Status status = read_names(duck_, out.names); !status) return status.error();
  std::int64_t last = -1;
  Status status = duck_.each_row("select rule, \"set\", source, name from ledger.rule order by \"set\", rule", "rules",
                                 [&](const DuckRows& rows, std::size_t i) {
                                   if (rows.integer(1, i) != last) {
                                     last = rows.integer(1, i);
                                     out.rule_sets.push_back({std::string(rows.text(2, i)), {}, {}});
                                     out.first_rules.push_back(small(rows, 0, i));
                                   }
                                   out.rule_sets.back().names.emplace_back(rows.text(3, i));
                                   out.rule_sets.back().filters.emplace_back();
                                 });
  if (!status) return status.error();
  std::size_t set = 0;
  status = duck_.each_row(
      "select o.rule, o.reason from ledger.reason o join ledger.rule r on r.rule = o.rule order by r.\"set\", o.rule, filter", "reasons",
      [&](const DuckRows& rows, std::size_t i) {
        const std::uint32_t rule = small(rows, 0, i);
        while (set < out.rule_sets.size() &&
               (rule < out.first_rules[set] || rule >= out.first_rules[set] + out.rule_sets[set].names.size())) {
          ++set;
        }
        if (set < out.rule_sets.size()) out.rule_sets[set].filters[rule - out.first_rules[set]].emplace_back(rows.text(1, i));
      });
  if (!status) return status.error();
  std::vector<Balance> lines;
  if (status = read_books(duck_, "first_mapped", "0", "first_quarantined", lines); !status) return status.error();
  for (auto& line : lines) out.lines[line.file].push_back(std::move(line));
  return out;
}

Result<ReadLedger> read_ledger(Duck& duck) {
  ReadLedger out;
  Status status = duck.each_row("select * from ledger.run order by run desc limit 1", "run", [&](const DuckRows& rows, std::size_t i) {
    out.run = rows.integer(0, i);
    RunIdentity& id = out.identity;
    const std::array<std::string*, 9> fields{&id.identity,           &id.source_name,     &id.mapping_name,    &id.mapping_hash,
                                             &id.vocabulary_release, &id.vocabulary_hash, &id.program_version, &id.started,
                                             &id.data_date};
    for (std::size_t k = 0; k < fields.size(); ++k) *fields[k] = rows.text(k + 1, i);
  });
  if (!status) return status.error();
  if (status = read_files(duck, out.files); !status) return status.error();
  if (status = read_names(duck, out.names); !status) return status.error();
  status = duck.each_row("select rule, name from ledger.rule order by rule", "rules", [&](const DuckRows& rows, std::size_t i) {
    out.rules.resize(small(rows, 0, i) + std::size_t{1});
    out.rules.back() = rows.text(1, i);
  });
  if (!status) return status.error();
  const std::string written = fmt::format("select \"table\", rows from ledger.rows where run = {} order by rowid", out.run);
  status = duck.each_row(written, "rows", [&](const DuckRows& rows, std::size_t i) {
    out.rows.emplace_back(std::string(rows.text(0, i)), count(rows, 1, i));
  });
  if (!status) return status.error();
  if (status = read_books(duck, "mapped", "duplicates", "quarantined", out.balances); !status) return status.error();
  return out;
}

}  // namespace pyojun
