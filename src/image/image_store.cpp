#include "davit/image/image_store.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <future>
#include <map>
#include <mutex>
#include <set>

#include "davit/base/error.hpp"
#include "davit/base/suggest.hpp"
#include "davit/base/write_all.hpp"
#include "davit/image/digest.hpp"
#include "davit/image/remove_tree.hpp"
#include "davit/image/time_text.hpp"
#include "davit/state/images.hpp"
#include "image/hash_thread.hpp"
#include "image/rooted_tree.hpp"
#include "image/sources.hpp"
#include "image/staging.hpp"

namespace davit::image {
namespace fs = std::filesystem;

namespace {

constexpr std::size_t kMinIdPrefix = 3;  // shorter ones are more likely a name that is not there

Diagnostic no_such_image(const std::string& name) {
  return Diagnostic::error("no-such-image", "no such image: '" + name + "'")
      .with_hint("'davit image ls' lists those there are");
}

/// Only real root may write trusted.*, and root of a user namespace is told from it by trying.
OverlayMarks marks_possible_in(const fs::path& folder) {
  return ::setxattr(folder.c_str(), "trusted.overlay.davit", "", 0, 0) == 0 ? OverlayMarks::Trusted
                                                                            : OverlayMarks::User;
}

std::string familiar_of_key(const std::string& key) {
  auto reference = Reference::parse(key);
  return reference ? reference->familiar() : key;
}

void write_new_file(const fs::path& path, std::string_view bytes) {
  const std::string temporary = path.string() + ".new-" + std::to_string(::getpid());
  const Fd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!fd) throw_entry_error("write", temporary, errno);
  if (!write_all(fd.get(), bytes)) {
    const int error = errno;
    ::unlink(temporary.c_str());
    throw_entry_error("write", path.string(), error);
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) throw_entry_error("write", path.string(), errno);
}

/// Everything that was written to the file system of `folder`, on the disk: begins at once, on another thread. All of
/// it in one go, because a layer may have a hundred thousand files. 0 or an errno value.
std::future<int> written_through(const Fd& folder) {
  return std::async(std::launch::async, [fd = folder.get()] { return ::syncfs(fd) == 0 ? 0 : errno; });
}

void until_written(std::future<int> writing, const fs::path& layer) {
  if (const int error = writing.get(); error != 0) throw_entry_error("write the layer", layer.string(), error);
}

Error several_names(const std::string& name_or_id, const Image& image) {
  return Error(
      Diagnostic::error("image-has-names", "image '" + name_or_id + "' has several names: " + join_names(image.tags))
          .with_hint("remove them one by one, or all with --force"));
}

/// Names of containers that use it, in quotes.
std::vector<std::string> holders_of(const ImageId& image, const std::vector<ImageUser>& users) {
  std::vector<std::string> out;
  for (const ImageUser& user : users)
    if (user.image == image) out.push_back("'" + user.container + "'");
  return out;
}

}  // namespace

struct ImageStore::State {
  explicit State(fs::path data_root) : root(std::move(data_root)), database(state::Database::open(root / "davit.db")) {
    ensure_folder(root / "layers", 0700);
    ensure_folder(root / "layers" / ".staging", 0700);
  }

  [[nodiscard]] fs::path layers() const { return root / "layers"; }
  [[nodiscard]] fs::path staging() const { return root / "layers" / ".staging"; }
  [[nodiscard]] fs::path lock() const { return root / "layers" / ".lock"; }
  [[nodiscard]] fs::path blob(const std::string& digest) const { return root / "blobs" / "sha256" / hex_of(digest); }

  Image make_image(const state::ImageRow& row);
  LayerHold hold();
  Layer publish(StagedLayer& staged, Layer layer);
  void write_blob(const std::string& digest, const std::string& bytes) const;
  [[nodiscard]] std::optional<StagingFolder> take_unused(std::vector<std::string>& diff_ids);

  fs::path root;
  mutable std::mutex mutex;  ///< guards what follows
  state::Database database;
  std::weak_ptr<const Fd> held;  ///< the shared lock of those who hold layers
};

Image ImageStore::State::make_image(const state::ImageRow& row) {
  Image image;
  image.id = row.id;
  image.config = parse_image_config(row.config_json).value();
  image.diff_ids = row.diff_ids;
  image.created = row.created;
  state::Images images(database);
  for (const state::TagRow& tag : images.tags_of(row.id)) image.tags.push_back(familiar_of_key(tag.reference));
  std::set<std::string> counted;
  for (const std::string& diff_id : row.diff_ids) {
    const auto layer = images.find_layer(diff_id);
    if (layer && counted.insert(diff_id).second) image.size += layer->size;
  }
  return image;
}

