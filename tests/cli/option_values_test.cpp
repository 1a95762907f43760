// Bad values of every option: what the user reads, and that no option is forgotten.

#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "cli/command_line.hpp"
#include "cli/run_davit.hpp"
#include "davit/base/error.hpp"

namespace davit::cli {
namespace {

using test::run_davit;

struct Case {
  std::vector<std::string> words;
  std::string expected;
};

class BadValues : public testing::TestWithParam<Case> {};

TEST_P(BadValues, AreRefusedWithWhatIsAllowed) {
  const auto got = run_davit(GetParam().words);
  EXPECT_EQ(got.code, 1);
  EXPECT_EQ(got.out, "");
  EXPECT_EQ(got.err, GetParam().expected);
}

const std::string kTimeout = "  hint: such as '--timeout 10'\n";

INSTANTIATE_TEST_SUITE_P(
    Examples, BadValues,
    testing::Values(
        Case{{"down", "-t", "abc"},
             "error: invalid argument \"abc\" for \"-t, --timeout\" flag: it is not a whole number\n" + kTimeout},
        Case{{"down", "--timeout", ""},
             "error: invalid argument \"\" for \"-t, --timeout\" flag: it is not a whole number\n" + kTimeout},
        Case{{"stop", "--timeout", "1e9"},
             "error: invalid argument \"1e9\" for \"-t, --timeout\" flag: it is not a whole number\n" + kTimeout},
        Case{{"restart", "-t", "99999999999"},
             "error: invalid argument \"99999999999\" for \"-t, --timeout\" flag: it can be from -2147483647 to "
             "2147483647\n" +
                 kTimeout},
        Case{{"down", "-t"},
             "error: flag needs an argument: --timeout\n  hint: --timeout SECONDS: seconds to wait for the end before "
             "killing\n"},
        Case{{"--progress", "foo", "ps"},
             "error: invalid argument \"foo\" for \"--progress\" flag: it can be auto, tty, plain, json, quiet\n"
             "  hint: such as '--progress auto'\n"},
        Case{{"--progress", "plian", "ps"},
             "error: invalid argument \"plian\" for \"--progress\" flag: it can be auto, tty, plain, json, quiet\n"
             "  hint: did you mean 'plain'?\n"},
        Case{{"--ansi", "sometimes", "ps"},
             "error: invalid argument \"sometimes\" for \"--ansi\" flag: it can be never, always, auto\n"
             "  hint: such as '--ansi never'\n"},
        Case{{"--parallel", "-2", "ps"},
             "error: invalid argument \"-2\" for \"--parallel\" flag: it can be from -1 to 1000000\n"
             "  hint: such as '--parallel 4'\n"},
        Case{{"down", "--rmi", "some"},
             "error: invalid argument \"some\" for \"--rmi\" flag: it can be local, all\n"
             "  hint: such as '--rmi local'\n"},
        Case{{"exec", "--index", "-1", "web", "sh"},
             "error: invalid argument \"-1\" for \"--index\" flag: it can be from 0 to 2147483647\n"
             "  hint: such as '--index 2'\n"},
        Case{{"port", "web", "http"},
             "error: invalid argument \"http\" for PORT: it is not a whole number\n  hint: such as 80\n"},
        Case{{"port", "web"}, "error: 'davit port' needs PORT\n  hint: usage: davit port [OPTIONS] SERVICE PORT\n"},
        Case{{"version", "-f", "xml"},
             "error: invalid argument \"xml\" for \"-f, --format\" flag: it can be pretty, json\n"
             "  hint: such as '--format pretty'\n"}));

class Scope {
 public:
  Scope(const char* name, const char* value) : name_(name) { ::setenv(name, value, 1); }
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;
  ~Scope() { ::unsetenv(name_); }

 private:
  const char* name_;
};

TEST(OptionValues, VariablesAreHeldToTheSameRules) {
  const Scope ansi("COMPOSE_ANSI", "foo");
  const auto got = run_davit({"version"});
  EXPECT_EQ(got.code, 1);
  EXPECT_EQ(got.err,
            "error: invalid argument \"foo\" for \"--ansi\" flag: it can be never, always, auto\n"
            "  note: it is the value of the variable COMPOSE_ANSI\n  hint: such as '--ansi never'\n");
  EXPECT_EQ(run_davit({"--ansi", "never", "version"}).code, 0) << "the option wins";
}

TEST(OptionValues, TheVariablesCount) {
  const Scope ansi("COMPOSE_ANSI", "always");
  const Scope progress("COMPOSE_PROGRESS", "json");
  const Scope parallel("COMPOSE_PARALLEL_LIMIT", "3");
  Context context = process_context("davit");
  CommandLine line(context);
  line.app().parse("version", false);
  line.take_environment();
  EXPECT_EQ(context.global.ansi, "always");
  EXPECT_EQ(context.global.progress, "json");
  EXPECT_EQ(context.global.parallel, 3);
}

TEST(OptionValues, TheLastOfSeveralCounts) {
  const auto got = run_davit({"version", "--format", "pretty", "--format", "json"});
  EXPECT_EQ(got.code, 0) << got.err;
  EXPECT_EQ(got.out.front(), '{');
}

/// Every option of the program as "davit COMMAND": its flag and the name of its type.
struct Found {
  std::vector<std::string> command;
  std::string flag;
  std::string type;
};

void collect(const CLI::App& app, const std::vector<std::string>& path, std::vector<Found>& out) {
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_positional() || option->get_items_expected_max() == 0) continue;
    out.push_back({path, "--" + option->get_lnames().front(), option->get_type_name()});
  }
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; })) {
    auto deeper = path;
    deeper.push_back(sub->get_name());
    collect(*sub, deeper, out);
  }
}

std::vector<Found> all_options() {
  Context context = process_context("davit");
  CommandLine line(context);
  std::vector<Found> out;
  collect(line.app(), {}, out);
  return out;
}

/// The message of the parser, or of the check of a value; "" when it has nothing against it.
std::string parse_message(const std::vector<std::string>& words) {
  Context context = process_context("davit");
  CommandLine line(context);
  try {
    line.app().parse(std::vector<std::string>(words.rbegin(), words.rend()));
  } catch (const Error& error) {
    return error.diagnostic().message;
  } catch (const CLI::ParseError&) {
  }
  return "";
}

/// Types of which not every text is a value, and which the command line itself has to check.
const std::set<std::string> kCheckedTypes{"SECONDS", "N", "MODE", "WHEN", "PROTOCOL", "TYPE"};

TEST(OptionValues, EveryNumberAndEveryChoiceIsChecked) {
  std::size_t checked = 0;
  for (const Found& option : all_options()) {
    if (!kCheckedTypes.contains(option.type) || option.flag == "--network") continue;
    for (const char* bad : {"abc", "1e9", "0x"}) {
      auto words = option.command;
      words.push_back(option.flag);
      words.emplace_back(bad);
      EXPECT_TRUE(parse_message(words).starts_with("invalid argument \"" + std::string(bad) + "\" for "))
          << testing::PrintToString(words) << parse_message(words);
      ++checked;
    }
  }
  EXPECT_GT(checked, 45U) << "the test sees the options";
}

}  // namespace
}  // namespace davit::cli
