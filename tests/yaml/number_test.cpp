#include "davit/yaml/number.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace davit::yaml {
namespace {

struct Case {
  std::string_view text;
  std::string_view general;
  std::string_view json;
};

class NumberText : public ::testing::TestWithParam<Case> {};

TEST_P(NumberText, IsAsGoPrintsIt) {
  EXPECT_EQ(general_number(GetParam().text), GetParam().general) << GetParam().text;
  EXPECT_EQ(json_number(GetParam().text), GetParam().json) << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(All, NumberText,
                         ::testing::Values(Case{"0", "0", "0"}, Case{"-0", "-0", "-0"}, Case{"1.50", "1.5", "1.5"},
                                           Case{"0.1", "0.1", "0.1"}, Case{"100000.5", "100000.5", "100000.5"},
                                           Case{"1000000", "1e+06", "1000000"},
                                           Case{"1234567.5", "1.2345675e+06", "1234567.5"},
                                           Case{"1e20", "1e+20", "100000000000000000000"},
                                           Case{"1e21", "1e+21", "1e+21"}, Case{"0.0001", "0.0001", "0.0001"},
                                           Case{"1e-05", "1e-05", "0.00001"}, Case{"1e-7", "1e-07", "1e-7"},
                                           Case{"-2.5e-10", "-2.5e-10", "-2.5e-10"}, Case{"+Inf", "+Inf", "+Inf"},
                                           Case{"x", "x", "x"}));

TEST(FormatNumber, HasTheFewestDigits) {
  EXPECT_EQ(format_number(0.1), "0.1");
  EXPECT_EQ(format_number(123456789012345.0), "1.23456789012345e+14");
  EXPECT_EQ(format_number(std::nan("")), "NaN");
  EXPECT_EQ(format_number(-HUGE_VAL), "-Inf");
}

}  // namespace
}  // namespace davit::yaml
