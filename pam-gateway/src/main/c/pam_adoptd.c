/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pam_adoptd.so: the account and the session phase of a login on a compute node. The module decides nothing: it tells
 * the node's daemon who logs in and does what the daemon answers. It is a guest in sshd's process and leaves it as it
 * was, except for the variables and the namespaces of a success.
 *
 * sshd (9.2 to 10.5 looked at) calls both phases in its privileged process, of which the session is a child, before it
 * makes that child. Only with keyboard-interactive it forks a helper for authentication and account, whose variables it
 * takes over and whose memory is lost.
 *
 * After an error of the session phase sshd goes on: it runs no shell or command, and permits no forwarding (its
 * auth_restrict_session, since 7.7), but the connection stays, as a process of sshd's outside the job. So the module
 * ends it. Others that call PAM (su, cron, login) end by themselves when no session can be opened.
 */
#include "connection.h"
#include "frame.h"
#include "gateway.h"
#include "linux_pam.h"
#include "log.h"
#include "namespace.h"
#include "options.h"
#include "participation.h"
#include "sshd.h"

#include <errno.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PARTICIPATION "adoptd_participation"	/* libpam keeps a struct participation under this name */

enum { PASSWD_FIRST = 1024, PASSWD_MAX = 1024 * 1024 };	/* bytes of one user's entry */

