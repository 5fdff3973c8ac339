/*
 * Myers, "An O(ND) difference algorithm and its variations", 1986: section 4b, the
 * linear-space refinement, without recursion. From both corners of a box
 * of the edit graph the furthest points that can be reached with d edits are
 * followed until they meet; where they meet the box is split in two.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/textdiff.h"
#include "base/textdiff_internal.h"

enum { UNREACHED = -1 };

/* Lines [a, a_end) against [b, b_end). */
struct box {
	size_t a, a_end, b, b_end;
};

/*
 * The furthest x on each diagonal k = x - y, seen from one corner of the box. The
 * far corner looks at the box turned by half a circle, so that both use the same code.
 */
struct front {
	int32_t *furthest; /* of diagonal 0; room for -m - 1 to n + 1 */
	ptrdiff_t low, high; /* the diagonals of the last round */
	bool turned;
};

struct search {
	const uint32_t *a, *b;
	struct box box;
	ptrdiff_t n, m; /* the box's sides */
	int32_t *room;
	size_t room_count;
	struct front near, far;
};

struct stack {
	struct box *items;
	size_t count, capacity;
};

struct point {
	ptrdiff_t x, y;
};

static bool lines_equal(const struct search *s, bool turned, ptrdiff_t x, ptrdiff_t y)
{
	if (turned)
		return s->a[s->box.a_end - 1 - (size_t)x] == s->b[s->box.b_end - 1 - (size_t)y];
	return s->a[s->box.a + (size_t)x] == s->b[s->box.b + (size_t)y];
}

/* The furthest point of diagonal k after one more edit, or UNREACHED. */
static int32_t step(const struct search *s, const struct front *f, ptrdiff_t k)
{
	int32_t left = f->furthest[k - 1], above = f->furthest[k + 1];
	ptrdiff_t x = UNREACHED;

	if (left != UNREACHED && left < s->n)
		x = left + 1;
	if (above != UNREACHED && above - k <= s->m && above > x)
		x = above;
	if (x == UNREACHED)
		return UNREACHED;
	while (x < s->n && x - k < s->m && lines_equal(s, f->turned, x, x - k))
		x++;
	return (int32_t)x;
}

static void start(const struct search *s, struct front *f)
{
	ptrdiff_t x = 0;

	while (x < s->n && x < s->m && lines_equal(s, f->turned, x, x))
		x++;
	f->furthest[-1] = UNREACHED;
	f->furthest[0] = (int32_t)x;
	f->furthest[1] = UNREACHED;
	f->low = 0;
	f->high = 0;
}

/* The diagonal of the turned box that is diagonal k of the box. */
static ptrdiff_t turn(const struct search *s, ptrdiff_t k)
{
	return s->n - s->m - k;
}

static bool meets(const struct search *s, const struct front *other, ptrdiff_t k, int32_t x)
{
	ptrdiff_t t = turn(s, k);

	return x != UNREACHED && t >= other->low && t <= other->high &&
	       other->furthest[t] != UNREACHED && x + other->furthest[t] >= s->n;
}

static struct point point_of(const struct search *s, const struct front *f, ptrdiff_t k)
{
	struct point p = { f->furthest[k], f->furthest[k] - k };

	if (f->turned) {
		p.x = s->n - p.x;
		p.y = s->m - p.y;
	}
	return p;
}

/* Round d of one side; true when it meets the other (if asked to look), at *out. */
static bool advance(struct search *s, struct front *f, ptrdiff_t d, const struct front *other,
		    struct point *out)
{
	ptrdiff_t low = d <= s->m ? -d : -s->m + ((d - s->m) & 1);
	ptrdiff_t high = d <= s->n ? d : s->n - ((d - s->n) & 1);
	ptrdiff_t k;

	if (d <= s->m)
		f->furthest[-d - 1] = UNREACHED;
	if (d <= s->n)
		f->furthest[d + 1] = UNREACHED;
	f->low = low;
	f->high = high;
	for (k = low; k <= high; k += 2) {
		f->furthest[k] = step(s, f, k);
		if (other && meets(s, other, k, f->furthest[k])) {
			*out = point_of(s, f, k);
			return true;
		}
	}
	return false;
}

