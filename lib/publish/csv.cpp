// The csv publisher: every CDM table, the empty ones as a header, in one folder that appears as a whole.
#include "base/files.hpp"
#include "publish/csv_tables.hpp"
#include "publish/kinds.hpp"

namespace pyojun {

namespace {

Result<std::vector<CsvJob>> csv_jobs(Warehouse& warehouse) {
  const Schema& schema = warehouse.schema();
  std::vector<CsvJob> jobs;
  for (std::size_t id = 0; id < schema.tables().size(); ++id) {
    if (schema.tables()[id].schema != "cdm") continue;
    auto source = warehouse.rows(static_cast<TableId>(id));
    if (!source) return source.error();
    jobs.push_back({&schema.tables()[id], std::move(*source)});
  }
  return jobs;
}

}  // namespace

Status check_folder(const std::string& place) {
  const auto folder = AtomicDirectory::start(place);  // gone again with this scope
  return folder ? Status() : Status(folder.error());
}

Result<Published> publish_csv(const PublishRequest& request) {
  auto folder = AtomicDirectory::start(request.place);
  if (!folder) return folder.error();
  const auto jobs = csv_jobs(*request.warehouse);
  if (!jobs) return jobs.error();
  auto memory = CsvMemory::load(request);
  if (!memory) return memory.error();
  auto written = write_csv_tables(*folder, *jobs, *memory, request.threads);
  if (!written) return written.error();
  if (auto status = folder->publish(); !status) return status.error();
  if (request.remember) {
    if (auto status = CsvMemory::store(request, written->blocks); !status) return status.error();
  }
  return Published{request.place, std::move(written->tables)};
}

}  // namespace pyojun
