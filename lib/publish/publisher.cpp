// The table of publishers.
#include "publish/publisher.hpp"

#include <array>

#include "publish/kinds.hpp"

namespace pyojun {

namespace {

constexpr std::array table{
    Publisher{"csv", "one <table>.csv per table in primary key order, with a manifest",
              "테이블마다 기본 키 순서의 <table>.csv 한 개와 목록 파일", "csv:out/cdm", check_folder, publish_csv},
    Publisher{"parquet", "one <table>.parquet per table, with a manifest", "테이블마다 <table>.parquet 한 개와 목록 파일",
              "parquet:out/cdm", check_folder, publish_parquet},
    Publisher{"duckdb", "one DuckDB file that OHDSI tools open; FILE#SCHEMA puts the tables into a schema",
              "OHDSI 도구로 바로 여는 DuckDB 파일 한 개, FILE#SCHEMA 로 스키마 지정", "duckdb:out/cdm.duckdb", check_duckdb,
              publish_duckdb},
    Publisher{"postgresql", "a schema of a PostgreSQL database, in one transaction; login by service, connection or password file",
              "PostgreSQL 스키마에 한 트랜잭션으로 기록, 로그인은 서비스, 접속 또는 암호 파일로",
              "postgresql:SERVICE#cdm,constraints,indexes", check_postgresql, publish_postgresql},
    Publisher{"sqlite", "one SQLite file with every CDM table", "모든 CDM 테이블이 든 SQLite 파일 한 개", "sqlite:out/cdm.sqlite",
              check_sqlite, publish_sqlite},
};

}  // namespace

std::uint64_t Published::rows() const {
  std::uint64_t sum = 0;
  for (const PublishedTable& entry : tables) sum += entry.rows;
  return sum;
}

std::span<const Publisher> publishers() { return table; }

const Publisher* find_publisher(std::string_view name) {
  for (const Publisher& row : table)
    if (row.name == name) return &row;
  return nullptr;
}

Result<Target> parse_target(std::string_view text) {
  const std::size_t colon = text.find(':');
  const std::string_view name = text.substr(0, colon);
  const Publisher* publisher = find_publisher(name);
  if (publisher == nullptr) return Error{Code::publisher_unknown, {}, {}, std::string(name), {}};
  if (colon == std::string_view::npos || colon + 1 == text.size())
    return Error{Code::publish_place_missing, {}, {}, std::string(publisher->example), {}};
  return Target{publisher, std::string(text.substr(colon + 1))};
}

}  // namespace pyojun
