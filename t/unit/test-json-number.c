/* Numbers: the table of powers, shortest printing, correctly rounded reading, canonical text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <locale.h>
#include <math.h>
#include <time.h>
#include <cmocka.h>

#include "base/buf.h"
#include "base/json_float_internal.h"
#include "base/json_number.h"

#define LIMBS 40

/* A natural number of LIMBS 32-bit limbs, lowest first. */
struct natural {
	uint32_t limb[LIMBS];
};

static uint32_t bit_at(const struct natural *n, int i)
{
	return i < 0 || i >= LIMBS * 32 ? 0 : n->limb[i / 32] >> i % 32 & 1;
}

static int top_bit(const struct natural *n)
{
	int i = LIMBS * 32 - 1;

	while (i >= 0 && !bit_at(n, i))
		i--;
	return i;
}

static void multiply(struct natural *n, uint32_t factor)
{
	uint64_t carry = 0;
	int i;

	for (i = 0; i < LIMBS; i++) {
		carry += (uint64_t)n->limb[i] * factor;
		n->limb[i] = (uint32_t)carry;
		carry >>= 32;
	}
}

/* a = 2a + bit - (b if it fits); whether it did. */
static uint32_t double_and_reduce(struct natural *a, const struct natural *b)
{
	struct natural less;
	uint64_t borrow = 0;
	int i;

	multiply(a, 2);
	for (i = 0; i < LIMBS; i++) {
		uint64_t v = (uint64_t)a->limb[i] - b->limb[i] - borrow;

		less.limb[i] = (uint32_t)v;
		borrow = v >> 63;
	}
	if (borrow)
		return 0;
	*a = less;
	return 1;
}

static void expect_power(int q, const struct json_pow10 *want)
{
	const struct json_pow10 *have = &json_pow10_table[q - JSON_POW10_MIN];

	if (have->high != want->high || have->low != want->low)
		fail_msg("10^%d is %016llx%016llx", q, (unsigned long long)want->high, (unsigned long long)want->low);
}

static void shift_in(struct json_pow10 *p, uint32_t bit)
{
	p->high = p->high << 1 | p->low >> 63;
	p->low = p->low << 1 | bit;
}

static void test_table_of_powers(void **state)
{
	struct natural n = { { 1 } };
	int q, i;

	(void)state;
	for (q = 0; q <= -JSON_POW10_MIN; q++) {
		struct json_pow10 p = { 0, 0 };
		struct natural rest = { { 1 } };
		int top = top_bit(&n);

		for (i = 0; i < 128; i++)
			shift_in(&p, bit_at(&n, top - i));
		if (q <= JSON_POW10_MAX)
			expect_power(q, &p);
		/* Long division of a power of two, from its first bit that is not 0. */
		p = (struct json_pow10){ 0, 0 };
		while (q && !(p.high >> 63))
			shift_in(&p, double_and_reduce(&rest, &n));
		if (q)
			expect_power(-q, &p);
		multiply(&n, 10);
	}
}

static double from_bits(uint64_t bits)
{
	double v;

	memcpy(&v, &bits, sizeof(v));
	return v;
}

static double parse(const char *text)
{
	double v = -1;

	if (!json_number_to_double(text, strlen(text), &v))
		fail_msg("'%s' was refused", text);
	return v;
}

static void expect_format(double v, const char *want)
{
	char text[JSON_DOUBLE_TEXT_MAX + 1];
	size_t len = json_double_format(v, text);

	text[len] = '\0';
	assert_string_equal(text, want);
}

