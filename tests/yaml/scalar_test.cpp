#include <gtest/gtest.h>

#include "davit/yaml/parse.hpp"

namespace davit::yaml {
namespace {

struct Case {
  std::string_view text;
  Kind kind;
  std::string_view value;
};

class PlainScalar : public ::testing::TestWithParam<Case> {};

TEST_P(PlainScalar, IsTypedAsYaml12) {
  Node node;
  type_plain_scalar(node, GetParam().text);
  EXPECT_EQ(node.kind, GetParam().kind) << GetParam().text;
  EXPECT_EQ(node.text, GetParam().value) << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(
    All, PlainScalar,
    ::testing::Values(Case{"", Kind::Null, ""}, Case{"~", Kind::Null, ""}, Case{"true", Kind::Bool, "true"},
                      Case{"yes", Kind::String, "yes"}, Case{"on", Kind::String, "on"}, Case{"12", Kind::Int, "12"},
                      Case{"-7", Kind::Int, "-7"}, Case{"+7", Kind::Int, "7"}, Case{"0644", Kind::Int, "420"},
                      Case{"0o17", Kind::Int, "15"}, Case{"0x1F", Kind::Int, "31"}, Case{"0b101", Kind::Int, "5"},
                      Case{"1_000", Kind::Int, "1000"}, Case{"08", Kind::Float, "8"}, Case{"1.10", Kind::Float, "1.1"},
                      Case{"1e3", Kind::Float, "1000"}, Case{".5", Kind::Float, "0.5"},
                      Case{"1e21", Kind::Float, "1e+21"}, Case{".inf", Kind::Float, "+Inf"},
                      Case{"-0", Kind::Float, "-0"}, Case{"22:22", Kind::String, "22:22"},
                      Case{"1.2.3", Kind::String, "1.2.3"}, Case{"-", Kind::String, "-"},
                      Case{"2001-12-14", Kind::Timestamp, "2001-12-14T00:00:00Z"},
                      Case{"2001-13-14", Kind::String, "2001-13-14"},
                      Case{"18446744073709551615", Kind::Int, "18446744073709551615"},
                      Case{"99999999999999999999", Kind::Float, "1e+20"}));

}  // namespace
}  // namespace davit::yaml
