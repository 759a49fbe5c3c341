/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever comes back from the daemon's socket: read or refused, and what is read keeps to the page's bounds. */
#include "frames.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct frame_reply reply;
	struct frame_fault fault;
	enum frame_type type;
	size_t body;

	if (size >= FRAME_HEADER && frame_read_header(data, &type, &body, &fault))
		CHECK(body <= FRAME_REPLY_BODY_MAX);
	if (readable(data, size, &reply))
		CHECK(size <= FRAME_REPLY_MAX);
	return 0;
}
