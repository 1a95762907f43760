// `davit image …` from end to end, on a data root of its own. Needs root as unpacking does.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>

#include "cli/run_davit.hpp"
#include "davit/image/digest.hpp"
#include "davit/state/containers.hpp"
#include "image/tar_builder.hpp"
#include "support/temp_dir.hpp"

namespace davit::cli {
namespace {

using image::test::TarBuilder;
using test::Output;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

class ImageCommand : public ::testing::Test {
 protected:
  Output davit(std::vector<std::string> words) {
    words.insert(words.begin(), {"--data-root", dir_.path().string() + "/data", "image"});
    return test::run_davit(std::move(words));
  }
  std::string write(const std::string& name, const std::string& bytes) {
    const std::string path = (dir_.path() / name).string();
    std::ofstream(path) << bytes;
    return path;
  }
  Output import(const std::string& name) {
    return davit({"import", write("root.tar", root_), name, "--change", "CMD [\"sh\"]"});
  }

  davit::test::TempDir dir_;
  const std::string root_ = TarBuilder().folder("etc").file("etc/motd", "hello").done();
};

TEST_F(ImageCommand, ImportPrintsTheIdAndLsShowsTheImage) {
  const Output imported = import("acme/app:1");
  EXPECT_EQ(imported.code, 0) << imported.err;
  EXPECT_THAT(imported.out, MatchesRegex("sha256:[0-9a-f]+\n"));
  const Output listed = davit({"ls"});
  EXPECT_EQ(listed.code, 0);
  EXPECT_THAT(listed.out, HasSubstr("REPOSITORY   TAG       IMAGE ID       CREATED"));
  EXPECT_THAT(listed.out, HasSubstr("acme/app     1         " + imported.out.substr(7, 12)));
  EXPECT_THAT(listed.out, HasSubstr("5B\n"));
  EXPECT_EQ(davit({"ls", "-q", "--no-trunc", "acme/app"}).out, imported.out);
  EXPECT_EQ(davit({"ls", "-q", "other"}).out, "");
  EXPECT_EQ(davit({"ls", "--format", "yaml"}).code, 1);
}

class ImageDigests : public ImageCommand {
 protected:
  Output config(const std::string& yaml, std::vector<std::string> words) {
    const std::string data = dir_.path().string() + "/data";
    words.insert(words.begin(), {"--data-root", data, "-f", write("compose.yaml", yaml), "config"});
    return test::run_davit(std::move(words));
  }
};

TEST_F(ImageDigests, PinImagesOfTheLocalStore) {
  const std::string id = import("acme/app:1").out.substr(0, 71);
  const std::string yaml = "name: n\nservices: {a: {image: 'acme/app:1'}, b: {build: .}}\n";
  const std::string pinned = "    image: docker.io/acme/app:1@" + id + "\n";
  EXPECT_THAT(config(yaml, {"--resolve-image-digests"}).out, HasSubstr(pinned));
  const Output locked = config(yaml, {"--lock-image-digests"});
  EXPECT_EQ(locked.out, "services:\n  a:\n" + pinned + "  b: {}\n");
  const std::string lock = write("lock.yaml", locked.out);
  EXPECT_EQ(test::run_davit({"-f", write("compose.yaml", yaml), "-f", lock, "config"}).out,
            config(yaml, {"--resolve-image-digests"}).out);
  EXPECT_EQ(davit({"inspect", "docker.io/acme/app:1@" + id}).code, 0) << "the store knows it by this name";
}

TEST_F(ImageDigests, KeepWhatIsPinned) {
  const std::string digest = "sha256:" + std::string(64, 'a');
  EXPECT_THAT(config("name: n\nservices: {a: {image: 'x:1@" + digest + "'}}\n", {"--resolve-image-digests"}).out,
              HasSubstr("    image: docker.io/library/x@" + digest + "\n"));
}

TEST_F(ImageDigests, NameEveryImageThatHasNone) {
  import("acme/app:1");
  const Output got = config("name: n\nservices:\n  a: {image: 'acme/app:1'}\n  b: {image: x}\n  c: {image: 'y:2'}\n",
                            {"--resolve-image-digests"});
  EXPECT_EQ(got.code, 1);
  EXPECT_EQ(got.out, "");
  EXPECT_THAT(got.err, HasSubstr("compose.yaml:4:14: error: the image 'x' of service 'b' has no digest"));
  EXPECT_THAT(got.err, HasSubstr("compose.yaml:5:14: error: the image 'y:2' of service 'c' has no digest"));
  EXPECT_THAT(got.err, Not(HasSubstr("acme")));
}

TEST_F(ImageDigests, MakeNoStoreForAQuestion) {
  EXPECT_EQ(config("name: n\nservices: {a: {image: x}}\n", {"--lock-image-digests"}).code, 1);
  EXPECT_FALSE(std::filesystem::exists(dir_.path() / "data"));
}

TEST_F(ImageCommand, ImportRefusesAUrlAndBadNamesBeforeItReads) {
  EXPECT_THAT(davit({"import", "https://x/y.tar", "a"}).err, HasSubstr("only files and '-' are supported"));
  EXPECT_THAT(davit({"import", "/none", "Bad"}).err, HasSubstr("did you mean 'bad'?"));
  EXPECT_THAT(davit({"import", "/none", "a"}).err, HasSubstr("cannot open '/none'"));
  EXPECT_THAT(davit({"import", "/none", "a", "--change", "RUN x"}).err, HasSubstr("cannot do 'RUN'"));
  EXPECT_EQ(davit({"ls", "-q"}).out, "");
}

TEST_F(ImageCommand, InspectIsAListWithWhatIsThere) {
  import("app");
  const Output got = davit({"inspect", "app", "missing"});
  EXPECT_EQ(got.code, 1);
  EXPECT_THAT(got.err, HasSubstr("no such image: 'missing'"));
  const auto list = boost::json::parse(got.out);
  ASSERT_EQ(list.get_array().size(), 1U);
  EXPECT_EQ(list.at(0).at("RepoTags").at(0), "app:latest");
  EXPECT_EQ(list.at(0).at("Config").at("Cmd").at(0), "sh");
  EXPECT_THAT(got.out, HasSubstr("[\n    {\n        \"Id\": \"sha256:"));
  EXPECT_EQ(davit({"inspect", "missing"}).out, "[]\n");
}

TEST_F(ImageCommand, TagGivesOneMoreNameAndTakesItFromAnother) {
  import("app");
  EXPECT_EQ(davit({"tag", "app", "other:1"}).code, 0);
  EXPECT_EQ(davit({"ls", "-q"}).out, davit({"ls", "-q", "other:1"}).out);
  EXPECT_THAT(davit({"tag", "missing", "x"}).err, HasSubstr("no such image: 'missing'"));
  EXPECT_EQ(davit({"tag", "app", "Bad"}).code, 1);
}

TEST_F(ImageCommand, PruneRemovesWhatHasNoNameAndWithAllTheRest) {
  const std::string first = import("app").out;
  davit({"import", write("other.tar", TarBuilder().file("b", "2").done()), "app"});
  import("kept");
  davit({"rm", "--force", "kept"});
  const Output pruned = davit({"prune", "--force"});
  EXPECT_EQ(pruned.code, 0);
  EXPECT_THAT(pruned.out, HasSubstr("Deleted: " + first.substr(0, 71)));
  EXPECT_THAT(davit({"ls"}).out, HasSubstr("app"));
  EXPECT_THAT(davit({"prune", "--all", "--force"}).out, HasSubstr("Untagged: app:latest"));
  EXPECT_EQ(davit({"ls", "-q"}).out, "");
}

TEST_F(ImageCommand, RmSaysWhatItTookAway) {
  const std::string id = import("app").out;
  import("app:2");
  const Output got = davit({"rm", "app:latest", "missing"});
  EXPECT_EQ(got.code, 1);
  EXPECT_THAT(got.out, HasSubstr("Untagged: app:latest\nDeleted: " + id));
  EXPECT_THAT(got.err, HasSubstr("no such image: 'missing'"));
  const Output last = davit({"rm", "app:2"});
  EXPECT_EQ(last.code, 0);
  EXPECT_THAT(last.out, HasSubstr("Deleted: " + image::digest_of(root_)));
  EXPECT_EQ(davit({"rm", "--force", "missing"}).code, 0);
}

TEST_F(ImageCommand, RmKeepsAnImageAContainerUses) {
  const std::string id = import("app").out;
  auto database = state::Database::open(dir_.path() / "data" / "davit.db");
  state::Container container;
  container.id = ContainerId("c1");
  container.name = "shop-web-1";
  container.image = ImageId(id.substr(0, id.size() - 1));
  ASSERT_TRUE(state::Containers(database).insert(container));
  const Output refused = davit({"rm", "app"});
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.err, HasSubstr("used by container 'shop-web-1'"));
  EXPECT_EQ(davit({"rm", "-f", "app"}).out, "Untagged: app:latest\n");
  EXPECT_EQ(davit({"ls", "-q", "--no-trunc"}).out, id);
}

TEST_F(ImageCommand, LoadPrintsTheNames) {
  const std::string config = R"({"os":"linux","rootfs":{"diff_ids":[")" + image::digest_of(root_) + R"("]}})";
  const std::string manifest = R"([{"Config":"c.json","RepoTags":["one:1","two:2"],"Layers":["l.tar"]}])";
  const std::string path = write(
      "images.tar", TarBuilder().file("l.tar", root_).file("c.json", config).file("manifest.json", manifest).done());
  const Output got = davit({"load", "-i", path});
  EXPECT_EQ(got.code, 0) << got.err;
  EXPECT_EQ(got.out, "Loaded image: one:1\nLoaded image: two:2\n");
  EXPECT_THAT(davit({"load", "-i", write("x", "nonsense")}).err, HasSubstr("no tar archive"));
}

TEST_F(ImageCommand, GroupAloneShowsItsPage) {
  const Output got = davit({});
  EXPECT_EQ(got.code, 0);
  EXPECT_THAT(got.out, HasSubstr("davit image - manage images"));
  EXPECT_THAT(got.out, HasSubstr("inspect"));
  EXPECT_THAT(davit({"inspekt"}).err, HasSubstr("did you mean 'inspect'?"));
}

}  // namespace
}  // namespace davit::cli
