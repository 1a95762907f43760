// `davit image build` from end to end, on a data root of its own. Needs root for its mounts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "cli/run_davit.hpp"
#include "support/temp_dir.hpp"

namespace davit::cli {
namespace {

using test::Output;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

class ImageBuildCommand : public ::testing::Test {
 protected:
  Output davit(std::vector<std::string> words) {
    words.insert(words.begin(), {"--data-root", dir_.path().string() + "/data", "image"});
    return test::run_davit(std::move(words));
  }
  std::string context() const { return dir_.path().string() + "/context"; }
  void write(const std::string& name, const std::string& bytes) {
    std::filesystem::create_directories(context());
    std::ofstream(context() + "/" + name) << bytes;
  }

  davit::test::TempDir dir_;
};

TEST_F(ImageBuildCommand, BuildsNamesAndShowsItsSteps) {
  write("Dockerfile", "FROM scratch\nARG V=0\nCOPY motd /etc/\nLABEL v=$V\n");
  write("motd", "hello");
  const Output built =
      davit({"build", "-t", "app:1", "--build-arg", "V=2", "--label", "who=me", "--progress", "plain", context()});
  ASSERT_EQ(built.code, 0) << built.err;
  EXPECT_EQ(built.out, "");
  EXPECT_THAT(built.err, HasSubstr("#3 [2/2] COPY motd /etc/\n#3 DONE "));
  EXPECT_THAT(built.err, HasSubstr("naming to docker.io/library/app:1\n"));
  const Output again = davit({"build", "-q", "-t", "app:1", "--build-arg", "V=2", "--label", "who=me", context()});
  EXPECT_EQ(again.err, "");
  EXPECT_THAT(again.out, MatchesRegex("sha256:[0-9a-f]+\n"));
  EXPECT_THAT(davit({"inspect", "app:1"}).out,
              ::testing::AllOf(HasSubstr("\"v\": \"2\""), HasSubstr("\"who\": \"me\"")));
}

TEST_F(ImageBuildCommand, ShowsMistakesWithTheirLineAndExits1) {
  write("Dockerfile", "FROM scratch\nCOPPY a b\n");
  const Output built = davit({"build", context()});
  EXPECT_EQ(built.code, 1);
  EXPECT_THAT(built.err, HasSubstr(context() + "/Dockerfile:2:1: error: unknown instruction 'COPPY'\n"
                                               "    2 | COPPY a b\n      | ^~~~~\n  hint: did you mean 'COPY'?\n"));
}

TEST_F(ImageBuildCommand, RefusesWhatItCannotDo) {
  EXPECT_THAT(davit({"build", "https://example.com/x.git"}).err, HasSubstr("must be a folder"));
  EXPECT_THAT(davit({"build", context()}).err, HasSubstr("the build context '" + context() + "' does not exist"));
  write("dockerfil", "FROM scratch\n");
  EXPECT_THAT(davit({"build", context()}).err, HasSubstr("did you mean 'dockerfil'?"));
  EXPECT_THAT(davit({"build", "-t", "Bad", context()}).err, HasSubstr("did you mean 'bad'?"));
  EXPECT_THAT(davit({"build", "--secret", "src=x", context()}).err, HasSubstr("needs 'id'"));
  EXPECT_THAT(davit({"build", "--secret", "id=NO_SUCH_X", context()}).err,
              HasSubstr("the variable 'NO_SUCH_X' is not set"));
  EXPECT_THAT(davit({"build", "--network", "blue", context()}).err, HasSubstr("it can be default, none or host"));
  EXPECT_THAT(davit({"build", "--allow", "network.hosts", context()}).err, HasSubstr("did you mean 'network.host'?"));
}

TEST_F(ImageBuildCommand, WritesTheIdToAFile) {
  write("Dockerfile", "FROM scratch\nLABEL a=b\n");
  const std::string file = dir_.path().string() + "/id";
  const Output built = davit({"build", "-q", "--iidfile", file, context()});
  std::string id;
  std::ifstream(file) >> id;
  EXPECT_EQ(id + "\n", built.out);
}

}  // namespace
}  // namespace davit::cli
