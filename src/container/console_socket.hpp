#pragma once
// The socket over which an OCI runtime hands us the terminal it has made (--console-socket). Private to the room.

#include <string>

#include "davit/base/fd.hpp"
#include "davit/base/unix_address.hpp"

namespace davit::container {

class ConsoleSocket {
 public:
  /// Listens on "console.sock" in `folder`. The folder's path may be longer than a socket address can hold.
  explicit ConsoleSocket(const std::string& folder);
  ~ConsoleSocket();
  ConsoleSocket(const ConsoleSocket&) = delete;
  ConsoleSocket& operator=(const ConsoleSocket&) = delete;

  /// The path for the runtime; good while this process lives.
  [[nodiscard]] std::string path() const;
  /// The master end, after the runtime has ended with success. Throws Error if it sent none.
  [[nodiscard]] Fd receive() const;

 private:
  UnixAddress address_;
  Fd listener_;
};

}  // namespace davit::container