LayerHold ImageStore::State::hold() {
  if (LayerHold now = held.lock()) return now;
  LayerHold first = std::make_shared<const Fd>(lock_file(lock(), LockKind::Shared));
  held = first;
  remove_abandoned(staging());
  return first;
}

/// The caller holds layers, so nobody deletes what is found or made here. What is in the staged folder is on the disk:
/// after a power cut a name stands for a whole layer, and a row for a name.
Layer ImageStore::State::publish(StagedLayer& staged, Layer layer) {
  const fs::path target = layers() / hex_of(layer.diff_id);
  const fs::path made = staged.fs().parent_path();
  // A folder that is there has been renamed there whole, so it is the same layer.
  if (::rename(made.c_str(), target.c_str()) != 0 && errno != EEXIST && errno != ENOTEMPTY)
    throw_entry_error("make the layer", target.string(), errno);
  const Fd folder(::open(layers().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder || ::fsync(folder.get()) != 0) throw_entry_error("write the layer", target.string(), errno);
  const std::lock_guard lock(mutex);
  state::Images(database).insert_layer({layer.diff_id, layer.size, state::wall_time_now()});
  return layer;
}

void ImageStore::State::write_blob(const std::string& digest, const std::string& bytes) const {
  ensure_folder(root / "blobs", 0700);
  ensure_folder(root / "blobs" / "sha256", 0700);
  const fs::path path = blob(digest);
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) write_new_file(path, bytes);
}

/// Forgets unused layers and moves their folders, and folders of layers a crash left unknown, into one to be removed.
/// It is locked as long as it is held, so that nobody else takes it for one whose maker is dead.
std::optional<StagingFolder> ImageStore::State::take_unused(std::vector<std::string>& diff_ids) {
  state::Images images(database);
  state::Transaction transaction(database);
  for (const state::LayerRow& layer : images.unused_layers()) {
    images.remove_layer(layer.diff_id);
    diff_ids.push_back(layer.diff_id);
  }
  transaction.commit();

  bool flushed = false;
  const auto forgotten_for_good = [&] {
    if (!std::exchange(flushed, true)) database.flush();
  };
  std::optional<StagingFolder> trash;
  std::error_code error;
  for (fs::directory_iterator it(layers(), error), end; !error && it != end; it.increment(error)) {
    const std::string hex = it->path().filename().string();
    if (hex.size() != 64 || !is_lower_hex(hex) || images.find_layer("sha256:" + hex)) continue;
    // Renamed first: a folder that has a layer's name is always a whole layer.
    forgotten_for_good();
    if (!trash) trash = make_staging_folder(staging());
    ::rename(it->path().c_str(), (trash->path / hex).c_str());
  }
  for (fs::directory_iterator it(root / "blobs" / "sha256", error), end; !error && it != end; it.increment(error)) {
    if (images.find(ImageId("sha256:" + it->path().filename().string()))) continue;
    forgotten_for_good();
    ::unlink(it->path().c_str());
  }
  return trash;
}

StagedLayer& StagedLayer::operator=(StagedLayer&& other) noexcept {
  if (this != &other) {
    discard();
    hold_ = std::move(other.hold_);
    folder_ = std::move(other.folder_);
    lock_ = std::move(other.lock_);
  }
  return *this;
}

StagedLayer::~StagedLayer() {
  discard();
}

void StagedLayer::discard() noexcept {
  if (!lock_) return;
  try {
    remove_tree(folder_);
  } catch (...) {  // NOLINT(bugprone-empty-catch): the next writer removes it
  }
  lock_.reset();
}

ImageStore::ImageStore(std::unique_ptr<State> state) : state_(std::move(state)) {}
ImageStore::ImageStore(ImageStore&&) noexcept = default;
ImageStore& ImageStore::operator=(ImageStore&&) noexcept = default;
ImageStore::~ImageStore() = default;

ImageStore ImageStore::open(const fs::path& data_root) {
  return ImageStore(std::make_unique<State>(fs::absolute(data_root).lexically_normal()));
}

const fs::path& ImageStore::data_root() const {
  return state_->root;
}

// --- finding

std::optional<Image> ImageStore::find(const ImageId& id) const {
  const std::lock_guard lock(state_->mutex);
  const auto row = state::Images(state_->database).find(id);
  if (!row) return std::nullopt;
  return state_->make_image(*row);
}

