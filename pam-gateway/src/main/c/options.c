/* SPDX-License-Identifier: Apache-2.0 */
#include "options.h"
#include "log.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

enum { TIMEOUT_MIN_MS = FRAME_PATIENCE_MIN_MS, TIMEOUT_MAX_MS = FRAME_PATIENCE_MAX_MS };

struct word {
	const char *text;
	uint8_t value;
};

struct option {
	const char *name;	/* up to and including the '=' */
	bool (*take)(const struct option *option, const char *value, struct options *options);
	const char *fallback;	/* the documented default, as one would write it; NULL: to leave it out */
	const char *on_fault;	/* what counts when the value is not understood */
	const char *accepted;	/* for the log */
	const struct word *words;
	size_t field;		/* of a word's value in struct options */
};

/* Not strncasecmp: that follows the locale of whoever called PAM. */
static bool starts_with(const char *text, const char *prefix)
{
	for (; *prefix != '\0'; text++, prefix++) {
		char c = *text >= 'A' && *text <= 'Z' ? (char)(*text - 'A' + 'a') : *text;

		if (c != *prefix)
			return false;
	}
	return true;
}

static bool same(const char *text, const char *word)
{
	return strlen(text) == strlen(word) && starts_with(text, word);
}

static bool between(const char *text, size_t min, size_t max)
{
	size_t len = strnlen(text, max + 1);

	return len >= min && len <= max && frame_is_text(text, len);
}

/* As pam_slurm_adopt compares: the word has to start the value, so "DENY" and "deny!" are both deny. */
static bool take_word(const struct option *option, const char *value, struct options *options)
{
	for (const struct word *word = option->words; word->text != NULL; word++)
		if (starts_with(value, word->text)) {
			*((uint8_t *)options + option->field) = word->value;
			return true;
		}
	return false;
}

/* A whole word, for "debug" starts "debug2", or its number. */
static bool take_level(const struct option *option, const char *value, struct options *options)
{
	for (const struct word *word = option->words; word->text != NULL; word++)
		if (same(value, word->text) || (value[0] == '0' + word->value && value[1] == '\0')) {
			options->log_level = word->value;
			return true;
		}
	return false;
}

static bool take_service(const struct option *option, const char *value, struct options *options)
{
	(void)option;
	if (!between(value, 1, FRAME_SERVICE_MAX))
		return false;
	options->service = value;
	return true;
}

static bool take_nodename(const struct option *option, const char *value, struct options *options)
{
	(void)option;
	if (value != NULL && !between(value, 1, FRAME_NODENAME_MAX))
		return false;
	options->nodename = value;
	return true;
}

