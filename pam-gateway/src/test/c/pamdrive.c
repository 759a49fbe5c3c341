/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stands where sshd would: calls the account phase of the real pam_adoptd.so and prints, one fact a line, what came of
 * it. Either the module's entry itself, whose answer is then exact, or a whole stack through libpam.
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
 * Exit status: 0; 77 when this machine cannot run it, the reason on stderr; else a fault of the test.
 */
#include "../../main/c/linux_pam.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { SKIPPED = 77, AN_ERRNO = EXDEV, PAM_ABORT = 26 };

/* The application's side of libpam, as in <security/pam_appl.h>. */
extern int pam_acct_mgmt(pam_handle_t *pamh, int flags);
extern int pam_set_item(pam_handle_t *pamh, int item_type, const void *item);
extern char **pam_getenvlist(pam_handle_t *pamh);
extern int pam_end(pam_handle_t *pamh, int pam_status);

static bool allocate_responses;
static int putenvs_until_failure = -1;

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

static int descriptors(void)
{
	DIR *directory = opendir("/proc/self/fd");
	int count = 0;

	if (directory == NULL)
		give_up(SKIPPED, "/proc/self/fd", strerror(errno));
	while (readdir(directory) != NULL)
		count++;
	closedir(directory);
	return count;
}

static long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int main(int argc, char **argv)
{
	int (*start)(const char *, const char *, const struct pam_conv *, const char *, pam_handle_t **);
	int (*entry)(pam_handle_t *, int, int, const char **) = NULL;
	struct pam_conv conversation = { .conv = converse };
	pam_handle_t *pamh = NULL;
	const char *rhost = NULL;
	bool mapped = false, interrupts = false;
	void *module = NULL, *symbol;
	int flags = 0, option, before, answer, error;
	long long started;

	setvbuf(stdout, NULL, _IOLBF, 0);
	while ((option = getopt(argc, argv, "+r:t:6snapi")) != -1) {
		switch (option) {
		case 'r': rhost = optarg; break;
		case 't': hold_connection(optarg, mapped); break;
		case '6': mapped = true; break;
		case 's': flags = PAM_SILENT; break;
		case 'n': conversation.conv = NULL; break;
		case 'a': allocate_responses = true; break;
		case 'p': putenvs_until_failure = 1; break;
		case 'i': interrupts = true; break;
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
	if (argc > 3) {
		module = dlopen(argv[3], RTLD_NOW | RTLD_LOCAL);
		if (module == NULL)
			give_up(3, "dlopen", dlerror());
		symbol = dlsym(module, "pam_sm_acct_mgmt");
		if (symbol == NULL)
			give_up(3, "dlsym", dlerror());
		memcpy(&entry, &symbol, sizeof(symbol));
	}

	before = descriptors();
	started = now_ms();
	if (interrupts)
		interrupt_often();
	errno = AN_ERRNO;
	answer = entry != NULL ? entry(pamh, flags, argc - 4, (const char **)argv + 4) : pam_acct_mgmt(pamh, flags);
	error = errno;
	if (interrupts)
		signal(SIGALRM, SIG_IGN);
	printf("took_ms %lld\n", now_ms() - started);
	printf("answer %d\n", answer);
	if (entry != NULL && error != AN_ERRNO)
		printf("errno %d\n", error);
	if (descriptors() != before)
		printf("leaked %d\n", descriptors() - before);
	for (char **variables = pam_getenvlist(pamh), **at = variables; at != NULL; at++) {
		if (*at == NULL) {
			free(variables);
			break;
		}
		printf("env %s\n", *at);
		free(*at);
	}
	pam_end(pamh, answer);
	if (module != NULL)
		dlclose(module);
	return 0;
}
