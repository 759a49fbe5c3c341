/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every way in which a call of the module can go, for the sanitizers and for valgrind: the module is linked in and
 * libpam is stood in for, so that all of the code that runs is ours. A scenario's guest is a child of this process,
 * which plays its daemon. The program is called sshd_scenarios, so that it is sshd to the module.
 *
 *	sshd_scenarios [-v] [NAME]
 *
 * Exit status: 0; 77 when this machine cannot run them, the reason on stderr; else a scenario did not go as it says.
 */
#include "../../main/c/gateway.h"
#include "../../main/c/linux_pam.h"
#include "frames.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SKIPPED = 77, ARGUMENTS = 8, VARIABLES = 80, AN_ERRNO = EXDEV };

enum how {
	ANSWERS,
	CUTS,		/* closes after some bytes of its reply */
	HOLDS,		/* sends as many, and then nothing */
	TRICKLES,	/* a byte a millisecond */
	IS_MUTE,
	HANGS_UP,	/* before it was asked */
	IS_FIRST,	/* answers before it was asked */
	IS_ABSENT,
	HAS_LEFT,	/* its socket is there and nobody listens */
	IS_FULL,	/* nobody accepts, and no more may wait */
	IS_A_FILE,
};

/* What the descriptors are of that come with the reply. */
enum what { NONE, OF_NOTHING, OWN_MOUNT, NEW_MOUNT };

struct scenario {
	const char *name;
	const char *calls;			/* a account, o open session, c close session */
	const char *arguments[ARGUMENTS];	/* after those every one has */
	enum how how;
	const char *reply;			/* "TYPE TAG:VALUE|TAG:VALUE", tags in hex, "#00" values too; or "raw 00" */
	size_t cut;
	enum what what;
	int descriptors;
	enum { CONNECTED = 1, HELPER = 2, STORM = 4, SILENT = 8, MUTE_APPLICATION = 16, FULL_ENVIRONMENT = 32 } with;
	const char *user;			/* NULL: nobody */
	int answers[3];				/* of each call */
	const char *logged;			/* in one of its lines */
	int variables, messages;
	enum how then;				/* how the daemon is asked the second time, if it is another */
	const char *then_reply;
	const char *record;			/* what adoptd wrote down of this process; NULL: nothing */
	bool ended;				/* by a timer that was armed */
};

#define STRICT "action_generic_failure=deny", "action_adopt_failure=deny"
#define DECIDED "81 1:#01|2:only_job|4:SLURM_JOB_ID=7|4:TMPDIR=/scratch/7|8001:7f3a|8002:steps 3 ms"
#define DENIED "81 1:#03|2:no_jobs|3:Access denied by adoptd: you have no active jobs on this node"
#define RECORD "adoptd-login 1 uid=NOBODY job=7 actions=2123 switches=3 nodename=c1\n"
#define MOUNT DECIDED "|5:#00020000"
#define EIGHT_NAMESPACES "|5:#00000000|5:#00000000|5:#00000000|5:#00000000|5:#00000000|5:#00000000|5:#00000000|5:#00000000"

