/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a fuzz_*.c where there is no libFuzzer: every seed, then seeds with bytes changed, cut, doubled or mixed with
 * another's. It is not guided by coverage.
 *
 *	fuzz_TARGET SECONDS SEED ...
 */
#include "check.h"

#include <stdint.h>
#include <time.h>

enum { SEEDS_MAX = 512, INPUT_MAX = 8300 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	uint8_t at[INPUT_MAX];
	size_t len;
};

static struct input seeds[SEEDS_MAX];

static uint32_t next(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

static void read_seed(const char *path, struct input *seed)
{
	FILE *file = fopen(path, "rb");

	CHECK(file != NULL);
	seed->len = fread(seed->at, 1, sizeof(seed->at), file);
	fclose(file);
}

static void mutate(struct input *input, const struct input *other, uint32_t *state)
{
	size_t at = input->len > 0 ? next(state) % input->len : 0, len;

	switch (next(state) % 7) {
	case 0:
		input->at[at] = (uint8_t)next(state);
		break;
	case 1:
		input->at[at] ^= (uint8_t)(1u << next(state) % 8);
		break;
	case 2:
		input->len = at;
		break;
	case 3:
		len = input->len - at;
		if (input->len + len <= INPUT_MAX) {
			memmove(input->at + input->len, input->at + at, len);
			input->len += len;
		}
		break;
	case 4:		/* the other's end */
		len = other->len > 0 ? next(state) % other->len : 0;
		if (at + len <= INPUT_MAX) {
			memcpy(input->at + at, other->at + other->len - len, len);
			input->len = at + len;
		}
		break;
	case 5:		/* one byte out */
		if (input->len > 0)
			memmove(input->at + at, input->at + at + 1, --input->len - at);
		break;
	default:	/* a length that fits, where a frame has one */
		if (input->len >= 8) {
			input->at[6] = (uint8_t)((input->len - 8) >> 8);
			input->at[7] = (uint8_t)(input->len - 8);
		}
	}
}

int main(int argc, char **argv)
{
	time_t until = time(NULL) + (argc > 1 ? strtol(argv[1], NULL, 10) : 1);
	unsigned long inputs = 0;
	uint32_t state = 0x61646f70;
	int count = 0;

	for (int i = 2; i < argc && count < SEEDS_MAX; i++)
		read_seed(argv[i], &seeds[count++]);
	CHECK(count > 0);
	for (int i = 0; i < count; i++, inputs++)
		LLVMFuzzerTestOneInput(seeds[i].at, seeds[i].len);
	while (time(NULL) < until)
		for (int i = 0; i < 1000; i++, inputs++) {
			struct input input = seeds[next(&state) % (uint32_t)count];
			uint32_t changes = 1 + next(&state) % 6;

			while (changes-- > 0)
				mutate(&input, &seeds[next(&state) % (uint32_t)count], &state);
			LLVMFuzzerTestOneInput(input.at, input.len);
		}
	printf("inputs %lu\n", inputs);
	return 0;
}
