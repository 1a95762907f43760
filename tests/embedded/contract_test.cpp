// The contract on the embedded engine, with real containers.

#include "embedded/engine_fixture.hpp"
#include "engine/contract_suite.hpp"

namespace davit::embedded::test {
namespace {

using davit::test::Behaviour;

/// The fixture of this room as an engine for the contract: its end checks that nothing is left on the machine.
class EmbeddedUnderTest final : public davit::test::EngineUnderTest, private EngineTest {
 public:
  engine::Engine& engine() override { return *engine_; }

  engine::ContainerSpec spec(const std::string& name, const Behaviour& behaviour) override {
    engine::ContainerSpec spec = shell("s", script(behaviour));
    spec.name = name;
    spec.network_mode = "none";
    spec.restart = behaviour.restart;
    if (behaviour.probe == Behaviour::Probe::None) return spec;
    engine::Healthcheck& check = spec.healthcheck.emplace();
    check.test = {"CMD", behaviour.probe == Behaviour::Probe::Succeeds ? "/bin/true" : "/bin/false"};
    check.interval = 20ms;
    check.retries = 2;
    return spec;
  }

  void run(Task<void> task) override { EngineTest::run(std::move(task)); }
  std::string unique(const std::string& name) override { return options_.project + "_" + name; }

 private:
  void TestBody() override {}

  static std::string script(const Behaviour& behaviour) {
    switch (behaviour.life) {
      case Behaviour::Life::RunsOn:
        return "exec sleep 1000";
      case Behaviour::Life::Ends:
        return "exit " + std::to_string(behaviour.exit_code);
      case Behaviour::Life::IgnoresTerm:
        return "trap '' TERM; while :; do sleep 1; done";
    }
    return "";
  }
};

}  // namespace
}  // namespace davit::embedded::test

namespace davit::test {

INSTANTIATE_TEST_SUITE_P(Embedded, EngineContract, ::testing::Values(EngineFactory([] {
                           return std::make_unique<embedded::test::EmbeddedUnderTest>();
                         })));

}  // namespace davit::test
