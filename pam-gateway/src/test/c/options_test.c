/* SPDX-License-Identifier: Apache-2.0 */
/* What an administrator may write in the service file, and what the module makes of it. */
#include "../../main/c/options.h"
#include "../../main/c/log.h"
#include "check.h"

#include <stdarg.h>

void pam_syslog(const pam_handle_t *pamh, int priority, const char *fmt, ...)	/* log.c is here for its quotes only */
{
	(void)pamh;
	(void)priority;
	(void)fmt;
	CHECK(!"options are read without a log");
}

static struct options options;

/* Reads arguments up to a NULL; returns how many were complained about. */
static size_t read_all(const char *first, ...)
{
	const char *argv[32];
	int argc = 0;
	va_list args;

	va_start(args, first);
	for (const char *arg = first; arg != NULL; arg = va_arg(args, const char *))
		argv[argc++] = arg;
	va_end(args);
	memset(&options, 0xa5, sizeof(options));	/* nothing may be left as it was found */
	options_read(&options, argc, argv);
	return options.complaint_count;
}

#define READ(...) read_all(__VA_ARGS__, NULL)

static const char *complaint(size_t i)
{
	static char words[400];

	CHECK(i < options.complaint_count);
	options_explain(&options.complaints[i], words, sizeof(words));
	return words;
}

static void check_defaults(void)
{
	CHECK(options.actions.no_jobs == NO_JOBS_DENY);
	CHECK(options.actions.unknown == UNKNOWN_NEWEST);
	CHECK(options.actions.adopt_failure == ADOPT_FAILURE_ALLOW);
	CHECK(options.actions.generic_failure == GENERIC_FAILURE_IGNORE);
	CHECK(options.disable_x11 == 0 && options.join_container == 1);
	CHECK(options.single_job_skip_rpc == 1 && options.ignore_root == 1);
	CHECK(options.log_level == LEVEL_INFO);
	CHECK(options.nodename == NULL);
	CHECK_TEXT(options.service, "sshd");
	CHECK_TEXT(options.socket, "/run/adoptd/gateway.sock");
	CHECK(options.timeout_ms == 10000);
}

static void check_every_action_denies(void)
{
	CHECK(options.actions.no_jobs == NO_JOBS_DENY);
	CHECK(options.actions.unknown == UNKNOWN_DENY);
	CHECK(options.actions.adopt_failure == ADOPT_FAILURE_DENY);
	CHECK(options.actions.generic_failure == GENERIC_FAILURE_DENY);
}

static void no_arguments_are_the_documented_defaults(void)
{
	options_read(&options, 0, NULL);
	check_defaults();
	CHECK(options.complaint_count == 0);
}

static void every_value_of_the_page_is_taken(void)
{
	CHECK(READ("action_no_jobs=ignore", "action_unknown=newest", "action_adopt_failure=allow",
		   "action_generic_failure=ignore") == 0);
	CHECK(options.actions.no_jobs == NO_JOBS_IGNORE && options.actions.unknown == UNKNOWN_NEWEST);
	CHECK(options.actions.adopt_failure == ADOPT_FAILURE_ALLOW);
	CHECK(options.actions.generic_failure == GENERIC_FAILURE_IGNORE);
	CHECK(READ("action_no_jobs=deny", "action_unknown=allow", "action_adopt_failure=deny",
		   "action_generic_failure=allow") == 0);
	CHECK(options.actions.no_jobs == NO_JOBS_DENY && options.actions.unknown == UNKNOWN_ALLOW);
	CHECK(options.actions.adopt_failure == ADOPT_FAILURE_DENY);
	CHECK(options.actions.generic_failure == GENERIC_FAILURE_ALLOW);
	CHECK(READ("action_unknown=deny", "action_generic_failure=deny") == 0);
	CHECK(options.actions.unknown == UNKNOWN_DENY && options.actions.generic_failure == GENERIC_FAILURE_DENY);
	CHECK(READ("disable_x11=1", "join_container=false", "single_job_skip_rpc=0", "ignore_root=0") == 0);
	CHECK(options.disable_x11 == 1 && options.join_container == 0);
	CHECK(options.single_job_skip_rpc == 0 && options.ignore_root == 0);
	CHECK(READ("disable_x11=0", "join_container=true", "single_job_skip_rpc=1", "ignore_root=1") == 0);
	check_defaults();
	CHECK(READ("service=*", "nodename=n0042", "socket=/run/s", "timeout=100") == 0);
	CHECK_TEXT(options.service, "*");
	CHECK_TEXT(options.nodename, "n0042");
	CHECK_TEXT(options.socket, "/run/s");
	CHECK(options.timeout_ms == 100);
}

