// SPDX-License-Identifier: MIT
#include "device.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <stdexcept>

namespace lowp_tool {

device::device(const std::string& command) : command_(command) {
  int in[2], out[2];
  if (pipe(in) != 0) throw std::runtime_error("cannot make a pipe");
  if (pipe(out) != 0) {
    close(in[0]);
    close(in[1]);
    throw std::runtime_error("cannot make a pipe");
  }
  std::signal(SIGPIPE, SIG_IGN);  // a program that ends is an error of write()
  process_ = fork();
  if (process_ == 0) {
    dup2(in[0], 0);
    dup2(out[1], 1);
    for (const int end : {in[0], in[1], out[0], out[1]}) close(end);
    execl("/bin/sh", "sh", "-c", command.c_str(), static_cast<char*>(nullptr));
    _exit(127);
  }
  close(in[0]);
  close(out[1]);
  to_ = in[1];
  from_ = out[0];
  if (process_ < 0) throw std::runtime_error("cannot start a process");
  fcntl(to_, F_SETFL, O_NONBLOCK);
}

device::~device() {
  close(to_);
  close(from_);
  int status = 0;
  waitpid(process_, &status, 0);
}

void device::begin(const std::string& questions) {
  left_ = questions;
  answers_.erase(0, used_);
  used_ = 0;
}

// Sends and receives what can be without waiting for the other, which could wait for this one.
void device::exchange() {
  pollfd ends[2] = {{from_, POLLIN, 0}, {to_, POLLOUT, 0}};
  const nfds_t count = left_.empty() ? 1 : 2;
  if (poll(ends, count, -1) < 0 && errno != EINTR) throw std::runtime_error("poll failed");
  if (count == 2 && (ends[1].revents & (POLLOUT | POLLERR | POLLHUP)) != 0) {
    const ssize_t sent = write(to_, left_.data(), left_.size());
    if (sent > 0) left_.erase(0, static_cast<std::size_t>(sent));
    if (sent < 0 && errno == EPIPE) left_.clear();  // what it answered before may still be there
  }
  if ((ends[0].revents & (POLLIN | POLLHUP)) != 0) {
    char buffer[1 << 16];
    const ssize_t received = read(from_, buffer, sizeof buffer);
    if (received > 0) answers_.append(buffer, static_cast<std::size_t>(received));
    if (received == 0) {
      throw std::runtime_error("'" + command_ + "' ended before it answered every vector");
    }
  }
}

void device::read_line(std::string& line) {
  std::size_t searched = used_;
  std::size_t end = answers_.find('\n', searched);
  while (end == std::string::npos) {
    searched = answers_.size();
    exchange();
    end = answers_.find('\n', searched);
  }
  line.assign(answers_, used_, end - used_);
  used_ = end + 1;
}

}  // namespace lowp_tool
