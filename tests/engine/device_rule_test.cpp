#include "davit/engine/device_rule.hpp"

#include <gtest/gtest.h>

namespace davit::engine {
namespace {

TEST(DeviceRule, HasTypeNumbersAndAccess) {
  EXPECT_EQ(parse_device_rule("c 1:3 rwm"), (DeviceRule{'c', 1, 3, "rwm"}));
  EXPECT_EQ(parse_device_rule("b 8:* r"), (DeviceRule{'b', 8, std::nullopt, "r"}));
  EXPECT_EQ(parse_device_rule("a *:* m"), (DeviceRule{'a', std::nullopt, std::nullopt, "m"}));
}

TEST(DeviceRule, AnythingElseIsRefusedAsByDocker) {
  for (const char* const wrong :
       {"", "c", "c 1:3", "c 1:3 ", "c 1:3 q", "c 1:3 rwmr", "x 1:3 r", "c 240:x r", "c -1:3 r", "c 1:3  r", " c 1:3 r",
        "c 1 3 r", "c :3 r", "c 1: r", "c 4294967296:0 r", "cc 1:3 r"})
    EXPECT_EQ(parse_device_rule(wrong), std::nullopt) << wrong;
}

}  // namespace
}  // namespace davit::engine
