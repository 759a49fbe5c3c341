/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pam_adoptd.so: the account and the session phase of a login on a compute node. The module decides nothing: it tells
 * the node's daemon who logs in and does what the daemon answers. It is a guest in sshd's process and leaves it as it
 * was, except for the variables and the namespaces of a success.
 *
 * sshd (9.2 to 10.5 looked at) calls both phases in its privileged process, of which the session is a child, before it
 * makes that child. Only with keyboard-interactive it forks a helper for authentication and account, whose variables it
 * takes over. After an error of the session phase it goes on: no shell or command is run, but the connection stays.
 */
#include "connection.h"
#include "frame.h"
#include "gateway.h"
#include "linux_pam.h"
#include "log.h"
#include "namespace.h"
#include "options.h"

#include <errno.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAMESPACES "adoptd_namespaces"	/* libpam keeps a struct namespaces under this name */

enum { PASSWD_FIRST = 1024, PASSWD_MAX = 1024 * 1024 };	/* bytes of one user's entry */

struct guest {	/* one call of the module */
	pam_handle_t *pamh;
	bool silent;
	int64_t started;
	struct options options;
	struct log log;
	enum frame_phase phase;
	const char *service;
	const char *user;
	uint32_t uid;
	char quoted_user[128];
	int connection_fd;		/* or -1 */
	struct frame_connection connection;
};

/* A failure that is not the daemon's verdict: its word in the log, and what the user is told when it denies. */
struct failure {
	const char *why;
	const char *line;
};

#define DENIED "Access denied by adoptd: "
#define DENIED_SERVICE DENIED "the adoptd service on this node "

static const struct failure gateway_failures[] = {
	[GATEWAY_REFUSED] = { "daemon_refused", DENIED_SERVICE "refused to decide this login" },
	[GATEWAY_ABSENT] = { "daemon_absent", DENIED_SERVICE "is not running" },
	[GATEWAY_LATE] = { "daemon_late", DENIED_SERVICE "did not answer in time" },
	[GATEWAY_CLOSED] = { "daemon_closed", DENIED_SERVICE "ended before it answered" },
	[GATEWAY_UNREADABLE] = { "daemon_unreadable", DENIED_SERVICE "gave an unreadable answer" },
	[GATEWAY_UNTRUSTED] = { "daemon_untrusted", DENIED_SERVICE "is not to be trusted" },
	[GATEWAY_BROKEN] = { "daemon_unreachable", DENIED_SERVICE "could not be asked" },
};

static const struct failure environment_failure = {
	"environment", DENIED "the environment of this login could not be set",
};

static const struct failure container_failure = {
	"container", DENIED "this session could not join the container of your job",
};

static const char *const phases[] = {
	[PHASE_ACCOUNT] = "account", [PHASE_HELPER] = "helper", [PHASE_SESSION] = "session",
};

static int64_t took_ms(const struct guest *guest)
{
	return gateway_clock_ms() - guest->started;
}

/* One line on the user's terminal, if the application wants any. */
static void tell_user(const struct guest *guest, const char *line)
{
	const struct pam_message message = { .msg_style = PAM_ERROR_MSG, .msg = line };
	const struct pam_message *messages = &message;
	struct pam_response *responses = NULL;
	const struct pam_conv *conversation;
	const void *item = NULL;

	if (guest->silent || pam_get_item(guest->pamh, PAM_CONV, &item) != PAM_SUCCESS || item == NULL)
		return;
	conversation = item;
	if (conversation->conv == NULL)
		return;
	conversation->conv(1, &messages, &responses, conversation->appdata_ptr);
	if (responses != NULL) {	/* an error message has no answer, but who makes one gives it to us */
		free(responses[0].resp);
		free(responses);
	}
}

/*
 * What the module decides against a session without the daemon, it has to carry out itself: sshd would keep the
 * connection.
 */
static void end_session(const struct guest *guest)
{
	if (guest->phase != PHASE_SESSION || guest->connection_fd < 0)
		return;
	log_write(&guest->log, LEVEL_INFO, "login.ended user=%s: this session was turned away and its connection ended",
		  guest->quoted_user);
	connection_end(guest->connection_fd);
}

static bool denies_adopt_failure(const struct guest *guest)
{
	return guest->options.actions.adopt_failure == ADOPT_FAILURE_DENY;
}

static int turn_away(const struct guest *guest, const struct failure *failure)
{
	tell_user(guest, failure->line);
	end_session(guest);
	return PAM_PERM_DENIED;
}

static int generic_failure(const struct guest *guest, const struct failure *failure)
{
	switch (guest->options.actions.generic_failure) {
	case GENERIC_FAILURE_IGNORE:
		return PAM_IGNORE;
	case GENERIC_FAILURE_ALLOW:
		return PAM_SUCCESS;
	default:
		return turn_away(guest, failure);
	}
}

