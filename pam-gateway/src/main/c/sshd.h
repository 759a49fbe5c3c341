/* SPDX-License-Identifier: Apache-2.0 */
/* The sshd that called PAM: whether it did, whether as its helper, and how it is made to end a session. */
#ifndef ADOPTD_SSHD_H
#define ADOPTD_SSHD_H

#include <stdbool.h>

enum { SSHD_GRACE_SECONDS = 2, SSHD_KILL_SECONDS = 4 };	/* after which SIGTERM and SIGKILL come */

/* Whether this process runs a program whose file name begins with "sshd". False also when /proc does not tell. */
bool sshd_is_caller(void);

/*
 * Whether this process is one that sshd forked for keyboard-interactive, and its parent will be the session: not a
 * session leader, and parent and child run the same sshd. It holds over TCP, AF_UNIX, vsock and pipes alike. sshd makes
 * the process of a connection a session leader; with "sshd -i" whoever started it is not sshd.
 */
bool sshd_is_helper(void);

/*
 * Lets the kernel send this process SIGTERM after SSHD_GRACE_SECONDS, in which sshd shows its user why, and SIGKILL
 * after SSHD_KILL_SECONDS. Children do not inherit that. Where the kernel has no timer left, SIGTERM comes at once;
 * then false.
 */
bool sshd_end_later(void);

#endif