static const struct scenario scenarios[] = {
	{ "success", "a", { STRICT }, ANSWERS, DECIDED, .answers = { PAM_SUCCESS }, .logged = "reason=only_job",
	  .variables = 2 },
	{ "success with a message", "a", { STRICT }, ANSWERS, DECIDED "|3:hello", .answers = { PAM_SUCCESS },
	  .variables = 2, .messages = 1 },
	{ "denial", "a", { STRICT }, ANSWERS, DENIED, .answers = { PAM_PERM_DENIED }, .logged = "verdict=deny",
	  .messages = 1 },
	{ "denial, silent", "a", { STRICT }, ANSWERS, DENIED, .with = SILENT, .answers = { PAM_PERM_DENIED } },
	{ "denial, nobody to tell", "a", { STRICT }, ANSWERS, DENIED, .with = MUTE_APPLICATION,
	  .answers = { PAM_PERM_DENIED } },
	{ "ignore", "a", { STRICT }, ANSWERS, "81 1:#02|2:no_jobs|4:A=1", .answers = { PAM_IGNORE } },
	{ "refusal", "a", { STRICT }, ANSWERS, "ff 1:busy|2:too many", .answers = { PAM_PERM_DENIED },
	  .logged = "why=daemon_refused", .messages = 1 },
	{ "libpam takes no variable", "a", { STRICT }, ANSWERS, DECIDED, .with = FULL_ENVIRONMENT,
	  .answers = { PAM_PERM_DENIED }, .logged = "why=environment", .messages = 1 },
	{ "connected", "a", { STRICT }, ANSWERS, DECIDED, .with = CONNECTED, .answers = { PAM_SUCCESS }, .variables = 2 },
	{ "helper", "a", { STRICT }, ANSWERS, DECIDED, .with = CONNECTED | HELPER, .answers = { PAM_SUCCESS },
	  .logged = "phase=helper", .variables = 2 },
	{ "all three phases", "aoc", { STRICT }, ANSWERS, DECIDED, .with = CONNECTED,
	  .answers = { PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS }, .logged = "phase=session", .variables = 2 },
	{ "denied session", "ao", { STRICT }, ANSWERS, DECIDED, .with = CONNECTED,
	  .answers = { PAM_SUCCESS, PAM_PERM_DENIED }, .then_reply = DENIED, .logged = "login.ended", .variables = 2,
	  .messages = 1, .ended = true },
	{ "ignored session", "ao", { STRICT }, ANSWERS, DECIDED, .answers = { PAM_SUCCESS, PAM_IGNORE },
	  .then_reply = "81 1:#02|2:account_decided", .variables = 2 },
	{ "session of nobody's", "oc", { STRICT, "nonsense", "log_level=debug" }, IS_ABSENT, .with = CONNECTED,
	  .answers = { PAM_IGNORE, PAM_SUCCESS }, .logged = "is not to be found" },
	{ "session after a denial", "ao", { STRICT }, ANSWERS, DENIED, .answers = { PAM_PERM_DENIED, PAM_IGNORE },
	  .messages = 1 },
	{ "session after being let in", "ao", { STRICT }, ANSWERS, "81 1:#01|2:source_unknown",
	  .answers = { PAM_SUCCESS, PAM_IGNORE } },
	{ "session after a job that is none", "ao", { STRICT }, ANSWERS, "81 1:#01|2:only_job|4:SLURM_JOB_ID=07",
	  .answers = { PAM_SUCCESS, PAM_IGNORE }, .variables = 1 },
	{ "session by record", "oo", { "log_level=debug" }, ANSWERS, DECIDED, .answers = { PAM_SUCCESS, PAM_SUCCESS },
	  .record = RECORD, .logged = "phase=session verdict=success", .variables = 2 },
	{ "session by record, its options", "o", { "action_generic_failure=allow" }, CUTS, .with = CONNECTED,
	  .answers = { PAM_PERM_DENIED }, .record = RECORD, .logged = "action_generic_failure=deny", .messages = 1,
	  .ended = true },
	{ "session by another's record", "o", { STRICT, "log_level=debug" }, IS_ABSENT, .answers = { PAM_IGNORE },
	  .record = "adoptd-login 1 uid=1 job=7 actions=2123 switches=3 nodename=-\n", .logged = "uid 1 was put" },
	{ "session by a garbled record", "o", { STRICT }, IS_ABSENT, .answers = { PAM_IGNORE },
	  .record = "adoptd-login 2 uid=1 job=7\n", .logged = "SECURITY: login.ignored" },

	{ "cut header", "a", { STRICT }, CUTS, DECIDED, 5, .answers = { PAM_PERM_DENIED }, .logged = "why=daemon_closed",
	  .messages = 1 },
	{ "cut body", "a", { STRICT }, CUTS, DECIDED, 30, .answers = { PAM_PERM_DENIED }, .logged = "why=daemon_closed",
	  .messages = 1 },
	{ "held body", "a", { STRICT, "timeout=300" }, HOLDS, DECIDED, 30, .answers = { PAM_PERM_DENIED },
	  .logged = "why=daemon_late", .messages = 1 },
	{ "trickle", "a", { STRICT, "timeout=60000" }, TRICKLES, DECIDED, .with = STORM, .answers = { PAM_SUCCESS },
	  .variables = 2 },
	{ "trickle past the deadline", "a", { STRICT, "timeout=200" }, TRICKLES, DECIDED "|9000:"
	  "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	  "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	  "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
	  .answers = { PAM_PERM_DENIED }, .logged = "why=daemon_late", .messages = 1 },
	{ "mute", "a", { STRICT, "timeout=300" }, IS_MUTE, .answers = { PAM_PERM_DENIED }, .logged = "why=daemon_late",
	  .messages = 1 },
	{ "mute under a storm of signals", "a", { STRICT, "timeout=300" }, IS_MUTE, .with = STORM,
	  .answers = { PAM_PERM_DENIED }, .logged = "why=daemon_late", .messages = 1 },
	{ "mute, allow", "a", { "action_generic_failure=allow", "timeout=100" }, IS_MUTE, .answers = { PAM_SUCCESS } },
	{ "mute, ignore", "a", { "timeout=100" }, IS_MUTE, .answers = { PAM_IGNORE } },
	{ "mute at a session", "ao", { STRICT, "timeout=2000" }, ANSWERS, DECIDED, .with = CONNECTED, .then = IS_MUTE,
	  .answers = { PAM_SUCCESS, PAM_PERM_DENIED }, .logged = "login.ended", .variables = 2, .messages = 1,
	  .ended = true },
	{ "mute at a session, ignore", "ao", { "timeout=2000" }, ANSWERS, DECIDED, .with = CONNECTED, .then = IS_MUTE,
	  .answers = { PAM_SUCCESS, PAM_IGNORE }, .variables = 2 },
	{ "hung up", "a", { STRICT }, HANGS_UP, .answers = { PAM_PERM_DENIED }, .logged = "login.failed", .messages = 1 },
	{ "answer to nothing", "a", { STRICT }, IS_FIRST, "ff 1:busy|2:too many", .answers = { PAM_PERM_DENIED },
	  .logged = "login.failed", .messages = 1 },
	{ "absent", "ao", { STRICT }, IS_ABSENT, .with = CONNECTED, .answers = { PAM_PERM_DENIED, PAM_IGNORE },
	  .logged = "why=daemon_absent", .messages = 1 },
	{ "gone", "a", { STRICT }, HAS_LEFT, .answers = { PAM_PERM_DENIED }, .logged = "why=daemon_absent",
	  .messages = 1 },
	{ "full", "a", { STRICT, "timeout=200" }, IS_FULL, .answers = { PAM_PERM_DENIED }, .logged = "why=daemon_late",
	  .messages = 1 },
	{ "full under a storm of signals", "a", { STRICT, "timeout=200" }, IS_FULL, .with = STORM,
	  .answers = { PAM_PERM_DENIED }, .logged = "why=daemon_late", .messages = 1 },
	{ "a file", "a", { STRICT }, IS_A_FILE, .answers = { PAM_PERM_DENIED }, .logged = "SECURITY: ", .messages = 1 },

	{ "garbage", "a", { STRICT }, ANSWERS, "raw 485454502f312e3120323030204f4b0d0a0d0a", .answers = { PAM_PERM_DENIED },
	  .logged = "magic is not ADOP", .messages = 1 },
	{ "version 1", "a", { STRICT }, ANSWERS, "raw 41444f50018100080001000101", .answers = { PAM_PERM_DENIED },
	  .logged = "version is not 2", .messages = 1 },
	{ "too long", "a", { STRICT }, ANSWERS, "raw 41444f5002812001", .answers = { PAM_PERM_DENIED },
	  .logged = "length is over the bound", .messages = 1 },
	{ "empty", "a", { STRICT }, ANSWERS, "81 ", .answers = { PAM_PERM_DENIED }, .logged = "verdict is missing",
	  .messages = 1 },
	{ "unknown instruction", "a", { STRICT }, ANSWERS, DECIDED "|6:x", .answers = { PAM_PERM_DENIED },
	  .logged = "tag is unknown", .messages = 1 },
	{ "two lines", "a", { STRICT }, ANSWERS, DENIED "|8001:a\nb|8002:\x1b[2J", .answers = { PAM_PERM_DENIED },
	  .logged = "detail is not a value", .messages = 1 },

	{ "own namespace", "ao", { STRICT, "log_level=debug" }, ANSWERS, MOUNT, 0, OWN_MOUNT, 1,
	  .answers = { PAM_SUCCESS, PAM_SUCCESS }, .logged = "already_in=mount", .variables = 2 },
	{ "new namespace", "ao", { STRICT, "log_level=debug" }, ANSWERS, MOUNT, 0, NEW_MOUNT, 1,
	  .answers = { PAM_SUCCESS, PAM_SUCCESS }, .logged = "joined=mount", .variables = 2 },
	{ "new namespace, trickling", "a", { STRICT, "log_level=debug" }, TRICKLES, MOUNT, 0, NEW_MOUNT, 1, .with = STORM,
	  .answers = { PAM_SUCCESS }, .logged = "joined=mount", .variables = 2 },
	{ "eight times the same", "a", { STRICT, "log_level=debug" }, ANSWERS, DECIDED EIGHT_NAMESPACES, 0, NEW_MOUNT, 8,
	  .answers = { PAM_SUCCESS }, .logged = "already_in=mount", .variables = 2 },
	{ "no namespace", "a", { STRICT }, ANSWERS, MOUNT, 0, OF_NOTHING, 1, .answers = { PAM_PERM_DENIED },
	  .logged = "why=container", .messages = 1 },
	{ "no namespace, allow", "a", { "log_level=debug" }, ANSWERS, MOUNT, 0, OF_NOTHING, 1, .answers = { PAM_SUCCESS },
	  .logged = "action_adopt_failure=allow" },
	{ "no namespace at a session", "o", { STRICT }, ANSWERS, MOUNT, 0, OF_NOTHING, 1, .with = CONNECTED,
	  .answers = { PAM_PERM_DENIED }, .record = RECORD, .logged = "why=container", .messages = 1, .ended = true },
	{ "no descriptor", "a", { STRICT }, ANSWERS, MOUNT, .answers = { PAM_PERM_DENIED },
	  .logged = "1 namespaces and 0 descriptors", .messages = 1 },
	{ "too many descriptors", "a", { STRICT }, ANSWERS, MOUNT, 0, OF_NOTHING, 2, .answers = { PAM_PERM_DENIED },
	  .logged = "1 namespaces and 2 descriptors", .messages = 1 },
	{ "nine descriptors", "a", { STRICT }, ANSWERS, DECIDED EIGHT_NAMESPACES, 0, OF_NOTHING, 9,
	  .answers = { PAM_PERM_DENIED }, .logged = "descriptors that no reply may bring", .messages = 1 },
	{ "descriptors with a refusal", "a", { STRICT }, ANSWERS, "ff 1:busy|2:too many", 0, OF_NOTHING, 3,
	  .answers = { PAM_PERM_DENIED }, .logged = "why=daemon_unreadable", .messages = 1 },
	{ "descriptors with a cut", "a", { STRICT }, CUTS, MOUNT, 9, OF_NOTHING, 1, .answers = { PAM_PERM_DENIED },
	  .logged = "why=daemon_closed", .messages = 1 },
	{ "descriptors with garbage", "a", { STRICT }, ANSWERS, "raw 0000000000000000", 0, OF_NOTHING, 8,
	  .answers = { PAM_PERM_DENIED }, .logged = "why=daemon_unreadable", .messages = 1 },
	{ "descriptors for a helper", "a", { STRICT }, ANSWERS, MOUNT, 0, OWN_MOUNT, 1, .with = CONNECTED | HELPER,
	  .answers = { PAM_PERM_DENIED }, .logged = "namespaces that were not asked for", .messages = 1 },
	{ "descriptors against join_container=false", "a", { STRICT, "join_container=false" }, ANSWERS, MOUNT, 0,
	  OWN_MOUNT, 1, .answers = { PAM_PERM_DENIED }, .logged = "namespaces that were not asked for", .messages = 1 },

	{ "root", "aoc", { STRICT, "ignore_root=0" }, IS_ABSENT, .user = "root",
	  .answers = { PAM_IGNORE, PAM_IGNORE, PAM_SUCCESS }, .logged = "ignore_root=0 has no effect" },
	{ "another service", "aoc", { STRICT, "service=login", "log_level=debug" }, IS_ABSENT,
	  .answers = { PAM_IGNORE, PAM_IGNORE, PAM_IGNORE }, .logged = "is not the one of service=" },
	{ "unknown user", "ao", { STRICT }, IS_ABSENT, .with = CONNECTED, .user = "no\nsuch\x1buser",
	  .answers = { PAM_SESSION_ERR, PAM_IGNORE }, .logged = "why=unknown_user" },
	{ "unknown user at a session", "o", { STRICT }, IS_ABSENT, .with = CONNECTED, .user = "nosuchuser",
	  .answers = { PAM_SESSION_ERR }, .record = RECORD, .logged = "why=unknown_user", .ended = true },
	{ "no user", "a", { STRICT }, IS_ABSENT, .user = "", .answers = { PAM_SESSION_ERR }, .logged = "why=no_user" },
	{ "a user no frame holds", "a", { STRICT, "nodename=n\xff", "timeout=1e3", "nonsense", "" }, ANSWERS, DECIDED,
	  .answers = { PAM_SUCCESS }, .logged = "option \"nonsense\" is none of", .variables = 2 },
};