static int gateway_failure(const struct guest *guest, enum gateway_result result, const struct gateway_answer *answer)
{
	static const char *const actions[] = {
		[GENERIC_FAILURE_IGNORE] = "ignore", [GENERIC_FAILURE_ALLOW] = "allow", [GENERIC_FAILURE_DENY] = "deny",
	};
	const struct failure *failure = &gateway_failures[result];
	char socket[160], detail[400], error[100] = "";

	log_quote(socket, sizeof(socket), guest->options.socket, strlen(guest->options.socket));
	log_quote(detail, sizeof(detail), answer->detail, strlen(answer->detail));
	if (answer->error != 0) {
		errno = answer->error;
		snprintf(error, sizeof(error), " errno=%d (%m)", answer->error);
	}
	log_write(&guest->log, LEVEL_ERROR,
		  "%slogin.failed user=%s phase=%s why=%s socket=%s detail=%s%s action_generic_failure=%s took_ms=%" PRId64,
		  result == GATEWAY_UNTRUSTED ? "SECURITY: " : "", guest->quoted_user, phases[guest->phase],
		  failure->why, socket, detail, error, actions[guest->options.actions.generic_failure], took_ms(guest));
	return generic_failure(guest, failure);
}

/* Puts the variables of a success into the login's environment; false when libpam takes one not. */
static bool put_variables(const struct guest *guest, const struct frame_reply *reply)
{
	for (size_t i = 0; i < reply->variable_count; i++) {
		const struct frame_text *variable = &reply->variables[i];
		char name_value[FRAME_VARIABLE_MAX + 1];
		int answer;

		memcpy(name_value, variable->at, variable->len);
		name_value[variable->len] = '\0';
		answer = pam_putenv(guest->pamh, name_value);
		if (answer != PAM_SUCCESS) {
			log_write(&guest->log, LEVEL_ERROR,
				  "login.failed user=%s phase=%s why=%s detail=\"pam_putenv of %.*s\" pam=%d",
				  guest->quoted_user, phases[guest->phase], environment_failure.why,
				  (int)strcspn(name_value, "="), name_value, answer);
			return false;
		}
	}
	return true;
}

static void forget_namespaces(pam_handle_t *pamh, void *data, int error_status)
{
	(void)pamh;
	(void)error_status;
	free(data);
}

/* Keeps for the session phase what the account phase has joined. Without it /proc alone tells, which mostly does. */
static void remember_namespaces(const struct guest *guest, const struct namespaces *joined)
{
	struct namespaces *kept = malloc(sizeof(*kept));

	if (kept == NULL)
		return;
	*kept = *joined;
	if (pam_set_data(guest->pamh, NAMESPACES, kept, forget_namespaces) != PAM_SUCCESS)
		free(kept);
}

/* Goes into every namespace of the answer, up to the first that it cannot join. */
static bool join_namespaces(const struct guest *guest, const struct gateway_answer *answer)
{
	struct namespaces joined = { 0 };
	const void *earlier = NULL;

	if (pam_get_data(guest->pamh, NAMESPACES, &earlier) == PAM_SUCCESS && earlier != NULL)
		joined = *(const struct namespaces *)earlier;
	for (size_t i = 0; i < answer->descriptor_count; i++) {
		uint32_t type = answer->reply.namespaces[i];
		const char *kind = namespace_kind(answer->descriptors[i], type);
		enum namespace_result result = namespace_join(answer->descriptors[i], type, &joined);

		if (result == NAMESPACE_FAILED) {
			log_write(&guest->log, LEVEL_ERROR,
				  "login.failed user=%s phase=%s why=%s detail=\"setns, %s namespace%s\" errno=%d (%m)"
				  " action_adopt_failure=%s took_ms=%" PRId64,
				  guest->quoted_user, phases[guest->phase], container_failure.why, kind,
				  errno == EINVAL ? ": it is none, or this process has threads" : "", errno,
				  denies_adopt_failure(guest) ? "deny" : "allow", took_ms(guest));
			return false;
		}
		log_write(&guest->log, LEVEL_DEBUG, "login.container user=%s phase=%s %s=%s", guest->quoted_user,
			  phases[guest->phase], result == NAMESPACE_JOINED ? "joined" : "already_in", kind);
		if (result == NAMESPACE_JOINED)
			remember_namespaces(guest, &joined);
	}
	return true;
}

