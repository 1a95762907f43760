#include "embedded/http_client.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <vector>

#include "davit/base/unix_address.hpp"

namespace davit::embedded {
namespace {

/// Beast reads as much as the buffer has room for, at least 512 bytes: too little for an answer about many containers.
constexpr std::size_t kReadSize = 65536;

namespace http = boost::beast::http;
using Socket = asio::local::stream_protocol::socket;
using boost::system::error_code;

constexpr std::uint64_t kMaxBody = 256U << 20U;

http::request<http::string_body> make_message(const HttpRequest& request) {
  http::request<http::string_body> message;
  message.method_string(request.method);
  message.target(make_target(request.path, request.query));
  message.version(11);
  message.set(http::field::host, "davit");
  if (!request.cause.empty()) message.set("Davit-Cause", request.cause);
  if (!request.turn.empty()) message.set("Davit-Turn", request.turn);
  if (request.first_sent) message.set("Davit-First-Sent", std::to_string(*request.first_sent));
  message.body() = request.body;
  message.prepare_payload();
  return message;
}

class UpgradedStdin final : public StdinStream {
 public:
  explicit UpgradedStdin(Socket socket) : socket_(std::move(socket)) {}

  Task<void> write(std::string bytes) override {
    error_code error;
    co_await asio::async_write(socket_, asio::buffer(bytes), asio::redirect_error(asio::use_awaitable, error));
    if (error == asio::error::operation_aborted) throw boost::system::system_error(error);
    if (error) throw Error("the container takes no more input");
  }

  Task<void> close() override {
    // Nothing ever comes from there but its end, and then this end of ours would be lost.
    char nothing = 0;
    if (::recv(socket_.native_handle(), &nothing, 1, MSG_PEEK | MSG_DONTWAIT) == 0)
      throw Error("the container takes no more input");
    error_code ignored;
    socket_.shutdown(Socket::shutdown_send, ignored);
    co_return;
  }

 private:
  Socket socket_;
};

}  // namespace

struct HttpClient::Impl {
  /// An open connection; nullopt when nobody listens, or for the reason in `error`.
  Task<std::optional<Socket>> connect(error_code& error) {
    const auto executor = co_await asio::this_coro::executor;
    Socket socket(executor);
    const std::optional<UnixAddress> address = UnixAddress::find(path);
    if (!address) co_return std::nullopt;  // without its folder nobody listens
    const asio::local::stream_protocol::endpoint where(address->path());
    co_await socket.async_connect(where, asio::redirect_error(asio::use_awaitable, error));
    if (error == asio::error::operation_aborted) throw boost::system::system_error(error);
    if (error) co_return std::nullopt;
    co_return std::move(socket);
  }

  Task<std::optional<Socket>> connect() {
    error_code ignored;
    std::optional<Socket> socket = co_await connect(ignored);
    co_return std::move(socket);
  }

  /// The error, if the connection broke.
  Task<error_code> exchange(Socket& socket, const HttpRequest& request, HttpResponse& out) {
    http::request<http::string_body> message = make_message(request);
    error_code error;
    co_await http::async_write(socket, message, asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return error;
    boost::beast::flat_buffer buffer;
    buffer.reserve(kReadSize);
    http::response_parser<http::string_body> parser;
    parser.body_limit(kMaxBody);
    co_await http::async_read(socket, buffer, parser, asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return error;
    out.status = parser.get().result_int();
    out.body = std::move(parser.get().body());
    co_return error;
  }

  /// For the next request.
  void keep(Socket socket) {
    idle.push_back(std::move(socket));
    was_connected = true;
  }

  std::string path;
  std::vector<Socket> idle;
  bool was_connected = false;
};

HttpClient::HttpClient(std::string socket_path) : impl_(std::make_unique<Impl>()) {
  impl_->path = std::move(socket_path);
}

HttpClient::~HttpClient() = default;

Task<HttpClient::Reply> HttpClient::request(HttpRequest request) {
  Impl& impl = *impl_;
  std::optional<Socket> socket;
  // An idle connection may be broken already, which would look as if the request had been sent in vain.
  const bool take_idle = request.when_broken == WhenBroken::SendAgain && !impl.idle.empty();
  if (take_idle) {
    socket = std::move(impl.idle.back());
    impl.idle.pop_back();
  } else {
    socket = co_await impl.connect();
  }
  Reply reply;
  if (!socket) co_return reply;
  HttpResponse response;
  const error_code error = co_await impl.exchange(*socket, request, response);
  if (error == asio::error::operation_aborted) throw boost::system::system_error(error);
  if (error) {
    impl.idle.clear();  // they lead to the same supervisor, which is gone
    reply.sent = true;
    co_return reply;
  }
  impl.keep(std::move(*socket));
  reply.response = std::move(response);
  co_return reply;
}

Task<bool> HttpClient::connect() {
  error_code error;
  std::optional<Socket> socket = co_await impl_->connect(error);
  if (error && error != asio::error::connection_refused && error != boost::system::errc::no_such_file_or_directory)
    throw_system_error("connect to", impl_->path, error.value());
  if (!socket) co_return false;
  impl_->keep(std::move(*socket));
  co_return true;
}

Task<std::unique_ptr<StdinStream>> HttpClient::attach(HttpRequest request) {
  std::optional<Socket> socket = co_await impl_->connect();
  if (!socket) co_return nullptr;
  http::request<http::string_body> message = make_message(request);
  message.set(http::field::connection, "Upgrade");
  message.set(http::field::upgrade, "davit-stdin");
  error_code error;
  co_await http::async_write(*socket, message, asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return nullptr;
  boost::beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  co_await http::async_read_header(*socket, buffer, parser, asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return nullptr;
  if (parser.get().result() != http::status::switching_protocols) {
    co_await http::async_read(*socket, buffer, parser, asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return nullptr;
    throw error_from_json(parser.get().body());
  }
  std::unique_ptr<StdinStream> stream = std::make_unique<UpgradedStdin>(std::move(*socket));
  co_return stream;
}

bool HttpClient::was_connected() const {
  return impl_->was_connected;
}

void HttpClient::close_idle() {
  impl_->idle.clear();
}

}  // namespace davit::embedded
