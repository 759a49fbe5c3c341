/* SPDX-License-Identifier: Apache-2.0 */
/* Joining a namespace of the job: this process goes into it, and with it the session that it will start. */
#ifndef ADOPTD_NAMESPACE_H
#define ADOPTD_NAMESPACE_H

#include <stdint.h>
#include <sys/types.h>

enum namespace_result { NAMESPACE_JOINED, NAMESPACE_ALREADY, NAMESPACE_FAILED };

enum { NAMESPACE_KINDS = 3 };	/* mount, user, pid */

struct namespaces {	/* which one of each kind this login has joined; no namespace's inode is 0 */
	struct {
		dev_t device;
		ino_t inode;
	} of[NAMESPACE_KINDS];
};

/*
 * Joins the namespace of descriptor fd by setns(fd, type), unless this login has joined it before or this process is in
 * it: then setns is not called. joined is what this login has joined before, and is kept up. Why a failure failed is in
 * errno; EINVAL is also what a process with threads gets. A mount namespace brings its own root and working directory
 * with it.
 */
enum namespace_result namespace_join(int fd, uint32_t type, struct namespaces *joined);

/* What kind of namespace fd is: "mount", "user", "pid", or "unknown". */
const char *namespace_kind(int fd, uint32_t type);

#endif