static int obey(const struct guest *guest, const struct gateway_answer *answer)
{
	const struct frame_reply *reply = &answer->reply;
	static const char *const verdicts[] = {
		[VERDICT_SUCCESS] = "success", [VERDICT_IGNORE] = "ignore", [VERDICT_DENY] = "deny",
	};
	char login[140], detail[560];

	log_quote(login, sizeof(login), reply->login.at, reply->login.len);
	log_quote(detail, sizeof(detail), reply->detail.at, reply->detail.len);
	log_write(&guest->log, LEVEL_INFO,
		  "login.decided user=%s phase=%s verdict=%s reason=%.*s login=%s took_ms=%" PRId64 " detail=%s",
		  guest->quoted_user, phases[guest->phase], verdicts[reply->verdict], (int)reply->reason.len,
		  (const char *)reply->reason.at, login, took_ms(guest), detail);

	if (reply->verdict == VERDICT_SUCCESS && !join_namespaces(guest, answer))
		return denies_adopt_failure(guest) ? turn_away(guest, &container_failure) : PAM_SUCCESS;
	if (reply->verdict == VERDICT_SUCCESS && !put_variables(guest, reply))
		return generic_failure(guest, &environment_failure);
	if (reply->message.at != NULL) {
		char line[FRAME_MESSAGE_MAX + 1];

		memcpy(line, reply->message.at, reply->message.len);
		line[reply->message.len] = '\0';
		tell_user(guest, line);
	}
	switch (reply->verdict) {
	case VERDICT_SUCCESS:
		return PAM_SUCCESS;
	case VERDICT_IGNORE:
		return PAM_IGNORE;
	default:
		return PAM_PERM_DENIED;
	}
}

/* The connection of this login, and whether another process will be its session. */
static void find_connection(struct guest *guest, const char *rhost)
{
	guest->connection_fd = connection_find(rhost, &guest->connection);
	if (guest->connection_fd < 0)
		log_write(&guest->log, LEVEL_DEBUG, "login.unconnected user=%s: it has no TCP connection",
			  guest->quoted_user);
	else if (guest->phase == PHASE_ACCOUNT && connection_is_of_parent(guest->connection_fd))
		guest->phase = PHASE_HELPER;
}

static const char *remote_host(const struct guest *guest)
{
	const void *rhost = NULL;

	return pam_get_item(guest->pamh, PAM_RHOST, &rhost) == PAM_SUCCESS ? rhost : NULL;
}

/* The job that the account phase has put into the environment, for a daemon that has been restarted since; or 0. */
static uint32_t hinted_job(const struct guest *guest)
{
	const char *text = guest->phase == PHASE_SESSION ? pam_getenv(guest->pamh, "SLURM_JOB_ID") : NULL;
	uint64_t job = 0;

	if (text == NULL || text[0] == '0')
		return 0;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return 0;
		job = job * 10 + (uint64_t)(*text - '0');
		if (job > FRAME_JOB_MAX)	/* at once, before it could wrap */
			return 0;
	}
	return (uint32_t)job;
}

static int ask(const struct guest *guest, const char *rhost)
{
	const struct options *options = &guest->options;
	const struct frame_login login = {
		.user = guest->user,
		.uid = guest->uid,
		.service = guest->service,
		.actions = options->actions,
		.connection = guest->connection_fd < 0 ? NULL : &guest->connection,
		.nodename = options->nodename,
		.phase = guest->phase,
		.switches = (uint8_t)((options->disable_x11 ? 0 : SWITCH_X11) |
				      (options->join_container ? SWITCH_CONTAINER : 0) |
				      (options->single_job_skip_rpc ? 0 : SWITCH_ALWAYS_ASK)),
		.job = hinted_job(guest),
		.rhost = rhost,
	};
	struct gateway_answer answer;
	enum gateway_result result;
	int verdict;

	result = gateway_ask(options->socket, &login, guest->started + options->timeout_ms, &answer);
	if (result != GATEWAY_ANSWERED)
		return gateway_failure(guest, result, &answer);
	verdict = obey(guest, &answer);
	gateway_close(&answer);
	return verdict;
}

/* PAM_SUCCESS and the service, when it is one the module is for. */
static int check_service(struct guest *guest)
{
	const void *service = NULL;
	int answer = pam_get_item(guest->pamh, PAM_SERVICE, &service);
	char quoted[80];

	if (answer != PAM_SUCCESS)
		return answer;
	if (service == NULL)
		return PAM_BAD_ITEM;
	guest->service = service;
	if (strcmp(guest->options.service, "*") == 0 || strcmp(guest->options.service, guest->service) == 0)
		return PAM_SUCCESS;
	log_write(&guest->log, LEVEL_DEBUG, "login.ignored: service %s is not the one of service=",
		  log_quote(quoted, sizeof(quoted), guest->service, strlen(guest->service)));
	return PAM_IGNORE;
}

