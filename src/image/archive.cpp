#include "davit/image/archive.hpp"

#include <archive_entry.h>

#include <map>
#include <set>

#include "davit/base/error.hpp"
#include "davit/base/suggest.hpp"
#include "davit/image/digest.hpp"
#include "davit/image/time_text.hpp"
#include "davit/state/values.hpp"
#include "image/entry_path.hpp"
#include "image/json_reader.hpp"
#include "image/sources.hpp"

namespace davit::image {
namespace {

constexpr std::size_t kMaxDocument = 8U << 20U;
constexpr std::size_t kMaxDocuments = 64U << 20U;
constexpr std::string_view kBlobs = "blobs/sha256/";

/// A tar begins with a file name, which may begin as a document does.
bool is_tar(std::span<const char> bytes) {
  constexpr std::string_view kMagic = "ustar";
  constexpr std::size_t kAt = 257;
  return bytes.size() >= kAt + kMagic.size() && std::string_view(bytes.data() + kAt, kMagic.size()) == kMagic;
}

[[noreturn]] void refuse(const std::string& message) {
  throw Error(Diagnostic::error("bad-archive", message));
}

/// What an archive holds, whatever its order: Docker writes the list of images last, behind the layers it is about.
class Contents {
 public:
  explicit Contents(ImageStore& store) : store_(store) {}

  void read(ByteSource& source) {
    const Utf8Scope utf8;
    ArchiveReader reader(source);
    archive_read_support_format_tar(reader.get());
    if (!reader.open()) refuse("this is no tar archive");
    while (::archive_entry* entry = reader.next_entry()) read_entry(reader, entry);
  }

  [[nodiscard]] const std::string* find_document(const std::string& path) const {
    const auto found = documents_.find(resolve(path));
    return found == documents_.end() ? nullptr : &found->second;
  }
  [[nodiscard]] const std::string& document(const std::string& path) const {
    if (const std::string* text = find_document(path)) return *text;
    refuse_absent(path, "'" + path + "'");
  }
  [[nodiscard]] const Layer& layer(const std::string& path) const {
    const auto found = layers_.find(resolve(path));
    if (found != layers_.end()) return found->second;
    refuse_absent(path, "the layer '" + path + "'");
  }

 private:
  [[noreturn]] void refuse_absent(const std::string& path, const std::string& what) const {
    if (const auto why = unusable_.find(resolve(path)); why != unusable_.end()) throw why->second;
    refuse("the archive names " + what + " but does not hold it");
  }

  void read_entry(ArchiveReader& reader, ::archive_entry* entry) {
    const char* raw_name = archive_entry_pathname(entry);
    if (raw_name == nullptr) refuse("the archive has an entry without a readable name");
    const auto path = clean_entry_path(raw_name);
    if (!path) refuse(std::string("the archive has an entry '") + raw_name + "' outside of it");
    if (const char* target = archive_entry_hardlink(entry)) return add_link(*path, target);
    if (archive_entry_filetype(entry) == AE_IFLNK) {
      // Older versions of Docker wrote a layer once and linked to it: "../<id>/layer.tar".
      const char* target = archive_entry_symlink(entry);
      if (target == nullptr || *target == '\0') refuse("the archive has a link '" + *path + "' to nothing");
      return add_link(*path, std::string(split_entry_path(*path).parent) + "/" + target);
    }
    if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_size(entry) == 0) return;
    EntrySource bytes(reader);
    const std::span<const char> first = bytes.next();
    PrefixedSource whole(first, bytes);
    if (!is_tar(first) && (first.front() == '{' || first.front() == '[')) return read_document(*path, whole);
    if (path->ends_with(".tar") || path->starts_with(kBlobs)) read_layer(*path, whole);
  }

  void add_link(const std::string& path, const std::string& target) {
    const auto clean = clean_entry_path(target);
    if (!clean) refuse("the archive has a link '" + path + "' that leads outside of it");
    links_[path] = *clean;
  }

  /// A blob may be one that no image needs, such as an attestation: then it does not matter that it is no use.
  void set_aside(const std::string& path, Error why, HashingSource& rest) {
    if (!path.starts_with(kBlobs)) throw why;
    try {
      while (!rest.next().empty()) {
      }
    } catch (const Error&) {
      throw why;  // the archive itself cannot be read on
    }
    unusable_.insert_or_assign(path, std::move(why));
  }

