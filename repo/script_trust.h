/*
 * Which merge scripts may run in this repository: those that the configuration names in merge.trustScript, by the ids of their
 * blobs, or "all". What is committed here by our own writers is trusted from then on: their ids are added.
 */
#ifndef REPO_SCRIPT_TRUST_H
#define REPO_SCRIPT_TRUST_H

#include "repo/repo.h"

#define TRUST_KEY "merge.trustScript"

/* For struct merge_rules_options; data is the repository. DRIFT_ERR_UNTRUSTED names script and blob. */
int script_trust(void *data, struct text name, const struct oid *id, struct drift_error *err) MUST_CHECK;
/* Trust it from now on, durably. */
int script_trust_add(struct repo *repo, const struct oid *id, struct drift_error *err) MUST_CHECK;

#endif
