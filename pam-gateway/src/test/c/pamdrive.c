/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stands where sshd would: calls the real pam_adoptd.so and prints, one fact a line, what came of it and what of this
 * process it left changed. Either the module's entries themselves, whose answers are then exact, or a whole stack
 * through libpam.
 *
 *	pamdrive [option ...] CONFDIR SERVICE USER [MODULE [argument ...]]
 *
 * CONFDIR holds the service file SERVICE; with a MODULE, that is loaded and called directly with its arguments.
 *	-r HOST		PAM_RHOST
 *	-t ADDRESS:PORT	hold a TCP connection to it while the module is called; may be repeated
 *	-6		make those IPv6 sockets, to the mapped address
 *	-s		pass PAM_SILENT
 *	-n		have no conversation function
 *	-a		have a conversation that allocates a response, as some do
 *	-p		let the second pam_putenv fail
 *	-i		be interrupted by a signal every millisecond
 *	-x PHASES	what to call, one after another: a account (the default), o open session, c close session
 *	-e NAME=VALUE	have it in the PAM environment; may be repeated
 *	-f		call from a child that holds the same descriptors, as sshd's helper for keyboard-interactive does
 *	-T		have a second thread
 *	-N		print the namespaces this process and its children are in after the calls
 *	-M		go into a mount namespace of its own after the first call, as pam_namespace does
 *	-U USER		have that PAM_USER from the second call on
 *	-w DIR:TEXT	put TEXT into DIR as the record of this process, as adoptd does
 *	-L SECONDS	live on for so long after the calls, and say "outlived it"
 *	-I		ignore SIGTERM
 * What it prints of timers are the signals that the kernel will send this process.
 * Exit status: 0; 77 when this machine cannot run it, the reason on stderr; else a fault of the test.
 */
#include "../../main/c/linux_pam.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SKIPPED = 77, AN_ERRNO = EXDEV, PAM_ABORT = 26, PAM_USER = 2, NO_MODULE_DATA = 18 };

/* The application's side of libpam, as in <security/pam_appl.h>. */
extern int pam_acct_mgmt(pam_handle_t *pamh, int flags);
extern int pam_open_session(pam_handle_t *pamh, int flags);
extern int pam_close_session(pam_handle_t *pamh, int flags);
extern int pam_set_item(pam_handle_t *pamh, int item_type, const void *item);
extern char **pam_getenvlist(pam_handle_t *pamh);
extern int pam_end(pam_handle_t *pamh, int pam_status);

enum { CONNECTIONS_MAX = 8, PLACE = 4096 };

typedef int phase_of_module(pam_handle_t *pamh, int flags, int argc, const char **argv);
typedef int phase_of_libpam(pam_handle_t *pamh, int flags);

static const struct phase {
	char letter;
	const char *entry;
	phase_of_libpam *libpam;
} phases[] = {
	{ 'a', "pam_sm_acct_mgmt", pam_acct_mgmt },
	{ 'o', "pam_sm_open_session", pam_open_session },
	{ 'c', "pam_sm_close_session", pam_close_session },
};

static bool allocate_responses;
static int putenvs_until_failure = -1;
static int connections[CONNECTIONS_MAX];
static int connection_count;
static DIR *own_descriptors;	/* opened early: a joined namespace may have another /proc */

static void give_up(int status, const char *what, const char *why)
{
	fprintf(stderr, "pamdrive: %s: %s\n", what, why);
	exit(status);
}

/* The module's log lines arrive here instead of in syslog: a program's symbols come before its libraries'. */
void pam_syslog(const pam_handle_t *pamh, int priority, const char *fmt, ...)
{
	va_list args;

	(void)pamh;
	printf("log %d ", priority);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
}

int pam_putenv(pam_handle_t *pamh, const char *name_value)
{
	int (*libpam_s)(pam_handle_t *, const char *);
	void *symbol = dlsym(RTLD_NEXT, "pam_putenv");

	if (putenvs_until_failure == 0)
		return PAM_ABORT;
	putenvs_until_failure--;
	memcpy(&libpam_s, &symbol, sizeof(symbol));
	return libpam_s(pamh, name_value);
}

/*
 * libpam keeps data for modules that it called itself. A module that is called directly has its one datum here, so that
 * both ways are alike to it.
 */
static struct {
	bool here;
	void *data;
	void (*forget)(pam_handle_t *pamh, void *data, int error_status);
} datum;

int pam_set_data(pam_handle_t *pamh, const char *name, void *data, void (*forget)(pam_handle_t *, void *, int))
{
	int (*libpam_s)(pam_handle_t *, const char *, void *, void (*)(pam_handle_t *, void *, int));
	void *symbol = dlsym(RTLD_NEXT, "pam_set_data");

	memcpy(&libpam_s, &symbol, sizeof(symbol));
	if (!datum.here)
		return libpam_s(pamh, name, data, forget);
	if (datum.forget != NULL)
		datum.forget(pamh, datum.data, 0);
	datum.data = data;
	datum.forget = forget;
	return PAM_SUCCESS;
}

