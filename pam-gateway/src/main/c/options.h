/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an administrator may write after pam_adoptd.so in a PAM service file: the options of pam_slurm_adopt under their
 * own names and defaults, and the module's own two.
 */
#ifndef ADOPTD_OPTIONS_H
#define ADOPTD_OPTIONS_H

#include "frame.h"

#include <stddef.h>
#include <stdint.h>

enum { OPTIONS_COMPLAINTS_MAX = 8 };	/* a login writes few lines, whatever the service file says */

struct option;

struct options_complaint {
	const char *argument;		/* as it stands in the service file */
	const struct option *option;	/* whose value it is not; NULL: no option of that name */
};

struct options {
	struct frame_actions actions;
	uint8_t disable_x11;
	uint8_t join_container;
	uint8_t single_job_skip_rpc;
	uint8_t ignore_root;		/* 0 has no effect; see pam_adoptd.c */
	uint8_t log_level;		/* enum log_level */
	const char *service;
	const char *nodename;		/* or NULL */
	const char *socket;
	uint32_t timeout_ms;
	struct options_complaint complaints[OPTIONS_COMPLAINTS_MAX];
	size_t complaint_count;		/* all of them; the first OPTIONS_COMPLAINTS_MAX are kept */
};

/*
 * Reads the arguments of the module. It cannot fail: what is not understood is kept as a complaint. An action whose value
 * is not understood is then "deny"; every other option has its documented default. Touches nothing but its arguments; the
 * texts point into argv.
 */
void options_read(struct options *options, int argc, const char **argv);

/* A complaint in words, for the log; the argument in it is escaped. */
void options_explain(const struct options_complaint *complaint, char *out, size_t size);

#endif