/* ---- libpam */

struct pam_handle {
	const struct scenario *scenario;
	struct pam_conv conversation;
	char *environment[VARIABLES];
	int variables, messages;
	void *data;
	void (*forget)(pam_handle_t *pamh, void *data, int error_status);
	char log[16384];
};

static int converse(int count, const struct pam_message **messages, struct pam_response **responses, void *data)
{
	struct pam_handle *pamh = data;

	CHECK(count == 1 && messages[0]->msg_style == PAM_ERROR_MSG);
	pamh->messages++;
	*responses = calloc(1, sizeof(**responses));
	CHECK(*responses != NULL);
	(*responses)->resp = strdup(messages[0]->msg);	/* nobody asked */
	return PAM_SUCCESS;
}

int pam_get_item(const pam_handle_t *pamh, int item_type, const void **item)
{
	switch (item_type) {
	case PAM_SERVICE:
		*item = "sshd";
		return PAM_SUCCESS;
	case PAM_RHOST:
		*item = "127.0.0.1";
		return PAM_SUCCESS;
	case PAM_CONV:
		*item = (pamh->scenario->with & MUTE_APPLICATION) != 0 ? NULL : &pamh->conversation;
		return PAM_SUCCESS;
	default:
		return PAM_BAD_ITEM;
	}
}

