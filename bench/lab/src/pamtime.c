/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Times the account phase of a login the way sshd goes through it; bench/lab/measure drives it.
 *
 *	pamtime serve PORT [CGROUP_PROCS]
 *	pamtime login ADDRESS PORT ROUNDS PAUSE_MS COLUMN:WARMUP:REQUEST...
 *	pamtime storm ADDRESS PORT CONCURRENT TOTAL REQUEST...
 *
 * `serve` runs as root on the compute node. Each connection gets a forked child that holds it, does one request and is
 * gone, for a process is adopted only once. A request is a line:
 *
 *	pam SERVICE USER	pam_acct_mgmt of that PAM service
 *	floor SOCKET		what no adoption can do without: connect, hello and "add pid" with one known slurmstepd
 *	memory SERVICE USER	as pam, but the answer tells no times: instead the child's private memory in KiB, before
 *				pam_start (before the account phase) and after pam_acct_mgmt (for it)
 *
 * The answer is a line too, its fields divided by tabs: result (PAM's, or slurmstepd's), ns before the account phase
 * (pam_start, which loads the module), ns of the account phase, the child's cgroups outside its host's root, what the
 * user was told.
 *
 * To move a process into another cgroup the kernel waits for an RCU grace period, ten milliseconds or more, unless some
 * process was moved just before (cgroup_threadgroup_rwsem is a percpu_rwsem; kernel/rcu/sync.c). So what an adoption
 * takes depends on the one before it. With CGROUP_PROCS, the file of the server's own cgroup, the server keeps moving a
 * process to where it already is, so nobody has to wait. Without it, and with a long pause, everybody has to.
 *
 * `login` runs where the user comes from: first WARMUP logins of each column, then ROUNDS with every column once, in a
 * new random order each time, so that no column has a time or a predecessor of its own. It prints a line for each
 * login: round (0: warm-up), place in that round, column, the answer, and when it was asked for and over, in ns of the
 * clock that the machine's packets have, too.
 *
 * `storm` keeps CONCURRENT logins under way until there were TOTAL, taking the requests by turns. It prints a line for
 * each login as it ends: its number, its request's, ns from connect to the answer, and the answer, whose result is -1
 * if none came. At the end there are two lines that begin with #: all logins together, and the account phase's times.
 */
#define _GNU_SOURCE /* pipe2 */

#include "common.h"

#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum {
	COLUMNS_MAX = 8,
	STORM_MAX = 4096,	/* logins at once */
	STORM_TOTAL_MAX = 1000000,
	KEEP_AWAKE_MS = 2,	/* shorter than a grace period */
};

struct answer {
	int result;
	int64_t before_ns;	/* or, if memory was asked for, KiB */
	int64_t account_ns;
	struct told told;
};

/* ---- the node's side ------------------------------------------------------------------------------------------- */

static void account(const char *service, const char *user, const char *source, struct answer *answer)
{
	pam_handle_t *pamh = NULL;
	int64_t started;

	if (getpwnam(user) == NULL)	/* sshd has looked the user up, too, when it comes to the account phase */
		errx(1, "no user %s", user);

	started = clock_ns();
	answer->result = start_pam(NULL, service, user, source, &answer->told, &pamh);
	if (answer->result != PAM_SUCCESS)
		return;
	answer->before_ns = clock_ns() - started;

	started = clock_ns();
	answer->result = pam_acct_mgmt(pamh, 0);
	answer->account_ns = clock_ns() - started;
	/* No pam_end: sshd has a session to open now. This process ends without. */
}

