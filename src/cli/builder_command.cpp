// `davit builder`: how much the build cache takes, and how it is made smaller.

#include <CLI/CLI.hpp>
#include <cstdio>

#include "cache_listing.hpp"
#include "commands.hpp"
#include "davit/build/prune.hpp"
#include "davit/state/values.hpp"
#include "human.hpp"
#include "prune_flags.hpp"
#include "terminal.hpp"

namespace davit::cli {
namespace {

void print_out(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

int show_usage(const Context& context, bool verbose) {
  image::ImageStore store = image::ImageStore::open(context.data_root());
  const std::vector<build::CacheItem> items = build::cache_items(store);
  const std::int64_t now = state::wall_time_now();
  if (verbose) {
    print_out(cache_blocks(items, now));
  } else if (!items.empty()) {
    print_out(cache_table(items, now));
  }
  print_out(cache_totals(items));
  return 0;
}

void add_usage(Commands& commands, CLI::App* group) {
  auto verbose = std::make_shared<bool>(false);
  CLI::App* command = commands.add(
      "du",
      {.summary = "show what the build cache takes",
       .synopsis = "[OPTIONS]",
       .description = "Lists results of steps and cache mounts with their sizes. A '*' after an id marks a cache\n"
                      "mount; one after a size, what an image has, too: removing it from the cache sets nothing\n"
                      "free.",
       .examples = "davit builder du\ndavit builder du --verbose",
       .exit_status = "",
       .dry_run = DryRun::Harmless},
      group);
  command->add_flag("--verbose", *verbose, "show all about each, such as its instruction");
  commands.on(command, [verbose](Context& context) { return show_usage(context, *verbose); });
}

int prune(Context& context, const PruneFlags& flags) {
  const build::CacheRule rule = prune_rule(flags);
  const std::string which = flags.all ? "the build cache" : "what only the build cache has";
  if (!flags.force && !confirmed("This removes " + which + ". Go on?")) return 0;
  image::ImageStore store = image::ImageStore::open(context.data_root());
  const build::Pruned pruned =
      build::prune_cache(store, {rule}, [&context](const Diagnostic& warning) { print(context, warning); });
  const std::int64_t now = state::wall_time_now();
  std::int64_t bytes = 0;
  for (const build::CacheItem& item : pruned.removed) bytes += build::gain(item);
  if (!pruned.removed.empty())
    print_out(flags.verbose ? cache_blocks(pruned.removed, now) : cache_table(pruned.removed, now));
  print_out("Total:\t" + human_size(bytes) + "\n");
  if (pruned.steps == build::Pruned::Steps::Busy)
    print(context, Diagnostic::warning("builder-busy", "the results of steps stay: another command makes layers")
                       .with_hint("repeat it when builds and loads of images have ended"));
  return 0;
}

void add_prune(Commands& commands, CLI::App* group) {
  auto flags = std::make_shared<PruneFlags>();
  CLI::App* command = commands.add(
      "prune",
      {.summary = "remove build cache",
       .synopsis = "[OPTIONS]",
       .description =
           "Removes results of steps and cache mounts. What an image has stays with its image; with --all\n"
           "it is forgotten by the cache, and the next build makes it anew. Nothing is taken from a build\n"
           "that is at work.\n"
           "\n"
           "The options with sizes set limits: then only so much goes, what was not used for longest first.\n"
           "Without being asked, davit does this after builds: the cache has at most four fifths of the\n"
           "disk and leaves a fifth of it free, but a tenth is always its own.",
       .examples = "davit builder prune\ndavit builder prune -af\ndavit builder prune --filter until=48h\n"
                   "davit builder prune --max-used-space 10gb",
       .exit_status = ""},
      group);
  command->add_flag("-a,--all", flags->all, "what images have, too");
  command->add_flag("-f,--force", flags->force, "do not ask");
  command
      ->add_option("--filter", flags->filters,
                   "only what was not used for a time (until=24h), or is of a type (type=regular, "
                   "type=exec.cachemount); repeat")
      ->allow_extra_args(false)
      ->type_name("FILTER");
  command->add_option("--max-used-space", flags->max_used_space, "keep so much at most")->type_name("BYTES");
  command->add_option("--min-free-space", flags->min_free_space, "leave so much of the disk free")->type_name("BYTES");
  command->add_option("--reserved-space,--keep-storage", flags->reserved_space, "keep so much in any case")
      ->type_name("BYTES");
  command->add_flag("--verbose", flags->verbose, "show all about each that is removed");
  commands.on(command, [flags](Context& context) { return prune(context, *flags); });
}

}  // namespace

void add_builder(Commands& commands) {
  CLI::App* group =
      commands.add("builder", {.summary = "manage the build cache",
                               .synopsis = "COMMAND",
                               .description = "Shows how much room the build cache takes, and makes it smaller.",
                               .examples = "davit builder du",
                               .exit_status = ""});
  group->require_subcommand(0, 1);
  add_usage(commands, group);
  add_prune(commands, group);
}

}  // namespace davit::cli
