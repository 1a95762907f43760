// The contract on the engine that tests of other rooms use: what they rely on must be true of it.

#include <boost/asio/co_spawn.hpp>

#include "engine/contract_suite.hpp"
#include "support/fake_engine.hpp"
#include "support/manual_timers.hpp"

namespace davit::test {
namespace {

using namespace std::chrono_literals;

class FakeUnderTest final : public EngineUnderTest {
 public:
  engine::Engine& engine() override { return engine_; }

  engine::ContainerSpec spec(const std::string& name, const Behaviour& behaviour) override {
    engine::ContainerSpec spec;
    spec.name = name;
    spec.project = "contract";
    spec.service = name;  // scripts are by service
    spec.image = ImageId("sha256:image");
    spec.args = {"program"};
    spec.network_mode = "none";
    spec.restart = behaviour.restart;
    if (behaviour.probe != Behaviour::Probe::None) spec.healthcheck.emplace().test = {"CMD", "true"};
    Script& script = engine_.scripts[name];
    script.exit_code = behaviour.exit_code;
    if (behaviour.life == Behaviour::Life::Ends) script.run_for = 10ms;
    script.ignores_sigterm = behaviour.life == Behaviour::Life::IgnoresTerm;
    if (behaviour.probe == Behaviour::Probe::Succeeds) script.healthy_after = 10ms;
    if (behaviour.probe == Behaviour::Probe::Fails) script.unhealthy_after = 30ms;
    return spec;
  }

  void run(Task<void> task) override {
    std::exception_ptr error;
    bool done = false;
    asio::co_spawn(io_, std::move(task), [&](const std::exception_ptr& e) {
      error = e;
      done = true;
    });
    for (int i = 0; i < 1000 && !done; ++i) timers_.advance(10ms);
    if (!done) throw Error("the test has not ended within ten seconds of its own time");
    if (error) std::rethrow_exception(error);
  }

  std::string unique(const std::string& name) override { return "contract_" + name; }

 private:
  asio::io_context io_;
  ManualTimers timers_{io_};
  FakeEngine engine_{io_, timers_, "contract"};
};

INSTANTIATE_TEST_SUITE_P(Fake, EngineContract,
                         ::testing::Values(EngineFactory([] { return std::make_unique<FakeUnderTest>(); })));

}  // namespace
}  // namespace davit::test