int pam_get_data(const pam_handle_t *pamh, const char *name, const void **data)
{
	int (*libpam_s)(const pam_handle_t *, const char *, const void **);
	void *symbol = dlsym(RTLD_NEXT, "pam_get_data");

	memcpy(&libpam_s, &symbol, sizeof(symbol));
	if (!datum.here)
		return libpam_s(pamh, name, data);
	*data = datum.data;
	return datum.data == NULL ? NO_MODULE_DATA : PAM_SUCCESS;
}

static int converse(int count, const struct pam_message **messages, struct pam_response **responses, void *data)
{
	(void)data;
	for (int i = 0; i < count; i++)
		printf("message %d %s\n", messages[i]->msg_style, messages[i]->msg);
	*responses = allocate_responses ? calloc((size_t)count, sizeof(**responses)) : NULL;
	if (*responses != NULL)
		(*responses)->resp = strdup("nobody asked");
	return PAM_SUCCESS;
}

static void hold_connection(const char *place, bool mapped)
{
	char text[64];
	struct sockaddr_storage to = { .ss_family = AF_INET };
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&to;
	struct sockaddr_in *in = (struct sockaddr_in *)&to;
	const char *port = strrchr(place, ':');
	int fd;

	if (port == NULL)
		give_up(2, place, "no port");
	snprintf(text, sizeof(text), "%s%.*s", mapped ? "::ffff:" : "", (int)(port - place), place);
	if (mapped) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons((uint16_t)atoi(port + 1));
		if (inet_pton(AF_INET6, text, &in6->sin6_addr) != 1)
			give_up(2, text, "no address");
	} else {
		in->sin_port = htons((uint16_t)atoi(port + 1));
		if (inet_pton(AF_INET, text, &in->sin_addr) != 1)
			give_up(2, text, "no address");
	}
	fd = socket(to.ss_family, SOCK_STREAM, 0);
	if (fd < 0)
		give_up(SKIPPED, "an IPv6 socket", strerror(errno));
	if (connect(fd, (struct sockaddr *)&to, mapped ? sizeof(*in6) : sizeof(*in)) != 0)
		give_up(SKIPPED, text, strerror(errno));
	if (connection_count < CONNECTIONS_MAX)
		connections[connection_count++] = fd;
}

static void interrupted(int signal)
{
	(void)signal;
}

static void interrupt_often(void)
{
	const struct itimerval every_ms = { .it_interval.tv_usec = 1000, .it_value.tv_usec = 1000 };
	struct sigaction action = { .sa_handler = interrupted };	/* no SA_RESTART: calls return EINTR */

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &every_ms, NULL);
}

/* All that a guest has to leave as it found it. */
struct house {
	int descriptors;
	char environment[PLACE];
	char directory[PLACE];
	sigset_t mask;
	struct sigaction actions[NSIG];
	unsigned alarm;
	mode_t umask;
	struct rlimit limits[RLIM_NLIMITS];
	uid_t uids[3];
	gid_t gids[3];
};

static struct house look_around(bool interrupted_often)
{
	extern char **environ;
	struct house house;
	size_t used = 0;

	memset(&house, 0, sizeof(house));
	rewinddir(own_descriptors);
	while (readdir(own_descriptors) != NULL)
		house.descriptors++;
	for (char **variable = environ; *variable != NULL && used < PLACE; variable++)
		used += (size_t)snprintf(house.environment + used, PLACE - used, "%p %s\n", (void *)*variable, *variable);
	if (getcwd(house.directory, PLACE) == NULL)
		give_up(3, "getcwd", strerror(errno));
	sigprocmask(SIG_BLOCK, NULL, &house.mask);
	for (int signal = 1; signal < NSIG; signal++)
		sigaction(signal, NULL, &house.actions[signal]);
	if (!interrupted_often) {
		house.alarm = alarm(0);
		alarm(house.alarm);
	}
	house.umask = umask(0);
	umask(house.umask);
	for (int limit = 0; limit < (int)RLIM_NLIMITS; limit++)
		getrlimit(limit, &house.limits[limit]);
	getresuid(&house.uids[0], &house.uids[1], &house.uids[2]);
	getresgid(&house.gids[0], &house.gids[1], &house.gids[2]);
	return house;
}

