/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a PAM module makes of a login, seen from outside of the process; bench/lab/differential drives it.
 *
 *	pamprobe serve PORT PATIENCE_S
 *	pamprobe login ADDRESS PORT AT_ONCE
 *	pamprobe self ID
 *
 * `serve` runs as root on the compute node. As in sshd a login has a process of its own, which alone holds its
 * connection, over IPv4 or IPv6. Another one looks at it from outside once PAM is done, or after PATIENCE_S seconds,
 * and writes a line to standard output. A request is a line, its fields divided by tabs: id, PAM's directory of
 * services, service, user, "account" or "account+session".
 *
 * `login` runs where the user comes from: it takes requests from standard input and makes a connection for each, which
 * lasts until the login's process is gone; AT_ONCE of them at a time.
 *
 * `self` writes the same line of itself, in a session that ssh has begun.
 *
 * The line's fields, divided by tabs:
 *	id
 *	PAM's result, of both phases "0+0"; "hangs", "exit N" or "signal N" if there is none; of `self` "in"
 *	what the user was told
 *	the environment that PAM makes, sorted; of `self` what of it could come from a job
 *	the cgroups outside of the host's root
 *	resource limits, soft:hard
 *	the inodes of its namespaces, and what is mounted on its /tmp: the path in the file system that it is from
 *	ms of all phases
 */
#define _GNU_SOURCE

#include "common.h"

#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum { VARIABLES_MAX = 128, AT_ONCE_MAX = 64 };

struct request {
	const char *id, *confdir, *service, *user, *phases;
};

struct report {	/* in memory that both processes have: a login that ends or hangs has told the user something before */
	struct told told;
	char result[64];
	char environment[TEXT_MAX_BYTES];
	int64_t ms;
};

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void add_environment(char **variables, size_t count, char text[TEXT_MAX_BYTES])
{
	qsort(variables, count, sizeof(*variables), by_text);
	for (size_t i = 0; i < count; i++)
		add_text(text, TEXT_MAX_BYTES, ";", "%s", variables[i]);
}

static void read_limits(pid_t pid, char *text, size_t size)
{
	static const struct {
		const char *name;
		int resource;
	} limits[] = {
		{ "rss", RLIMIT_RSS }, { "memlock", RLIMIT_MEMLOCK }, { "nofile", RLIMIT_NOFILE },
	};

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		struct rlimit64 limit;

		if (prlimit64(pid, (enum __rlimit_resource)limits[i].resource, NULL, &limit) != 0)
			err(1, "prlimit %d", (int)pid);
		add_text(text, size, ";", "%s=%" PRId64 ":%" PRId64, limits[i].name, (int64_t)limit.rlim_cur,
			 (int64_t)limit.rlim_max);	/* unlimited: -1 */
	}
}

static void read_namespaces(pid_t pid, char *text, size_t size)
{
	static const char *const names[] = { "mnt", "pid_for_children", "user" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char path[64], target[64], *inode;
		ssize_t len;

		snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)pid, names[i]);
		len = readlink(path, target, sizeof(target) - 1);
		if (len < 0)
			err(1, "%s", path);
		target[len] = '\0';
		inode = strchr(target, '[');
		add_text(text, size, ";", "%s=%.*s", names[i], inode == NULL ? 0 : (int)strcspn(inode + 1, "]"),
			 inode == NULL ? "" : inode + 1);
	}
}

/* Of several mounts on /tmp the last one is seen. */
static void read_tmp(pid_t pid, char *text, size_t size)
{
	char path[64], found[512] = "-", root[512], at[512], *line = NULL;
	size_t line_size = 0;
	FILE *mounts;

	snprintf(path, sizeof(path), "/proc/%d/mountinfo", (int)pid);
	mounts = fopen(path, "re");
	if (mounts == NULL)
		err(1, "%s", path);
	while (getline(&line, &line_size, mounts) > 0)
		if (sscanf(line, "%*s %*s %*s %511s %511s", root, at) == 2 && strcmp(at, "/tmp") == 0)
			strcpy(found, root);
	free(line);
	fclose(mounts);
	add_text(text, size, ";", "tmp=%s", found);
}

/* One write, so that lines of several logins never mix. */
static void write_answer(const char *id, const struct report *report, pid_t pid)
{
	char cgroups[TEXT_MAX_BYTES] = "", limits[256] = "", namespaces[1024] = "", line[LINE_MAX_BYTES];
	int len;

	if (pid > 0) {
		read_cgroups(pid, cgroups, sizeof(cgroups));
		read_limits(pid, limits, sizeof(limits));
		read_namespaces(pid, namespaces, sizeof(namespaces));
		read_tmp(pid, namespaces, sizeof(namespaces));
	}
	len = snprintf(line, sizeof(line), "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%" PRId64 "\n", id, report->result,
		       report->told.text, report->environment, cgroups, limits, namespaces, report->ms);
	if (len < 0 || len >= (int)sizeof(line))
		errx(1, "the answer to %s is too long", id);
	write_all(STDOUT_FILENO, line, (size_t)len);
}