  void read_document(const std::string& path, ByteSource& source) {
    HashingSource raw(source);
    std::string text;
    for (std::span<const char> block = raw.next(); !block.empty(); block = raw.next()) {
      text.append(block.data(), block.size());
      if (text.size() <= kMaxDocument) continue;
      text.clear();
      set_aside(path, Error(Diagnostic::error("bad-archive", "'" + path + "' in the archive is larger than 8MiB")),
                raw);
    }
    check_name(path, raw.digest());
    if (unusable_.contains(path)) return;
    documents_size_ += text.size();
    if (documents_size_ > kMaxDocuments) refuse("the archive has more than 64MiB of documents");
    documents_[path] = std::move(text);
  }

  void read_layer(const std::string& path, ByteSource& source) {
    HashingSource raw(source);
    try {
      // A blob that is named as a layer we have is read for its digest only.
      std::optional<std::string> known;
      if (path.starts_with(kBlobs)) known = "sha256:" + path.substr(kBlobs.size());
      if (known && !(is_sha256_digest(*known) && store_.find_layer(*known))) known.reset();
      layers_[path] = store_.put_layer_from_tar(raw, known);
      while (!raw.next().empty()) {
      }
    } catch (Error& error) {
      error.context("while reading the layer '" + path + "'");
      set_aside(path, error, raw);
    }
    check_name(path, raw.digest());
  }

  static void check_name(const std::string& path, const std::string& digest) {
    if (path.starts_with(kBlobs) && "sha256:" + path.substr(kBlobs.size()) != digest)
      throw Error(Diagnostic::error("digest-mismatch", "'" + path + "' in the archive has the digest '" + digest + "'")
                      .with_hint("the archive is damaged or was changed: get it again"));
  }

  [[nodiscard]] std::string resolve(const std::string& name) const {
    std::string path = clean_entry_path(name).value_or("");
    // A chain of links is as long as there are links, or a circle.
    for (std::size_t i = 0; i <= links_.size(); ++i) {
      const auto link = links_.find(path);
      if (link == links_.end()) return path;
      path = link->second;
    }
    refuse("the archive has a circle of links at '" + name + "'");
  }

  ImageStore& store_;
  std::map<std::string, std::string> documents_;
  std::map<std::string, Layer> layers_;
  std::map<std::string, std::string> links_;
  std::map<std::string, Error> unusable_;  ///< blobs, and why they are neither a document nor a layer
  std::size_t documents_size_ = 0;
};

/// One image, checked: nothing of it is in the database yet.
struct Found {
  std::string config_json;
  std::vector<Reference> names;
};

void check_layers(const std::string& config_json, const std::vector<std::string>& layers, const Contents& contents) {
  const ImageConfig config = parse_image_config(config_json).value();
  if (config.diff_ids.size() != layers.size())
    refuse("an image has " + counted(layers.size(), "layer") + ", its config names " +
           std::to_string(config.diff_ids.size()));
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const Layer& layer = contents.layer(layers[i]);
    if (layer.diff_id != config.diff_ids[i])
      throw Error(Diagnostic::error("digest-mismatch", "the layer '" + layers[i] + "' has the digest '" +
                                                           layer.diff_id + "', its image expects '" +
                                                           config.diff_ids[i] + "'")
                      .with_hint("the archive is damaged or was changed: get it again"));
  }
}

std::vector<Found> read_docker(const Contents& contents, const std::string& manifest) {
  // manifest.json is a list, the reader wants an object.
  boost::json::value wrapped = parse_document("{\"images\":" + manifest + "}", "manifest.json");
  JsonReader reader(std::move(wrapped.get_object()), "");
  std::vector<Found> images;
  for (JsonReader& item : reader.objects("images")) {
    Found found{contents.document(item.text("Config")), {}};
    check_layers(found.config_json, item.texts("Layers"), contents);
    for (const std::string& name : item.texts("RepoTags")) found.names.push_back(Reference::parse(name).value());
    images.push_back(std::move(found));
  }
  return images;
}

std::string blob_path(const std::string& digest) {
  return std::string(kBlobs) + hex_of(digest);
}

class OciLayout {
 public:
  explicit OciLayout(const Contents& contents) : contents_(contents) {}

  std::vector<Found> read(const std::string& index) {
    read_index(index, {}, 0);
    if (found_.empty() && !others_.empty())
      throw Error(Diagnostic::error("wrong-platform", "the archive has no image for linux/" + host_architecture())
                      .note("it has: " + join_names({others_.begin(), others_.end()})));
    return std::move(found_);
  }