static void compare(const struct house *before, const struct house *after)
{
	if (before->descriptors != after->descriptors)
		printf("leaked %d\n", after->descriptors - before->descriptors);
	if (strcmp(before->environment, after->environment) != 0)
		puts("changed environment");
	if (strcmp(before->directory, after->directory) != 0)
		puts("changed directory");
	if (memcmp(&before->mask, &after->mask, sizeof(before->mask)) != 0)
		puts("changed signal mask");
	for (int signal = 1; signal < NSIG; signal++)
		if (before->actions[signal].sa_handler != after->actions[signal].sa_handler ||
		    before->actions[signal].sa_flags != after->actions[signal].sa_flags)
			printf("changed handler of signal %d\n", signal);
	if (before->alarm != 0 && (after->alarm == 0 || after->alarm > before->alarm))	/* it may have come nearer */
		puts("changed alarm");
	if (before->umask != after->umask)
		puts("changed umask");
	if (memcmp(before->limits, after->limits, sizeof(before->limits)) != 0)
		puts("changed limits");
	if (memcmp(before->uids, after->uids, sizeof(before->uids)) != 0 ||
	    memcmp(before->gids, after->gids, sizeof(before->gids)) != 0)
		puts("changed ids");
}

static void *sleep_long(void *nothing)
{
	sleep(1000);
	return nothing;
}

static void print_namespaces(void)
{
	static const char *const names[] = { "mnt", "user", "pid_for_children" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char path[64], link[64];
		ssize_t len;

		snprintf(path, sizeof(path), "/proc/self/ns/%s", names[i]);
		len = readlink(path, link, sizeof(link) - 1);
		link[len < 0 ? 0 : len] = '\0';
		printf("namespace %s %s\n", names[i], len < 0 ? "hidden" : link);
	}
}

/* Those of POSIX timers; an interval timer, as alarm's, is none. */
static void print_timers(void)
{
	FILE *timers = fopen("/proc/self/timers", "re");
	char line[256];
	int signal;

	while (timers != NULL && fgets(line, sizeof(line), timers) != NULL)
		if (sscanf(line, "signal: %d/", &signal) == 1)
			printf("timer %d\n", signal);
	if (timers != NULL)
		fclose(timers);
}

static void write_record(const char *argument)
{
	const char *text = strchr(argument, ':') + 1;
	char stat[1024], path[512], *at;
	FILE *own = fopen("/proc/self/stat", "re"), *out;
	unsigned long long ticks = 0;

	if (own == NULL || fgets(stat, sizeof(stat), own) == NULL)
		give_up(SKIPPED, "/proc/self/stat", strerror(errno));
	fclose(own);
	at = strrchr(stat, ')') + 1;
	for (int field = 3; field < 22; field++)
		at = strchr(at + 1, ' ');
	sscanf(at, "%llu", &ticks);
	snprintf(path, sizeof(path), "%.*s/%d-%llu", (int)(text - 1 - argument), argument, (int)getpid(), ticks);
	out = fopen(path, "wxe");
	if (out == NULL || fputs(text, out) < 0 || fputc('\n', out) == EOF || fclose(out) != 0)
		give_up(3, path, strerror(errno));
}

static long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* One call, and what it did. */
static void call(pam_handle_t *pamh, const struct phase *phase, void *module, int flags, int argc, const char **argv,
		 bool interrupts)
{
	struct house before = look_around(interrupts), after;
	phase_of_module *entry = NULL;
	long long started;
	int answer, error;

	if (module != NULL) {
		void *symbol = dlsym(module, phase->entry);

		if (symbol == NULL)
			give_up(3, "dlsym", dlerror());
		memcpy(&entry, &symbol, sizeof(symbol));
	}
	started = now_ms();
	errno = AN_ERRNO;
	answer = entry != NULL ? entry(pamh, flags, argc, argv) : phase->libpam(pamh, flags);
	error = errno;
	printf("took_ms %lld\n", now_ms() - started);
	printf("answer %d\n", answer);
	if (entry != NULL && error != AN_ERRNO)
		printf("errno %d\n", error);
	after = look_around(interrupts);
	compare(&before, &after);
}

/* Waits for the child that goes on in its stead; a test's process ends as that child did. */
static void become_helper_s_parent(void)
{
	pid_t helper = fork();
	int status;

	if (helper < 0)
		give_up(3, "fork", strerror(errno));
	if (helper == 0)
		return;
	if (waitpid(helper, &status, 0) != helper || !WIFEXITED(status))
		give_up(3, "the helper", "did not exit");
	_exit(WEXITSTATUS(status));
}