/* What of this process nobody shares. Reading it must not cost memory: no stdio. */
static int64_t private_kib(void)
{
	char text[LINE_MAX_BYTES];
	size_t len = 0;
	int64_t clean, dirty;
	const char *at;
	int fd = open("/proc/self/smaps_rollup", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		err(1, "/proc/self/smaps_rollup");
	for (ssize_t got; len < sizeof(text) - 1 && (got = read(fd, text + len, sizeof(text) - 1 - len)) > 0;)
		len += (size_t)got;
	close(fd);
	text[len] = '\0';
	at = strstr(text, "Private_Clean:");
	if (at == NULL || sscanf(at, "Private_Clean: %" SCNd64 " kB Private_Dirty: %" SCNd64, &clean, &dirty) != 2)
		errx(1, "/proc/self/smaps_rollup tells no private memory");
	return clean + dirty;
}

static void account_memory(const char *service, const char *user, const char *source, struct answer *answer)
{
	int64_t before;

	private_kib();	/* once for nothing: what it touches is there before, too */
	before = private_kib();
	account(service, user, source, answer);
	answer->account_ns = private_kib();
	answer->before_ns = before;
}

static bool exchange(int fd, const void *request, size_t len, int32_t *reply)
{
	/* In one write: a slurmstepd reads the code at once or not at all. */
	return write(fd, request, len) == (ssize_t)len &&
	       recv(fd, reply, sizeof(*reply), MSG_WAITALL) == (ssize_t)sizeof(*reply);
}

static bool add_pid(const struct sockaddr_un *stepd, int32_t *result)
{
	/* Slurm src/common/stepd_api.c: the version word, then ADD_EXTERN_PID; integers in the host's order. */
	const int32_t hello = 0x2D00, request[2] = { 22, (int32_t)getpid() };
	int32_t version;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool answered = fd >= 0 && connect(fd, (const struct sockaddr *)stepd, sizeof(*stepd)) == 0 &&
			exchange(fd, &hello, sizeof(hello), &version) && version >= 0 &&
			exchange(fd, request, sizeof(request), result);

	if (fd >= 0)
		close(fd);
	return answered;
}

static void bare_adoption(const char *path, struct answer *answer)
{
	struct sockaddr_un stepd = { .sun_family = AF_UNIX };
	int64_t started;
	int32_t result = -1;
	bool answered;

	if (snprintf(stepd.sun_path, sizeof(stepd.sun_path), "%s", path) >= (int)sizeof(stepd.sun_path))
		errx(1, "too long: %s", path);
	started = clock_ns();
	answered = add_pid(&stepd, &result);
	answer->account_ns = clock_ns() - started;
	answer->result = result;
	if (!answered)
		add_text(answer->told.text, sizeof(answer->told.text), " | ", "pamtime: %s doesn't answer", path);
}

static _Noreturn void serve_one(int fd, const struct sockaddr_in *peer)
{
	char line[LINE_MAX_BYTES], first[128], second[128], source[INET_ADDRSTRLEN], cgroups[TEXT_MAX_BYTES] = "";
	struct answer answer = { 0 };
	int len;

	signal(SIGCHLD, SIG_DFL);
	alarm(LOGIN_GRACE_S);
	if (!read_line(fd, line))
		errx(1, "no request");
	if (inet_ntop(AF_INET, &peer->sin_addr, source, sizeof(source)) == NULL)
		err(1, "inet_ntop");
	if (sscanf(line, "pam %127s %127s", first, second) == 2)
		account(first, second, source, &answer);
	else if (sscanf(line, "floor %127s", first) == 1)
		bare_adoption(first, &answer);
	else if (sscanf(line, "memory %127s %127s", first, second) == 2)
		account_memory(first, second, source, &answer);
	else
		errx(1, "not a request: %s", line);

	read_cgroups(getpid(), cgroups, sizeof(cgroups));
	len = snprintf(line, sizeof(line), "%d\t%" PRId64 "\t%" PRId64 "\t%s\t%s\n", answer.result, answer.before_ns,
		       answer.account_ns, cgroups, answer.told.text);
	if (len < 0 || len >= (int)sizeof(line))
		errx(1, "the answer is too long");
	write_all(fd, line, (size_t)len);
	_exit(0);
}

/*
 * Until the server has let go of this login's connection. sshd's listener has long done so when it comes to PAM; a child
 * whose parent holds its connection would be taken for the helper of a keyboard-interactive login.
 */
static void wait_for_end(int held)
{
	char nothing;

	while (read(held, &nothing, 1) < 0)
		if (errno != EINTR)
			err(1, "read");
	close(held);
}

/* Starts a process that does, until this one ends. */
static void keep_cgroups_awake(const char *cgroup_procs)
{
	pid_t server = getpid(), child;
	int fd = open(cgroup_procs, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		err(1, "%s", cgroup_procs);
	child = fork();
	if (child < 0)
		err(1, "fork");
	if (child > 0) {
		close(fd);
		return;
	}
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
		err(1, "prctl");
	while (getppid() == server) {
		if (write(fd, "0", 1) != 1)	/* 0: the writer itself */
			err(1, "%s", cgroup_procs);
		pause_for(KEEP_AWAKE_MS);
	}
	_exit(0);
}

static _Noreturn void serve(in_port_t port, const char *cgroup_procs)
{
	const struct sockaddr_in own = { .sin_family = AF_INET, .sin_port = htons(port) };
	const int on = 1;
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (listener < 0 || setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
	    bind(listener, (const struct sockaddr *)&own, sizeof(own)) != 0 || listen(listener, STORM_MAX) != 0)
		err(1, "port %u", (unsigned int)port);
	if (cgroup_procs != NULL)
		keep_cgroups_awake(cgroup_procs);
	signal(SIGCHLD, SIG_IGN);	/* no zombies: a slurmstepd watches an adopted process until its pid is gone */
	puts("listening");
	if (fflush(stdout) != 0)
		err(1, "stdout");
	for (;;) {
		struct sockaddr_in peer;
		socklen_t peer_len = sizeof(peer);
		int fd = accept(listener, (struct sockaddr *)&peer, &peer_len), held[2];
		pid_t child;

		if (fd < 0 && (errno == EINTR || errno == ECONNABORTED))
			continue;
		if (fd < 0)
			err(1, "accept");
		if (pipe2(held, O_CLOEXEC) != 0)
			err(1, "pipe");
		child = fork();
		if (child < 0)
			err(1, "fork");
		if (child == 0) {
			close(listener);	/* as in sshd, the login's connection is the only one */
			close(held[1]);
			wait_for_end(held[0]);
			if (setsid() < 0)	/* and so this is no helper of the server's */
				err(1, "setsid");
			serve_one(fd, &peer);
		}
		close(fd);
		close(held[0]);
		close(held[1]);
	}
}

/* ---- the user's side ------------------------------------------------------------------------------------------- */

struct column {
	const char *name;
	const char *request;
	uint32_t warmup;
};

static struct column column_of(char *text)
{
	char *warmup = strchr(text, ':');
	char *request = warmup == NULL ? NULL : strchr(warmup + 1, ':');

	if (request == NULL)
		errx(2, "%s isn't COLUMN:WARMUP:REQUEST", text);
	*warmup = *request = '\0';
	return (struct column){ .name = text, .request = request + 1, .warmup = number(warmup + 1, UINT32_MAX) };
}

static int64_t realtime_ns(void)
{
	struct timespec now;

	if (clock_gettime(CLOCK_REALTIME, &now) != 0)
		err(1, "clock_gettime");
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void log_in(const struct sockaddr_in *node, const struct column *column, uint32_t round, uint32_t place)
{
	const struct timeval patience = { .tv_sec = LOGIN_GRACE_S + 5 };
	char line[LINE_MAX_BYTES], end;
	int64_t asked = realtime_ns();
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int len = snprintf(line, sizeof(line), "%s\n", column->request);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) != 0 ||
	    connect(fd, (const struct sockaddr *)node, sizeof(*node)) != 0)
		err(1, "connect");
	if (len < 0 || len >= (int)sizeof(line))
		errx(2, "too long: %s", column->request);
	write_all(fd, line, (size_t)len);
	if (!read_line(fd, line))
		errx(1, "no answer to: %s", column->request);
	if (read(fd, &end, 1) != 0)	/* the child that was adopted has ended */
		errx(1, "no end after the answer to: %s", column->request);
	close(fd);
	printf("%" PRIu32 "\t%" PRIu32 "\t%s\t%s\t%" PRId64 "\t%" PRId64 "\n", round, place, column->name, line, asked,
	       realtime_ns());
}

static uint32_t random_below(uint32_t limit)
{
	static uint64_t state = 0x9E3779B97F4A7C15;	/* xorshift64: the same orders in every run */

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)((state >> 32) % limit);
}

