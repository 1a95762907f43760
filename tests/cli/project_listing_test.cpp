#include "cli/project_listing.hpp"

#include <gtest/gtest.h>

#include "davit/base/error.hpp"

namespace davit::cli {
namespace {

std::vector<ProjectLine> projects() {
  return {{"blog", {{"exited", 2}}, {"/srv/blog/compose.yaml"}},
          {"shop", {{"exited", 1}, {"running", 2}}, {"/srv/shop/compose.yaml", "/srv/shop/more.yaml"}}};
}

TEST(ProjectListing, ShowsRunningProjectsAndOfThemWhatRuns) {
  EXPECT_EQ(projects_table(choose_projects(projects(), Projects::Running, {})),
            "NAME      STATUS       CONFIG FILES\n"
            "shop      running(2)   /srv/shop/compose.yaml,/srv/shop/more.yaml\n");
}

TEST(ProjectListing, AllShowsEveryState) {
  EXPECT_EQ(projects_table(choose_projects(projects(), Projects::All, {})),
            "NAME      STATUS                  CONFIG FILES\n"
            "blog      exited(2)               /srv/blog/compose.yaml\n"
            "shop      exited(1), running(2)   /srv/shop/compose.yaml,/srv/shop/more.yaml\n");
}

TEST(ProjectListing, FiltersByPartOfTheName) {
  const auto chosen = choose_projects(projects(), Projects::All, {"name=blo"});
  ASSERT_EQ(chosen.size(), 1U);
  EXPECT_EQ(chosen[0].name, "blog");
  EXPECT_THROW((void)choose_projects(projects(), Projects::All, {"label=x"}), Error);
}

TEST(ProjectListing, JsonIsOneArrayOnALineOfItsOwn) {
  EXPECT_EQ(
      projects_json(choose_projects(projects(), Projects::Running, {})),
      R"json([{"Name":"shop","Status":"running(2)","ConfigFiles":"/srv/shop/compose.yaml,/srv/shop/more.yaml"}])json"
      "\n");
  EXPECT_EQ(projects_json({}), "[]\n");
}

}  // namespace
}  // namespace davit::cli