/* RFC 8785, appendix B. */
static void test_format_rfc8785(void **state)
{
	static const struct {
		uint64_t bits;
		const char *text;
	} samples[] = {
		{ 0x0000000000000000, "0" },
		{ 0x8000000000000000, "0" },
		{ 0x0000000000000001, "5e-324" },
		{ 0x8000000000000001, "-5e-324" },
		{ 0x7fefffffffffffff, "1.7976931348623157e+308" },
		{ 0xffefffffffffffff, "-1.7976931348623157e+308" },
		{ 0x4340000000000000, "9007199254740992" },
		{ 0xc340000000000000, "-9007199254740992" },
		{ 0x4430000000000000, "295147905179352830000" },
		{ 0x44b52d02c7e14af5, "9.999999999999997e+22" },
		{ 0x44b52d02c7e14af6, "1e+23" },
		{ 0x44b52d02c7e14af7, "1.0000000000000001e+23" },
		{ 0x444b1ae4d6e2ef4e, "999999999999999700000" },
		{ 0x444b1ae4d6e2ef4f, "999999999999999900000" },
		{ 0x444b1ae4d6e2ef50, "1e+21" },
		{ 0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7" },
		{ 0x3eb0c6f7a0b5ed8d, "0.000001" },
		{ 0x41b3de4355555553, "333333333.3333332" },
		{ 0x41b3de4355555554, "333333333.33333325" },
		{ 0x41b3de4355555555, "333333333.3333333" },
		{ 0x41b3de4355555556, "333333333.3333334" },
		{ 0x41b3de4355555557, "333333333.33333343" },
		{ 0xbecbf647612f3696, "-0.0000033333333333333333" },
		{ 0x43143ff3c1cb0959, "1424953923781206.2" },
	};
	char text[JSON_DOUBLE_TEXT_MAX];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
		expect_format(from_bits(samples[i].bits), samples[i].text);
	assert_int_equal(json_double_format((double)INFINITY, text), 0);
	assert_int_equal(json_double_format((double)NAN, text), 0);
}

static void test_format_forms(void **state)
{
	(void)state;
	expect_format(1, "1");
	expect_format(-1, "-1");
	expect_format(0.1, "0.1");
	expect_format(0.1 + 0.2, "0.30000000000000004");
	expect_format(100, "100");
	expect_format(1e20, "100000000000000000000");
	expect_format(123456789012345680000.0, "123456789012345680000");
	expect_format(1.5e300, "1.5e+300");
	expect_format(1e-6, "0.000001");
	expect_format(1.25e-7, "1.25e-7");
	expect_format(2.2250738585072014e-308, "2.2250738585072014e-308");
	expect_format(2.225073858507201e-308, "2.225073858507201e-308");
	expect_format(4.35, "4.35");
	expect_format(9007199254740991.0, "9007199254740991");
	expect_format(1e22, "1e+22");
}

static void test_grammar(void **state)
{
	static const char *const good[] = { "0",   "-0",   "12",        "0.5", "-1.50",   "1e5",
					    "1E5", "1e+5", "1.25e-123", "0e0", "0.0e+00", "10" };
	static const char *const bad[] = { "",   "-",  "+1",  "01",  "-01",  "1.",  ".5",  "1e",   "1e+", "0x1",
					   "1 ", " 1", "NaN", "Inf", "1.e1", "1_0", "--1", "1e5.", "1,0", "Infinity" };
	double v;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(json_number_valid(good[i], strlen(good[i])));
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(json_number_valid(bad[i], strlen(bad[i])));
		assert_false(json_number_to_double(bad[i], strlen(bad[i]), &v));
	}
}

static void test_parse_edges(void **state)
{
	char long_text[1200];
	double v;

	(void)state;
	assert_true(parse("0") == 0 && !signbit(parse("0")));
	assert_true(parse("-0.000e5") == 0 && signbit(parse("-0.000e5")));
	assert_true(isinf(parse("1e400")) && parse("-1e400") < 0);
	assert_true(isinf(parse("1e99999999999999999999999")));
	assert_true(parse("1e-99999999999999999999999") == 0);
	assert_true(parse("0e99999999999999999999999") == 0);
	assert_true(parse("1.7976931348623157e308") == from_bits(0x7fefffffffffffff));
	/* Half of the last place above the greatest double is infinity, less is not. */
	assert_true(isinf(parse("179769313486231580793728971405303415079934132710037826936173778980"
				"444968292764750946649017977587207096330286416692887910946555547851"
				"940402630657488671505820681908902000708383676273854845817711531764"
				"475730270069855571366959622842914819860834936475292719074168444365"
				"510704342711559699508093042880177904174497792")));
	assert_true(parse("1.797693134862315807937e308") == from_bits(0x7fefffffffffffff));
	assert_true(parse("4.9e-324") == from_bits(1));
	assert_true(parse("2.4703282292062327208e-324") == 0);
	assert_true(parse("2.4703282292062327209e-324") == from_bits(1));
	assert_true(parse("2.2250738585072011e-308") == from_bits(0x000fffffffffffff));
	assert_true(parse("2.2250738585072012e-308") == from_bits(0x0010000000000000));
	/* Ties go to even, and a digit far behind breaks them. */
	assert_true(parse("9007199254740993") == 9007199254740992.0);
	assert_true(parse("9007199254740995") == 9007199254740996.0);
	memset(long_text, '0', sizeof(long_text));
	memcpy(long_text, "9007199254740993.", 17);
	assert_true(json_number_to_double(long_text, sizeof(long_text), &v));
	assert_true(v == 9007199254740992.0);
	long_text[sizeof(long_text) - 1] = '1';
	assert_true(json_number_to_double(long_text, sizeof(long_text), &v));
	assert_true(v == 9007199254740994.0);
	memset(long_text, '0', sizeof(long_text));
	memcpy(long_text, "0.", 2);
	memcpy(long_text + sizeof(long_text) - 5, "1e900", 5);
	assert_true(json_number_to_double(long_text, sizeof(long_text), &v));
	assert_true(v == strtod("1e-294", NULL));
}

