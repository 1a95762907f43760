#include <unistd.h>

#include <cerrno>
#include <vector>

#include "commands.hpp"
#include "copy_stream.hpp"
#include "davit/base/error.hpp"
#include "option_values.hpp"
#include "project_loading.hpp"
#include "service_choice.hpp"
#include "session.hpp"

namespace davit::cli {
namespace {

struct Options {
  std::string source;
  std::string destination;
  int index = 0;
  bool all = false;
  bool archive = false;
  bool follow_link = false;
};

void to_standard_output(std::span<const char> bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::write(STDOUT_FILENO, bytes.data(), bytes.size());
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) throw_system_error("write", "standard output", errno);
    bytes = bytes.subspan(static_cast<std::size_t>(sent));
  }
}

/// In a container every path begins at its root.
std::string inside(const std::string& path) {
  return path.starts_with('/') ? path : "/" + path;
}

void copy_from(const engine::ObservedContainer& container, const Options& options, const CopyEnd& from,
               const CopyEnd& to) {
  const FileTree tree = FileTree::of(container);
  std::string source = inside(from.path);
  if (options.follow_link) source = tree.follow(source);
  const PathKind kind = tree.look(source);
  if (to.is_stream()) {
    if (kind == PathKind::Absent)
      throw Error("no such file or folder in container '" + container.name + "': '" + source + "'");
    const std::string name = split_path(source).second;
    return send_tree(tree, source, name.empty() || name == "." ? "" : name, to_standard_output);
  }
  const FileTree here = FileTree::here();
  const CopyTarget target = copy_target(source, kind, to.path, here.look(to.path)).value();
  std::optional<std::pair<uid_t, gid_t>> owner;
  if (!options.archive) owner = {::geteuid(), ::getegid()};
  copy_tree(tree, source, here, target, owner);
}

void copy_to(const engine::ObservedContainer& container, const Options& options, const CopyEnd& from,
             const CopyEnd& to) {
  const FileTree tree = FileTree::of(container);
  std::optional<std::pair<uid_t, gid_t>> owner;
  if (!options.archive) owner = {0, 0};
  const std::string destination = inside(to.path);
  if (from.is_stream()) return receive_tree(tree, destination, owner);
  const FileTree here = FileTree::here();
  const std::string source = options.follow_link ? here.follow(from.path) : from.path;
  const CopyTarget target = copy_target(source, here.look(source), destination, tree.look(destination)).value();
  copy_tree(here, source, tree, target, owner);
}

/// Those that a copy goes to: all of the service, or the one asked for; with --all those of `run` too.
std::vector<const engine::ObservedContainer*> receivers(const engine::Observed& observed, const std::string& service,
                                                        const Options& options) {
  if (options.index > 0) return {&choose_container(observed, service, options.index)};
  std::vector<const engine::ObservedContainer*> chosen;
  for (const auto& container : observed.containers)
    if (container.service == service && container.pid != 0 && (options.all || !container.one_off))
      chosen.push_back(&container);
  if (chosen.empty()) chosen.push_back(&choose_container(observed, service, 0));
  return chosen;
}

Task<int> cp(Session& session, Options options) {
  const CopyEnd from = parse_copy_end(options.source);
  const CopyEnd to = parse_copy_end(options.destination);
  if (from.service && to.service)
    throw Error(Diagnostic::error("usage", "copying between services is not supported")
                    .with_hint("copy to this machine first, or: davit cp A:PATH - | davit cp - B:PATH"));
  if (!from.service && !to.service)
    throw Error(Diagnostic::error("usage", "unknown copy direction: neither side is a service")
                    .with_hint("write a service as SERVICE:PATH"));
  const engine::Observed observed = co_await session.engine().observe();
  session.give_up_signals();
  if (from.service) {
    copy_from(choose_container(observed, *from.service, options.index), options, from, to);
  } else {
    for (const auto* container : receivers(observed, *to.service, options)) copy_to(*container, options, from, to);
  }
  co_return 0;
}

}  // namespace

void add_cp(Commands& commands) {
  auto options = std::make_shared<Options>();
  CLI::App* command = commands.add(
      "cp",
      {.summary = "copy files to and from running containers",
       .synopsis = "[OPTIONS] SERVICE:PATH PATH|-\n    davit cp [OPTIONS] PATH|- SERVICE:PATH",
       .description = "Copies a file or folder out of the first container of the service, or into all of them. '-' is\n"
                      "a tar on standard output or input. A folder that ends in '/.' stands for what is in it.\n"
                      "Without --archive the copies belong to you, and in a container to root.",
       .examples = "davit cp web:/etc/nginx/nginx.conf .\ndavit cp ./html/. web:/usr/share/nginx/html\ndavit cp "
                   "web:/var/log - | tar t",
       .exit_status = ""});
  command->add_flag("--all", options->all, "into the containers of 'run', too");
  command->add_flag("-a,--archive", options->archive, "keep the owners of files");
  command->add_flag("-L,--follow-link", options->follow_link, "copy what a symbolic link leads to");
  whole_number(command->add_option("--index", options->index, "number of the container, if the service has several")
                   ->type_name("N"),
               {}, "2");
  command->add_option("SOURCE", options->source, "SERVICE:PATH, PATH or '-'")->required();
  command->add_option("DESTINATION", options->destination, "SERVICE:PATH, PATH or '-'")->required();
  commands.on(command, [options](Context& context) {
    Session session(context, load_project_or_name(context).name, "davit cp");
    return session.run(cp(session, *options));
  });
}

}  // namespace davit::cli