static void names_and_actions_are_compared_as_pam_slurm_adopt_does(void)
{
	CHECK(READ("ACTION_UNKNOWN=DENYxyz", "Action_No_Jobs=Ignored", "action_adopt_failure=denyed") == 0);
	CHECK(options.actions.unknown == UNKNOWN_DENY);
	CHECK(options.actions.no_jobs == NO_JOBS_IGNORE);
	CHECK(options.actions.adopt_failure == ADOPT_FAILURE_DENY);
	CHECK(READ("Join_Container=FALSEhood", "DISABLE_X11=10", "Single_Job_Skip_RPC=0x", "Ignore_Root=00") == 0);
	CHECK(options.disable_x11 == 1 && options.join_container == 0);
	CHECK(options.single_job_skip_rpc == 0 && options.ignore_root == 0);
	CHECK(READ("SERVICE=Login", "NodeName=N1") == 0);
	CHECK_TEXT(options.service, "Login");	/* a value that is a name keeps its case */
	CHECK_TEXT(options.nodename, "N1");
	CHECK(READ("action_unknown=den") == 1);	/* the word has to be whole */
	CHECK(READ("action_unknow=deny") == 1);
	CHECK(READ("action_unknown") == 1);
	CHECK(READ(" action_unknown=deny") == 1);
}

static void levels_are_slurm_s_names_and_numbers(void)
{
	static const char *const names[] = { "quiet", "fatal", "error", "info", "verbose", "debug", "debug2", "debug3",
					     "debug4", "debug5" };

	for (int level = 0; level < 10; level++) {
		char by_name[32], by_number[32];

		snprintf(by_name, sizeof(by_name), "log_level=%s", names[level]);
		snprintf(by_number, sizeof(by_number), "log_level=%d", level);
		CHECK(READ(by_name) == 0 && options.log_level == level);
		CHECK(READ(by_number) == 0 && options.log_level == level);
	}
	CHECK(READ("log_level=DEBUG3") == 0 && options.log_level == LEVEL_DEBUG3);
	CHECK(READ("log_level=debug1") == 1 && options.log_level == LEVEL_INFO);
	CHECK(READ("log_level=10") == 1 && options.log_level == LEVEL_INFO);
	CHECK(READ("log_level=") == 1 && options.log_level == LEVEL_INFO);
	CHECK(READ("log_level=-1") == 1 && options.log_level == LEVEL_INFO);
}

static void a_bad_value_is_named_and_the_default_taken(void)
{
	char long_path[200] = "socket=/", long_name[100] = "nodename=";

	memset(long_path + 8, 'x', 107);	/* 108 bytes with its slash: one too many for a NUL after them */
	memset(long_name + 9, 'x', 65);
	CHECK(READ("action_no_jobs=allow", "action_unknown=", "action_adopt_failure=ignore",
		   "action_generic_failure=no") == 4);
	check_every_action_denies();
	CHECK_TEXT(complaint(0), "option \"action_no_jobs=allow\" is not understood: action_no_jobs= takes "
		   "ignore, deny; it is now deny");
	CHECK_TEXT(complaint(3), "option \"action_generic_failure=no\" is not understood: action_generic_failure= "
		   "takes ignore, allow, deny; it is now deny");
	CHECK(READ("disable_x11=2", "disable_x11=yes", "join_container=1", "single_job_skip_rpc=", "ignore_root=no") == 5);
	check_defaults();
	CHECK_TEXT(complaint(0), "option \"disable_x11=2\" is not understood: disable_x11= takes 0, 1; it is now 0");
	CHECK_TEXT(complaint(2), "option \"join_container=1\" is not understood: join_container= takes true, false; "
		   "it is now true");
	CHECK(READ("join_container=false", "join_container=no") == 1);	/* the last word is the default */
	check_defaults();
	CHECK(READ("service=", "nodename=", "socket=", "socket=run/s", long_path, long_name, "nodename=n\xff") == 7);
	check_defaults();
	CHECK_TEXT(complaint(1), "option \"nodename=\" is not understood: nodename= takes 1 to 64 bytes of UTF-8; "
		   "it is left out");
	long_path[8 + 106] = '\0';
	CHECK(READ(long_path) == 0 && strlen(options.socket) == 107);
	CHECK(READ("timeout=", "timeout=99", "timeout=60001", "timeout=4s", "timeout=-1", "timeout=4294967396",
		   "timeout= 4000", "timeout=99999999999999999999") == 8);
	check_defaults();
	CHECK(READ("timeout=60000") == 0 && options.timeout_ms == 60000);
	CHECK(READ("timeout=5000", "timeout=soon") == 1);	/* the default, not the earlier value */
	check_defaults();
	CHECK(READ("action_unknown=bogus", "action_unknown=deny") == 1 && options.actions.unknown == UNKNOWN_DENY);
}

