// A load, phase by phase, and what is made of its result, for 1000 and 10 000 services: what a phase costs, and whether
// it grows with the number of services and no faster (the second number should be about ten times the first).

#include <benchmark/benchmark.h>

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>

#include "compose/phases.hpp"
#include "davit/compose/render.hpp"
#include "davit/graph/graph.hpp"
#include "davit/yaml/parse.hpp"
#include "support/memory_files.hpp"

namespace {

using namespace davit;
using namespace davit::compose;

/// Services as people write them: short forms, a variable, a dependency on the one before.
std::string compose_text(std::int64_t services) {
  std::string text = "services:\n";
  for (std::int64_t i = 0; i < services; ++i) {
    const std::string n = std::to_string(i);
    text += "  s" + n + ":\n    image: registry/app-" + n +
            ":${TAG:-1.0}\n    command: serve --port 80\n    environment:\n      - NUMBER=" + n +
            "\n      - MODE=${MODE-production}\n    ports: [\"" + std::to_string(1024 + i) +
            ":80\"]\n    volumes: [\"data:/var/lib/data:ro\"]\n    mem_limit: 512m\n    healthcheck: {test: [CMD, "
            "\"true\"], interval: 1m30s}\n";
    if (i % 10 != 0) text += "    depends_on: {s" + std::to_string(i - 1) + ": {condition: service_healthy}}\n";
  }
  return text + "volumes: {data: {}}\n";
}

yaml::Node parsed(const std::string& text) {
  static const auto file = std::make_shared<const std::string>("compose.yaml");
  auto result = yaml::parse(text, file);
  if (result.diagnostics.has_errors()) throw std::runtime_error("the text is no YAML");
  return std::move(result.documents.front());
}

const Environment kEnvironment{{"MODE", "test"}};

using Phase = std::function<void(yaml::Node&)>;

struct Step {
  const char* name;
  Phase phase;
};

const std::vector<Step>& steps() {
  static Diagnostics diagnostics;
  static const std::vector<Step> all{
      {"interpolate", [](yaml::Node& tree) { interpolate_tree(tree, lookup_in(kEnvironment), diagnostics); }},
      {"merge",
       [](yaml::Node& tree) {
         yaml::Node base = tree;
         merge_tree(base, std::move(tree), "", diagnostics);
         enforce_unique(base);
         tree = std::move(base);
       }},
      {"validate", [](yaml::Node& tree) { validate_schema(tree, diagnostics); }},
      {"canonical", [](yaml::Node& tree) { make_canonical(tree, false, diagnostics); }},
      {"defaults",
       [](yaml::Node& tree) {
         set_defaults(tree);
         check_objects(tree, diagnostics);
       }},
      {"paths", [](yaml::Node& tree) { resolve_paths(tree, "/work", "/root", diagnostics); }},
      {"normalize", [](yaml::Node& tree) { normalize(tree, "bench", kEnvironment); }},
      {"decode", [](yaml::Node& tree) { decode_types(tree, diagnostics); }},
      {"consistency", [](yaml::Node& tree) { check_consistency(tree, yaml::Node::map(), diagnostics); }},
      {"bind",
       [](yaml::Node& tree) {
         model::Project project;
         bind_project(tree, yaml::Node::map(), project, diagnostics);
         benchmark::DoNotOptimize(project);
       }},
      {"render yaml", [](yaml::Node& tree) { benchmark::DoNotOptimize(render_document(tree, Format::Yaml)); }},
      {"render json", [](yaml::Node& tree) { benchmark::DoNotOptimize(render_document(tree, Format::Json)); }}};
  return all;
}

/// The phase alone, on what the phases before it have made.
void measure(benchmark::State& state, const Step& step) {
  yaml::Node before = parsed(compose_text(state.range(0)));
  for (const Step& earlier : steps()) {
    if (&earlier == &step) break;
    earlier.phase(before);
  }
  for (auto _ : state) {
    state.PauseTiming();
    auto tree = std::make_unique<yaml::Node>(before);
    state.ResumeTiming();
    step.phase(*tree);
    state.PauseTiming();
    tree.reset();
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void parse(benchmark::State& state) {
  const std::string text = compose_text(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(parsed(text));
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}

void order(benchmark::State& state) {
  graph::Graph graph;
  for (std::int64_t i = 1; i < state.range(0); ++i)
    graph.add_dependency("s" + std::to_string(i), "s" + std::to_string(i - (i % 10 == 0 ? 10 : 1)));
  for (auto _ : state) {
    benchmark::DoNotOptimize(graph.cycle());
    benchmark::DoNotOptimize(graph.levels());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void load_all(benchmark::State& state) {
  const test::MemoryFiles files({{"/work/compose.yaml", compose_text(state.range(0))}});
  LoadRequest request;
  request.cwd = "/work";
  request.environment = kEnvironment;
  for (auto _ : state) {
    const LoadResult result = load(request, files);
    if (!result.loaded) throw std::runtime_error("the project cannot be loaded");
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

}  // namespace

int main(int argc, char** argv) {
  const auto sized = [](benchmark::internal::Benchmark* one) {
    one->Arg(1000)->Arg(10000)->Unit(benchmark::kMillisecond);
  };
  sized(benchmark::RegisterBenchmark("parse", parse));
  for (const Step& step : steps())
    sized(benchmark::RegisterBenchmark(step.name, [&step](benchmark::State& state) { measure(state, step); }));
  sized(benchmark::RegisterBenchmark("order", order));
  sized(benchmark::RegisterBenchmark("load, all phases", load_all));
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
