#include "davit/state/build_cache.hpp"

namespace davit::state {
namespace {

#define DAVIT_RECORD_COLUMNS "key, description, ingredients, result, diff_id, duration, created, used"

BuildRecord read(const Statement& row) {
  return {row.text(0),          row.text(1),    row.text(2),    row.text(3),
          row.optional_text(4), row.integer(5), row.integer(6), row.integer(7)};
}

}  // namespace

void BuildCache::put(const BuildRecord& r) {
  database_.run("INSERT OR REPLACE INTO build_cache(" DAVIT_RECORD_COLUMNS ") VALUES(?,?,?,?,?,?,?,?)", r.key,
                r.description, r.ingredients_json, r.result_json, r.diff_id, r.duration_ns, r.created, r.used);
}

std::optional<BuildRecord> BuildCache::find(const std::string& key) {
  Statement rows = database_.prepare("SELECT " DAVIT_RECORD_COLUMNS " FROM build_cache WHERE key=?");
  rows.bind(key);
  if (!rows.step()) return std::nullopt;
  return read(rows);
}

void BuildCache::touch(const std::string& key) {
  database_.run("UPDATE build_cache SET used=? WHERE key=?", wall_time_now(), key);
}

std::vector<BuildRecord> BuildCache::all() {
  std::vector<BuildRecord> records;
  Statement rows =
      database_.prepare("SELECT " DAVIT_RECORD_COLUMNS " FROM build_cache ORDER BY used DESC, created DESC, key");
  while (rows.step()) records.push_back(read(rows));
  return records;
}

std::optional<BuildRecord> BuildCache::newest_like(const std::string& description) {
  Statement rows = database_.prepare("SELECT " DAVIT_RECORD_COLUMNS
                                     " FROM build_cache WHERE description=? ORDER BY created DESC LIMIT 1");
  rows.bind(description);
  if (!rows.step()) return std::nullopt;
  return read(rows);
}

void BuildCache::remove(const std::string& key) {
  database_.run("DELETE FROM build_cache WHERE key=?", key);
}

std::vector<BuildRecordUse> BuildCache::usage() {
  std::vector<BuildRecordUse> uses;
  Statement rows = database_.prepare(
      "SELECT key, description, diff_id, length(key)+length(description)+length(ingredients)+length(result), "
      "IFNULL((SELECT size FROM layers WHERE layers.diff_id=build_cache.diff_id), 0), "
      "EXISTS(SELECT 1 FROM image_layers WHERE image_layers.diff_id=build_cache.diff_id), created, used "
      "FROM build_cache ORDER BY key");
  while (rows.step())
    uses.push_back({rows.text(0), rows.text(1), rows.optional_text(2), rows.integer(3), rows.integer(4),
                    rows.boolean(5), rows.integer(6), rows.integer(7)});
  return uses;
}

}  // namespace davit::state
