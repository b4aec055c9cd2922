// SPDX-License-Identifier: MIT
// A device under test: a program that reads lines and answers each with a line.
#pragma once

#include <sys/types.h>

#include <string>

namespace lowp_tool {

class device {
 public:
  /// Starts `command` by the shell. Throws std::runtime_error.
  explicit device(const std::string& command);
  device(const device&) = delete;
  device& operator=(const device&) = delete;
  ~device();

  /// Sends all of `questions`, which ends with a newline, and gives the answers, one line for each
  /// of its lines, to use(answer, number). Throws std::runtime_error if the program ends before.
  template <class Use>
  void ask(const std::string& questions, std::size_t lines, const Use& use) {
    begin(questions);
    std::string line;
    for (std::size_t i = 0; i < lines; ++i) {
      read_line(line);
      use(line, i);
    }
  }

 private:
  void begin(const std::string& questions);
  void read_line(std::string& line);
  void exchange();

  std::string command_;
  pid_t process_ = -1;
  int to_ = -1, from_ = -1;
  std::string left_, answers_;  // what was not sent yet; what was received and not used
  std::size_t used_ = 0;
};

}  // namespace lowp_tool
