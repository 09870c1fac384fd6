#include "warehouse/results.hpp"

#include "warehouse/folder.hpp"

namespace pyojun {

std::string_view results_tables() {
  return R"sql(
create table if not exists results.pack(audit bigint, identity varchar, pack varchar, edition varchar, today varchar, score double, band varchar, verdict varchar,
  passed bigint, failed bigint, not_applicable bigint, not_observable bigint, errors bigint, settings varchar);
alter table results.pack add column if not exists settings varchar;
create table if not exists results.criterion(audit bigint, pack varchar, criterion varchar, check_name varchar, category varchar, state varchar, violated bigint,
  counted bigint, threshold varchar, reason varchar, suppressed varchar, query varchar);
)sql";
}

Result<std::unique_ptr<ResultsStore>> open_results(const std::string& folder, const std::string& since) {
  auto store = std::make_unique<ResultsStore>();
  if (Status status = store->lock.take(folder, since); !status) return status.error();
  auto state = read_folder(folder);
  if (!state) return state.error();
  DuckOptions options;
  options.file = run_file(folder, "warehouse", state->run);
  auto duck = Duck::open(options);
  if (!duck) return duck.error();
  store->duck = std::move(*duck);
  if (Status status = store->duck->exec("create schema if not exists results;" + std::string(results_tables()), "results tables"); !status)
    return status.error();
  return store;
}

}  // namespace pyojun