struct guest {	/* one call of the module */
	pam_handle_t *pamh;
	bool silent;
	int64_t started;
	struct options options;
	struct rules rules;		/* of this line; in the session phase tightened by those of the account phase */
	struct log log;
	enum frame_phase phase;
	const char *service;
	const char *user;
	uint32_t uid;
	char quoted_user[128];
	int connection_fd;		/* or -1 */
	struct frame_connection connection;
	struct participation *kept;	/* by libpam; NULL: the module has not put this login into a job */
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

/* Sees to it that a session which is denied ends, whatever sshd and the daemon do. */
static void end_session(const struct guest *guest)
{
	if (guest->phase != PHASE_SESSION || !guest->kept->of_sshd)
		return;
	log_write(&guest->log, LEVEL_INFO, "login.ended user=%s: this session was turned away, and ends in %d s",
		  guest->quoted_user, SSHD_GRACE_SECONDS);
	if (!sshd_end_later())
		log_write(&guest->log, LEVEL_ERROR, "login.ended user=%s: at once, for there is no timer errno=%d (%m)",
			  guest->quoted_user, errno);
}

static bool denies_adopt_failure(const struct guest *guest)
{
	return guest->rules.actions.adopt_failure == ADOPT_FAILURE_DENY;
}

static int turn_away(const struct guest *guest, const struct failure *failure)
{
	tell_user(guest, failure->line);
	end_session(guest);
	return PAM_PERM_DENIED;
}

static int generic_failure(const struct guest *guest, const struct failure *failure)
{
	switch (guest->rules.actions.generic_failure) {
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
		  failure->why, socket, detail, error, actions[guest->rules.actions.generic_failure], took_ms(guest));
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

static void forget(pam_handle_t *pamh, void *data, int error_status)
{
	(void)pamh;
	(void)error_status;
	free(data);
}

/* What an earlier call kept for this user, or NULL. */
static struct participation *kept_for(pam_handle_t *pamh, uint32_t uid)
{
	const void *data = NULL;
	struct participation *kept;

	if (pam_get_data(pamh, PARTICIPATION, &data) != PAM_SUCCESS || data == NULL)
		return NULL;
	kept = (struct participation *)(uintptr_t)data;	/* ours, as keep() gave it to libpam */
	return kept->uid == uid ? kept : NULL;
}

/* Gives libpam a copy to keep until pam_end, or until another takes its place: that copy, or NULL without memory. */
static struct participation *keep(const struct guest *guest, const struct participation *participation)
{
	struct participation *kept = malloc(sizeof(*kept));

	if (kept == NULL)
		return NULL;
	*kept = *participation;
	if (pam_set_data(guest->pamh, PARTICIPATION, kept, forget) == PAM_SUCCESS)
		return kept;
	free(kept);
	return NULL;
}

/* The job of a success, which its variable names; 0 when the login was let in outside any job. */
static uint32_t adopted_into(const struct frame_reply *reply)
{
	static const char name[] = "SLURM_JOB_ID=";
	const size_t skip = sizeof(name) - 1;

	for (size_t i = 0; i < reply->variable_count; i++) {
		const struct frame_text *variable = &reply->variables[i];

		if (variable->len > skip && memcmp(variable->at, name, skip) == 0)
			return plain_number(variable->at + skip, variable->len - skip, FRAME_JOB_MAX);
	}
	return 0;
}

/* Keeps for the session phase that the account phase put this login into a job. */
static bool remember(struct guest *guest, uint32_t job)
{
	const struct participation first = {
		.uid = guest->uid, .of_sshd = sshd_is_caller(), .rules = guest->rules,
	};

	guest->kept = kept_for(guest->pamh, guest->uid);
	if (guest->kept == NULL)
		guest->kept = keep(guest, &first);
	if (guest->kept == NULL) {
		log_write(&guest->log, LEVEL_ERROR, "login.failed user=%s phase=%s why=%s detail=\"pam_set_data\"",
			  guest->quoted_user, phases[guest->phase], environment_failure.why);
		return false;
	}
	guest->kept->job = job;
	rules_tighten(&guest->kept->rules, &guest->rules);
	return true;
}

/* Goes into every namespace of the answer, up to the first that it cannot join. */
static bool join_namespaces(const struct guest *guest, const struct gateway_answer *answer)
{
	struct namespaces outside_any_job = { 0 };
	struct namespaces *joined = guest->kept != NULL ? &guest->kept->joined : &outside_any_job;

	for (size_t i = 0; i < answer->descriptor_count; i++) {
		uint32_t type = answer->reply.namespaces[i];
		const char *kind = namespace_kind(answer->descriptors[i], type);
		enum namespace_result result = namespace_join(answer->descriptors[i], type, joined);

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
	}
	return true;
}

static int obey(struct guest *guest, const struct gateway_answer *answer)
{
	const struct frame_reply *reply = &answer->reply;
	uint32_t job = reply->verdict == VERDICT_SUCCESS ? adopted_into(reply) : 0;
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

	if (guest->phase != PHASE_SESSION && job != 0 && !remember(guest, job))
		return generic_failure(guest, &environment_failure);
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
		end_session(guest);
		return PAM_PERM_DENIED;
	}
}

/* The connection of this login, and whether another process will be its session. */
static void find_connection(struct guest *guest, const char *rhost)
{
	bool of_sshd = strcmp(guest->service, "sshd") == 0 || sshd_is_caller();

	guest->connection_fd = connection_find(rhost, of_sshd, &guest->connection);
	if (guest->connection_fd < 0)
		log_write(&guest->log, LEVEL_DEBUG, "login.unconnected user=%s: it has no TCP connection",
			  guest->quoted_user);
	if (guest->phase == PHASE_ACCOUNT &&
	    ((guest->connection_fd >= 0 && connection_is_of_parent(guest->connection_fd)) || sshd_is_helper()))
		guest->phase = PHASE_HELPER;
}

static const char *remote_host(const struct guest *guest)
{
	const void *rhost = NULL;

	return pam_get_item(guest->pamh, PAM_RHOST, &rhost) == PAM_SUCCESS ? rhost : NULL;
}

static int ask(struct guest *guest, const char *rhost)
{
	const struct rules *rules = &guest->rules;
	const struct frame_login login = {
		.user = guest->user,
		.uid = guest->uid,
		.service = guest->service,
		.actions = rules->actions,
		.connection = guest->connection_fd < 0 ? NULL : &guest->connection,
		.nodename = rules->nodename[0] == '\0' ? NULL : rules->nodename,
		.phase = guest->phase,
		.switches = rules->switches,
		.job = guest->phase == PHASE_SESSION ? guest->kept->job : 0,
		.rhost = rhost,
	};
	struct gateway_answer answer;
	enum gateway_result result;
	int verdict;

	result = gateway_ask(guest->options.socket, &login, guest->started + guest->options.timeout_ms, &answer);
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
	guest->rules.actions = guest->options.actions;
	guest->rules.switches = (uint8_t)((guest->options.disable_x11 ? 0 : SWITCH_X11) |
					  (guest->options.join_container ? SWITCH_CONTAINER : 0) |
					  (guest->options.single_job_skip_rpc ? 0 : SWITCH_ALWAYS_ASK));
	if (guest->options.nodename != NULL)
		snprintf(guest->rules.nodename, sizeof(guest->rules.nodename), "%s", guest->options.nodename);
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

static int account(struct guest *guest)
{
	const char *rhost;
	int answer;

	log_complaints(guest);
	answer = check_service(guest);
	if (answer == PAM_SUCCESS)
		answer = check_user(guest);
	if (answer != PAM_SUCCESS)
		return answer;
	if (guest->uid == 0) {
		/* before any file or socket is touched: root gets in when all else is broken */
		log_write(&guest->log, LEVEL_DEBUG, "login.ignored user=%s: root is not asked about",
			  guest->quoted_user);
		return PAM_IGNORE;
	}
	rhost = remote_host(guest);
	find_connection(guest, rhost);
	return ask(guest, rhost);
}

/* What says that the account phase put a login into a job: libpam's memory or, after a helper, the daemon's record. */
static bool took_part(const struct guest *guest, struct participation *found)
{
	enum record_result result;
	const void *data = NULL;
	const char *why = "";

	if (pam_get_data(guest->pamh, PARTICIPATION, &data) == PAM_SUCCESS && data != NULL) {
		*found = *(const struct participation *)data;
		return true;
	}
	result = record_read(guest->options.socket, found, &why);
	if (result == RECORD_READ)
		found->of_sshd = sshd_is_caller();
	else
		log_write(&guest->log, result == RECORD_UNTRUSTED ? LEVEL_ERROR : LEVEL_DEBUG,
			  "%slogin.ignored: the account phase put nobody into a job here; the record of this login %s",
			  result == RECORD_UNTRUSTED ? "SECURITY: " : "", why);
	return result == RECORD_READ;
}

/*
 * Only a login that the account phase of this module put into a job is its business. For any other nobody is asked,
 * nothing is looked up and nothing is logged: another module let it in, perhaps just because the node is broken.
 */
static int session(struct guest *guest)
{
	struct participation found;
	const char *rhost;
	int answer = check_service(guest);

	if (answer != PAM_SUCCESS || !took_part(guest, &found))
		return answer != PAM_SUCCESS ? answer : PAM_IGNORE;
	guest->kept = &found;
	log_complaints(guest);
	answer = check_user(guest);
	if (answer != PAM_SUCCESS) {
		end_session(guest);
		return answer;
	}
	if (guest->uid != found.uid) {
		log_write(&guest->log, LEVEL_DEBUG, "login.ignored user=%s: uid %" PRIu32 " was put into a job, not %" PRIu32,
			  guest->quoted_user, found.uid, guest->uid);
		return PAM_IGNORE;
	}
	rules_tighten(&found.rules, &guest->rules);
	guest->rules = found.rules;
	guest->kept = keep(guest, &found);	/* for a second session line, and what this one joins */
	if (guest->kept == NULL)
		guest->kept = &found;
	rhost = remote_host(guest);
	find_connection(guest, rhost);
	return ask(guest, rhost);
}

static int run(enum frame_phase phase, pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	int saved = errno;
	struct guest guest;
	int answer;

	start(&guest, phase, pamh, flags, argc, argv);
	answer = phase == PHASE_SESSION ? session(&guest) : account(&guest);
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
