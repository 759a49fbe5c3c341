/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever stands behind pam_adoptd.so in a service file, an argument a line. */
#include "../../main/c/options.h"
#include "../../main/c/log.h"
#include "check.h"

#include <stdbool.h>

enum { ARGUMENTS_MAX = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

void pam_syslog(const pam_handle_t *pamh, int priority, const char *fmt, ...)	/* log.c is here for its quotes only */
{
	(void)pamh;
	(void)priority;
	(void)fmt;
	CHECK(!"options are read without a log");
}

static void check_options(const struct options *options)
{
	const struct frame_actions *actions = &options->actions;

	CHECK(actions->no_jobs == NO_JOBS_IGNORE || actions->no_jobs == NO_JOBS_DENY);
	CHECK(actions->unknown >= UNKNOWN_NEWEST && actions->unknown <= UNKNOWN_DENY);
	CHECK(actions->adopt_failure == ADOPT_FAILURE_ALLOW || actions->adopt_failure == ADOPT_FAILURE_DENY);
	CHECK(actions->generic_failure >= GENERIC_FAILURE_IGNORE && actions->generic_failure <= GENERIC_FAILURE_DENY);
	CHECK(options->disable_x11 <= 1 && options->join_container <= 1);
	CHECK(options->single_job_skip_rpc <= 1 && options->ignore_root <= 1);
	CHECK(options->log_level <= LEVEL_DEBUG5);
	CHECK(strlen(options->service) >= 1 && strlen(options->service) <= FRAME_SERVICE_MAX);
	CHECK(options->nodename == NULL || (options->nodename[0] != '\0' && frame_is_text(options->nodename, strlen(options->nodename))));
	CHECK(options->socket[0] == '/' && strlen(options->socket) <= 107);
	CHECK(options->timeout_ms >= 100 && options->timeout_ms <= 60000);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	const char *argv[ARGUMENTS_MAX];
	struct options options;
	int argc = 0;

	CHECK(text != NULL);
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	for (char *rest = text; rest != NULL && argc < ARGUMENTS_MAX;)
		argv[argc++] = strsep(&rest, "\n");
	memset(&options, 0xa5, sizeof(options));
	options_read(&options, argc, argv);
	check_options(&options);
	CHECK(options.complaint_count <= (size_t)argc);
	for (size_t i = 0; i < options.complaint_count && i < OPTIONS_COMPLAINTS_MAX; i++) {
		size_t room = 1 + (size + i) % 400;
		char *words = malloc(room);

		CHECK(words != NULL);
		options_explain(&options.complaints[i], words, room);
		CHECK(strlen(words) < room);
		for (const char *at = words; *at != '\0'; at++)
			CHECK(*at >= 0x20 && *at < 0x7f);
		free(words);
	}
	free(text);
	return 0;
}