/* The point of the last round that is furthest from its corner. */
static ptrdiff_t best_of(const struct front *f, ptrdiff_t *k_out)
{
	ptrdiff_t best = -1, k;

	for (k = f->low; k <= f->high; k += 2) {
		ptrdiff_t sum = 2 * (ptrdiff_t)f->furthest[k] - k;

		if (f->furthest[k] != UNREACHED && sum > best) {
			best = sum;
			*k_out = k;
		}
	}
	return best;
}

/* Where to split a box that has neither a common start nor a common end. */
static struct point find_split(struct search *s)
{
	bool odd = (s->n - s->m) & 1;
	struct point p = { 0, 0 };
	ptrdiff_t near_k = 0, far_k = 0, d;

	start(s, &s->near);
	start(s, &s->far);
	for (d = 1; d <= TEXTDIFF_COST_MAX; d++) {
		if (advance(s, &s->near, d, odd ? &s->far : NULL, &p))
			return p;
		if (advance(s, &s->far, d, odd ? NULL : &s->near, &p))
			return p;
	}
	if (best_of(&s->near, &near_k) >= best_of(&s->far, &far_k))
		return point_of(s, &s->near, near_k);
	return point_of(s, &s->far, far_k);
}

static void trim(const struct search *s, struct box *box)
{
	while (box->a < box->a_end && box->b < box->b_end && s->a[box->a] == s->b[box->b]) {
		box->a++;
		box->b++;
	}
	while (box->a < box->a_end && box->b < box->b_end &&
	       s->a[box->a_end - 1] == s->b[box->b_end - 1]) {
		box->a_end--;
		box->b_end--;
	}
}

static int push(struct stack *stack, const struct box *box, struct drift_error *err)
{
	if (mem_grow(&stack->items, &stack->capacity, stack->count + 1, sizeof(*stack->items)) < 0)
		return error_no_memory(err);
	stack->items[stack->count++] = *box;
	return 0;
}

/* Diagonals from -m - 1 to n + 1, twice. The first box is the largest. */
static int make_room(struct search *s, struct drift_error *err)
{
	size_t count = (size_t)s->n + (size_t)s->m + 3;

	if (!s->room || count > s->room_count) {
		free(s->room);
		s->room = mem_alloc_array(2 * count, sizeof(*s->room));
		s->room_count = s->room ? count : 0;
		if (!s->room)
			return error_no_memory(err);
	}
	s->near.furthest = s->room + s->m + 1;
	s->far.furthest = s->room + s->room_count + s->m + 1;
	s->far.turned = true;
	return 0;
}

static int split(struct search *s, const struct box *box, struct stack *stack,
		 struct drift_error *err)
{
	struct box first = *box, second = *box;
	struct point p;

	s->box = *box;
	s->n = (ptrdiff_t)(box->a_end - box->a);
	s->m = (ptrdiff_t)(box->b_end - box->b);
	if (make_room(s, err) < 0)
		return -1;
	p = find_split(s);
	first.a_end = second.a = box->a + (size_t)p.x;
	first.b_end = second.b = box->b + (size_t)p.y;
	return push(stack, &first, err) < 0 ? -1 : push(stack, &second, err);
}

int textdiff_mark(struct sequence *a, struct sequence *b, struct drift_error *err)
{
	struct search s = { .a = a->classes, .b = b->classes };
	struct box whole = { 0, a->count, 0, b->count };
	struct stack stack = { NULL, 0, 0 };
	int r = push(&stack, &whole, err);

	while (r == 0 && stack.count) {
		struct box box = stack.items[--stack.count];

		trim(&s, &box);
		if (box.a == box.a_end || box.b == box.b_end) {
			memset(a->changed + box.a, 1, box.a_end - box.a);
			memset(b->changed + box.b, 1, box.b_end - box.b);
			continue;
		}
		r = split(&s, &box, &stack, err);
	}
	free(stack.items);
	free(s.room);
	return r;
}