static void shuffle(struct column *columns, uint32_t count)
{
	for (uint32_t last = count; last > 1; last--) {
		uint32_t chosen = random_below(last);
		struct column moved = columns[chosen];

		columns[chosen] = columns[last - 1];
		columns[last - 1] = moved;
	}
}

static void log_in_often(const struct sockaddr_in *node, uint32_t rounds, uint32_t pause_ms, struct column *columns,
			 uint32_t count)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (uint32_t i = 0; i < count; i++)
		for (uint32_t login = 0; login < columns[i].warmup; login++)
			log_in(node, &columns[i], 0, 0);
	for (uint32_t round = 1; round <= rounds; round++) {
		shuffle(columns, count);
		for (uint32_t i = 0; i < count; i++) {
			pause_for(pause_ms);	/* the end of the one before isn't this one's cost */
			log_in(node, &columns[i], round, i + 1);
		}
	}
	if (fflush(stdout) != 0 || ferror(stdout))
		err(1, "stdout");
}

/* ---- many at once ---------------------------------------------------------------------------------------------- */

struct guest {	/* a login under way; fd is -1 for none */
	int fd;
	bool asked;
	uint32_t number;
	uint32_t request;
	int64_t began;
	size_t len;
	char line[LINE_MAX_BYTES];
};

