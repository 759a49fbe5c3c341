/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pam_adoptd.so: the account phase of a login on a compute node. The module decides nothing: it tells the node's daemon
 * who logs in and does what the daemon answers. It is a guest in sshd's process and leaves it as it was, except for
 * the variables of a success.
 */
#include "connection.h"
#include "frame.h"
#include "gateway.h"
#include "linux_pam.h"
#include "log.h"
#include "options.h"

#include <errno.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PASSWD_FIRST = 1024, PASSWD_MAX = 1024 * 1024 };	/* bytes of one user's entry */

struct guest {	/* one call of the module */
	pam_handle_t *pamh;
	bool silent;
	int64_t started;
	struct options options;
	struct log log;
	const char *service;
	const char *user;
	uint32_t uid;
	char quoted_user[128];
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

static int generic_failure(const struct guest *guest, const struct failure *failure)
{
	switch (guest->options.actions.generic_failure) {
	case GENERIC_FAILURE_IGNORE:
		return PAM_IGNORE;
	case GENERIC_FAILURE_ALLOW:
		return PAM_SUCCESS;
	default:
		tell_user(guest, failure->line);
		return PAM_PERM_DENIED;
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
		  "%slogin.failed user=%s why=%s socket=%s detail=%s%s action_generic_failure=%s took_ms=%" PRId64,
		  result == GATEWAY_UNTRUSTED ? "SECURITY: " : "", guest->quoted_user, failure->why, socket, detail,
		  error, actions[guest->options.actions.generic_failure], took_ms(guest));
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
				  "login.failed user=%s why=%s detail=\"pam_putenv of %.*s\" pam=%d",
				  guest->quoted_user, environment_failure.why, (int)strcspn(name_value, "="),
				  name_value, answer);
			return false;
		}
	}
	return true;
}

static int obey(const struct guest *guest, const struct frame_reply *reply)
{
	static const char *const verdicts[] = {
		[VERDICT_SUCCESS] = "success", [VERDICT_IGNORE] = "ignore", [VERDICT_DENY] = "deny",
	};
	char login[140], detail[560];

	log_quote(login, sizeof(login), reply->login.at, reply->login.len);
	log_quote(detail, sizeof(detail), reply->detail.at, reply->detail.len);
	log_write(&guest->log, LEVEL_INFO,
		  "login.decided user=%s verdict=%s reason=%.*s login=%s took_ms=%" PRId64 " detail=%s",
		  guest->quoted_user, verdicts[reply->verdict], (int)reply->reason.len,
		  (const char *)reply->reason.at, login, took_ms(guest), detail);

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

static int ask(const struct guest *guest)
{
	struct frame_login login = {
		.user = guest->user,
		.uid = guest->uid,
		.service = guest->service,
		.actions = guest->options.actions,
		.nodename = guest->options.nodename,
	};
	struct frame_connection connection;
	struct gateway_answer answer;
	enum gateway_result result;
	const void *rhost = NULL;

	if (pam_get_item(guest->pamh, PAM_RHOST, &rhost) == PAM_SUCCESS)
		login.rhost = rhost;
	if (connection_find(login.rhost, &connection))
		login.connection = &connection;
	else
		log_write(&guest->log, LEVEL_DEBUG, "login.unconnected user=%s: it has no TCP connection",
			  guest->quoted_user);

	result = gateway_ask(guest->options.socket, &login, guest->started + guest->options.timeout_ms, &answer);
	if (result != GATEWAY_ANSWERED)
		return gateway_failure(guest, result, &answer);
	return obey(guest, &answer.reply);
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

static void start(struct guest *guest, pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	memset(guest, 0, sizeof(*guest));
	guest->pamh = pamh;
	guest->silent = (flags & PAM_SILENT) != 0;
	guest->started = gateway_clock_ms();
	options_read(&guest->options, argc, argv);
	guest->log = (struct log){ .pamh = pamh, .level = guest->options.log_level };
	for (size_t i = 0; i < guest->options.complaint_count && i < OPTIONS_COMPLAINTS_MAX; i++) {
		char words[400];

		options_explain(&guest->options.complaints[i], words, sizeof(words));
		log_write(&guest->log, LEVEL_ERROR, "%s", words);
	}
	if (guest->options.complaint_count > OPTIONS_COMPLAINTS_MAX)
		log_write(&guest->log, LEVEL_ERROR, "%zu more options are not understood",
			  guest->options.complaint_count - OPTIONS_COMPLAINTS_MAX);
}

static int account(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	struct guest guest;
	int answer;

	start(&guest, pamh, flags, argc, argv);
	answer = check_service(&guest);
	if (answer != PAM_SUCCESS)
		return answer;
	answer = check_user(&guest);
	if (answer != PAM_SUCCESS)
		return answer;
	if (guest.uid == 0) {	/* before any file or socket is touched: root gets in when all else is broken */
		log_write(&guest.log, LEVEL_DEBUG, "login.ignored user=%s: root is not asked about", guest.quoted_user);
		return PAM_IGNORE;
	}
	return ask(&guest);
}

int pam_sm_acct_mgmt(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	int saved = errno;
	int answer = account(pamh, flags, argc, argv);

	errno = saved;
	return answer;
}