int pam_get_user(pam_handle_t *pamh, const char **user, const char *prompt)
{
	(void)prompt;
	*user = pamh->scenario->user != NULL ? pamh->scenario->user : "nobody";
	return PAM_SUCCESS;
}

static char **variable_of(pam_handle_t *pamh, const char *name, size_t len)
{
	for (int i = 0; i < pamh->variables; i++)
		if (strncmp(pamh->environment[i], name, len) == 0 && pamh->environment[i][len] == '=')
			return &pamh->environment[i];
	return NULL;
}

int pam_putenv(pam_handle_t *pamh, const char *name_value)
{
	char **place = variable_of(pamh, name_value, strcspn(name_value, "="));

	if ((pamh->scenario->with & FULL_ENVIRONMENT) != 0)
		return PAM_BAD_ITEM;
	if (place == NULL) {
		CHECK(pamh->variables < VARIABLES);
		place = &pamh->environment[pamh->variables++];
	}
	free(*place);
	*place = strdup(name_value);
	return PAM_SUCCESS;
}

int pam_set_data(pam_handle_t *pamh, const char *name, void *data, void (*forget)(pam_handle_t *, void *, int))
{
	(void)name;
	if (pamh->forget != NULL)
		pamh->forget(pamh, pamh->data, 0);
	pamh->data = data;
	pamh->forget = forget;
	return PAM_SUCCESS;
}

