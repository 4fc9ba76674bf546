#include <pthread.h>
#include <stdint.h>
#include <unistd.h>

#include "_cgo_export.h"

int quick(int number) { return number + 1; }

void nap(int microseconds) { usleep(microseconds); }

void call_back(int times) {
	for (int i = 0; i < times; i++) {
		called_from_c(i);
	}
}

static void *caller(void *times) {
	for (int i = 0; i < (int)(intptr_t)times; i++) {
		called_from_c(i);
		usleep(50);
	}
	return 0;
}

int call_from_threads(int threads, int times) {
	pthread_t made[16];
	if (threads > 16) {
		return 1;
	}
	for (int i = 0; i < threads; i++) {
		if (pthread_create(&made[i], 0, caller, (void *)(intptr_t)times) != 0) {
			return 1;
		}
	}
	for (int i = 0; i < threads; i++) {
		pthread_join(made[i], 0);
	}
	return 0;
}
