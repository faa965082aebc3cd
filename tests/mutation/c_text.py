"""Just enough of C to change expressions in it: where functions, calls, arguments and literals begin and end."""

import re

SKIP = re.compile(r'//[^\n]*|"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'')
IDENTIFIER = re.compile(r"[A-Za-z_]\w*")
FUNCTION = re.compile(r"^[A-Za-z_][\w *]*?\b(\w+)\([^;{}]*\) \{", re.M)


def skipped(text, at):
    """The end of the comment or literal that starts at `at`, or `at`."""
    match = SKIP.match(text, at)
    return match.end() if match else at


def closing(text, at):
    """The index of the bracket that closes the one at `at`."""
    depth = 0
    while at < len(text):
        end = skipped(text, at)
        if end != at:
            at = end
            continue
        depth += (text[at] in "([{") - (text[at] in ")]}")
        if depth == 0:
            return at
        at += 1
    raise ValueError("a bracket is never closed")


def split(text, separator):
    """The pieces between separators that stand outside of all brackets."""
    pieces, begin, at = [], 0, 0
    while at < len(text):
        end = skipped(text, at)
        if end != at:
            at = end
        elif text[at] in "([{":
            at = closing(text, at) + 1
        elif text.startswith(separator, at):
            pieces.append(text[begin:at])
            at += len(separator)
            begin = at
        else:
            at += 1
    return pieces + [text[begin:]]


def functions(text):
    """(name, begin, end) of each function's body, without its braces."""
    found, at = [], 0
    while match := FUNCTION.search(text, at):
        end = closing(text, match.end() - 1)
        found.append((match.group(1), match.end(), end))
        at = end
    return found