struct storm {
	const struct sockaddr_in *node;
	const char *const *requests;
	uint32_t request_count, concurrent, total;
	uint32_t begun, ended, unanswered;
	struct guest *guests;
	struct pollfd *polls;	/* one for each guest, at the same place */
	int64_t *account_ns;	/* of every answered login */
};

static void begin_login(struct storm *storm, uint32_t place)
{
	struct guest *guest = &storm->guests[place];

	*guest = (struct guest){ .number = ++storm->begun, .began = clock_ns() };
	guest->request = (guest->number - 1) % storm->request_count;
	guest->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (guest->fd < 0)
		err(1, "socket");
	if (connect(guest->fd, (const struct sockaddr *)storm->node, sizeof(*storm->node)) != 0 && errno != EINPROGRESS)
		err(1, "connect");
	storm->polls[place] = (struct pollfd){ .fd = guest->fd, .events = POLLOUT };
}

/* The second field of an answer that follows its result, or a negative number for none. */
static int64_t account_ns_of(const char *answer)
{
	int64_t account_ns;
	int result;

	return sscanf(answer, "%d\t%*d\t%" SCNd64, &result, &account_ns) == 2 ? account_ns : -1;
}

static void end_login(struct storm *storm, uint32_t place, const char *trouble)
{
	struct guest *guest = &storm->guests[place];
	char *end = memchr(guest->line, '\n', guest->len);
	int64_t account_ns = -1;

	if (end != NULL) {
		*end = '\0';
		account_ns = account_ns_of(guest->line);
	}
	if (account_ns >= 0) {
		storm->account_ns[storm->ended - storm->unanswered] = account_ns;
		printf("%" PRIu32 "\t%" PRIu32 "\t%" PRId64 "\t%s\n", guest->number, guest->request + 1,
		       clock_ns() - guest->began, guest->line);
	} else {
		storm->unanswered++;
		printf("%" PRIu32 "\t%" PRIu32 "\t%" PRId64 "\t-1\t0\t0\t\tpamtime: no answer (%s)\n", guest->number,
		       guest->request + 1, clock_ns() - guest->began, trouble);
	}
	close(guest->fd);
	guest->fd = storm->polls[place].fd = -1;
	storm->ended++;
	if (storm->begun < storm->total)
		begin_login(storm, place);
}

static void ask(struct storm *storm, uint32_t place)
{
	struct guest *guest = &storm->guests[place];
	char request[LINE_MAX_BYTES];
	int len = snprintf(request, sizeof(request), "%s\n", storm->requests[guest->request]);

	if (len < 0 || len >= (int)sizeof(request))
		errx(2, "too long: %s", storm->requests[guest->request]);
	if (write(guest->fd, request, (size_t)len) != len) {	/* a new connection has room for a line */
		end_login(storm, place, strerror(errno));
		return;
	}
	guest->asked = true;
	storm->polls[place].events = POLLIN;
}

/* Until the connection ends: by then the child that was adopted has ended, too. */
static void hear(struct storm *storm, uint32_t place)
{
	struct guest *guest = &storm->guests[place];
	char rest[64];
	bool full = guest->len == sizeof(guest->line);
	ssize_t got = full ? read(guest->fd, rest, sizeof(rest)) :
			     read(guest->fd, guest->line + guest->len, sizeof(guest->line) - guest->len);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got < 0)
		end_login(storm, place, strerror(errno));
	else if (got == 0)
		end_login(storm, place, "closed");
	else if (full)
		end_login(storm, place, "too long");
	else
		guest->len += (size_t)got;
}