int pam_get_data(const pam_handle_t *pamh, const char *name, const void **data)
{
	(void)name;
	*data = pamh->data;
	return pamh->data == NULL ? PAM_BAD_ITEM : PAM_SUCCESS;
}

void pam_syslog(const pam_handle_t *pamh, int priority, const char *fmt, ...)
{
	char *log = ((struct pam_handle *)(uintptr_t)pamh)->log;
	size_t used = strlen(log);
	va_list args;

	CHECK(priority >= 0 && priority <= 7);
	va_start(args, fmt);
	vsnprintf(log + used, sizeof(pamh->log) - used, fmt, args);
	va_end(args);
	used = strlen(log);
	CHECK(used < sizeof(pamh->log) - 2 && strchr(log + used, '\n') == NULL);
	strcpy(log + used, "\n");
}

static void end(struct pam_handle *pamh)
{
	if (pamh->forget != NULL)
		pamh->forget(pamh, pamh->data, 0);
	for (int i = 0; i < pamh->variables; i++)
		free(pamh->environment[i]);
}

/* ---- the guest */

static char directory[64], path[96];
static bool verbose;

static int descriptors(DIR *own)
{
	int count = 0;

	rewinddir(own);
	while (readdir(own) != NULL)
		count++;
	return count;
}

static void interrupted(int signal)
{
	(void)signal;
}

static void set_storm(bool on)
{
	const struct itimerval every_ms = { .it_interval.tv_usec = 1000, .it_value.tv_usec = 1000 };
	const struct itimerval never = { .it_value.tv_usec = 0 };
	struct sigaction action = { .sa_handler = interrupted };	/* no SA_RESTART: calls return EINTR */

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, on ? &every_ms : &never, NULL);
}

static int connect_somewhere(void)
{
	struct sockaddr_in place = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(place);
	int listener = socket(AF_INET, SOCK_STREAM, 0), fd = socket(AF_INET, SOCK_STREAM, 0);

	CHECK(bind(listener, (struct sockaddr *)&place, len) == 0 && listen(listener, 1) == 0);
	CHECK(getsockname(listener, (struct sockaddr *)&place, &len) == 0);
	CHECK(connect(fd, (struct sockaddr *)&place, len) == 0);
	return fd;	/* the listener stays open, and the connection with it */
}

