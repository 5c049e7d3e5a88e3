// SPDX-License-Identifier: Apache-2.0
// perf: what `perf stat` does, for Linux without a C library: opens counters, does some work, reads them. Writes a line
// for each, "NAME COUNT", COUNT negative if it could not be opened.
typedef unsigned int word;
typedef unsigned long number;

static long system_call(long which, long a, long b, long c, long d, long e) {
    register long a0 __asm__("a0") = a;
    register long a1 __asm__("a1") = b;
    register long a2 __asm__("a2") = c;
    register long a3 __asm__("a3") = d;
    register long a4 __asm__("a4") = e;
    register long a7 __asm__("a7") = which;
    __asm__ volatile("ecall" : "+r"(a0) : "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a7) : "memory");
    return a0;
}
enum { Read = 63, Write = 64, Exit = 93, Nanosleep = 101, PerfEventOpen = 241 };

// struct perf_event_attr, as far as its first version goes.
static struct {
    word type, size;
    number config, sample_period, sample_type, read_format, flags;
    word wakeup_events, breakpoint_type;
    number breakpoint_address;
} attributes = {.size = 64};
enum { Hardware = 0, Raw = 4 };

static void print(const char* name, long value) {
    char line[64], digits[20];
    int at = 0, count = 0;
    while (*name)
        line[at++] = *name++;
    line[at++] = ' ';
    if (value < 0)
        line[at++] = '-';
    number rest = value < 0 ? -(number)value : (number)value;
    do
        digits[count++] = (char)('0' + rest % 10);
    while ((rest /= 10) != 0);
    while (count > 0)
        line[at++] = digits[--count];
    line[at++] = '\n';
    system_call(Write, 1, (long)line, at, 0, 0);
}

/// A counter of this process, or of all of one processor.
static long open_counter(word type, number config, int processor) {
    attributes.type = type;
    attributes.config = config;
    return system_call(PerfEventOpen, (long)&attributes, processor < 0 ? 0 : -1, processor, -1, 0);
}

static void print_counter(const char* name, long counter) {
    number value = 0;
    if (counter >= 0 && system_call(Read, counter, (long)&value, sizeof value, 0, 0) != sizeof value)
        value = (number)-1;
    print(name, counter < 0 ? counter : (long)value);
}

void _start(void) {
    const number firmware = 1ul << 63, waits = 257;
    const long cycles = open_counter(Hardware, 0, -1), instructions = open_counter(Hardware, 1, -1);
    const long waiting = open_counter(Raw, firmware | waits, 0);
    for (int i = 0; i < 1000000; ++i)
        __asm__ volatile("");
    print_counter("cycles", cycles);
    print_counter("instructions", instructions);
    for (int i = 0; i < 5; ++i) {
        const long time[2] = {0, 100000000};
        system_call(Nanosleep, (long)time, 0, 0, 0, 0);
    }
    print_counter("instructions-later", instructions);
    print_counter("waits", waiting);
    print("cache-misses", open_counter(Hardware, 3, -1)); // which there is no counter for
    system_call(Exit, 0, 0, 0, 0, 0);
}
