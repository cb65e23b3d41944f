// SPDX-License-Identifier: MIT
// The one file of the test program that compiles doctest itself.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