static int call(pam_handle_t *pamh, char phase, const struct scenario *scenario)
{
	char socket_argument[128], timeout[] = "timeout=60000";
	const char *argv[ARGUMENTS + 2] = { socket_argument, timeout };
	int flags = (scenario->with & SILENT) != 0 ? PAM_SILENT : 0, argc = 2;

	snprintf(socket_argument, sizeof(socket_argument), "socket=%s", path);
	for (int i = 0; i < ARGUMENTS && scenario->arguments[i] != NULL; i++)
		argv[argc++] = scenario->arguments[i];
	switch (phase) {
	case 'a': return pam_sm_acct_mgmt(pamh, flags, argc, argv);
	case 'o': return pam_sm_open_session(pamh, flags, argc, argv);
	default: return pam_sm_close_session(pamh, flags, argc, argv);
	}
}

/* Which signals the kernel will send this process by timers; -1 where /proc does not tell. */
static int armed(int signal)
{
	FILE *timers = fopen("/proc/self/timers", "re");
	char line[256];
	int found = 0, one;

	if (timers == NULL)
		return -1;
	while (fgets(line, sizeof(line), timers) != NULL)
		if (sscanf(line, "signal: %d/", &one) == 1 && one == signal)
			found++;
	fclose(timers);
	return found;
}

static void check_ended(bool ended)
{
	int terminates = armed(SIGTERM), kills = armed(SIGKILL);

	CHECK(terminates < 0 || terminates == (ended ? 1 : 0));
	CHECK(kills < 0 || kills == (ended ? 1 : 0));
}

/* As adoptd writes it, for this process. NOBODY is the uid of the user. */
static void write_record(const char *text)
{
	const struct passwd *nobody = getpwnam("nobody");
	const char *uid = strstr(text, "NOBODY");
	char name[160], stat[1024], line[256];
	FILE *own = fopen("/proc/self/stat", "re"), *out;
	unsigned long long ticks;

	CHECK(own != NULL && fgets(stat, sizeof(stat), own) != NULL && nobody != NULL);
	fclose(own);
	CHECK(sscanf(strrchr(stat, ')') + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d"
		     " %llu", &ticks) == 1);
	snprintf(name, sizeof(name), "%s/logins/%d-%llu", directory, (int)getpid(), ticks);
	if (uid == NULL)
		snprintf(line, sizeof(line), "%s", text);
	else
		snprintf(line, sizeof(line), "%.*s%u%s", (int)(uid - text), text, (unsigned)nobody->pw_uid,
			 uid + strlen("NOBODY"));
	out = fopen(name, "wxe");
	CHECK(out != NULL && fputs(line, out) >= 0 && fclose(out) == 0);
}

static void be_guest(const struct scenario *scenario)
{
	struct pam_handle pamh = { .scenario = scenario };
	int connection = -1, before, after;
	DIR *own = opendir("/proc/self/fd");
	extern char **environ;
	char **environment = environ;
	int status;

	CHECK(own != NULL && setsid() > 0);	/* as sshd makes the process of a connection */
	pamh.conversation = (struct pam_conv){ .conv = converse, .appdata_ptr = &pamh };
	if ((scenario->with & CONNECTED) != 0)
		connection = connect_somewhere();
	if (scenario->record != NULL)
		write_record(scenario->record);
	if ((scenario->with & HELPER) != 0) {	/* this process becomes its parent, and holds the connection too */
		pid_t helper = fork();

		CHECK(helper >= 0);
		if (helper > 0) {
			CHECK(waitpid(helper, &status, 0) == helper && WIFEXITED(status));
			closedir(own);
			exit(WEXITSTATUS(status));
		}
		closedir(own);		/* it is the parent's */
		own = opendir("/proc/self/fd");
		CHECK(own != NULL);
	}
	if ((scenario->with & STORM) != 0)
		set_storm(true);
	before = descriptors(own);
	for (int i = 0; scenario->calls[i] != '\0'; i++) {
		int answer;

		errno = AN_ERRNO;
		answer = call(&pamh, scenario->calls[i], scenario);
		CHECK(errno == AN_ERRNO);
		if (answer != scenario->answers[i])
			fprintf(stderr, "answer %d\n%s", answer, pamh.log);
		CHECK(answer == scenario->answers[i]);
	}
	after = descriptors(own);
	set_storm(false);
	if (verbose)
		fputs(pamh.log, stdout);
	CHECK(after == before);
	CHECK(environ == environment);
	if (scenario->logged != NULL && strstr(pamh.log, scenario->logged) == NULL)
		CHECK_TEXT(pamh.log, scenario->logged);
	CHECK(pamh.variables == scenario->variables);
	CHECK(pamh.messages == scenario->messages);
	check_ended(scenario->ended);
	if (connection >= 0) {
		CHECK(send(connection, "x", 1, MSG_NOSIGNAL) == 1);	/* nobody's connection is reset */
		close(connection);
	}
	closedir(own);
	end(&pamh);
	exit(0);
}

