// SPDX-License-Identifier: MIT
// A device under test: a program that reads lines and answers each with a line.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <string>

namespace lowp_tool {

class device {
 public:
  /// Starts `command` by the shell, in a process group of its own. After `timeout` seconds in which
  /// it neither reads nor writes it counts as hung. Throws std::runtime_error.
  device(std::string command, int timeout);
  device(const device&) = delete;
  device& operator=(const device&) = delete;
  /// Kills the group, unless the program has ended.
  ~device();

  /// Appends questions, lines with their newlines; false: there are no more.
  using ask_more = std::function<bool(std::string& questions)>;
  using take_line = std::function<void(const std::string& answer)>;
  /// Sends what `ask` gives and hands each line of the answer to `take` when it comes, both at the
  /// device's pace, so that it may answer late, even after the end of its input, which follows the
  /// last question. Returns when it has ended: how it failed, such as "failed with exit status 3",
  /// or nothing. Throws std::runtime_error if it hangs, and what `ask` and `take` throw.
  [[nodiscard]] std::string converse(const ask_more& ask, const take_line& take);

 private:
  void close_input();
  void send();
  bool receive(const take_line& take);
  [[nodiscard]] std::string wait_for_end();
  [[noreturn]] void fail(const std::string& sentence) const;

  std::string command_;
  int timeout_;
  pid_t process_ = -1;  // -1: none, or it has ended
  int to_ = -1, from_ = -1;
  std::string questions_, answers_;  // of the questions the first sent_ bytes are sent
  std::size_t sent_ = 0;
};

}  // namespace lowp_tool
