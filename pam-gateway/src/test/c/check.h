/* SPDX-License-Identifier: Apache-2.0 */
/* A test program is a main of checks; it says which one failed and stops there. */
#ifndef ADOPTD_CHECK_H
#define ADOPTD_CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition) ((condition) ? (void)0 : check_failed(__FILE__, __LINE__, "not so: ", #condition))
#define CHECK_TEXT(got, wanted) check_text(__FILE__, __LINE__, (got), (wanted))

static inline __attribute__((noreturn))
void check_failed(const char *file, int line, const char *what, const char *text)
{
	fprintf(stderr, "%s:%d: %s%s\n", file, line, what, text);
	exit(1);
}

static inline void check_text(const char *file, int line, const char *got, const char *wanted)
{
	if (strcmp(got, wanted) == 0)
		return;
	fprintf(stderr, "%s:%d: wanted: %s\n", file, line, wanted);
	check_failed(file, line, "got:    ", got);
}

#endif
