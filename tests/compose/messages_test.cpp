// Golden messages: what is reported about testdata/messages/NAME.yaml must be NAME.txt (see golden.hpp).

#include "golden.hpp"

namespace davit::compose {
namespace {

class Messages : public ::testing::TestWithParam<std::string> {};

TEST_P(Messages, AreAsReviewed) {
  const std::string found = test::golden_case("messages", GetParam()).messages();
  test::expect_golden("messages", GetParam(), found);
  EXPECT_FALSE(found.empty()) << "a case must report something";
}

INSTANTIATE_TEST_SUITE_P(All, Messages, ::testing::ValuesIn(test::golden_names("messages")),
                         [](const auto& given) { return given.param; });

}  // namespace
}  // namespace davit::compose