static bool take_socket(const struct option *option, const char *value, struct options *options)
{
	(void)option;
	if (value[0] != '/' || strlen(value) >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
		return false;
	options->socket = value;
	return true;
}

static bool take_timeout(const struct option *option, const char *value, struct options *options)
{
	uint32_t ms = 0;

	(void)option;
	for (const char *digit = value; *digit != '\0'; digit++) {
		if (*digit < '0' || *digit > '9')
			return false;
		ms = ms * 10 + (uint32_t)(*digit - '0');
		if (ms > TIMEOUT_MAX_MS)	/* at once, before it could wrap */
			return false;
	}
	if (ms < TIMEOUT_MIN_MS)
		return false;
	options->timeout_ms = ms;
	return true;
}

static const struct word no_jobs[] = {
	{ "ignore", NO_JOBS_IGNORE }, { "deny", NO_JOBS_DENY }, { NULL, 0 },
};

static const struct word unknown[] = {
	{ "newest", UNKNOWN_NEWEST }, { "allow", UNKNOWN_ALLOW }, { "deny", UNKNOWN_DENY }, { NULL, 0 },
};

static const struct word adopt_failure[] = {
	{ "allow", ADOPT_FAILURE_ALLOW }, { "deny", ADOPT_FAILURE_DENY }, { NULL, 0 },
};

static const struct word generic_failure[] = {
	{ "ignore", GENERIC_FAILURE_IGNORE }, { "allow", GENERIC_FAILURE_ALLOW }, { "deny", GENERIC_FAILURE_DENY },
	{ NULL, 0 },
};

static const struct word off_on[] = { { "0", 0 }, { "1", 1 }, { NULL, 0 } };

static const struct word false_true[] = { { "false", 0 }, { "true", 1 }, { NULL, 0 } };

static const struct word levels[] = {	/* slurm.conf(5), SlurmdDebug */
	{ "quiet", LEVEL_QUIET }, { "fatal", LEVEL_FATAL }, { "error", LEVEL_ERROR }, { "info", LEVEL_INFO },
	{ "verbose", LEVEL_VERBOSE }, { "debug", LEVEL_DEBUG }, { "debug2", LEVEL_DEBUG2 }, { "debug3", LEVEL_DEBUG3 },
	{ "debug4", LEVEL_DEBUG4 }, { "debug5", LEVEL_DEBUG5 }, { NULL, 0 },
};

#define FIELD(name) offsetof(struct options, name)

static const struct option table[] = {
	/* A misspelt deny must not mean allow: an action whose value is not understood is deny. */
	{ "action_no_jobs=", take_word, "deny", "deny", "ignore, deny", no_jobs, FIELD(actions.no_jobs) },
	{ "action_unknown=", take_word, "newest", "deny", "newest, allow, deny", unknown, FIELD(actions.unknown) },
	{ "action_adopt_failure=", take_word, "allow", "deny", "allow, deny", adopt_failure,
	  FIELD(actions.adopt_failure) },
	{ "action_generic_failure=", take_word, "ignore", "deny", "ignore, allow, deny", generic_failure,
	  FIELD(actions.generic_failure) },
	{ "disable_x11=", take_word, "0", "0", "0, 1", off_on, FIELD(disable_x11) },
	{ "join_container=", take_word, "true", "true", "true, false", false_true, FIELD(join_container) },
	{ "single_job_skip_rpc=", take_word, "1", "1", "0, 1", off_on, FIELD(single_job_skip_rpc) },
	{ "ignore_root=", take_word, "1", "1", "0, 1", off_on, FIELD(ignore_root) },
	{ "log_level=", take_level, "info", "info",
	  "quiet, fatal, error, info, verbose, debug, debug2 to debug5 or 0 to 9", levels, 0 },
	{ "nodename=", take_nodename, NULL, NULL, "1 to 64 bytes of UTF-8", NULL, 0 },
	{ "service=", take_service, "sshd", "sshd", "1 to 64 bytes of UTF-8", NULL, 0 },
	{ "socket=", take_socket, "/run/adoptd/gateway.sock", "/run/adoptd/gateway.sock",
	  "an absolute path of at most 107 bytes", NULL, 0 },
	{ "timeout=", take_timeout, "10000", "10000", "100 to 60000 milliseconds", NULL, 0 },
};

enum { TABLE_ROWS = sizeof(table) / sizeof(table[0]) };

static void complain(struct options *options, const char *argument, const struct option *option)
{
	if (options->complaint_count < OPTIONS_COMPLAINTS_MAX)
		options->complaints[options->complaint_count] = (struct options_complaint){ argument, option };
	options->complaint_count++;
}

/* The option that the argument names, also when its '=' and value are missing; NULL: no option of that name. */
static const struct option *option_of(const char *argument)
{
	for (size_t i = 0; i < TABLE_ROWS; i++) {
		size_t name_len = strlen(table[i].name) - 1;
		char name[32];

		memcpy(name, table[i].name, name_len);
		name[name_len] = '\0';
		if (starts_with(argument, table[i].name) || same(argument, name))
			return &table[i];
	}
	return NULL;
}

/* False when the argument has no value, or one that the option does not take. */
static bool take(const struct option *option, const char *argument, struct options *options)
{
	const char *value = strchr(argument, '=');

	return value != NULL && option->take(option, value + 1, options);
}

void options_read(struct options *options, int argc, const char **argv)
{
	memset(options, 0, sizeof(*options));
	for (size_t i = 0; i < TABLE_ROWS; i++)
		table[i].take(&table[i], table[i].fallback, options);
	for (int arg = 0; arg < argc; arg++) {
		const struct option *option = option_of(argv[arg]);

		if (option == NULL) {
			complain(options, argv[arg], NULL);
		} else if (!take(option, argv[arg], options)) {
			complain(options, argv[arg], option);
			option->take(option, option->on_fault, options);	/* not what an earlier argument said */
		}
	}
}

void options_explain(const struct options_complaint *complaint, char *out, size_t size)
{
	const struct option *option = complaint->option;
	char argument[128];

	log_quote(argument, sizeof(argument), complaint->argument, strlen(complaint->argument));
	if (option == NULL)
		snprintf(out, size, "option %s is none of pam_adoptd's and does nothing", argument);
	else
		snprintf(out, size, "option %s is not understood: %s takes %s; %s%s", argument, option->name,
			 option->accepted, option->on_fault == NULL ? "it is left out" : "it is now ",
			 option->on_fault == NULL ? "" : option->on_fault);
}