static void an_action_that_is_not_understood_denies(void)
{
	CHECK(READ("action_no_jobs=ignore", "action_unknown=allow", "action_adopt_failure=allow",
		   "action_generic_failure=allow", "action_no_jobs=dney", "action_unknown=dney",
		   "action_adopt_failure=dney", "action_generic_failure=dney") == 4);
	check_every_action_denies();
	CHECK(READ("action_no_jobs", "Action_Unknown", "action_adopt_failure", "ACTION_GENERIC_FAILURE") == 4);
	check_every_action_denies();
	CHECK_TEXT(complaint(1), "option \"Action_Unknown\" is not understood: action_unknown= takes newest, allow, deny; "
		   "it is now deny");
	CHECK(READ("action_adopt_failure=dney", "action_adopt_failure=allow") == 1);
	CHECK(options.actions.adopt_failure == ADOPT_FAILURE_ALLOW);	/* a later value that is understood counts */
	CHECK(READ("nodename", "service", "timeout", "disable_x11") == 4);	/* not an action: the default */
	check_defaults();
}

static void what_is_no_option_is_never_silent(void)
{
	CHECK(READ("debug", "") == 2);
	check_defaults();
	CHECK_TEXT(complaint(0), "option \"debug\" is none of pam_adoptd's and does nothing");
	CHECK_TEXT(complaint(1), "option \"\" is none of pam_adoptd's and does nothing");
	CHECK(READ("a\nb\x1b[2J\"\\") == 1);
	CHECK_TEXT(complaint(0), "option \"a\\x0ab\\x1b[2J\\\"\\\\\" is none of pam_adoptd's and does nothing");
}

static void complaints_are_counted_past_those_kept(void)
{
	CHECK(READ("1", "2", "3", "4", "5", "6", "7", "8", "9", "action_unknown=deny") == 9);
	CHECK(options.actions.unknown == UNKNOWN_DENY);
	CHECK_TEXT(options.complaints[OPTIONS_COMPLAINTS_MAX - 1].argument, "8");
}

static void a_quoted_text_is_one_word_whatever_it_holds(void)
{
	char all[256], out[1100], small[12];

	for (int i = 0; i < 256; i++)
		all[i] = (char)i;
	log_quote(out, sizeof(out), all, sizeof(all));
	CHECK(out[0] == '"' && out[strlen(out) - 1] == '"');
	for (size_t i = 0; out[i] != '\0'; i++)
		CHECK(out[i] >= 0x20 && out[i] < 0x7f);
	CHECK_TEXT(log_quote(out, sizeof(out), NULL, 0), "\"\"");
	for (size_t size = 6; size <= sizeof(small); size++) {
		memset(small, 'Z', sizeof(small));
		log_quote(small, size, "\n\"\n\"\n\"\n\"", 8);
		CHECK(strlen(small) < size);
		CHECK(small[strlen(small) - 1] == '"' && small[strlen(small) - 2] == '.');
		CHECK(size == sizeof(small) || small[size] == 'Z');
	}
}

int main(void)
{
	no_arguments_are_the_documented_defaults();
	every_value_of_the_page_is_taken();
	names_and_actions_are_compared_as_pam_slurm_adopt_does();
	levels_are_slurm_s_names_and_numbers();
	a_bad_value_is_named_and_the_default_taken();
	an_action_that_is_not_understood_denies();
	what_is_no_option_is_never_silent();
	complaints_are_counted_past_those_kept();
	a_quoted_text_is_one_word_whatever_it_holds();
	return 0;
}