/* The uid of user: 0, or the errno that says why not; ENOENT when there is no such user. */
static int look_up(const char *user, uint32_t *uid)
{
	struct passwd entry, *found = NULL;
	size_t size = PASSWD_FIRST;
	char *buffer = NULL;
	int error;

	do {
		char *larger = realloc(buffer, size);

		if (larger == NULL) {
			error = ENOMEM;
			break;
		}
		buffer = larger;
		error = getpwnam_r(user, &entry, buffer, size, &found);
		if (error == ERANGE)
			size *= 2;
	} while (error == EINTR || (error == ERANGE && size <= PASSWD_MAX));
	if (error == 0 && found != NULL)
		*uid = entry.pw_uid;
	free(buffer);
	return error == 0 && found == NULL ? ENOENT : error;
}

/* PAM_SUCCESS and the user, when there is one. */
static int check_user(struct guest *guest)
{
	const char *user = NULL;
	int answer = pam_get_user(guest->pamh, &user, NULL);
	int error;

	if (answer != PAM_SUCCESS || user == NULL || user[0] == '\0') {
		log_write(&guest->log, LEVEL_ERROR, "login.failed why=no_user pam=%d", answer);
		return PAM_SESSION_ERR;
	}
	guest->user = user;
	log_quote(guest->quoted_user, sizeof(guest->quoted_user), user, strlen(user));
	error = look_up(user, &guest->uid);
	if (error != 0) {
		errno = error;
		log_write(&guest->log, LEVEL_ERROR, "login.failed user=%s why=unknown_user errno=%d (%m)",
			  guest->quoted_user, error);
		return PAM_SESSION_ERR;
	}
	return PAM_SUCCESS;
}

static void start(struct guest *guest, enum frame_phase phase, pam_handle_t *pamh, int flags, int argc,
		  const char **argv)
{
	memset(guest, 0, sizeof(*guest));
	guest->pamh = pamh;
	guest->silent = (flags & PAM_SILENT) != 0;
	guest->started = gateway_clock_ms();
	guest->phase = phase;
	guest->connection_fd = -1;
	options_read(&guest->options, argc, argv);
	guest->log = (struct log){ .pamh = pamh, .level = guest->options.log_level };
}

static void log_complaints(const struct guest *guest)
{
	for (size_t i = 0; i < guest->options.complaint_count && i < OPTIONS_COMPLAINTS_MAX; i++) {
		char words[400];

		options_explain(&guest->options.complaints[i], words, sizeof(words));
		log_write(&guest->log, LEVEL_ERROR, "%s", words);
	}
	if (guest->options.complaint_count > OPTIONS_COMPLAINTS_MAX)
		log_write(&guest->log, LEVEL_ERROR, "%zu more options are not understood",
			  guest->options.complaint_count - OPTIONS_COMPLAINTS_MAX);
	if (!guest->options.ignore_root)	/* pam_slurm_adopt takes it and never heeds it either */
		log_write(&guest->log, LEVEL_INFO, "option ignore_root=0 has no effect: root is never asked about");
}

static int decide(struct guest *guest)
{
	const char *rhost;
	int answer = check_service(guest);

	if (answer != PAM_SUCCESS)
		return answer;
	answer = check_user(guest);
	if (answer == PAM_SUCCESS && guest->uid == 0) {
		/* before any file or socket is touched: root gets in when all else is broken */
		log_write(&guest->log, LEVEL_DEBUG, "login.ignored user=%s: root is not asked about",
			  guest->quoted_user);
		return PAM_IGNORE;
	}
	rhost = remote_host(guest);
	find_connection(guest, rhost);
	if (answer == PAM_SUCCESS)
		return ask(guest, rhost);
	end_session(guest);
	return answer;
}

static int run(enum frame_phase phase, pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	int saved = errno;
	struct guest guest;
	int answer;

	start(&guest, phase, pamh, flags, argc, argv);
	log_complaints(&guest);
	answer = decide(&guest);
	errno = saved;
	return answer;
}

int pam_sm_acct_mgmt(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	return run(PHASE_ACCOUNT, pamh, flags, argc, argv);
}

int pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	return run(PHASE_SESSION, pamh, flags, argc, argv);
}

/*
 * Slurm ends what is left of a session with its job. Not PAM_IGNORE, with which alone a stack would fail, but for
 * another service: nobody may have opened a session of that.
 */
int pam_sm_close_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	int saved = errno;
	struct guest guest;
	int answer;

	start(&guest, PHASE_SESSION, pamh, flags, argc, argv);
	answer = check_service(&guest) == PAM_SUCCESS ? PAM_SUCCESS : PAM_IGNORE;
	errno = saved;
	return answer;
}
