#include "session.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>

#include "davit/async/event.hpp"

namespace davit::cli {
namespace {

constexpr int kInterrupted = 130;

embedded::EngineOptions engine_options(const Context& context, const std::string& project, const std::string& cause) {
  embedded::EngineOptions options;
  options.project = project;
  options.data_root = context.data_root();
  options.run_root = context.run_root();
  options.supervisor_command = {context.executable, "--data-root", options.data_root, "--run-root",
                                options.run_root,   "supervisor",  "--project",       project};
  options.cause = cause;
  options.notice = [&context](const std::string& text) { print(context, Diagnostic::warning("waiting", text)); };
  return options;
}

/// The command, and then the orderly end of its engine, also after a failure.
Task<int> with_close(embedded::EmbeddedEngine& engine, Task<int> command) {
  int code = 1;
  std::exception_ptr failure;
  try {
    code = co_await std::move(command);
  } catch (...) {
    failure = std::current_exception();
  }
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  co_await engine.close();
  if (failure) std::rethrow_exception(failure);
  co_return code;
}

}  // namespace

/// SIGINT and SIGTERM: cancel the command, or, once somebody has asked for them, are handed over one by one.
class Session::Signals final : public runtime::Interrupts {
 public:
  explicit Signals(asio::io_context& loop) : set_(loop, SIGINT, SIGTERM), arrived_(loop.get_executor()) { listen(); }

  Task<void> next() override {
    while (count_ == taken_) co_await arrived_.wait();
    ++taken_;
  }

  [[nodiscard]] bool is_pending() const override { return count_ > taken_; }

  void give_up() { set_.clear(); }
  void hand_over() { handed_over_ = true; }
  void close() { set_.cancel(); }
  [[nodiscard]] bool cancelled() const { return cancelled_; }
  asio::cancellation_signal& cancellation() { return cancellation_; }

 private:
  void listen() {
    set_.async_wait([this](const boost::system::error_code& error, int) {
      if (error) return;
      if (handed_over_) {
        ++count_;
        arrived_.notify();
      } else {
        cancelled_ = true;
        cancellation_.emit(asio::cancellation_type::terminal);
      }
      listen();
    });
  }

  asio::signal_set set_;
  Event arrived_;
  asio::cancellation_signal cancellation_;
  bool handed_over_ = false;
  bool cancelled_ = false;
  int count_ = 0;
  int taken_ = 0;
};

Session::Session(Context& context, std::string project, const std::string& cause)
    : context_(context),
      project_(std::move(project)),
      signals_(std::make_unique<Signals>(loop_)),
      engine_options_(cli::engine_options(context, project_, cause)),
      engine_(engine_options_, timers_) {}

Session::~Session() = default;

runtime::Interrupts& Session::interrupts() {
  signals_->hand_over();
  return *signals_;
}

void Session::give_up_signals() {
  signals_->give_up();
}

int Session::run(Task<int> command) {
  std::exception_ptr failure;
  int code = 1;
  auto done = [&](const std::exception_ptr& error, int result) {
    failure = error;
    code = result;
    signals_->close();
  };
  Task<int> whole = with_close(engine_, std::move(command));
  asio::co_spawn(loop_, std::move(whole), asio::bind_cancellation_slot(signals_->cancellation().slot(), done));
  loop_.run();
  if (signals_->cancelled()) {
    // Whatever the cancellation turned into on its way up, the user asked for the end.
    return kInterrupted;
  }
  if (failure) std::rethrow_exception(failure);
  return code;
}

}  // namespace davit::cli
