#include "davit/state/images.hpp"

namespace davit::state {
namespace {

LayerRow read_layer(const Statement& row) {
  return {row.text(0), row.integer(1), row.integer(2)};
}
TagRow read_tag(const Statement& row) {
  return {row.text(0), ImageId(row.text(1)), row.integer(2)};
}

std::vector<TagRow> read_tags(Statement rows) {
  std::vector<TagRow> tags;
  while (rows.step()) tags.push_back(read_tag(rows));
  return tags;
}

std::vector<LayerRow> read_layers(Statement rows) {
  std::vector<LayerRow> layers;
  while (rows.step()) layers.push_back(read_layer(rows));
  return layers;
}

ImageRow read_image(Database& database, const Statement& row) {
  ImageRow image{ImageId(row.text(0)), row.text(1), {}, row.integer(2), row.integer(3)};
  Statement layers = database.prepare("SELECT diff_id FROM image_layers WHERE image=? ORDER BY position");
  layers.bind(image.id.str());
  while (layers.step()) image.diff_ids.push_back(layers.text(0));
  return image;
}

}  // namespace

void Images::insert(const ImageRow& image) {
  Transaction transaction(database_);
  const std::int64_t added =
      database_.run("INSERT INTO images(id, config, created, added) VALUES(?,?,?,?) ON CONFLICT DO NOTHING",
                    image.id.str(), image.config_json, image.created, image.added);
  if (added == 1) {
    std::int64_t position = 0;
    for (const std::string& diff_id : image.diff_ids)
      database_.run("INSERT INTO image_layers(image, position, diff_id) VALUES(?,?,?)", image.id.str(), position++,
                    diff_id);
  }
  transaction.commit();
}

std::optional<ImageRow> Images::find(const ImageId& id) {
  Statement rows = database_.prepare("SELECT id, config, created, added FROM images WHERE id=?");
  rows.bind(id.str());
  if (!rows.step()) return std::nullopt;
  return read_image(database_, rows);
}

std::vector<ImageId> Images::find_prefix(const std::string& prefix) {
  std::vector<ImageId> found;
  const std::string from = prefix.starts_with("sha256:") ? prefix : "sha256:" + prefix;
  // 'g' is greater than every hex digit.
  Statement rows = database_.prepare("SELECT id FROM images WHERE id>=? AND id<? LIMIT 2");
  rows.bind(from, from + "g");
  while (rows.step()) found.emplace_back(rows.text(0));
  return found;
}

std::vector<ImageRow> Images::all() {
  std::vector<ImageRow> images;
  Statement rows =
      database_.prepare("SELECT id, config, created, added FROM images ORDER BY created DESC, added DESC, id");
  while (rows.step()) images.push_back(read_image(database_, rows));
  return images;
}

void Images::remove(const ImageId& id) {
  database_.run("DELETE FROM images WHERE id=?", id.str());
}

void Images::put_tag(const TagRow& tag) {
  database_.run(
      "INSERT INTO tags(reference, image, updated) VALUES(?,?,?) "
      "ON CONFLICT(reference) DO UPDATE SET image=excluded.image, updated=excluded.updated",
      tag.reference, tag.image.str(), tag.updated);
}

std::optional<TagRow> Images::find_tag(const std::string& reference) {
  Statement rows = database_.prepare("SELECT reference, image, updated FROM tags WHERE reference=?");
  rows.bind(reference);
  if (!rows.step()) return std::nullopt;
  return read_tag(rows);
}

std::vector<TagRow> Images::tags_of(const ImageId& id) {
  Statement rows = database_.prepare("SELECT reference, image, updated FROM tags WHERE image=? ORDER BY reference");
  rows.bind(id.str());
  return read_tags(std::move(rows));
}

std::vector<TagRow> Images::all_tags() {
  return read_tags(database_.prepare("SELECT reference, image, updated FROM tags ORDER BY reference"));
}

bool Images::remove_tag(const std::string& reference) {
  return database_.run("DELETE FROM tags WHERE reference=?", reference) == 1;
}

void Images::insert_layer(const LayerRow& layer) {
  database_.run("INSERT INTO layers(diff_id, size, added) VALUES(?,?,?) ON CONFLICT DO NOTHING", layer.diff_id,
                layer.size, layer.added);
}

std::optional<LayerRow> Images::find_layer(const std::string& diff_id) {
  Statement rows = database_.prepare("SELECT diff_id, size, added FROM layers WHERE diff_id=?");
  rows.bind(diff_id);
  if (!rows.step()) return std::nullopt;
  return read_layer(rows);
}

std::vector<LayerRow> Images::all_layers() {
  return read_layers(database_.prepare("SELECT diff_id, size, added FROM layers ORDER BY diff_id"));
}

std::vector<LayerRow> Images::unused_layers() {
  return read_layers(database_.prepare(
      "SELECT diff_id, size, added FROM layers WHERE diff_id NOT IN (SELECT diff_id FROM image_layers) "
      "AND diff_id NOT IN (SELECT diff_id FROM build_cache WHERE diff_id IS NOT NULL) ORDER BY diff_id"));
}

void Images::remove_layer(const std::string& diff_id) {
  database_.run("DELETE FROM layers WHERE diff_id=?", diff_id);
}

}  // namespace davit::state
