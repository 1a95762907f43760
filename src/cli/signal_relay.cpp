#include "signal_relay.hpp"

#include <csignal>
#include <utility>

namespace davit::cli {

SignalRelay::Act SignalRelay::on(int signal, process::Reaction reaction) {
  if (signal == SIGUSR1 || signal == SIGUSR2) return Act::Pass;  // they ask for something else
  const bool again = std::exchange(asked_, true);
  if (!again && reaction != process::Reaction::Drops) return Act::Pass;
  forced_ = true;
  return again ? Act::Kill : Act::Stop;
}

}  // namespace davit::cli
