// Every message of the compiler has a name; its text stands in messages.def alone. A report reads
//     diag_error(diag, span, MSG(UNKNOWN_NAME), name);
// where MSG(…) stands for two arguments, the message's number and its format, so that the C compiler checks what follows it as
// it does for printf.
#pragma once

typedef enum MessageId {
#define X(name, text) MSG_##name,
#include "support/messages.def"
#undef X
    MESSAGE_COUNT
} MessageId;

#define X(name, text) static const char TEXT_##name[] = text;
#include "support/messages.def"
#undef X

#define MSG(name) MSG_##name, TEXT_##name
