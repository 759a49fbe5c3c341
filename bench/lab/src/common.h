/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the lab's programs share: lines over sockets, texts, and PAM's side of a login as sshd has it. What fails here
 * ends the process (err(3)).
 */
#ifndef LAB_COMMON_H
#define LAB_COMMON_H

#include <security/pam_appl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	LINE_MAX_BYTES = 4096,
	TEXT_MAX_BYTES = 1500,
	LOGIN_GRACE_S = 60,	/* sshd has an alarm for it as well */
};

struct told {	/* what the user was told, lines divided by " | " */
	char text[TEXT_MAX_BYTES];
};

int64_t clock_ns(void);
void pause_for(uint32_t ms);
uint32_t number(const char *text, uint32_t max);

void write_all(int fd, const void *bytes, size_t len);

/* A line without its newline; false when the other side ends or fails before it is whole. */
bool read_line(int fd, char line[LINE_MAX_BYTES]);

/* Adds to text, after a divider if there is some already. What would break a line or a field becomes a blank. */
void add_text(char *text, size_t size, const char *divider, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* "freezer:/slurm_c1/...;memory:/slurm_c1/...": whatever isn't the root of this host's cgroup namespace. */
void read_cgroups(pid_t pid, char *text, size_t size);

/*
 * pam_start of that service, with what sshd tells PAM of a login. confdir NULL: where PAM looks otherwise. The handle
 * stays open: sshd has a session to open after the account phase.
 */
int start_pam(const char *confdir, const char *service, const char *user, const char *source, struct told *told,
	      pam_handle_t **pamh);

#endif