/* ---- the daemon */

/* A reply from the form that struct scenario describes. */
static struct bytes reply_of(const char *text)
{
	struct bytes bytes = { .len = 0 };
	char copy[4096], *next;

	if (text == NULL)
		return bytes;
	if (strncmp(text, "raw ", 4) == 0)
		return hex(text + 4);
	CHECK(strlen(text) < sizeof(copy));
	strcpy(copy, text);
	next = strchr(copy, ' ') + 1;
	head(&bytes, (uint8_t)strtoul(copy, NULL, 16));
	for (char *part = strtok(next, "|"); part != NULL; part = strtok(NULL, "|")) {
		char *value = strchr(part, ':') + 1;
		unsigned tag = (unsigned)strtoul(part, NULL, 16);

		if (value[0] == '#') {
			struct bytes raw = hex(value + 1);

			field(&bytes, tag, raw.at, raw.len);
		} else {
			text_field(&bytes, tag, value);
		}
	}
	return bytes;
}

/* A descriptor as the scenario wants them; 77 ends the program when this machine cannot make one. */
static int make(enum what what)
{
	char name[64];
	int ready[2], fd;
	pid_t keeper;
	char byte;

	if (what == OF_NOTHING)
		return open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (what == OWN_MOUNT)
		return open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	CHECK(pipe(ready) == 0);
	keeper = fork();
	if (keeper == 0) {
		byte = unshare(CLONE_NEWNS) == 0 ? 'y' : 'n';
		CHECK(write(ready[1], &byte, 1) == 1);
		for (;;)
			pause();
	}
	CHECK(keeper > 0 && read(ready[0], &byte, 1) == 1);
	snprintf(name, sizeof(name), "/proc/%d/ns/mnt", (int)keeper);
	fd = byte == 'y' ? open(name, O_RDONLY | O_CLOEXEC) : -1;
	kill(keeper, SIGKILL);		/* the descriptor keeps it now */
	CHECK(waitpid(keeper, NULL, 0) == keeper);
	close(ready[0]);
	close(ready[1]);
	if (fd < 0) {
		fputs("scenarios: no mount namespace can be made here\n", stderr);
		exit(SKIPPED);
	}
	return fd;
}

static void send_part(int fd, const uint8_t *bytes, size_t len, enum what what, int count)
{
	union {
		struct cmsghdr aligned;
		char room[CMSG_SPACE(16 * sizeof(int))];
	} control;
	struct iovec part = { .iov_base = (void *)(uintptr_t)bytes, .iov_len = len };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	int made[16], one = count > 0 ? make(what) : -1;

	for (int i = 0; i < count; i++)
		made[i] = one;
	if (count > 0) {
		memset(&control, 0, sizeof(control));
		message.msg_control = &control;
		message.msg_controllen = CMSG_SPACE((size_t)count * sizeof(int));
		control.aligned.cmsg_level = SOL_SOCKET;
		control.aligned.cmsg_type = SCM_RIGHTS;
		control.aligned.cmsg_len = CMSG_LEN((size_t)count * sizeof(int));
		memcpy(CMSG_DATA(&control.aligned), made, (size_t)count * sizeof(int));
	}
	sendmsg(fd, &message, MSG_NOSIGNAL);
	if (one >= 0)
		close(one);
}

static void await_close(int fd)
{
	char byte;

	while (recv(fd, &byte, 1, 0) > 0)
		continue;
}

