#include "cli/image_listing.hpp"

#include <gtest/gtest.h>

namespace davit::cli {
namespace {

constexpr std::int64_t kNow = 1'700'000'000'000'000'000;

std::vector<image::Image> images() {
  image::Image redis;
  redis.id = ImageId("sha256:" + std::string(64, 'a'));
  redis.tags = {"redis:7", "acme/cache:1"};
  redis.size = 117'000'000;
  redis.created = kNow - 3'600'000'000'000;
  image::Image nameless;
  nameless.id = ImageId("sha256:" + std::string(64, 'b'));
  return {redis, nameless};
}

TEST(ImageListing, HasALineForEveryNameAndOneForNone) {
  EXPECT_EQ(image_table(image_lines(images(), "", IdLength::Short), kNow),
            "REPOSITORY   TAG       IMAGE ID       CREATED             SIZE\n"
            "redis        7         aaaaaaaaaaaa   About an hour ago   117MB\n"
            "acme/cache   1         aaaaaaaaaaaa   About an hour ago   117MB\n"
            "<none>       <none>    bbbbbbbbbbbb   N/A                 0B\n");
}

TEST(ImageListing, NameSelectsWithAnyTagUnlessItHasOne) {
  EXPECT_EQ(image_lines(images(), "redis", IdLength::Short).size(), 1U);
  EXPECT_EQ(image_lines(images(), "redis:7", IdLength::Short).size(), 1U);
  EXPECT_EQ(image_lines(images(), "redis:8", IdLength::Short).size(), 0U);
  EXPECT_EQ(image_lines(images(), "docker.io/acme/cache", IdLength::Short).size(), 1U);
}

TEST(ImageListing, IdsComeOnce) {
  EXPECT_EQ(image_ids(image_lines(images(), "", IdLength::Short)), "aaaaaaaaaaaa\nbbbbbbbbbbbb\n");
  EXPECT_EQ(image_ids(image_lines(images(), "redis", IdLength::Full)), "sha256:" + std::string(64, 'a') + "\n");
}

TEST(ImageListing, JsonIsAnObjectALine) {
  EXPECT_EQ(image_json_lines(image_lines(images(), "redis", IdLength::Short), kNow),
            R"({"Containers":"N/A","CreatedAt":"2023-11-14 21:13:20 +0000 UTC","CreatedSince":"About an hour ago",)"
            R"("Digest":"<none>","ID":"aaaaaaaaaaaa","Repository":"redis","SharedSize":"N/A","Size":"117MB","Tag":"7",)"
            R"("UniqueSize":"N/A"})"
            "\n");
}

TEST(ImageListing, InspectShowsTheConfigAsItIs) {
  EXPECT_EQ(inspect_json(images()[1], R"({"os":"linux","config":{"Cmd":["a"],"Own":{}},"rootfs":{}})"),
            "{\n"
            "    \"Id\": \"sha256:" +
                std::string(64, 'b') +
                "\",\n"
                "    \"RepoTags\": [],\n"
                "    \"RepoDigests\": [],\n"
                "    \"Comment\": \"\",\n"
                "    \"Created\": \"\",\n"
                "    \"Author\": \"\",\n"
                "    \"Architecture\": \"\",\n"
                "    \"Os\": \"linux\",\n"
                "    \"Size\": 0,\n"
                "    \"Config\": {\n"
                "        \"Cmd\": [\n"
                "            \"a\"\n"
                "        ],\n"
                "        \"Own\": {}\n"
                "    },\n"
                "    \"RootFS\": {\n"
                "        \"Type\": \"layers\",\n"
                "        \"Layers\": []\n"
                "    }\n"
                "}");
}

}  // namespace
}  // namespace davit::cli
