#include "plumbing/plumbing.h"

#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "cli/output.h"
#include "objects/odb_files.h"
#include "objects/loc.h"

struct verify_pack_options {
	bool verbose;
};

static const struct option_spec specs[] = {
	{ .kind = OPTION_FLAG,
	  .short_name = 'v',
	  .long_name = "verbose",
	  .value = OPTION_AT(struct verify_pack_options, verbose),
	  .help = "list the objects, too" },
};

static const char *const usage[] = { "drift verify-pack [-v] [--json] [-q] [PACK...]", NULL };

struct verifying {
	struct cmd_context *ctx;
	const struct odb_file *file;
	const char *name;
	uint64_t object_count, fault_count;
};

/* "pack-1a2b....pack" of the path that the store opened it by. */
static const char *file_name(const struct odb_file *file)
{
	const char *slash = strrchr(pack_path(file->pack), '/');

	return slash ? slash + 1 : pack_path(file->pack);
}

/* By its file's name or its index's, with folders before it or not. */
static bool is_meant(const struct odb_file *file, const char *text)
{
	const char *slash = strrchr(text, '/'), *name = file_name(file);
	size_t stem = strlen(name) - strlen(".pack");

	text = slash ? slash + 1 : text;
	return !strncmp(text, name, stem) && (!text[stem] || !strcmp(text + stem, ".pack") || !strcmp(text + stem, ".idx"));
}

static void fault(void *data, uint64_t offset, const char *sentence)
{
	struct verifying *v = data;

	v->fault_count++;
	ctx_warn(v->ctx, "%s: offset %" PRIu64 ": %s", v->name, offset, sentence);
}

static int object_len(struct odb *odb, const struct oid *id, enum object_kind kind, uint64_t loc, uint64_t *out,
		      struct drift_error *err)
{
	auto_buf bytes = BUF_INIT;
	auto_node *node = NULL;
	int found;

	if (kind == OBJECT_TREE) {
		if (odb_node(odb, id, loc, &node, err))
			return -1;
		*out = node->len;
		return 0;
	}
	found = odb_read(odb, id, &kind, &bytes, err);
	*out = bytes.len;
	return found < 0 ? -1 : 0;
}

static int each_object(void *data, const struct oid *id, enum object_kind kind, uint64_t loc, struct drift_error *err)
{
	struct verifying *v = data;
	char hex[OID_HEX_LEN + 1];
	struct json_line line;
	uint64_t len = 0;

	if (loc_file(loc) < v->file->first || loc_file(loc) > v->file->last)
		return 0;
	v->object_count++;
	if (object_len(repo_odb(v->ctx->repo), id, kind, loc, &len, err))
		return -1;
	if (!v->ctx->common.json) {
		out_printf("%s %-6s %" PRIu64 " %u:%" PRIu64 ":%u\n", oid_to_hex(id, hex), object_kind_name(kind), len,
			   loc_file(loc), loc_offset(loc), loc_record(loc));
		return 0;
	}
	out_json_begin(&line);
	json_writer_member_str(&line.w, "pack", v->name);
	out_json_id(&line.w, "id", id);
	json_writer_member_str(&line.w, "type", object_kind_name(kind));
	json_writer_member_uint(&line.w, "size", len);
	return out_json_end(&line, err);
}

static int report(struct verifying *v)
{
	struct json_line line;

	if (v->ctx->common.quiet)
		return 0;
	if (!v->ctx->common.json) {
		out_printf("%s: %s\n", v->name, v->fault_count ? "damaged" : "ok");
		return 0;
	}
	out_json_begin(&line);
	json_writer_member_str(&line.w, "pack", v->name);
	json_writer_member_uint(&line.w, "stubs", pack_stub_count(v->file->pack));
	json_writer_member_uint(&line.w, "records", pack_record_count(v->file->pack));
	json_writer_member_uint(&line.w, "bytes", pack_len(v->file->pack));
	json_writer_member_bool(&line.w, "ok", !v->fault_count);
	return out_json_end(&line, &v->ctx->err);
}

static int verify_one(struct verifying *v)
{
	const struct verify_pack_options *o = v->ctx->options;
	const struct pack_check check = { .fault = fault, .data = v };
	struct drift_error *err = &v->ctx->err;

	v->name = file_name(v->file);
	v->fault_count = 0;
	if (pack_check(v->file->pack, &check, err) || pack_check_index(v->file->pack, &check, err))
		return -1;
	if (o->verbose && !v->fault_count && odb_each_object(repo_odb(v->ctx->repo), each_object, v, err))
		return -1;
	return report(v);
}

/* Those that are named; none: all. */
static int verify(struct cmd_context *ctx, const struct odb_files *files, int argc, char **argv, uint64_t *faults_out)
{
	struct verifying v = { .ctx = ctx };

	*faults_out = 0;
	for (int i = 0; i < (argc ? argc : 1); i++) {
		bool found = !argc;

		for (size_t n = 0; n < files->count; n++) {
			v.file = &files->items[n];
			if (!v.file->pack || (argc && !is_meant(v.file, argv[i])))
				continue;
			found = true;
			if (verify_one(&v))
				return -1;
			*faults_out += v.fault_count;
		}
		if (!found)
			return error_set(&ctx->err, DRIFT_ERR_NOT_FOUND, "this repository has no pack '%s'", argv[i]);
	}
	return 0;
}

static int verify_pack(struct cmd_context *ctx, int argc, char **argv)
{
	struct odb_files files;
	uint64_t faults;
	int failed;

	if (!ctx_repo(ctx))
		return EXIT_FAILED;
	if (odb_files_get(repo_odb(ctx->repo), &files, &ctx->err))
		return ctx_die(ctx, "verify packs");
	failed = verify(ctx, &files, argc, argv, &faults);
	odb_files_release(&files);
	if (failed)
		return ctx_fail(ctx, "verify packs");
	return faults ? EXIT_NO : EXIT_DONE;
}

const struct command cmd_verify_pack = {
	.name = "verify-pack",
	.task = "verify packs",
	.summary = "check packs of the store, and list what they have",
	.usage = usage,
	.run = verify_pack,
	COMMAND_OPTIONS(struct verify_pack_options, specs),
	.common = COMMON_JSON | COMMON_QUIET,
	.group = COMMAND_PLUMBING,
};