/* ---- the node's side ------------------------------------------------------------------------------------------- */

/* The login's process: what sshd does of PAM when the user's key was right. */
static void go_through(const struct request *request, const char *source, struct report *report)
{
	pam_handle_t *pamh = NULL;
	char **variables;
	size_t count = 0;
	int64_t started;
	int result;

	result = start_pam(request->confdir, request->service, request->user, source, &report->told, &pamh);
	if (result != PAM_SUCCESS) {
		snprintf(report->result, sizeof(report->result), "start %d", result);
		return;
	}
	started = clock_ns();
	result = pam_acct_mgmt(pamh, 0);
	if (result == PAM_SUCCESS && strcmp(request->phases, "account+session") == 0)
		snprintf(report->result, sizeof(report->result), "0+%d", pam_open_session(pamh, 0));
	else
		snprintf(report->result, sizeof(report->result), "%d", result);
	report->ms = (clock_ns() - started) / 1000000;

	variables = pam_getenvlist(pamh);
	if (variables == NULL)
		errx(1, "pam_getenvlist");
	while (variables[count] != NULL)
		count++;
	add_environment(variables, count, report->environment);
}

static void read_request(char *line, struct request *request)
{
	const char **fields[] = { &request->id, &request->confdir, &request->service, &request->user, &request->phases };
	size_t count = sizeof(fields) / sizeof(fields[0]);

	for (size_t i = 0; i < count; i++) {
		char *field = strsep(&line, "\t");

		if (field == NULL || (i + 1 == count && line != NULL))
			errx(1, "a request has %zu fields", count);
		*fields[i] = field;
	}
}

static void wait_for(pid_t pid, int *status)
{
	while (waitpid(pid, status, 0) < 0)
		if (errno != EINTR)
			err(1, "waitpid");
}

/* Starts the login's process and looks at it. This one lets go of the connection, or it could be taken for the login. */
static _Noreturn void watch(int fd, const char *source, uint32_t patience_s)
{
	char line[LINE_MAX_BYTES], byte;
	struct request request;
	struct report *report = mmap(NULL, sizeof(*report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int done[2], seen[2], status;
	int64_t started = clock_ns();
	struct pollfd ready;
	pid_t login;

	if (report == MAP_FAILED)
		err(1, "mmap");
	if (!read_line(fd, line))
		errx(1, "no request");
	read_request(line, &request);
	if (pipe(done) != 0 || pipe(seen) != 0)
		err(1, "pipe");
	login = fork();
	if (login < 0)
		err(1, "fork");
	if (login == 0) {
		close(done[0]);
		close(seen[1]);
		if (read(seen[0], &byte, 1) != 1)
			errx(1, "no sign to begin");
		go_through(&request, source, report);
		write_all(done[1], "", 1);
		while (read(seen[0], &byte, 1) < 0 && errno == EINTR)
			;
		_exit(0);
	}
	close(fd);
	close(done[1]);
	close(seen[0]);
	write_all(seen[1], "", 1);

	ready = (struct pollfd){ .fd = done[0], .events = POLLIN };
	while ((status = poll(&ready, 1, (int)patience_s * 1000)) < 0 && errno == EINTR)
		;
	if (status > 0 && read(done[0], &byte, 1) == 1) {
		write_answer(request.id, report, login);
		close(seen[1]);
		wait_for(login, &status);
		_exit(0);
	}
	report->ms = (clock_ns() - started) / 1000000;
	if (status > 0) {
		wait_for(login, &status);
		if (WIFSIGNALED(status))
			snprintf(report->result, sizeof(report->result), "signal %d", WTERMSIG(status));
		else
			snprintf(report->result, sizeof(report->result), "exit %d", WEXITSTATUS(status));
		write_answer(request.id, report, 0);
		_exit(0);
	}
	snprintf(report->result, sizeof(report->result), "hangs");
	write_answer(request.id, report, login);
	kill(login, SIGKILL);
	wait_for(login, &status);
	_exit(0);
}

static int listen_at(int family, in_port_t port)
{
	const struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons(port) };
	const struct sockaddr_in6 any6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	const struct sockaddr *own = family == AF_INET ? (const struct sockaddr *)&any : (const struct sockaddr *)&any6;
	const int on = 1;
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 && family == AF_INET6)
		return -1;	/* a machine may have no IPv6 */
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
	    (family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) != 0) ||
	    bind(fd, own, family == AF_INET ? sizeof(any) : sizeof(any6)) != 0 || listen(fd, 128) != 0)
		err(1, "port %u", (unsigned int)port);
	return fd;
}

