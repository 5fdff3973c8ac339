/* Suggestions after a failure, from what is in the store. Where there is nothing to suggest they say nothing. */
#ifndef CLI_HINT_H
#define CLI_HINT_H

#include "cli/command.h"

/* "did you mean 'main'?": the ref whose name is most like the one in the point. */
void hint_point(struct cmd_context *ctx, const char *point);
/* "write HEAD@{yesterday}, ...": false, and nothing said, if the text is no time that only the log of refs takes. */
bool hint_time(struct cmd_context *ctx, const char *text);
/* Why there may be no document: the path is a prefix, the document was removed, the collection is called otherwise. */
void hint_document(struct cmd_context *ctx, const char *path);

#endif