static uint64_t random_next(uint64_t *seed)
{
	uint64_t z = *seed += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static uint64_t new_seed(void)
{
	const char *given = getenv("TEST_SEED");
	uint64_t seed = given ? strtoull(given, NULL, 0) : (uint64_t)time(NULL);

	print_message("TEST_SEED=%llu\n", (unsigned long long)seed);
	return seed;
}

static void expect_round_trip(double v)
{
	char text[JSON_DOUBLE_TEXT_MAX + 1], shorter[64];
	size_t len = json_double_format(v, text), i;
	int digits = 0;

	text[len] = '\0';
	if (parse(text) != v || strtod(text, NULL) != v)
		fail_msg("%.17g is printed as %s", v, text);
	for (i = 0; i < len && text[i] != 'e'; i++)
		digits += text[i] >= '0' && text[i] <= '9';
	/* Nothing shorter comes back; forms with zeros of their own have digits to spare. */
	if (digits > 1 && strchr(text, 'e')) {
		snprintf(shorter, sizeof(shorter), "%.*e", digits - 2, v);
		if (strtod(shorter, NULL) == v)
			fail_msg("%s is longer than %s", text, shorter);
	}
}

static void test_powers_of_two_and_ten(void **state)
{
	char text[32];
	int e, m;

	(void)state;
	for (e = -1074; e <= 1023; e++) {
		double v = ldexp(1, e);

		expect_round_trip(v);
		expect_round_trip(nextafter(v, 0));
		if (e < 1023)
			expect_round_trip(nextafter(v, INFINITY));
	}
	for (e = -330; e <= 309; e++)
		for (m = 1; m < 20; m++) {
			snprintf(text, sizeof(text), "%de%d", m, e);
			if (parse(text) != strtod(text, NULL))
				fail_msg("%s is read wrongly", text);
		}
	for (e = 1; e < 5000; e++)
		expect_round_trip(from_bits((uint64_t)e));
}

static void test_random_round_trips(void **state)
{
	uint64_t seed = new_seed();
	char text[900];
	int i;

	(void)state;
	for (i = 0; i < 50000; i++) {
		double v = from_bits(random_next(&seed));

		if (!isfinite(v))
			continue;
		expect_round_trip(v);
		expect_round_trip((double)(random_next(&seed) >> (i & 63)));
		snprintf(text, sizeof(text), "%.*e", i % 25, v);
		if (parse(text) != strtod(text, NULL))
			fail_msg("%s is read wrongly", text);
		snprintf(text, sizeof(text), "%llu.%llue%d", (unsigned long long)random_next(&seed) >> (i & 63),
			 (unsigned long long)random_next(&seed), i % 640 - 340);
		if (parse(text) != strtod(text, NULL))
			fail_msg("%s is read wrongly", text);
	}
}

/* Exactly between two doubles, and as little as can be beside it. */
static void test_midpoints(void **state)
{
	uint64_t seed = new_seed();
	char text[900], *exponent;
	int i;

	(void)state;
	for (i = 0; i < 2000; i++) {
		double v = fabs(from_bits(random_next(&seed)));
		long double middle = ((long double)v + (long double)nextafter(v, INFINITY)) / 2;

		if (!isfinite(v) || !isfinite(nextafter(v, INFINITY)))
			continue;
		snprintf(text, sizeof(text), "%.800Le", middle);
		if (parse(text) != strtod(text, NULL))
			fail_msg("%s is read wrongly", text);
		exponent = strchr(text, 'e');
		assert_non_null(exponent);
		exponent[-1] = '1';
		if (parse(text) != strtod(text, NULL))
			fail_msg("%s is read wrongly", text);
	}
}

static void expect_canonical(const char *text, const char *want)
{
	auto_buf out = BUF_INIT;

	json_number_canonical(&out, text, strlen(text));
	assert_string_equal(out.data, want);
}

static void expect_kept(const char *text)
{
	expect_canonical(text, text);
}

static void test_canonical(void **state)
{
	(void)state;
	expect_canonical("0", "0");
	expect_canonical("-0", "0");
	expect_canonical("-0.0e10", "0");
	expect_canonical("1.0", "1");
	expect_canonical("4.50", "4.5");
	expect_canonical("2e-3", "0.002");
	expect_canonical("1E30", "1e+30");
	expect_canonical("100e-2", "1");
	expect_canonical("0.000000000000000000000000001", "1e-27");
	expect_canonical("333333333.33333329", "333333333.3333333");
	expect_canonical("0.10000000000000001", "0.1");
	expect_canonical("9007199254740992", "9007199254740992");
	expect_canonical("100000000000000000000000", "1e+23");
	expect_canonical("9.9999999999999992e22", "1e+23");
	expect_canonical("1.7976931348623157E+308", "1.7976931348623157e+308");
	expect_canonical("-1.5e-300", "-1.5e-300");
	expect_canonical("5e-324", "5e-324");
	expect_kept("9007199254740993");
	expect_kept("-9007199254740993");
	expect_kept("9007199254740993.0");
	expect_kept("12345678901234567890");
	expect_kept("18446744073709551615");
	expect_kept("3.141592653589793238462643383279");
	expect_kept("0.1000000000000000055511151231257827");
	expect_kept("1e400");
	expect_kept("-1E+400");
	expect_kept("1e-400");
	expect_kept("1.2345e-323");
	expect_kept("1e99999999999999999999999999");
}

static bool equal(const char *a, const char *b)
{
	bool r = json_number_equal(a, strlen(a), b, strlen(b));

	assert_int_equal(r, json_number_equal(b, strlen(b), a, strlen(a)));
	return r;
}

static void test_equal(void **state)
{
	(void)state;
	assert_true(equal("1", "1.0"));
	assert_true(equal("1", "10e-1"));
	assert_true(equal("100", "1e2"));
	assert_true(equal("0", "-0.00e7"));
	assert_true(equal("0.5", "5e-1"));
	assert_true(equal("9007199254740993", "9007199254740993.0"));
	assert_true(equal("9007199254740993", "900719925474099.3e1"));
	assert_true(equal("1e400", "10e399"));
	assert_true(equal("1e400", "0.1e401"));
	assert_true(equal("0.1", "0.10000000000000001"));
	assert_false(equal("1", "-1"));
	assert_false(equal("1", "2"));
	assert_false(equal("0", "1e-400"));
	assert_false(equal("9007199254740992", "9007199254740993"));
	assert_false(equal("9007199254740993", "9007199254740995"));
	assert_false(equal("1e400", "1e401"));
	assert_false(equal("1e400", "-1e400"));
	assert_false(equal("1e99999999999999999999", "1e99999999999999999998"));
	assert_true(equal("1e99999999999999999999", "1e99999999999999999999"));
}

static void expect_int(const char *text, int64_t want)
{
	int64_t v = 0;

	assert_true(json_number_to_int64(text, strlen(text), &v));
	assert_true(v == want);
}

static void test_integers(void **state)
{
	static const char *const none[] = { "0.5",
					    "1e-1",
					    "9223372036854775808",
					    "-9223372036854775809",
					    "1e19",
					    "1e400",
					    "123456789012345678901234567890",
					    "x",
					    "" };
	int64_t v = 7;
	size_t i;

	(void)state;
	expect_int("0", 0);
	expect_int("-0", 0);
	expect_int("0e99", 0);
	expect_int("42", 42);
	expect_int("-42.0", -42);
	expect_int("1e3", 1000);
	expect_int("12.5e1", 125);
	expect_int("9223372036854775807", INT64_MAX);
	expect_int("-9223372036854775808", INT64_MIN);
	expect_int("1000000000000000000", 1000000000000000000);
	for (i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		assert_false(json_number_to_int64(none[i], strlen(none[i]), &v));
	assert_int_equal(v, 7);
}

static void test_locale_has_no_say(void **state)
{
	static const char *const names[] = { "de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "fr_FR" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (setlocale(LC_ALL, names[i]))
			break;
	expect_format(1234.5, "1234.5");
	assert_true(parse("1234.5") == 1234.5);
	setlocale(LC_ALL, "C");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table_of_powers),    cmocka_unit_test(test_format_rfc8785),
		cmocka_unit_test(test_format_forms),       cmocka_unit_test(test_grammar),
		cmocka_unit_test(test_parse_edges),        cmocka_unit_test(test_powers_of_two_and_ten),
		cmocka_unit_test(test_random_round_trips), cmocka_unit_test(test_midpoints),
		cmocka_unit_test(test_canonical),          cmocka_unit_test(test_equal),
		cmocka_unit_test(test_integers),           cmocka_unit_test(test_locale_has_no_say),
	};

	return cmocka_run_group_tests_name("json-number", tests, NULL, NULL);
}