static void wait_for_guests(struct storm *storm)
{
	int64_t now;

	if (poll(storm->polls, storm->concurrent, 1000) < 0 && errno != EINTR)
		err(1, "poll");
	now = clock_ns();
	for (uint32_t place = 0; place < storm->concurrent; place++) {
		const struct guest *guest = &storm->guests[place];

		if (guest->fd < 0)
			continue;
		if (now - guest->began > (int64_t)(LOGIN_GRACE_S + 5) * 1000000000)
			end_login(storm, place, "too late");
		else if (storm->polls[place].revents != 0 && guest->asked)
			hear(storm, place);
		else if (storm->polls[place].revents != 0)
			ask(storm, place);
	}
}

static int ascending(const void *left, const void *right)
{
	int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;

	return (a > b) - (a < b);
}

static void report(struct storm *storm, int64_t took_ns)
{
	static const uint32_t percents[] = { 50, 90, 95, 99, 100 };
	uint32_t answered = storm->ended - storm->unanswered;

	printf("# logins %" PRIu32 " at_once %" PRIu32 " unanswered %" PRIu32 " seconds %.3f rate %.1f\n", storm->ended,
	       storm->concurrent, storm->unanswered, (double)took_ns / 1e9, storm->ended * 1e9 / (double)took_ns);
	qsort(storm->account_ns, answered, sizeof(*storm->account_ns), ascending);
	fputs("# account_ms", stdout);
	for (size_t i = 0; answered > 0 && i < sizeof(percents) / sizeof(*percents); i++)	/* nearest rank */
		printf(" p%" PRIu32 " %.2f", percents[i],
		       (double)storm->account_ns[(answered * (uint64_t)percents[i] + 99) / 100 - 1] / 1e6);
	putchar('\n');
}

static void storm(const struct sockaddr_in *node, uint32_t concurrent, uint32_t total, const char *const *requests,
		  uint32_t request_count)
{
	struct storm storm = { .node = node, .requests = requests, .request_count = request_count, .total = total };
	int64_t began = clock_ns();

	storm.concurrent = concurrent < total ? concurrent : total;
	storm.guests = calloc(storm.concurrent, sizeof(*storm.guests));
	storm.polls = calloc(storm.concurrent, sizeof(*storm.polls));
	storm.account_ns = calloc(total, sizeof(*storm.account_ns));
	if (storm.guests == NULL || storm.polls == NULL || storm.account_ns == NULL)
		err(1, "calloc");
	for (uint32_t place = 0; place < storm.concurrent; place++)
		begin_login(&storm, place);
	while (storm.ended < total)
		wait_for_guests(&storm);
	report(&storm, clock_ns() - began);
	if (fflush(stdout) != 0 || ferror(stdout))
		err(1, "stdout");
	free(storm.account_ns);
	free(storm.polls);
	free(storm.guests);
}

static const char usage[] =
	"usage: pamtime serve PORT [CGROUP_PROCS]\n"
	"       pamtime login ADDRESS PORT ROUNDS PAUSE_MS COLUMN:WARMUP:REQUEST...\n"
	"       pamtime storm ADDRESS PORT CONCURRENT TOTAL REQUEST...";

int main(int argc, char **argv)
{
	struct column columns[COLUMNS_MAX];
	struct sockaddr_in node = { .sin_family = AF_INET };
	uint32_t first, second;
	bool is_storm;

	signal(SIGPIPE, SIG_IGN);	/* err() names it better */
	if ((argc == 3 || argc == 4) && strcmp(argv[1], "serve") == 0)
		serve((in_port_t)number(argv[2], UINT16_MAX), argv[3]);
	if (argc < 7 || argc - 6 > COLUMNS_MAX || inet_pton(AF_INET, argv[2], &node.sin_addr) != 1)
		errx(2, "%s", usage);
	is_storm = strcmp(argv[1], "storm") == 0;
	if (!is_storm && strcmp(argv[1], "login") != 0)
		errx(2, "%s", usage);
	node.sin_port = htons((in_port_t)number(argv[3], UINT16_MAX));
	first = number(argv[4], is_storm ? STORM_MAX : UINT32_MAX);
	second = number(argv[5], is_storm ? STORM_TOTAL_MAX : UINT32_MAX);
	if (is_storm && (first == 0 || second == 0))
		errx(2, "%s", usage);
	if (is_storm) {
		storm(&node, first, second, (const char *const *)&argv[6], (uint32_t)argc - 6);
		return 0;
	}
	for (int i = 6; i < argc; i++)
		columns[i - 6] = column_of(argv[i]);
	log_in_often(&node, first, second, columns, (uint32_t)argc - 6);
	return 0;
}
