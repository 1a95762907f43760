// `davit image`: import, load, ls, rm, inspect. (`image build` is in a file of its own.)

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

#include "commands.hpp"
#include "davit/base/error.hpp"
#include "davit/image/archive.hpp"
#include "davit/image/image_store.hpp"
#include "davit/state/values.hpp"
#include "image_listing.hpp"
#include "image_users.hpp"
#include "import_changes.hpp"
#include "option_values.hpp"
#include "terminal.hpp"

namespace davit::cli {
namespace {

using image::ImageStore;

void print_out(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

// --- import

struct ImportOptions {
  std::string tar;
  std::string name;
  std::vector<std::string> changes;
  std::string message;
};

int import_image(Context& context, const ImportOptions& options) {
  if (options.tar.find("://") != std::string::npos)
    throw Error(
        Diagnostic::error("not-supported", "cannot import '" + options.tar + "': only files and '-' are supported")
            .with_hint("fetch it first, or pipe it: curl … | davit image import -"));
  image::ImportOptions import;
  if (!options.name.empty()) import.name = image::Reference::parse(options.name).value();
  import.changes = parse_changes(options.changes);
  import.message = options.message.empty() ? "Imported from " + options.tar : options.message;
  const auto tar = image::open_source(options.tar);
  ImageStore store = ImageStore::open(context.data_root());
  print_out(image::import_root_tar(store, *tar, import).str() + "\n");
  return 0;
}

void add_import(Commands& commands, CLI::App* group) {
  auto options = std::make_shared<ImportOptions>();
  CLI::App* command = commands.add(
      "import",
      {.summary = "make an image from the tar of a root file system",
       .synopsis = "[OPTIONS] TAR|- [NAME[:TAG]]",
       .description = "Unpacks the archive (plain or compressed with gzip, zstd, xz, bzip2; '-' reads\n"
                      "standard input) into one layer and prints the id of the new image.",
       .examples =
           "davit image import rootfs.tar debian:mine\n"
           "davit image import --change 'CMD [\"bash\"]' --change 'ENV LANG=C.UTF-8' - debian:mine < rootfs.tar",
       .exit_status = ""},
      group);
  command->add_option("tar", options->tar)->required();
  command->add_option("name", options->name);
  command->add_option("-c,--change", options->changes, "apply a Dockerfile instruction (CMD, ENV, …); may be repeated")
      ->allow_extra_args(false)
      ->type_name("INSTRUCTION");
  command->add_option("-m,--message", options->message, "comment in the image's history")->type_name("TEXT");
  commands.on(command, [options](Context& context) { return import_image(context, *options); });
}

// --- load

struct LoadOptions {
  std::string input = "-";
  bool quiet = false;
};

int load_images(Context& context, const LoadOptions& options) {
  if (options.input == "-" && context.stdin_is_terminal)
    throw Error(Diagnostic::error("usage", "cannot load an archive from a terminal")
                    .with_hint("name the file with --input, or redirect it: davit image load < images.tar"));
  const auto archive = image::open_source(options.input);
  ImageStore store = ImageStore::open(context.data_root());
  for (const image::LoadedImage& loaded : image::load_archive(store, *archive)) {
    for (const std::string& tag : loaded.tags) print_out("Loaded image: " + tag + "\n");
    if (loaded.tags.empty()) print_out("Loaded image ID: " + loaded.id.str() + "\n");
  }
  return 0;
}

void add_load(Commands& commands, CLI::App* group) {
  auto options = std::make_shared<LoadOptions>();
  CLI::App* command =
      commands.add("load",
                   {.summary = "load images from an archive",
                    .synopsis = "[OPTIONS]",
                    .description = "Reads an archive of 'docker save' or an OCI image layout, compressed or not, and\n"
                                   "prints the names of the images in it.",
                    .examples = "docker save redis:7 | davit image load\ndavit image load -i images.tar.gz",
                    .exit_status = ""},
                   group);
  command->add_option("-i,--input", options->input, "read from a file instead of standard input")->type_name("FILE");
  command->add_flag("-q,--quiet", options->quiet, "accepted for docker's sake: no progress is shown");
  commands.on(command, [options](Context& context) { return load_images(context, *options); });
}

// --- ls

struct ListOptions {
  std::string name;
  std::string format = "table";
  bool quiet = false;
  bool no_trunc = false;
  bool all = false;
};

int list_images(Context& context, const ListOptions& options) {
  const ImageStore store = ImageStore::open(context.data_root());
  const auto lines = image_lines(store.list(), options.name, options.no_trunc ? IdLength::Full : IdLength::Short);
  const std::int64_t now = state::wall_time_now();
  if (options.quiet)
    print_out(image_ids(lines));
  else if (options.format == "json")
    print_out(image_json_lines(lines, now));
  else
    print_out(image_table(lines, now));
  return 0;
}

void add_list(Commands& commands, CLI::App* group) {
  auto options = std::make_shared<ListOptions>();
  CLI::App* command = commands.add("ls",
                                   {.summary = "list images",
                                    .synopsis = "[OPTIONS] [REPOSITORY[:TAG]]",
                                    .description = "Lists the images of this machine, newest first.",
                                    .examples = "davit image ls\ndavit image ls -q python",
                                    .exit_status = ""},
                                   group);
  command->alias("list");
  command->add_option("name", options->name);
  one_of(command->add_option("--format", options->format, "table or json")->type_name("FORMAT"), {"table", "json"});
  command->add_flag("-q,--quiet", options->quiet, "print ids only");
  command->add_flag("--no-trunc", options->no_trunc, "print ids whole");
  command->add_flag("-a,--all", options->all, "accepted for docker's sake: there are no hidden images");
  commands.on(command, [options](Context& context) { return list_images(context, *options); });
}

// --- rm

struct RemoveOptions {
  std::vector<std::string> images;
  bool force = false;
};

int remove_images(Context& context, const RemoveOptions& options) {
  ImageStore store = ImageStore::open(context.data_root());
  const auto users = image_users(context.data_root());
  int code = 0;
  for (const std::string& name : options.images) {
    try {
      if (options.force && !store.find(name)) continue;  // as docker: nothing to do is no mistake then
      const image::Removed removed =
          store.remove(name, options.force ? image::Removal::Forced : image::Removal::Normal, users);
      for (const std::string& tag : removed.untagged) print_out("Untagged: " + tag + "\n");
      for (const std::string& id : removed.deleted) print_out("Deleted: " + id + "\n");
    } catch (const Error& error) {
      print(context, error.diagnostic());
      code = 1;
    }
  }
  return code;
}

void add_remove(Commands& commands, CLI::App* group) {
  auto options = std::make_shared<RemoveOptions>();
  CLI::App* command =
      commands.add("rm",
                   {.summary = "remove images",
                    .synopsis = "[OPTIONS] IMAGE...",
                    .description = "Takes a name from an image; with its last name the image goes, and the layers no\n"
                                   "other image uses. An image that a container uses is kept.",
                    .examples = "davit image rm redis:7",
                    .exit_status = "0 when all were removed, 1 otherwise."},
                   group);
  command->alias("remove");
  command->add_option("images", options->images)->required();
  command->add_flag("-f,--force", options->force,
                    "take all names from an image given by its id, also when a container uses it");
  commands.on(command, [options](Context& context) { return remove_images(context, *options); });
}

// --- tag

struct TagOptions {
  std::string source;
  std::string target;
};

int tag_image(Context& context, const TagOptions& options) {
  ImageStore store = ImageStore::open(context.data_root());
  const auto reference = image::Reference::parse(options.target);
  if (!reference) throw Error(reference.error());
  const auto image = store.find(options.source);
  if (!image) throw Error(Diagnostic::error("no-such-image", "no such image: '" + options.source + "'"));
  store.tag(image->id, *reference);
  return 0;
}

void add_tag(Commands& commands, CLI::App* group) {
  auto options = std::make_shared<TagOptions>();
  CLI::App* command =
      commands.add("tag",
                   {.summary = "give an image another name",
                    .synopsis = "IMAGE NAME[:TAG]",
                    .description = "Gives an image one more name. An image that had the name before loses it.",
                    .examples = "davit image tag app:latest app:1.0",
                    .exit_status = ""},
                   group);
  command->add_option("IMAGE", options->source, "name or id")->required();
  command->add_option("NAME", options->target, "the new name")->required();
  commands.on(command, [options](Context& context) { return tag_image(context, *options); });
}

// --- prune

struct PruneOptions {
  bool all = false;
  bool force = false;
};

/// Images without a name, with --all those with one too, that no container uses.
int prune_images(Context& context, const PruneOptions& options) {
  const std::string which = options.all ? "all images that no container uses" : "all images without a name";
  if (!options.force && !confirmed("This removes " + which + ". Go on?")) return 0;
  ImageStore store = ImageStore::open(context.data_root());
  const auto users = image_users(context.data_root());
  const auto is_used = [&users](const image::Image& image) {
    return std::any_of(users.begin(), users.end(), [&](const auto& user) { return user.image == image.id; });
  };
  for (const image::Image& image : store.list()) {
    if ((!options.all && !image.tags.empty()) || is_used(image)) continue;
    const image::Removed removed = store.remove(image.id.str(), image::Removal::Forced, users);
    for (const std::string& tag : removed.untagged) print_out("Untagged: " + tag + "\n");
    for (const std::string& id : removed.deleted) print_out("Deleted: " + id + "\n");
  }
  return 0;
}

void add_prune(Commands& commands, CLI::App* group) {
  auto options = std::make_shared<PruneOptions>();
  CLI::App* command = commands.add(
      "prune",
      {.summary = "remove images that nothing needs",
       .synopsis = "[OPTIONS]",
       .description = "Removes images without a name that no container uses, and the layers that no other\n"
                      "image has. With --all, images with a name, too.",
       .examples = "davit image prune\ndavit image prune --all --force",
       .exit_status = ""},
      group);
  command->add_flag("-a,--all", options->all, "images with a name, too");
  command->add_flag("-f,--force", options->force, "do not ask");
  commands.on(command, [options](Context& context) { return prune_images(context, *options); });
}

// --- inspect

/// Below the list's bracket. No string of the JSON holds a line break as it is.
std::string indented(const std::string& json) {
  std::string text = "    ";
  for (const char c : json) {
    text += c;
    if (c == '\n') text += "    ";
  }
  return text;
}

int inspect_images(Context& context, const std::vector<std::string>& names) {
  const ImageStore store = ImageStore::open(context.data_root());
  std::string text;
  int code = 0;
  for (const std::string& name : names) {
    const auto image = store.find(name);
    if (image) {
      text += (text.empty() ? "" : ",\n") + indented(inspect_json(*image, store.config_json(image->id)));
      continue;
    }
    print(context, Diagnostic::error("no-such-image", "no such image: '" + name + "'"));
    code = 1;
  }
  print_out(text.empty() ? "[]\n" : "[\n" + text + "\n]\n");
  return code;
}

void add_inspect(Commands& commands, CLI::App* group) {
  auto names = std::make_shared<std::vector<std::string>>();
  CLI::App* command =
      commands.add("inspect",
                   {.summary = "show all about images, as JSON",
                    .synopsis = "IMAGE...",
                    .description = "Prints a list with one object for each image, with docker's member names.",
                    .examples = "davit image inspect python:3.11-slim",
                    .exit_status = "0 when all were found, 1 otherwise."},
                   group);
  command->add_option("images", *names)->required();
  commands.on(command, [names](Context& context) { return inspect_images(context, *names); });
}

}  // namespace

CLI::App* add_image(Commands& commands) {
  CLI::App* group =
      commands.add("image", {.summary = "manage images",
                             .synopsis = "COMMAND",
                             .description = "Imports, loads, lists and removes the images of this machine.",
                             .examples = "davit image ls",
                             .exit_status = ""});
  group->require_subcommand(0, 1);
  add_import(commands, group);
  add_load(commands, group);
  add_list(commands, group);
  add_remove(commands, group);
  add_inspect(commands, group);
  add_tag(commands, group);
  add_prune(commands, group);
  return group;
}

}  // namespace davit::cli