static _Noreturn void serve(in_port_t port, uint32_t patience_s)
{
	struct pollfd listeners[] = {
		{ .fd = listen_at(AF_INET, port), .events = POLLIN },
		{ .fd = listen_at(AF_INET6, port), .events = POLLIN },
	};

	signal(SIGCHLD, SIG_IGN);
	puts("listening");
	if (fflush(stdout) != 0)
		err(1, "stdout");
	for (;;) {
		struct sockaddr_storage peer;
		socklen_t peer_len = sizeof(peer);
		char source[INET6_ADDRSTRLEN];
		pid_t watcher;
		int fd;

		if (poll(listeners, 2, -1) < 0 && errno != EINTR)
			err(1, "poll");
		fd = accept(listeners[(listeners[0].revents & POLLIN) != 0 ? 0 : 1].fd, (struct sockaddr *)&peer, &peer_len);
		if (fd < 0 && (errno == EINTR || errno == ECONNABORTED))
			continue;
		if (fd < 0)
			err(1, "accept");
		if (getnameinfo((struct sockaddr *)&peer, peer_len, source, sizeof(source), NULL, 0, NI_NUMERICHOST) != 0)
			errx(1, "getnameinfo");
		watcher = fork();
		if (watcher < 0)
			err(1, "fork");
		if (watcher == 0) {
			signal(SIGCHLD, SIG_DFL);
			close(listeners[0].fd);	/* as in sshd, the login's connection is the only one */
			if (listeners[1].fd >= 0)
				close(listeners[1].fd);
			watch(fd, source, patience_s);
		}
		close(fd);
	}
}

/* ---- the user's side ------------------------------------------------------------------------------------------- */

static void log_in(const struct addrinfo *node, const char *request)
{
	const struct timeval patience = { .tv_sec = LOGIN_GRACE_S + 5 };
	int fd = socket(node->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char line[LINE_MAX_BYTES], end;
	int len = snprintf(line, sizeof(line), "%s\n", request);
	ssize_t got;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) != 0 ||
	    connect(fd, node->ai_addr, node->ai_addrlen) != 0)
		err(1, "connect");
	if (len < 0 || len >= (int)sizeof(line))
		errx(2, "too long: %s", request);
	write_all(fd, line, (size_t)len);
	while ((got = read(fd, &end, 1)) < 0 && errno == EINTR)
		;
	if (got > 0 || (got < 0 && errno != ECONNRESET))	/* who is killed may reset */
		errx(1, "no end after: %s", request);
	close(fd);
}

static int log_in_all(const char *address, const char *port, uint32_t at_once)
{
	const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM };
	struct addrinfo *node;
	uint32_t running = 0;
	int failed = 0, status;
	char *line = NULL;
	size_t size = 0;
	
	if (at_once == 0 || getaddrinfo(address, port, &hints, &node) != 0)
		errx(2, "%s %s", address, port);
	while (getline(&line, &size, stdin) > 0) {
		line[strcspn(line, "\n")] = '\0';
		if (at_once == 1) {
			log_in(node, line);
			continue;
		}
		if (running == at_once) {
			if (wait(&status) < 0 || status != 0)
				failed = 1;
			running--;
		}
		switch (fork()) {
		case -1:
			err(1, "fork");
		case 0:
			log_in(node, line);
			_exit(0);
		default:
			running++;
		}
	}
	for (; running > 0; running--)
		if (wait(&status) < 0 || status != 0)
			failed = 1;
	free(line);
	freeaddrinfo(node);
	return failed;
}

/* ---- a session ------------------------------------------------------------------------------------------------- */

static void write_self(const char *id)
{
	static const char *const of_a_job[] = {
		"SLURM", "DISPLAY=", "XAUTHORITY=", "CUDA_VISIBLE_DEVICES=", "ROCR_VISIBLE_DEVICES=", "TMPDIR=",
	};
	struct report report = { .result = "in" };
	char *variables[VARIABLES_MAX];
	size_t count = 0;

	for (char **variable = environ; *variable != NULL && count < VARIABLES_MAX; variable++)
		for (size_t i = 0; i < sizeof(of_a_job) / sizeof(of_a_job[0]); i++)
			if (strncmp(*variable, of_a_job[i], strlen(of_a_job[i])) == 0) {
				variables[count++] = *variable;
				break;
			}
	add_environment(variables, count, report.environment);
	write_answer(id, &report, getpid());
}

int main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);	/* err() names it better */
	signal(SIGCHLD, SIG_DFL);	/* whoever starts this may ignore it */
	if (argc == 4 && strcmp(argv[1], "serve") == 0)
		serve((in_port_t)number(argv[2], UINT16_MAX), number(argv[3], LOGIN_GRACE_S));
	if (argc == 5 && strcmp(argv[1], "login") == 0)
		return log_in_all(argv[2], argv[3], number(argv[4], AT_ONCE_MAX));
	if (argc == 3 && strcmp(argv[1], "self") == 0) {
		write_self(argv[2]);
		return 0;
	}
	errx(2, "usage: pamprobe serve PORT PATIENCE_S\n"
		"       pamprobe login ADDRESS PORT AT_ONCE\n"
		"       pamprobe self ID");
}
