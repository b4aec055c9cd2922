// SPDX-License-Identifier: MIT
#include "device.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <stdexcept>
#include <utility>

namespace lowp_tool {

namespace {

constexpr std::size_t batch_bytes = 1 << 16;
constexpr std::size_t longest_line = 1 << 26;  // 2^20 codes of 64 bits need less

volatile std::sig_atomic_t group_to_kill = 0;

// The group does not get what the terminal sends to that of the tool.
extern "C" void kill_group_and_end(int signal) {
  if (group_to_kill != 0) kill(-static_cast<pid_t>(group_to_kill), SIGKILL);
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}
void end_with_group(int signal) {
  if (std::signal(signal, kill_group_and_end) == SIG_IGN) std::signal(signal, SIG_IGN);
}

}  // namespace

device::device(std::string command, int timeout) : command_(std::move(command)), timeout_(timeout) {
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
    setpgid(0, 0);
    std::signal(SIGPIPE, SIG_DFL);
    dup2(in[0], 0);
    dup2(out[1], 1);
    for (const int end : {in[0], in[1], out[0], out[1]}) {
      if (end > 1) close(end);
    }
    execl("/bin/sh", "sh", "-c", command_.c_str(), static_cast<char*>(nullptr));
    _exit(127);
  }
  close(in[0]);
  close(out[1]);
  to_ = in[1];
  from_ = out[0];
  if (process_ < 0) {
    close(to_);
    close(from_);
    throw std::runtime_error("cannot start a process");
  }
  setpgid(process_, process_);  // here too: whichever process comes first
  group_to_kill = process_;
  end_with_group(SIGINT);
  end_with_group(SIGTERM);
  end_with_group(SIGHUP);
  fcntl(to_, F_SETFL, O_NONBLOCK);
}

device::~device() {
  close_input();
  close(from_);
  if (process_ < 0) return;
  kill(-process_, SIGKILL);
  int status = 0;
  waitpid(process_, &status, 0);
  group_to_kill = 0;
}

void device::fail(const std::string& sentence) const {
  throw std::runtime_error("'" + command_ + "' " + sentence);
}

void device::close_input() {
  if (to_ >= 0) close(to_);
  to_ = -1;
}

void device::send() {
  const ssize_t sent = write(to_, questions_.data() + sent_, questions_.size() - sent_);
  if (sent > 0) sent_ += static_cast<std::size_t>(sent);
  // Who reads no more may have answered all the same.
  if (sent < 0 && errno != EAGAIN && errno != EINTR) close_input();
}

// False at the end.
bool device::receive(const take_line& take) {
  char buffer[1 << 16];
  const ssize_t received = read(from_, buffer, sizeof buffer);
  if (received < 0 && (errno == EINTR || errno == EAGAIN)) return true;
  if (received <= 0) {
    if (!answers_.empty()) fail("ended within a line: '" + answers_.substr(0, 40) + "'");
    return false;
  }
  std::size_t searched = answers_.size(), used = 0;
  answers_.append(buffer, static_cast<std::size_t>(received));
  for (std::size_t end; (end = answers_.find('\n', searched)) != std::string::npos;) {
    take(answers_.substr(used, end - used));
    used = searched = end + 1;
  }
  answers_.erase(0, used);
  if (answers_.size() > longest_line) fail("answers without an end of the line");
  return true;
}

std::string device::converse(const ask_more& ask, const take_line& take) {
  bool is_more = true;
  do {
    if (to_ >= 0 && sent_ == questions_.size()) {
      questions_.clear();
      sent_ = 0;
      while (is_more && questions_.size() < batch_bytes) is_more = ask(questions_);
      if (questions_.empty()) close_input();
    }
    pollfd ends[2] = {{from_, POLLIN, 0}, {to_, POLLOUT, 0}};  // poll() skips what is closed
    int ready = 0;
    do {
      ready = poll(ends, 2, timeout_ * 1000);
    } while (ready < 0 && errno == EINTR);
    if (ready < 0) throw std::runtime_error("poll failed");
    if (ready == 0) {
      fail("neither read nor answered for " + std::to_string(timeout_) + " seconds (--timeout)");
    }
    if (ends[1].revents != 0) send();
    if (ends[0].revents != 0 && !receive(take)) break;
  } while (true);
  close_input();
  return wait_for_end();
}

std::string device::wait_for_end() {
  constexpr int milliseconds = 5;
  int status = 0;
  for (int waited = 0;; waited += milliseconds) {
    const pid_t ended = waitpid(process_, &status, WNOHANG);
    if (ended == process_) break;
    if (ended < 0 && errno != EINTR) throw std::runtime_error("cannot wait for a process");
    if (waited / 1000 >= timeout_) {
      fail("closed its output and did not end within " + std::to_string(timeout_) +
           " seconds (--timeout)");
    }
    poll(nullptr, 0, milliseconds);
  }
  process_ = -1;
  group_to_kill = 0;
  if (WIFSIGNALED(status)) return "was ended by signal " + std::to_string(WTERMSIG(status));
  const int code = WEXITSTATUS(status);
  if (code == 0) return {};
  return "failed with exit status " + std::to_string(code) +
         (code > 128 ? ", a shell's word for signal " + std::to_string(code - 128) : "");
}

}  // namespace lowp_tool
