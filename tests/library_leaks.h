/* library_leaks.h - what the leak checker of a sanitizer build is told to overlook: CoinUtils 2.11 does
 * not free two small arrays where its presolve finds a program infeasible. Include once per program. */
#ifndef TESTS_LIBRARY_LEAKS_H
#define TESTS_LIBRARY_LEAKS_H

const char *__lsan_default_suppressions(void); /* NOLINT: the sanitizer's name for it */

const char *__lsan_default_suppressions(void)
{
    return "leak:implied_free_action::presolve\nleak:presolve_dupmajor\n";
}
#endif
