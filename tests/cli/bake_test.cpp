#include "cli/bake.hpp"

#include <gtest/gtest.h>

namespace davit::cli {
namespace {

// What docker compose 5.5 prints for the same service, but for its own labels.
TEST(Bake, PrintsWhatIsSetInDockerComposesOrder) {
  model::Project project;
  project.name = "demo";
  project.secrets["sec"].file = "/src/Dockerfile";
  model::Service& service = project.services["a"];
  service.name = "a";
  service.image = "my/a:1";
  model::Build& build = service.build.emplace();
  build.context = "/src/ctx";
  build.dockerfile = "/src/Dockerfile";
  build.args = {{"A", "1"}, {"B", std::nullopt}};
  build.tags = {"my/a:2"};
  build.additional_contexts = {{"i", "docker-image://busybox"}, {"s", "service:b"}};
  build.secrets.emplace_back().source = "sec";
  build.shm_size = 1048576;
  build.ulimits["nofile"] = {1, 2};
  EXPECT_EQ(bake_text(project, {{&service}, {{"C", "3"}}, true, false}),
            R"({
  "group": {
    "default": {
      "targets": [
        "a"
      ]
    }
  },
  "target": {
    "a": {
      "context": "/src/ctx",
      "contexts": {
        "i": "docker-image://busybox",
        "s": "target:b"
      },
      "dockerfile": "/src/Dockerfile",
      "args": {
        "A": "1",
        "C": "3"
      },
      "tags": [
        "my/a:2",
        "my/a:1"
      ],
      "secret": [
        "id=sec,type=file,src=/src/Dockerfile"
      ],
      "no-cache": true,
      "shm-size": "1048576",
      "ulimits": [
        "nofile=1:2"
      ],
      "output": [
        "type=docker"
      ]
    }
  }
})");
}

}  // namespace
}  // namespace davit::cli
