#include "davit/yaml/parse.hpp"

#include <gtest/gtest.h>

namespace davit::yaml {
namespace {

Parsed parse_text(std::string_view text, const Limits& limits = {}) {
  return parse(text, std::make_shared<const std::string>("f.yaml"), limits);
}

std::string messages(const Parsed& parsed) {
  std::string all;
  for (const auto& item : parsed.diagnostics.items())
    all += (item.where ? item.where->to_string() : "?") + ": " + item.message + "\n";
  return all;
}

TEST(Parse, EveryKeyAndValueHasItsPlace) {
  const auto parsed = parse_text("services:\n  web:\n    image: \"nginx:1\"\n    ports: [80, '81']\n");
  ASSERT_EQ(messages(parsed), "");
  const Node* web = parsed.documents.at(0).find("services")->find("web");
  const Entry* image = web->find_entry("image");
  EXPECT_EQ(image->key_span.begin, (Position{3, 5}));
  EXPECT_EQ(image->key_span.end, (Position{3, 10}));
  EXPECT_EQ(image->value.span.begin, (Position{3, 12}));
  EXPECT_EQ(image->value.span.end, (Position{3, 21}));
  EXPECT_TRUE(image->value.quoted);
  const Node* ports = web->find("ports");
  EXPECT_EQ(ports->items.at(0).kind, Kind::Int);
  EXPECT_EQ(ports->items.at(1).kind, Kind::String);
  EXPECT_EQ(ports->items.at(1).span.begin, (Position{4, 17}));
}

TEST(Parse, DuplicateKeysShowBothPlaces) {
  const auto parsed = parse_text("a: 1\nb: 2\na: 3\n");
  EXPECT_EQ(messages(parsed), "f.yaml:3:1: the key 'a' is already defined in this mapping\n");
  EXPECT_EQ(parsed.diagnostics.items().at(0).notes.at(0).where->begin, (Position{1, 1}));
}

TEST(Parse, MergeKeysYieldToOwnKeysAndEarlierMappings) {
  const auto parsed = parse_text("a: &a {x: 1, y: 1}\nb: &b {x: 2, z: 2}\nc:\n  <<: [*a, *b]\n  y: 3\n");
  ASSERT_EQ(messages(parsed), "");
  const Node* c = parsed.documents.at(0).find("c");
  EXPECT_EQ(c->find("x")->text, "1");
  EXPECT_EQ(c->find("y")->text, "3");
  EXPECT_EQ(c->find("z")->text, "2");
  EXPECT_FALSE(c->contains("<<"));
}

TEST(Parse, AliasIsACopyWithItsOwnPlace) {
  const auto parsed = parse_text("a: &x [1]\nb: *x\n");
  EXPECT_EQ(parsed.documents.at(0).find("b")->items.size(), 1U);
  EXPECT_EQ(parsed.documents.at(0).find("b")->span.begin, (Position{2, 4}));
}

TEST(Parse, ComposeTagsStayOnTheirNodes) {
  const auto parsed = parse_text("a: !reset\nb: !reset null\nc: !override [1]\nd: !override {x: 1}\n");
  ASSERT_EQ(messages(parsed), "");
  const Node& root = parsed.documents.at(0);
  EXPECT_EQ(root.find("a")->tag, Tag::Reset);
  EXPECT_EQ(root.find("b")->tag, Tag::Reset);
  EXPECT_EQ(root.find("c")->tag, Tag::Override);
  EXPECT_EQ(root.find("d")->tag, Tag::Override);
}

TEST(Parse, SeveralDocuments) {
  EXPECT_EQ(parse_text("a: 1\n---\nb: 2\n").documents.size(), 2U);
}

TEST(Parse, KeysMustBeStrings) {
  EXPECT_EQ(messages(parse_text("1: a\n")), "f.yaml:1:1: a key must be a string, found an integer '1'\n");
}

TEST(Parse, BadBytesAreNamed) {
  EXPECT_EQ(messages(parse_text(std::string_view("a: \0b", 5))), "f.yaml:1:4: a NUL byte is not allowed in YAML\n");
  EXPECT_EQ(messages(parse_text("a: 1\nb: \xff\n")), "f.yaml:2:4: byte 0xFF is not valid UTF-8\n");
}

TEST(Parse, AliasBombStopsAtTheLimit) {
  std::string text = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int k = 0; k < 10; ++k) text += (k == 0 ? "" : ",") + before;
    text += "]\n";
  }
  EXPECT_NE(messages(parse_text(text)).find("aliases copy more than"), std::string::npos);
}

TEST(Parse, DepthStopsAtTheLimit) {
  EXPECT_NE(messages(parse_text(std::string(10000, '['))).find("nested deeper"), std::string::npos);
  std::string block;
  for (int i = 0; i < 1000; ++i) block += std::string(static_cast<std::size_t>(i), ' ') + "a:\n";
  EXPECT_NE(messages(parse_text(block)).find("nested deeper"), std::string::npos);
}

TEST(Parse, SelfReferenceIsAnError) {
  EXPECT_NE(messages(parse_text("a: &a [*a]\n")), "");
}

TEST(Parse, SyntaxErrorsHaveAPlaceAndAHint) {
  const auto parsed = parse_text("a:\n\tb: 1\n");
  ASSERT_EQ(parsed.diagnostics.items().size(), 1U);
  EXPECT_TRUE(parsed.diagnostics.items().at(0).where.has_value());
  EXPECT_EQ(parsed.diagnostics.items().at(0).hint, "indent with blanks, YAML does not allow tabs");
}

TEST(Parse, AQuoteThatNeverEndsIsAnError) {
  EXPECT_EQ(messages(parse_text("a: \"b\nc: 1\n")), "f.yaml:1:4: invalid YAML: a quote that is never closed\n");
  EXPECT_EQ(messages(parse_text("a: 'it''s'\n")), "");
}

TEST(Parse, AStrayBracketIsAnErrorAndNoEndlessLoop) {
  for (const std::string_view text : {",", "]", "}", "a: 1\n]\n", ",services:\n  web:\n", "---\n,"})
    EXPECT_NE(messages(parse_text(text)), "") << text;
  EXPECT_EQ(parse_text("---\n---\na: 1\n...\n---\n").documents.size(), 3U);
}

TEST(Parse, AnEmptyValueHasThePlaceOfItsKey) {
  const auto parsed = parse_text("a:\n\nb: ~\n");
  EXPECT_EQ(parsed.documents.at(0).find("a")->span.begin, (Position{1, 1}));
  EXPECT_EQ(parsed.documents.at(0).find("b")->span.begin, (Position{3, 4}));
}

TEST(Node, MapsStaySortedAndSearchable) {
  Node map = Node::map();
  map.set("b", Node::string("1"));
  map.set("a", Node::string("2"));
  map.set("b", Node::string("3"));
  std::vector<Entry> fresh;
  fresh.push_back({"d", {}, Node::string("4")});
  fresh.push_back({"c", {}, Node::string("5")});
  map.add_missing(std::move(fresh));
  std::string keys;
  for (const Entry& entry : map.entries) keys += entry.key + entry.value.text;
  EXPECT_EQ(keys, "a2b3c5d4");
  EXPECT_TRUE(map.erase("c"));
  EXPECT_FALSE(map.contains("c"));
}

}  // namespace
}  // namespace davit::yaml
