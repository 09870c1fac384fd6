// The publishers' functions, for the table in publisher.cpp only.
#pragma once

#include <string>

#include "publish/publisher.hpp"

namespace pyojun {

Status check_folder(const std::string& place);  // csv and parquet
Result<Published> publish_csv(const PublishRequest& request);
Result<Published> publish_parquet(const PublishRequest& request);

Status check_duckdb(const std::string& place);
Result<Published> publish_duckdb(const PublishRequest& request);

Status check_postgresql(const std::string& place);
Result<Published> publish_postgresql(const PublishRequest& request);

Status check_sqlite(const std::string& place);
Result<Published> publish_sqlite(const PublishRequest& request);

}  // namespace pyojun