 private:
  void read_index(const std::string& text, const std::vector<Reference>& names, int depth) {
    if (depth > 4) refuse("the archive has indexes in indexes without end");
    boost::json::value document = parse_document(text, "an index of the archive");
    JsonReader reader(std::move(document.get_object()), "");
    for (JsonReader& descriptor : reader.objects("manifests")) read_descriptor(descriptor, names, depth);
  }

  void read_descriptor(JsonReader& descriptor, std::vector<Reference> names, int depth) {
    const std::string digest = descriptor.text("digest");
    if (auto annotations = descriptor.object("annotations")) {
      if (!annotations->text("vnd.docker.reference.type").empty()) return;  // an attestation
      add_names(*annotations, names);
    }
    if (auto platform = descriptor.object("platform")) {
      const std::string os = platform->text("os");
      const std::string architecture = platform->text("architecture");
      if (os != "linux" || architecture != host_architecture()) {
        others_.insert(os + "/" + architecture);
        return;
      }
    }
    // An archive of one platform of an image may lack what its index names for others.
    const std::string& text = contents_.document(blob_path(digest));
    boost::json::value document = parse_document(text, "a manifest of the archive");
    if (document.get_object().contains("manifests")) return read_index(text, names, depth + 1);
    read_manifest(JsonReader(std::move(document.get_object()), ""), std::move(names));
  }

  void read_manifest(JsonReader manifest, std::vector<Reference> names) {
    auto config = manifest.object("config");
    if (!config) refuse("a manifest of the archive has no config");
    std::vector<std::string> layers;
    for (JsonReader& layer : manifest.objects("layers")) layers.push_back(blob_path(layer.text("digest")));
    Found found{contents_.document(blob_path(config->text("digest"))), std::move(names)};
    check_layers(found.config_json, layers, contents_);
    found_.push_back(std::move(found));
  }

  static void add_names(JsonReader& annotations, std::vector<Reference>& names) {
    std::string name = annotations.text("io.containerd.image.name");
    if (name.empty()) name = annotations.text("org.opencontainers.image.ref.name");
    // The second one is often a tag alone, which names nothing.
    if (name.find_first_of(":/") == std::string::npos) return;
    names.push_back(Reference::parse(name).value());
  }

  const Contents& contents_;
  std::vector<Found> found_;
  std::set<std::string> others_;
};

std::vector<Found> find_images(const Contents& contents) {
  if (const std::string* manifest = contents.find_document("manifest.json")) return read_docker(contents, *manifest);
  if (const std::string* index = contents.find_document("index.json")) return OciLayout(contents).read(*index);
  throw Error(
      Diagnostic::error("bad-archive", "the archive holds no images: it has neither manifest.json nor index.json")
          .with_hint("for the tar of a root file system use 'davit image import'"));
}

std::vector<LoadedImage> load_all(ImageStore& store, ByteSource& archive) {
  const LayerHold hold = store.hold_layers();
  Contents contents(store);
  const auto plain = decompress(archive);
  contents.read(*plain);
  std::vector<LoadedImage> loaded;
  for (const Found& found : find_images(contents)) {
    LoadedImage image{store.create_image_from_json(found.config_json), {}};
    for (const Reference& name : found.names) {
      store.tag(image.id, name);
      image.tags.push_back(name.familiar());
    }
    loaded.push_back(std::move(image));
  }
  return loaded;
}

/// Nobody has layers of an archive that turned out bad, or of platforms nobody asked for.
void drop_unused_layers(ImageStore& store) noexcept {
  try {
    (void)store.collect_layers();
  } catch (const std::exception&) {
    // They take room until layers are collected the next time; what became of the archive is what counts.
  }
}

}  // namespace

std::vector<LoadedImage> load_archive(ImageStore& store, ByteSource& archive) {
  try {
    std::vector<LoadedImage> loaded = load_all(store, archive);
    drop_unused_layers(store);
    return loaded;
  } catch (...) {
    drop_unused_layers(store);
    throw;
  }
}

ImageId import_root_tar(ImageStore& store, ByteSource& tar, const ImportOptions& options) {
  ImageConfig config;
  config.architecture = host_architecture();
  config.created = format_rfc3339(state::wall_time_now());
  for (const ConfigChange& change : options.changes) config = apply(std::move(config), change).value();
  const LayerHold hold = store.hold_layers();
  config.diff_ids.push_back(store.put_layer_from_tar(tar).diff_id);
  config.history.push_back({.created = config.created, .comment = options.message});
  const ImageId id = store.create_image(config);
  if (options.name) store.tag(id, *options.name);
  return id;
}

}  // namespace davit::image