int main(int argc, char **argv)
{
	int (*start)(const char *, const char *, const struct pam_conv *, const char *, pam_handle_t **);
	struct pam_conv conversation = { .conv = converse };
	pam_handle_t *pamh = NULL;
	const char *rhost = NULL, *calls = "a", *variables[8] = { NULL };
	bool mapped = false, interrupts = false, helper = false, threads = false, namespaces = false, unshares = false;
	const char *later_user = NULL, *record = NULL;
	int lives = 0;
	void *module = NULL, *symbol;
	size_t variable_count = 0;
	int flags = 0, option, answer;

	setvbuf(stdout, NULL, _IOLBF, 0);
	while ((option = getopt(argc, argv, "+r:t:6snapix:e:fTNMU:w:L:I")) != -1) {
		switch (option) {
		case 'r': rhost = optarg; break;
		case 't': hold_connection(optarg, mapped); break;
		case '6': mapped = true; break;
		case 's': flags = PAM_SILENT; break;
		case 'n': conversation.conv = NULL; break;
		case 'a': allocate_responses = true; break;
		case 'p': putenvs_until_failure = 1; break;
		case 'i': interrupts = true; break;
		case 'x': calls = optarg; break;
		case 'e':
			if (variable_count == sizeof(variables) / sizeof(variables[0]))
				return 2;
			variables[variable_count++] = optarg;
			break;
		case 'f': helper = true; break;
		case 'T': threads = true; break;
		case 'N': namespaces = true; break;
		case 'M': unshares = true; break;
		case 'U': later_user = optarg; break;
		case 'w': record = optarg; break;
		case 'L': lives = atoi(optarg); break;
		case 'I': signal(SIGTERM, SIG_IGN); break;
		default: return 2;
		}
	}
	argv += optind;
	argc -= optind;
	if (argc < 3)
		give_up(2, "usage", "pamdrive [option ...] CONFDIR SERVICE USER [MODULE [argument ...]]");

	symbol = dlsym(RTLD_DEFAULT, "pam_start_confdir");
	if (symbol == NULL)
		give_up(SKIPPED, "libpam", "has no pam_start_confdir; that came with Linux-PAM 1.4");
	memcpy(&start, &symbol, sizeof(symbol));
	answer = start(argv[1], argv[2], &conversation, argv[0], &pamh);
	if (answer != PAM_SUCCESS)
		give_up(3, "pam_start_confdir", "refused");
	if (rhost != NULL && pam_set_item(pamh, PAM_RHOST, rhost) != PAM_SUCCESS)
		give_up(3, "pam_set_item", "refused");
	for (size_t i = 0; i < variable_count; i++)
		if (pam_putenv(pamh, variables[i]) != PAM_SUCCESS)
			give_up(3, "pam_putenv", "refused");
	if (argc > 3) {
		module = dlopen(argv[3], RTLD_NOW | RTLD_LOCAL);
		if (module == NULL)
			give_up(3, "dlopen", dlerror());
		datum.here = true;
	}

	if (helper)
		become_helper_s_parent();
	own_descriptors = opendir("/proc/self/fd");
	if (own_descriptors == NULL)
		give_up(SKIPPED, "/proc/self/fd", strerror(errno));
	if (threads) {
		pthread_t other;

		if (pthread_create(&other, NULL, sleep_long, NULL) != 0)
			give_up(SKIPPED, "pthread_create", "refused");
	}
	if (interrupts)
		interrupt_often();
	else
		alarm(1000);	/* sshd has one too, LoginGraceTime's */
	umask(077);
	if (record != NULL)
		write_record(record);
	umask(026);
	for (; *calls != '\0'; calls++) {
		for (size_t i = 0; i < sizeof(phases) / sizeof(phases[0]); i++)
			if (phases[i].letter == *calls)
				call(pamh, &phases[i], module, flags, argc - 4, (const char **)argv + 4, interrupts);
		if (later_user != NULL && pam_set_item(pamh, PAM_USER, later_user) != PAM_SUCCESS)
			give_up(3, "pam_set_item", "refused");
		if (unshares && (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0))
			give_up(SKIPPED, "a mount namespace", strerror(errno));
		unshares = false;
	}
	if (interrupts)
		signal(SIGALRM, SIG_IGN);
	for (int i = 0; i < connection_count; i++)
		printf("connection %s\n", send(connections[i], "x", 1, MSG_NOSIGNAL) == 1 ? "open" : "ended");
	for (char **env = pam_getenvlist(pamh), **at = env; at != NULL; at++) {
		if (*at == NULL) {
			free(env);
			break;
		}
		printf("env %s\n", *at);
		free(*at);
	}
	if (namespaces)
		print_namespaces();
	print_timers();
	for (long long end = now_ms() + lives * 1000LL; now_ms() < end;)
		usleep(10000);
	if (lives > 0)
		puts("outlived it");
	if (datum.forget != NULL)
		datum.forget(pamh, datum.data, 0);
	pam_end(pamh, answer);
	if (module != NULL)
		dlclose(module);
	closedir(own_descriptors);
	return 0;
}
