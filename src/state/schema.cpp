#include "state/schema.hpp"

#include <array>
#include <string>

#include "davit/base/error.hpp"

namespace davit::state {
namespace {

// A migration that was ever released is never edited: a change is a new one below.
constexpr std::array kMigrations = {
    R"sql(
CREATE TABLE projects(
  name TEXT PRIMARY KEY, working_dir TEXT NOT NULL, config_files TEXT NOT NULL, run_root TEXT NOT NULL,
  created INTEGER NOT NULL) STRICT;

CREATE TABLE containers(
  id TEXT PRIMARY KEY, project TEXT NOT NULL, service TEXT NOT NULL, name TEXT NOT NULL UNIQUE,
  number INTEGER NOT NULL, oneoff INTEGER NOT NULL, spec TEXT NOT NULL, image TEXT NOT NULL, labels TEXT NOT NULL,
  state TEXT NOT NULL, pid INTEGER NOT NULL, pid_start_time INTEGER NOT NULL, exit_code INTEGER,
  oom_killed INTEGER NOT NULL, error TEXT NOT NULL, created INTEGER NOT NULL, started INTEGER NOT NULL,
  finished INTEGER NOT NULL, health TEXT NOT NULL, restart_count INTEGER NOT NULL,
  stop_requested INTEGER NOT NULL) STRICT;
CREATE INDEX containers_project ON containers(project);
CREATE INDEX containers_image ON containers(image);

-- The ends of the subnets as big-endian bytes, so that overlaps are found by comparison.
CREATE TABLE networks(
  id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, project TEXT NOT NULL, key TEXT NOT NULL, driver TEXT NOT NULL,
  internal INTEGER NOT NULL, labels TEXT NOT NULL, options TEXT NOT NULL, subnet_v4 TEXT, gateway_v4 TEXT,
  subnet_v6 TEXT, gateway_v6 TEXT, first_v4 BLOB UNIQUE, last_v4 BLOB, first_v6 BLOB UNIQUE, last_v6 BLOB,
  config_hash TEXT NOT NULL, created INTEGER NOT NULL) STRICT;

CREATE TABLE leases(
  network TEXT NOT NULL REFERENCES networks(id) ON DELETE CASCADE, container TEXT NOT NULL,
  address_v4 TEXT, address_v6 TEXT, mac TEXT NOT NULL,
  PRIMARY KEY(network, container), UNIQUE(network, address_v4), UNIQUE(network, address_v6), UNIQUE(network, mac)
  ) STRICT;
CREATE INDEX leases_container ON leases(container);

CREATE TABLE volumes(
  name TEXT PRIMARY KEY, project TEXT NOT NULL, key TEXT NOT NULL, driver TEXT NOT NULL, labels TEXT NOT NULL,
  options TEXT NOT NULL, anonymous INTEGER NOT NULL, config_hash TEXT NOT NULL, created INTEGER NOT NULL) STRICT;
CREATE INDEX volumes_project ON volumes(project);

CREATE TABLE layers(
  diff_id TEXT PRIMARY KEY, size INTEGER NOT NULL, added INTEGER NOT NULL) STRICT;
CREATE TABLE images(
  id TEXT PRIMARY KEY, config TEXT NOT NULL, created INTEGER NOT NULL, added INTEGER NOT NULL) STRICT;
CREATE TABLE image_layers(
  image TEXT NOT NULL REFERENCES images(id) ON DELETE CASCADE, position INTEGER NOT NULL,
  diff_id TEXT NOT NULL REFERENCES layers(diff_id), PRIMARY KEY(image, position)) STRICT, WITHOUT ROWID;
CREATE INDEX image_layers_layer ON image_layers(diff_id);
CREATE TABLE tags(
  reference TEXT PRIMARY KEY, image TEXT NOT NULL REFERENCES images(id) ON DELETE CASCADE,
  updated INTEGER NOT NULL) STRICT;
CREATE INDEX tags_image ON tags(image);

CREATE TABLE build_cache(
  key TEXT PRIMARY KEY, description TEXT NOT NULL, ingredients TEXT NOT NULL, result TEXT NOT NULL,
  diff_id TEXT REFERENCES layers(diff_id), duration INTEGER NOT NULL, created INTEGER NOT NULL,
  used INTEGER NOT NULL) STRICT;
CREATE INDEX build_cache_layer ON build_cache(diff_id);
CREATE INDEX build_cache_description ON build_cache(description, created);
CREATE TABLE file_digests(
  device INTEGER NOT NULL, inode INTEGER NOT NULL, size INTEGER NOT NULL, mtime INTEGER NOT NULL,
  ctime INTEGER NOT NULL, digest TEXT NOT NULL, PRIMARY KEY(device, inode)) STRICT, WITHOUT ROWID;

CREATE TABLE events(
  id INTEGER PRIMARY KEY AUTOINCREMENT, wall INTEGER NOT NULL, monotonic INTEGER NOT NULL, project TEXT NOT NULL,
  kind TEXT NOT NULL, subject_kind TEXT NOT NULL, subject TEXT NOT NULL, attributes TEXT NOT NULL,
  cause TEXT NOT NULL) STRICT;
CREATE INDEX events_project ON events(project, id);
)sql",
};

}  // namespace

const std::int64_t kSchemaVersion = static_cast<std::int64_t>(kMigrations.size());

void migrate(detail::Connection& connection) {
  for (;;) {
    // Read again each time: another process may have done it while this one waited for the lock.
    const std::int64_t version = connection.query_integer("PRAGMA user_version");
    if (version >= kSchemaVersion) return;
    const std::string sql = std::string("BEGIN IMMEDIATE;") + kMigrations.at(static_cast<std::size_t>(version)) +
                            "PRAGMA user_version=" + std::to_string(version + 1) + "; COMMIT";
    try {
      connection.execute(sql.c_str());
    } catch (...) {
      sqlite3_exec(connection.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
      throw;
    }
  }
}

}  // namespace davit::state