std::optional<Image> ImageStore::find(const Reference& reference) const {
  std::optional<state::TagRow> tag;
  {
    const std::lock_guard lock(state_->mutex);
    tag = state::Images(state_->database).find_tag(reference.key());
  }
  if (tag) return find(tag->image);
  // The only digest of an image that never was in a registry is its id: `config --resolve-image-digests` pins by it.
  return reference.digest() ? find(ImageId(*reference.digest())) : std::nullopt;
}

std::optional<Image> ImageStore::find(const std::string& name_or_id) const {
  if (is_sha256_digest(name_or_id)) return find(ImageId(name_or_id));
  const std::string_view hex =
      name_or_id.starts_with("sha256:") ? std::string_view(name_or_id).substr(7) : std::string_view(name_or_id);
  const bool may_be_id = is_lower_hex(hex) && hex.size() >= kMinIdPrefix && hex.size() <= 64;
  auto reference = Reference::parse(name_or_id);
  if (!reference && !may_be_id) throw Error(reference.error());
  if (reference) {
    if (auto image = find(*reference)) return image;
  }
  if (!may_be_id) return std::nullopt;
  std::vector<ImageId> ids;
  {
    const std::lock_guard lock(state_->mutex);
    ids = state::Images(state_->database).find_prefix(std::string(hex));
  }
  if (ids.size() > 1)
    throw Error(Diagnostic::error("ambiguous-image", "the image id '" + name_or_id + "' fits several images")
                    .with_hint("write more digits of it"));
  return ids.empty() ? std::nullopt : find(ids.front());
}

std::vector<Image> ImageStore::list() const {
  const std::lock_guard lock(state_->mutex);
  std::vector<Image> images;
  for (const state::ImageRow& row : state::Images(state_->database).all()) images.push_back(state_->make_image(row));
  return images;
}

fs::path ImageStore::layer_path(const std::string& diff_id) const {
  return state_->layers() / hex_of(diff_id) / "fs";
}

std::vector<fs::path> ImageStore::layer_paths(const Image& image) const {
  return layer_paths(image.diff_ids);
}

std::vector<fs::path> ImageStore::layer_paths(const std::vector<std::string>& diff_ids) const {
  std::vector<fs::path> paths;
  std::set<std::string> seen;
  for (auto it = diff_ids.rbegin(); it != diff_ids.rend(); ++it)
    if (seen.insert(*it).second) paths.push_back(layer_path(*it));
  return paths;
}

std::optional<Layer> ImageStore::find_layer(const std::string& diff_id) const {
  const std::lock_guard lock(state_->mutex);
  const auto row = state::Images(state_->database).find_layer(diff_id);
  if (!row) return std::nullopt;
  return Layer{row->diff_id, row->size};
}

std::string ImageStore::config_json(const ImageId& id) const {
  const std::lock_guard lock(state_->mutex);
  const auto row = state::Images(state_->database).find(id);
  if (!row) throw Error(no_such_image(id.str()));
  return row->config_json;
}

// --- making

LayerHold ImageStore::hold_layers() {
  const std::lock_guard lock(state_->mutex);
  return state_->hold();
}

StagedLayer ImageStore::new_layer_dir() {
  LayerHold hold = hold_layers();
  StagingFolder folder = make_staging_folder(state_->staging());
  StagedLayer staged(std::move(hold), folder.path, std::move(folder.lock));
  ensure_folder(staged.fs().parent_path(), 0700);
  ensure_folder(staged.fs(), 0755);
  // The folder becomes the root of containers; the umask is not theirs.
  if (::chmod(staged.fs().c_str(), 0755) != 0) throw_entry_error("set the mode of", staged.fs().string(), errno);
  ensure_folder(staged.work(), 0700);
  return staged;
}