static void play(const struct scenario *scenario, int fd, bool again)
{
	bool otherwise = again && (scenario->then != ANSWERS || scenario->then_reply != NULL);
	enum how how = otherwise ? scenario->then : scenario->how;
	struct bytes reply = reply_of(otherwise ? scenario->then_reply : scenario->reply);
	uint8_t request[FRAME_REQUEST_MAX];
	size_t body, first;

	if (how == HANGS_UP)
		return;
	if (how != IS_FIRST) {
		if (recv(fd, request, FRAME_HEADER, MSG_WAITALL) != FRAME_HEADER)
			return;		/* connected too late to ask */
		CHECK(memcmp(request, "ADOP\2\1", 6) == 0);
		body = (size_t)(request[6] << 8 | request[7]);
		CHECK(body <= FRAME_REQUEST_BODY_MAX);
		CHECK(recv(fd, request + FRAME_HEADER, body, MSG_WAITALL) == (ssize_t)body);
	}
	switch (how) {
	case CUTS:
	case HOLDS:
		send_part(fd, reply.at, scenario->cut, scenario->what, scenario->descriptors);
		break;
	case TRICKLES:
		first = 1;
		send_part(fd, reply.at, first, scenario->what, scenario->descriptors);
		for (size_t i = first; i < reply.len; i++) {
			usleep(1000);
			send_part(fd, reply.at + i, 1, NONE, 0);
		}
		break;
	case ANSWERS:
	case IS_FIRST:
		send_part(fd, reply.at, reply.len, scenario->what, scenario->descriptors);
		break;
	default:
		break;
	}
	if (how == HOLDS || how == IS_MUTE)
		await_close(fd);
}

static int listen_at(enum how how)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int listener;

	if (how == IS_ABSENT)
		return -1;
	if (how == IS_A_FILE)
		return open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	strcpy(address.sun_path, path);
	CHECK(bind(listener, (struct sockaddr *)&address, sizeof(address)) == 0);
	if (how == HAS_LEFT)
		return listener;
	CHECK(listen(listener, how == IS_FULL ? 0 : 8) == 0);
	if (how == IS_FULL) {
		int waiting = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);	/* it stays, and so it is full */

		CHECK(connect(waiting, (struct sockaddr *)&address, sizeof(address)) == 0);
	}
	return listener;
}

/* Removes the records. */
static void sweep(void)
{
	char logins[96], name[400];
	struct dirent *entry;
	DIR *found;

	snprintf(logins, sizeof(logins), "%s/logins", directory);
	found = opendir(logins);
	while (found != NULL && (entry = readdir(found)) != NULL) {
		snprintf(name, sizeof(name), "%s/%s", logins, entry->d_name);
		unlink(name);
	}
	if (found != NULL)
		closedir(found);
}

/* Plays the daemon until the guest has gone; whether it went well. */
static bool run(const struct scenario *scenario)
{
	int listener = listen_at(scenario->how), alive[2], status;
	bool serves = scenario->how < IS_ABSENT, again = false;
	pid_t guest;

	CHECK(pipe2(alive, O_CLOEXEC) == 0);
	fflush(NULL);
	guest = fork();
	CHECK(guest >= 0);
	if (guest == 0) {
		close(alive[0]);
		if (listener >= 0)
			close(listener);
		be_guest(scenario);
	}
	close(alive[1]);
	for (;;) {
		struct pollfd events[] = { { .fd = serves ? listener : -1, .events = POLLIN }, { .fd = alive[0] } };
		int fd;

		CHECK(poll(events, 2, 120000) > 0);	/* nothing takes that long, under valgrind either */
		if (events[1].revents != 0)
			break;
		fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		CHECK(fd >= 0);
		play(scenario, fd, again);
		again = true;
		close(fd);
	}
	CHECK(waitpid(guest, &status, 0) == guest);
	close(alive[0]);
	if (listener >= 0)
		close(listener);
	unlink(path);
	sweep();
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

int main(int argc, char **argv)
{
	char logins[96];
	int ran = 0, failed = 0;

	if (argc > 1 && strcmp(argv[1], "-v") == 0) {
		verbose = true;
		argc--;
		argv++;
	}
	if (geteuid() != 0) {
		fputs("scenarios: needs root, or to seem root: the module trusts only what root serves\n", stderr);
		return SKIPPED;
	}
	strcpy(directory, "/tmp/adoptd-scenarios-XXXXXX");
	CHECK(mkdtemp(directory) != NULL);
	snprintf(path, sizeof(path), "%s/gateway.sock", directory);
	umask(077);
	snprintf(logins, sizeof(logins), "%s/logins", directory);
	CHECK(mkdir(logins, 0700) == 0);
	for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++) {
		if (argc > 1 && strcmp(argv[1], scenarios[i].name) != 0)
			continue;
		if (verbose)
			printf("== %s\n", scenarios[i].name);
		ran++;
		if (!run(&scenarios[i])) {
			failed++;
			fprintf(stderr, "scenario failed: %s\n", scenarios[i].name);
		}
	}
	rmdir(logins);
	rmdir(directory);
	printf("scenarios: %d ran, %d failed\n", ran, failed);
	return failed == 0 && ran > 0 ? 0 : 1;
}
