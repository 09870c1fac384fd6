#include "conformance/history.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>

#include "base/csv.hpp"
#include "base/mapped_file.hpp"

namespace pyojun {

namespace {

std::string optional_number(const std::optional<double>& value) { return value ? fmt::format("{}", *value) : std::string("null"); }

std::int64_t count_of_state(const Tally& tally, State state) { return static_cast<std::int64_t>(tally.of(state)); }

Status add_packs(Duck& duck, std::int64_t audit, const AuditResult& result) {
  std::string sql;
  for (const PackResult& pack : result.packs) {
    sql += fmt::format("{}({}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {})",
                       sql.empty() ? "insert into results.pack values " : ", ", audit, sql_text(result.identity), sql_text(pack.pack.id),
                       sql_text(pack.pack.edition), sql_text(result.today), optional_number(pack.score), sql_text(pack.band),
                       sql_text(pack.verdict), count_of_state(pack.tally, State::pass), count_of_state(pack.tally, State::fail),
                       count_of_state(pack.tally, State::not_applicable), count_of_state(pack.tally, State::not_observable),
                       count_of_state(pack.tally, State::error), sql_text(pack.pack.settings));
  }
  return sql.empty() ? Status() : duck.exec(sql, "results.pack");
}

Status add_criteria(Duck& duck, std::int64_t audit, const AuditResult& result) {
  auto out = duck.append_to("results", "criterion");
  if (!out) return out.error();
  for (const PackResult& pack : result.packs) {
    for (const CriterionResult& one : pack.criteria) {
      out->add(audit)
          .add(pack.pack.id)
          .add(one.criterion.id)
          .add(one.criterion.check)
          .add(one.criterion.category)
          .add(state_name(one.state));
      if (one.measured) {
        out->add(one.violated).add(one.counted);
      } else {
        out->add_null().add_null();
      }
      if (one.criterion.threshold) {
        out->add(fmt::format("{}", *one.criterion.threshold));
      } else {
        out->add_null();
      }
      out->add(one.reason).add(one.suppressed).add(one.query);
      if (Status status = out->end_row(); !status) return status;
    }
  }
  return out->close();
}

}  // namespace

Result<std::int64_t> store_results(Duck& duck, const AuditResult& result) {
  auto last = duck.integer("select coalesce(max(audit), 0) from results.pack", "results.pack");
  if (!last) return last.error();
  const std::int64_t audit = *last + 1;
  if (Status status = duck.exec("begin", "results"); !status) return status.error();
  Status status = add_packs(duck, audit, result);
  if (status) status = add_criteria(duck, audit, result);
  const Status end = duck.exec(status ? "commit" : "rollback", "results");
  if (!status) return status.error();
  if (!end) return end.error();
  return audit;
}

namespace {

// A warehouse of an older program did not say what its audits were set to: packs without settings have none to differ in.
std::string settings_of(const Catalog& catalog) {
  const auto table = catalog.find("results.pack");
  const bool there = table != catalog.end() && table->second.find("settings") != nullptr;
  return there ? "coalesce(settings, '')" : "''";
}

Error other_settings(const std::string& which, const Pack& pack, std::string_view earlier) {
  return Error{
      Code::audit_baseline_other, {}, {}, which, fmt::format("{}: {}, now {}", pack.id, earlier.empty() ? "-" : earlier, pack.settings)};
}

}  // namespace

Status read_trend(SqlEngine& engine, const Catalog& catalog, AuditResult& result) {
  if (!catalog.contains("results.pack")) return {};
  std::string packs;
  for (const auto& pack : result.packs) packs += (packs.empty() ? "" : ", ") + sql_text(pack.pack.id);
  if (packs.empty()) return {};
  const auto take = [&result](std::span<const Cell> cells) {
    const auto number = [&cells](std::size_t at) {
      std::int64_t value = 0;
      if (cells[at]) std::from_chars(cells[at]->data(), cells[at]->data() + cells[at]->size(), value);
      return value;
    };
    // Scores of other settings are scores of other questions.
    const auto pack = std::ranges::find_if(result.packs, [&](const PackResult& one) { return one.pack.id == cells[1].value_or(""); });
    if (pack != result.packs.end() && pack->pack.settings != cells[8].value_or("")) {
      ++pack->other_settings;
      return true;
    }
    TrendPoint point{number(0),
                     cells[1].value_or(""),
                     cells[2].value_or(""),
                     cells[3].value_or(""),
                     cells[7].value_or(""),
                     std::nullopt,
                     static_cast<std::uint64_t>(number(5)),
                     static_cast<std::uint64_t>(number(6))};
    if (cells[4]) {
      double score = 0;
      std::from_chars(cells[4]->data(), cells[4]->data() + cells[4]->size(), score);
      point.score = score;
    }
    result.trend.push_back(std::move(point));
    return true;
  };
  return engine.rows(fmt::format("select audit, pack, edition, identity, score, passed, failed, today, {} from results.pack where pack in "
                                 "({}) order by audit, pack",
                                 settings_of(catalog), packs),
                     "results.pack", take);
}

namespace {

// The audit that a pack is compared with: that number, or the last one with its settings. Nothing when the pack was not part of it.
Result<std::optional<std::int64_t>> stored_audit(SqlEngine& engine, const Catalog& catalog, const std::string& which, const Pack& pack) {
  std::optional<std::int64_t> found;
  std::optional<std::string> other;
  const auto take = [&](std::span<const Cell> cells) {
    if (cells[1].value_or("") != pack.settings) {
      other = cells[1].value_or("");
      return true;
    }
    std::int64_t& number = found.emplace(0);
    std::from_chars(cells[0]->data(), cells[0]->data() + cells[0]->size(), number);
    return false;
  };
  const auto sql = fmt::format("select audit, {} from results.pack where pack = {}{} order by audit desc", settings_of(catalog),
                               sql_text(pack.id), which == "last" ? std::string() : " and audit = " + which);
  if (Status status = engine.rows(sql, "results.pack", take); !status) return status.error();
  if (!found && other) return other_settings(which, pack, *other);
  return found;
}

}  // namespace

Result<std::vector<EarlierState>> stored_states(SqlEngine& engine, const Catalog& catalog, const std::string& which,
                                                const std::vector<Pack>& packs) {
  const Error missing{Code::audit_baseline_missing, {}, {}, which, {}};
  const bool number = !which.empty() && which.find_first_not_of("0123456789") == std::string::npos && which.size() < 10;
  if (!catalog.contains("results.criterion") || !catalog.contains("results.pack") || (!number && which != "last")) return missing;
  std::vector<EarlierState> out;
  const auto take = [&out](std::span<const Cell> cells) {
    out.push_back({cells[0].value_or(""), cells[1].value_or(""), cells[2].value_or("")});
    return true;
  };
  for (const Pack& pack : packs) {
    auto audit = stored_audit(engine, catalog, which, pack);
    if (!audit) return audit.error();
    if (!*audit) continue;
    const auto sql =
        fmt::format("select pack, criterion, state from results.criterion where audit = {} and pack = {}", **audit, sql_text(pack.id));
    if (Status status = engine.rows(sql, "results.criterion", take); !status) return status.error();
  }
  if (out.empty()) return missing;
  return out;
}

std::string results_csv(const AuditResult& result) {
  std::string out = "pack,criterion,check,category,state,violated,counted,threshold,reason,suppressed,settings\n";
  for (const PackResult& pack : result.packs) {
    for (const CriterionResult& one : pack.criteria) {
      const std::string threshold = one.criterion.threshold ? fmt::format("{}", *one.criterion.threshold) : "";
      out += fmt::format("{},{},{},{},{},{},{},{},{},{},{}\n", csv_cell(pack.pack.id), csv_cell(one.criterion.id),
                         csv_cell(one.criterion.check), csv_cell(one.criterion.category), state_name(one.state),
                         one.measured ? std::to_string(one.violated) : "", one.measured ? std::to_string(one.counted) : "", threshold,
                         csv_cell(one.reason), csv_cell(one.suppressed), csv_cell(pack.pack.settings));
    }
  }
  return out;
}

Result<std::vector<EarlierState>> states_from_file(const std::string& place, const std::vector<Pack>& packs) {
  struct stat facts {};
  const bool folder = ::stat(place.c_str(), &facts) == 0 && S_ISDIR(facts.st_mode);
  const std::string path = folder ? place + "/results.csv" : place;
  auto file = MappedFile::open(path);
  if (!file) return Error{Code::audit_baseline_missing, path, {}, {}, {}};
  const auto bytes = (*file)->bytes();
  auto table = CsvTable::parse(std::string_view(bytes.data(), bytes.size()), path, Code::audit_baseline_missing);
  if (!table) return table.error();
  if (!table->has("pack") || !table->has("criterion") || !table->has("state")) return Error{Code::audit_baseline_missing, path, {}, {}, {}};
  std::vector<EarlierState> out;
  for (const CsvLine& line : table->lines()) {
    const std::string_view settings = table->cell(line, "settings");
    const auto pack = std::ranges::find(packs, table->cell(line, "pack"), &Pack::id);
    if (pack != packs.end() && table->has("settings") && pack->settings != settings) return other_settings(path, *pack, settings);
    out.push_back(
        {std::string(table->cell(line, "pack")), std::string(table->cell(line, "criterion")), std::string(table->cell(line, "state"))});
  }
  return out;
}

}  // namespace pyojun