Layer ImageStore::adopt_layer(StagedLayer staged) {
  const Fd root(::open(staged.fs().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root) throw_entry_error("open", staged.fs().string(), errno);
  std::future<int> writing = written_through(root);
  HashThread hash;
  const TarOfTree tree = write_layer_tar(root.get(), marks_possible_in(staged.work()),
                                         [&hash](std::span<const char> bytes) { hash.update(bytes); });
  const std::string diff_id = hash.finish();
  until_written(std::move(writing), staged.fs());
  return state_->publish(staged, {diff_id, tree.bytes});
}

Layer ImageStore::put_layer_from_tar(ByteSource& archive, const std::optional<std::string>& expected) {
  StagedLayer staged = new_layer_dir();
  const auto plain = decompress(archive);
  HashingSource hashed(*plain);
  Layer layer;
  {
    ReadAhead tar(hashed);
    if (!expected || !find_layer(*expected)) {
      const Fd root(::open(staged.fs().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
      if (!root) throw_entry_error("open", staged.fs().string(), errno);
      layer.size = unpack_tar(tar, root.get(), {.marks = marks_possible_in(staged.work())}).bytes;
    }
    // The digest covers what stands behind the end of the archive, too.
    while (!tar.next().empty()) {
    }
  }
  layer.diff_id = hashed.digest();
  if (expected && layer.diff_id != *expected)
    throw Error(Diagnostic::error("digest-mismatch",
                                  "the layer has the digest '" + layer.diff_id + "', expected was '" + *expected + "'")
                    .with_hint("the archive is damaged or was changed: get it again"));
  if (const auto known = find_layer(layer.diff_id)) return *known;
  const Fd unpacked(::open(staged.fs().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!unpacked) throw_entry_error("open", staged.fs().string(), errno);
  until_written(written_through(unpacked), staged.fs());
  return state_->publish(staged, std::move(layer));
}

ImageId ImageStore::create_image(const ImageConfig& config) {
  return create_image_from_json(to_json(config));
}

ImageId ImageStore::create_image_from_json(const std::string& config_json) {
  const ImageConfig config = parse_image_config(config_json).value();
  const ImageId id(digest_of(config_json));
  const std::lock_guard lock(state_->mutex);
  state::Images images(state_->database);
  for (const std::string& diff_id : config.diff_ids) {
    if (!is_sha256_digest(diff_id) || !images.find_layer(diff_id))
      throw Error(
          Diagnostic::error("no-such-layer", "the image needs the layer '" + diff_id + "', which is not in the store"));
  }
  state_->write_blob(id.str(), config_json);
  images.insert({id, config_json, config.diff_ids, parse_rfc3339(config.created).value_or(0), state::wall_time_now()});
  return id;
}

void ImageStore::tag(const ImageId& id, const Reference& reference) {
  const std::lock_guard lock(state_->mutex);
  state::Images images(state_->database);
  state::Transaction transaction(state_->database);
  if (!images.find(id)) throw Error(no_such_image(id.str()));
  images.put_tag({reference.key(), id, state::wall_time_now()});
  transaction.commit();
}

// --- removing

Removed ImageStore::remove(const std::string& name_or_id, Removal removal, const std::vector<ImageUser>& users) {
  const auto image = find(name_or_id);
  if (!image) throw Error(no_such_image(name_or_id));
  Removed removed;
  {
    const std::lock_guard lock(state_->mutex);
    state::Images images(state_->database);
    state::Transaction transaction(state_->database);
    std::vector<std::string> all;
    for (const state::TagRow& tag : images.tags_of(image->id)) all.push_back(tag.reference);
    const auto reference = Reference::parse(name_or_id);
    const bool by_name = reference && images.find_tag(reference->key());
    if (!by_name && all.size() > 1 && removal == Removal::Normal) throw several_names(name_or_id, *image);
    const std::vector<std::string> keys = by_name ? std::vector<std::string>{reference->key()} : all;
    const bool last = keys.size() == all.size();
    const std::vector<std::string> holders = holders_of(image->id, users);
    if (last && !holders.empty() && removal == Removal::Normal)
      throw Error(
          Diagnostic::error("image-in-use", "image '" + name_or_id + "' is used by container " + join_names(holders))
              .with_hint("remove the container first, or take only the name away with --force"));
    for (const std::string& key : keys) {
      images.remove_tag(key);
      removed.untagged.push_back(familiar_of_key(key));
    }
    if (last && holders.empty()) {
      images.remove(image->id);
      removed.deleted.push_back(image->id.str());
    }
    transaction.commit();
  }
  if (!removed.deleted.empty())
    for (std::string& diff_id : collect_layers()) removed.deleted.push_back(std::move(diff_id));
  return removed;
}

std::vector<std::string> ImageStore::collect_layers() {
  return collect_layers([] {}).value_or(std::vector<std::string>());
}

std::optional<std::vector<std::string>> ImageStore::collect_layers(const std::function<void()>& let_go) {
  std::vector<std::string> diff_ids;
  std::optional<StagingFolder> trash;
  {
    const std::lock_guard lock(state_->mutex);
    const Fd exclusive = lock_file(state_->lock(), LockKind::ExclusiveNow);
    if (!exclusive) return std::nullopt;
    let_go();
    trash = state_->take_unused(diff_ids);
  }
  if (trash) remove_tree(trash->path);
  return diff_ids;
}

}  // namespace davit::image
