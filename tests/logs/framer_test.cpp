#include "davit/logs/framer.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "davit/logs/assembler.hpp"

namespace davit::logs {
namespace {

const WallTime kTime{std::chrono::seconds{1795404600}};
const std::string kStamp{view(format_timestamp(kTime))};

/// Frames a batch handed over in pieces of `piece` bytes, into an output buffer of `room` bytes, as the pump does.
std::string frame_batch(std::string_view data, std::size_t piece, std::size_t room, Stream stream = Stream::Stdout) {
  const Framer framer{stream, kTime};
  std::string out;
  std::vector<char> buffer(std::max(room, Framer::kMaxRecord));
  std::string held;
  for (std::size_t at = 0; at < data.size() || !held.empty();) {
    const std::size_t take = std::min(piece, data.size() - at);
    held.append(data.substr(at, take));
    at += take;
    for (;;) {
      const auto end = at == data.size() ? Framer::End::Batch : Framer::End::More;
      const auto framed = framer.frame(held, end, buffer);
      out.append(buffer.data(), framed.produced);
      held.erase(0, framed.consumed);
      if (framed.consumed == 0) break;
    }
    if (at == data.size() && held.empty()) break;
    if (take == 0) {
      ADD_FAILURE() << "bytes left over: " << held.size();
      break;
    }
  }
  return out;
}

std::vector<Record> records_of(const std::string& file) {
  static TimestampText scratch;
  std::vector<Record> records;
  for (std::size_t at = 0; at < file.size();) {
    const auto newline = file.find('\n', at);
    if (newline == std::string::npos) {
      ADD_FAILURE() << "the last record has no end";
      break;
    }
    records.push_back(parse_record(std::string_view(file).substr(at, newline - at), scratch));
    at = newline + 1;
  }
  return records;
}

std::string bytes_of(const std::vector<Record>& records) {
  std::string bytes;
  for (const Record& record : records) {
    bytes.append(record.text);
    if (record.extent == Extent::Full) bytes.push_back('\n');
  }
  return bytes;
}

TEST(Framer, ALineIsARecord) {
  EXPECT_EQ(frame_batch("one\n\ntwo\n", 100, 1),
            kStamp + " stdout F one\n" + kStamp + " stdout F \n" + kStamp + " stdout F two\n");
  EXPECT_EQ(frame_batch("err\n", 100, 1, Stream::Stderr), kStamp + " stderr F err\n");
}

TEST(Framer, AStartedLineIsAPartialRecord) {
  EXPECT_EQ(frame_batch("one\nprompt> ", 100, 1), kStamp + " stdout F one\n" + kStamp + " stdout P prompt> \n");
  EXPECT_EQ(frame_batch("", 100, 1), "");
}

TEST(Framer, ALongLineGoesOnInFurtherRecords) {
  const std::string exactly(Framer::kMaxText, 'x');
  EXPECT_EQ(records_of(frame_batch(exactly + "\n", 1U << 20U, 1)).size(), 1U);
  const auto records = records_of(frame_batch(exactly + "y\n", 1U << 20U, 1));
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[0].extent, Extent::Partial);
  EXPECT_EQ(records[0].text.size(), Framer::kMaxText);
  EXPECT_EQ(records[1].extent, Extent::Full);
}

TEST(Framer, WithoutTheEndOfTheBatchAStartedLineStays) {
  const Framer framer{Stream::Stdout, kTime};
  std::vector<char> out(Framer::kMaxRecord);
  const auto framed = framer.frame("one\ntwo", Framer::End::More, out);
  EXPECT_EQ(framed.consumed, 4U);
  EXPECT_EQ(framed.produced, kHeaderSize + 4);
}

TEST(Framer, TakesOnlyWhatFits) {
  const Framer framer{Stream::Stdout, kTime};
  std::vector<char> out(kHeaderSize + 4);
  const auto framed = framer.frame("one\ntwo\n", Framer::End::Batch, out);
  EXPECT_EQ(framed.consumed, 4U);
  EXPECT_EQ(framed.produced, kHeaderSize + 4);
}

TEST(Framer, TheSameBytesGiveTheSameRecordsHoweverTheyAreHandedOver) {
  std::mt19937 random{7};  // NOLINT: a fixed seed, so that a failure can be repeated
  for (int round = 0; round < 30; ++round) {
    std::string data;
    while (data.size() < 200'000) {
      const std::size_t length = random() % 8 == 0 ? random() % 60'000 : random() % 200;
      for (std::size_t i = 0; i < length; ++i) {
        const char byte = static_cast<char>(random() % 256);
        data.push_back(byte == '\n' ? ' ' : byte);
      }
      if (random() % 16 != 0) data.push_back('\n');
    }
    const std::string whole = frame_batch(data, data.size(), 1U << 20U);
    for (const std::size_t piece : {1'000U, 4'096U, 65'536U})
      ASSERT_EQ(frame_batch(data, piece, piece), whole) << "pieces of " << piece;
    ASSERT_EQ(bytes_of(records_of(whole)), data) << "every byte survives";
  }
}

}  // namespace
}  // namespace davit::logs
