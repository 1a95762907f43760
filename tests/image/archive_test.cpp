// `load` and `import`, on archives as docker save and OCI tools write them. Needs root as unpacking does.
#include "davit/image/archive.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <filesystem>

#include "davit/base/error.hpp"
#include "davit/image/digest.hpp"
#include "image/tar_builder.hpp"
#include "support/temp_dir.hpp"

namespace davit::image {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using test::TarBuilder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class Archive : public ::testing::Test {
 protected:
  std::vector<LoadedImage> load(const std::string& bytes) {
    MemorySource source(bytes);
    return load_archive(store_, source);
  }
  std::string load_error(const std::string& bytes) {
    try {
      (void)load(bytes);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }
  /// Nothing of a refused archive stays.
  [[nodiscard]] bool store_is_empty() const {
    if (!store_.list().empty()) return false;
    for (const auto& entry : fs::directory_iterator(dir_.path() / "layers"))
      if (entry.path().filename().string().size() == 64) return false;
    return fs::is_empty(dir_.path() / "layers" / ".staging");
  }

  davit::test::TempDir dir_;
  ImageStore store_ = ImageStore::open(dir_.path());

  const std::string low_ = TarBuilder().folder("etc").file("etc/a", "1").done();
  const std::string high_ = TarBuilder().file("etc/.wh.a", "").file("b", "2").done();
  const std::string high_gz_ = TarBuilder(TarBuilder::Compression::Gzip).file("etc/.wh.a", "").file("b", "2").done();
  const std::string config_ = json::serialize(
      json::object{{"architecture", host_architecture()},
                   {"os", "linux"},
                   {"config", {{"Cmd", {"sh"}}}},
                   {"rootfs", {{"type", "layers"}, {"diff_ids", {digest_of(low_), digest_of(high_)}}}}});
};

std::string blob(const std::string& bytes) {
  return "blobs/sha256/" + sha256_hex(bytes);
}

json::object descriptor(const std::string& bytes) {
  return {{"digest", digest_of(bytes)}, {"size", bytes.size()}};
}

TEST_F(Archive, DockerSaveOfOldWithALinkedLayerAndTheListLast) {
  const std::string manifest = json::serialize(json::array{
      {{"Config", "c.json"}, {"RepoTags", {"app:1", "acme/app:2"}}, {"Layers", {"x/layer.tar", "y/layer.tar"}}}});
  const auto loaded = load(TarBuilder()
                               .folder("x")
                               .file("x/VERSION", "1.0")
                               .file("x/json", "{}")
                               .file("x/layer.tar", low_)
                               .file("z/layer.tar", high_)
                               .symlink("y/layer.tar", "../z/layer.tar")
                               .file("c.json", config_)
                               .file("repositories", "{}")
                               .file("manifest.json", manifest)
                               .done());
  ASSERT_THAT(loaded, SizeIs(1));
  EXPECT_EQ(loaded[0].id.str(), digest_of(config_));
  EXPECT_THAT(loaded[0].tags, ElementsAre("app:1", "acme/app:2"));
  const auto image = store_.find("acme/app:2");
  ASSERT_TRUE(image);
  EXPECT_THAT(image->config.cmd, ElementsAre("sh"));
  EXPECT_THAT(image->diff_ids, ElementsAre(digest_of(low_), digest_of(high_)));
  EXPECT_EQ(store_.config_json(image->id), config_);
}

std::string oci_layout(const std::string& config, const std::vector<std::string>& layers,
                       const json::object& annotations, const std::string& extra_file = {},
                       const std::string& extra = {}) {
  json::array layer_list;
  TarBuilder tar;
  tar.file("oci-layout", R"({"imageLayoutVersion":"1.0.0"})");
  for (const std::string& layer : layers) {
    layer_list.emplace_back(descriptor(layer));
    tar.file(blob(layer), layer);
  }
  const std::string manifest =
      json::serialize(json::object{{"schemaVersion", 2}, {"config", descriptor(config)}, {"layers", layer_list}});
  json::object entry = descriptor(manifest);
  if (!annotations.empty()) entry["annotations"] = annotations;
  tar.file(blob(config), config).file(blob(manifest), manifest);
  tar.file("index.json", json::serialize(json::object{{"schemaVersion", 2}, {"manifests", json::array{entry}}}));
  if (!extra_file.empty()) tar.file(extra_file, extra);
  return tar.done();
}

TEST_F(Archive, RefusesALinkToNothing) {
  EXPECT_EQ(load_error(TarBuilder().symlink("y/layer.tar", "").done()),
            "the archive has a link 'y/layer.tar' to nothing");
  EXPECT_TRUE(store_is_empty());
}

TEST_F(Archive, OciLayoutWithACompressedLayer) {
  const auto loaded =
      load(oci_layout(config_, {low_, high_gz_}, {{"org.opencontainers.image.ref.name", "ghcr.io/acme/app:3"}}));
  ASSERT_THAT(loaded, SizeIs(1));
  EXPECT_THAT(loaded[0].tags, ElementsAre("ghcr.io/acme/app:3"));
  EXPECT_EQ(loaded[0].id.str(), digest_of(config_));
}

TEST_F(Archive, OciLayoutWithATagAloneHasNoName) {
  const auto loaded = load(oci_layout(config_, {low_, high_}, {{"org.opencontainers.image.ref.name", "latest"}}));
  ASSERT_THAT(loaded, SizeIs(1));
  EXPECT_THAT(loaded[0].tags, IsEmpty());
  EXPECT_TRUE(store_.find(loaded[0].id));
}

TEST_F(Archive, HybridOfNewerDockerTakesItsNamesFromTheManifest) {
  const std::string manifest = json::serialize(
      json::array{{{"Config", blob(config_)}, {"RepoTags", {"hybrid:1"}}, {"Layers", {blob(low_), blob(high_)}}}});
  const auto loaded = load(oci_layout(config_, {low_, high_}, {}, "manifest.json", manifest));
  ASSERT_THAT(loaded, SizeIs(1));
  EXPECT_THAT(loaded[0].tags, ElementsAre("hybrid:1"));
}

TEST_F(Archive, WholeArchiveMayBeCompressedAndLoadedTwice) {
  TarBuilder tar(TarBuilder::Compression::Gzip);
  tar.file("c.json", config_).file("a.tar", low_).file("b.tar", high_gz_);
  const std::string bytes =
      tar.file("manifest.json", json::serialize(json::array{
                                    {{"Config", "c.json"}, {"RepoTags", nullptr}, {"Layers", {"a.tar", "b.tar"}}}}))
          .done();
  const auto first = load(bytes);
  const auto second = load(bytes);
  ASSERT_THAT(second, SizeIs(1));
  EXPECT_EQ(first[0].id, second[0].id);
  EXPECT_THAT(store_.list(), SizeIs(1));
}

TEST_F(Archive, IndexOfSeveralPlatformsGivesThatOfThisMachine) {
  const std::string config_json = config_;
  const std::string manifest = json::serialize(
      json::object{{"config", descriptor(config_json)}, {"layers", {descriptor(low_), descriptor(high_)}}});
  json::object ours = descriptor(manifest);
  ours["platform"] = {{"os", "linux"}, {"architecture", host_architecture()}};
  json::object theirs = descriptor("absent");
  theirs["platform"] = {{"os", "linux"}, {"architecture", "s390x"}};
  json::object attestation = descriptor("absent too");
  attestation["platform"] = {{"os", "unknown"}, {"architecture", "unknown"}};
  attestation["annotations"] = {{"vnd.docker.reference.type", "attestation-manifest"}};
  const std::string inner = json::serialize(json::object{{"manifests", {theirs, ours, attestation}}});
  json::object outer = descriptor(inner);
  outer["annotations"] = {{"io.containerd.image.name", "docker.io/library/multi:1"}};
  const auto loaded = load(TarBuilder()
                               .file(blob(low_), low_)
                               .file(blob(high_), high_)
                               .file(blob(config_json), config_json)
                               .file(blob(manifest), manifest)
                               .file(blob(inner), inner)
                               .file("index.json", json::serialize(json::object{{"manifests", {outer}}}))
                               .done());
  ASSERT_THAT(loaded, SizeIs(1));
  EXPECT_THAT(loaded[0].tags, ElementsAre("multi:1"));

  EXPECT_THAT(
      load_error(TarBuilder().file("index.json", json::serialize(json::object{{"manifests", {theirs}}})).done()),
      HasSubstr("no image for linux/" + host_architecture()));
}

TEST_F(Archive, LayerThatIsNotWhatTheConfigSaysIsRefusedAndNothingStays) {
  EXPECT_THAT(load_error(oci_layout(config_, {high_, low_}, {})), HasSubstr("its image expects"));
  EXPECT_TRUE(store_is_empty());
  EXPECT_THAT(load_error(oci_layout(config_, {low_}, {})), HasSubstr("has 1 layer, its config names 2"));
  EXPECT_TRUE(store_is_empty());
}

TEST_F(Archive, BlobThatIsNotWhatItsNameSaysIsRefused) {
  EXPECT_THAT(
      load_error(TarBuilder().file("blobs/sha256/" + sha256_hex("other"), low_).file("index.json", "{}").done()),
      HasSubstr("has the digest"));
  EXPECT_TRUE(store_is_empty());
  EXPECT_THAT(load_error(TarBuilder().file("blobs/sha256/" + sha256_hex("other"), "{}").done()),
              HasSubstr("has the digest"));
}

TEST_F(Archive, ABlobThatNoImageNeedsMayBeAnything) {
  const std::string large = "{\"a\":\"" + std::string(9 << 20, 'x') + "\"}";
  for (const std::string& other : {large, std::string("plain text")}) {
    const auto loaded = load(oci_layout(config_, {low_, high_}, {}, blob(other), other));
    ASSERT_THAT(loaded, SizeIs(1));
    EXPECT_EQ(loaded[0].id.str(), digest_of(config_));
  }
}

TEST_F(Archive, ABlobThatAnImageNeedsIsNamedWithWhatIsWrongWithIt) {
  EXPECT_THAT(load_error(oci_layout(config_, {low_, "plain text"}, {})), HasSubstr("no tar archive"));
  const std::string large = "{\"a\":\"" + std::string(9 << 20, 'x') + "\"}";
  EXPECT_THAT(load_error(oci_layout(large, {low_}, {})), HasSubstr("larger than 8MiB"));
  EXPECT_TRUE(store_is_empty());
}

TEST_F(Archive, BadArchivesAreNamedForWhatTheyAre) {
  EXPECT_THAT(load_error("plain text that is no archive"), HasSubstr("no tar archive"));
  EXPECT_THAT(load_error(low_), HasSubstr("holds no images"));
  EXPECT_THAT(load_error(TarBuilder().file("manifest.json", "[{").done()), HasSubstr("no json"));
  EXPECT_THAT(load_error(TarBuilder().file("manifest.json", R"([{"Config":"c.json","Layers":["l.tar"]}])").done()),
              HasSubstr("names 'c.json' but does not hold it"));
  EXPECT_THAT(load_error(TarBuilder().file("manifest.json", R"([{"Config":1}])").done()),
              HasSubstr("'images.Config' is not a string"));
  EXPECT_THAT(load_error(TarBuilder()
                             .symlink("a/x", "../b/y")
                             .symlink("b/y", "../a/x")
                             .file("manifest.json", R"([{"Config":"a/x"}])")
                             .done()),
              HasSubstr("circle of links"));
  EXPECT_THAT(load_error(TarBuilder().file("manifest.json", "[]").done()), "no error");
  EXPECT_TRUE(store_is_empty());
}

TEST_F(Archive, RootTarBecomesAnImageWithItsChanges) {
  MemorySource source(low_);
  const ImageId id =
      import_root_tar(store_, source,
                      {.name = Reference::parse("debian:mine").value(),
                       .changes = {change::Cmd{{CommandLine::Form::Exec, {"bash"}}}, change::Env{{{"A", "1"}}}},
                       .message = "Imported from -"});
  const auto image = store_.find("debian:mine");
  ASSERT_TRUE(image);
  EXPECT_EQ(image->id, id);
  EXPECT_THAT(image->config.cmd, ElementsAre("bash"));
  EXPECT_THAT(image->config.env, ElementsAre("A=1"));
  EXPECT_EQ(image->config.architecture, host_architecture());
  EXPECT_EQ(image->config.os, "linux");
  EXPECT_GT(image->created, 0);
  EXPECT_THAT(image->diff_ids, ElementsAre(digest_of(low_)));
  ASSERT_THAT(image->config.history, SizeIs(1));
  EXPECT_EQ(image->config.history[0].comment, "Imported from -");
}

TEST_F(Archive, BadChangeIsFoundBeforeAnythingIsUnpacked) {
  MemorySource source(low_);
  EXPECT_THROW((void)import_root_tar(store_, source, {.changes = {change::Expose{{"no port"}}}}), Error);
  EXPECT_TRUE(store_is_empty());
}

}  // namespace
}  // namespace davit::image
