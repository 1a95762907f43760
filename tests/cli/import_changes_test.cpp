#include "cli/import_changes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "davit/base/error.hpp"

namespace davit::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

image::ImageConfig changed(const std::vector<std::string>& instructions) {
  image::ImageConfig config;
  for (const auto& change : parse_changes(instructions)) config = apply(std::move(config), change).value();
  return config;
}

std::string error_of(const std::string& instruction) {
  try {
    (void)changed({instruction});
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(ImportChanges, DoWhatTheInstructionsOfADockerfileDo) {
  const auto config =
      changed({"CMD [\"bash\", \"-l\"]", "env A=1 B='two words'", "ENV C old style", "EXPOSE 80 53/udp",
               "LABEL \"x y\"=\"z\"", "USER 1000:1000", "VOLUME [\"/data\"]", "WORKDIR /srv", "STOPSIGNAL SIGINT",
               "ONBUILD RUN true", "HEALTHCHECK --interval=5s --retries=2 CMD curl x"});
  EXPECT_THAT(config.cmd, ElementsAre("bash", "-l"));
  EXPECT_THAT(config.env, ElementsAre("A=1", "B=two words", "C=old style"));
  EXPECT_THAT(config.exposed_ports, ElementsAre("53/udp", "80/tcp"));
  EXPECT_EQ(config.labels.at("x y"), "z");
  EXPECT_EQ(config.user, "1000:1000");
  EXPECT_THAT(config.volumes, ElementsAre("/data"));
  EXPECT_EQ(config.working_dir, "/srv");
  EXPECT_EQ(config.stop_signal, "SIGINT");
  EXPECT_THAT(config.on_build, ElementsAre("RUN true"));
  ASSERT_TRUE(config.healthcheck);
  EXPECT_THAT(config.healthcheck->test, ElementsAre("CMD-SHELL", "curl x"));
  EXPECT_EQ(config.healthcheck->interval, std::chrono::seconds(5));
  EXPECT_EQ(config.healthcheck->retries, 2);
  EXPECT_EQ(config.healthcheck->timeout, std::nullopt);
}

TEST(ImportChanges, ShellFormsAndEntrypoint) {
  const auto config = changed({"ENTRYPOINT exec top -b", "CMD echo hi"});
  EXPECT_THAT(config.entrypoint, ElementsAre("/bin/sh", "-c", "exec top -b"));
  EXPECT_THAT(config.cmd, ElementsAre("/bin/sh", "-c", "echo hi"));
}

TEST(ImportChanges, VariablesAreThoseOfEarlierChanges) {
  EXPECT_THAT(changed({"ENV A=/opt", "ENV PATH=$A/bin:${B:-/bin}"}).env, ElementsAre("A=/opt", "PATH=/opt/bin:/bin"));
}

TEST(ImportChanges, RefuseWhatIsNoChange) {
  EXPECT_THAT(error_of("RUN true"), HasSubstr("--change cannot do 'RUN'"));
  EXPECT_THAT(error_of("COPY a b"), HasSubstr("--change cannot do 'COPY'"));
  EXPECT_NE(error_of("CMDX true"), "no error");
  EXPECT_NE(error_of(""), "no error");
  EXPECT_NE(error_of("EXPOSE nonsense"), "no error");
}

}  // namespace
}  // namespace davit::cli
