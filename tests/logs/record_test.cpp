#include "davit/logs/record.hpp"

#include <gtest/gtest.h>

#include "davit/logs/assembler.hpp"

namespace davit::logs {
namespace {

const std::string kTime = "2026-11-23T03:30:00.123456789Z";

Record parse(std::string_view line) {
  static TimestampText scratch;
  return parse_record(line, scratch);
}

TEST(Record, ReadsTheFourKinds) {
  for (const Stream stream : {Stream::Stdout, Stream::Stderr}) {
    for (const std::string tag : {"F", "P"}) {
      const std::string line = kTime + " " + std::string(name(stream)) + " " + tag + " some text ";
      const Record record = parse(line);
      EXPECT_EQ(record.time, kTime);
      EXPECT_EQ(record.stream, stream);
      EXPECT_EQ(record.extent, tag == "F" ? Extent::Full : Extent::Partial);
      EXPECT_EQ(record.text, "some text ");
    }
  }
}

TEST(Record, HeaderIsWhatTheParserReads) {
  const auto time = parse_timestamp(kTime);
  ASSERT_TRUE(time);
  const Header header = make_header(*time, Stream::Stderr, Extent::Partial);
  EXPECT_EQ(std::string_view(header.data(), header.size()), kTime + " stderr P ");
}

TEST(Record, TextMayBeEmptyOrBinary) {
  EXPECT_EQ(parse(kTime + " stdout F ").text, "");
  const std::string binary{"\0\xff\r\x1b[0m", 7};
  EXPECT_EQ(parse(kTime + " stdout F " + binary).text, binary);
}

TEST(Record, OtherWritersTimesAreBroughtIntoOurForm) {
  const Record record = parse("2026-11-23T05:30:00.5+02:00 stderr P:x text");
  EXPECT_EQ(record.time, "2026-11-23T03:30:00.500000000Z");
  EXPECT_EQ(record.stream, Stream::Stderr);
  EXPECT_EQ(record.extent, Extent::Partial);
  EXPECT_EQ(record.text, "text");
}

TEST(Record, ForeignTextIsKeptWhole) {
  for (const std::string& line : {std::string("hello"), std::string(), kTime, kTime + " stdin F x",
                                  kTime + " stdout Q x", std::string("x stdout F y")}) {
    const Record record = parse(line);
    EXPECT_EQ(record.text, line);
    EXPECT_EQ(record.time, "");
    EXPECT_EQ(record.extent, Extent::Full);
  }
}

TEST(LineAssembler, WholeRecordsPassThrough) {
  LineAssembler lines;
  const Record record{.time = kTime, .stream = Stream::Stderr, .extent = Extent::Full, .text = "abc"};
  const auto line = lines.add(record);
  ASSERT_TRUE(line);
  EXPECT_EQ(line->text.data(), record.text.data()) << "a whole record is not copied";
  EXPECT_TRUE(line->ended);
  EXPECT_FALSE(lines.flush());
}

TEST(LineAssembler, JoinsEachStreamForItself) {
  LineAssembler lines;
  const std::string later = "2026-11-23T03:30:01.000000000Z";
  EXPECT_FALSE(lines.add({kTime, Stream::Stdout, Extent::Partial, "one "}));
  EXPECT_FALSE(lines.add({later, Stream::Stderr, Extent::Partial, "err "}));
  EXPECT_FALSE(lines.add({later, Stream::Stdout, Extent::Partial, "two "}));
  const auto out = lines.add({later, Stream::Stdout, Extent::Full, "three"});
  ASSERT_TRUE(out);
  EXPECT_EQ(out->text, "one two three");
  EXPECT_EQ(out->time, kTime) << "a line has the time of its first piece";
  EXPECT_TRUE(lines.inside_line(Stream::Stderr));
  const auto rest = lines.flush();
  ASSERT_TRUE(rest);
  EXPECT_EQ(rest->text, "err ");
  EXPECT_EQ(rest->stream, Stream::Stderr);
  EXPECT_FALSE(rest->ended);
  EXPECT_FALSE(lines.flush());
}

TEST(LineAssembler, AnEmptyFullRecordEndsALine) {
  LineAssembler lines;
  EXPECT_FALSE(lines.add({kTime, Stream::Stdout, Extent::Partial, "prompt> "}));
  const auto line = lines.add({kTime, Stream::Stdout, Extent::Full, ""});
  ASSERT_TRUE(line);
  EXPECT_EQ(line->text, "prompt> ");
  EXPECT_TRUE(line->ended);
}

TEST(LineAssembler, TheEndOfALineThatWasHandedOutIsNoLine) {
  LineAssembler lines;
  EXPECT_FALSE(lines.add({kTime, Stream::Stdout, Extent::Partial, "prompt> "}));
  EXPECT_TRUE(lines.flush());
  EXPECT_FALSE(lines.add({kTime, Stream::Stdout, Extent::Full, ""}));
  EXPECT_TRUE(lines.add({kTime, Stream::Stdout, Extent::Full, ""})) << "but the next empty line is one";
}

TEST(LineAssembler, MemoryIsBounded) {
  LineAssembler lines;
  const std::string piece(1U << 20U, 'x');
  std::size_t pieces = 0;
  std::optional<Line> line;
  while (!line && pieces < 100) {
    line = lines.add({kTime, Stream::Stdout, Extent::Partial, piece});
    ++pieces;
  }
  ASSERT_TRUE(line);
  EXPECT_EQ(line->text.size(), LineAssembler::kMaxLine);
  EXPECT_FALSE(line->ended);
}

}  // namespace
}  // namespace davit::logs
