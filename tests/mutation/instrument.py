"""Makes one source text that holds all mutants of a file: each changed expression becomes `mutant(ID) ? changed : original`.

What is changed, in the bodies of functions:

    mul(a, x, y)          x alone, y alone                    a factor is dropped
    add(a, x, y)          x alone, y alone, x − y             a term is dropped, or its sign is turned
    sub(a, x, y)          x alone, x + y, y − x
    divide(a, x, y)       x alone, x · y
    neg(a, x)             x                                   the sign
    number(a, c)          c + 1, −c                           a factor
    build_where(g, c, x, y), make_where                       the branches are swapped
    OP_ADD, OP_LT, …      a related op, wherever an op is handed to a function that makes a node
    true, false, !x       turned, as an argument of a function
    if (a || b && c)      one condition more or less
    = i + x, [i - 1]      a term of an index is dropped

A mutant is called by its file, function, what was there and what takes its place: names that outlive edits elsewhere.
"""

import re

import c_text

PARTNERS = {
    "OP_ADD": "OP_SUB", "OP_SUB": "OP_ADD", "OP_MUL": "OP_DIV", "OP_DIV": "OP_MUL", "OP_EQ": "OP_NE", "OP_NE": "OP_EQ",
    "OP_LT": "OP_LE", "OP_LE": "OP_LT", "OP_GT": "OP_GE", "OP_GE": "OP_GT", "OP_AND": "OP_OR", "OP_OR": "OP_AND",
    "OP_SIN": "OP_COS", "OP_COS": "OP_SIN", "OP_EXP": "OP_LOG", "OP_LOG": "OP_EXP", "OP_SQRT": "OP_RSQRT",
    "OP_RSQRT": "OP_SQRT", "OP_SUM": "OP_MAX", "OP_PROD": "OP_SUM", "OP_MAX": "OP_MIN", "OP_MIN": "OP_MAX",
    "OP_MINIMUM": "OP_MAXIMUM", "OP_MAXIMUM": "OP_MINIMUM", "OP_SIGN": "OP_ABS", "OP_NEG": "OP_ABS", "OP_POW": "OP_MUL",
    "OP_FLOORDIV": "OP_MUL",
}  # fmt: skip
MAKERS = {"build_binary", "build_unary", "build_reduce", "make_binary", "make_unary", "make_reduce"}
WHERE = {"build_where", "make_where"}
NUMBERS = {"number": "number({0}, ({1}) + 1)", "splat_like": "splat_like({0}, {1}, ({2}) + 1)"}
TERM = re.compile(r"(?<=[\w\])]) ([+-]) (\w+(?:(?:->|\.)\w+|\[[^\[\]]*\])*)(?![\w(.\[]|->)")


class Instrumenter:
    def __init__(self, label, first_id):
        self.label, self.next_id, self.mutants, self.function = label, first_id, [], ""

    def mutant(self, original, changed):
        """Registers a mutant and returns its id."""
        shown = " ".join(original.split()), " ".join(changed.split())
        name = f"{self.label}: {self.function}: {shown[0]} -> {shown[1]}"
        same = sum(m[1] == name or m[1].startswith(name + " #") for m in self.mutants)
        self.mutants.append((self.next_id, f"{name} #{same + 1}" if same else name))
        self.next_id += 1
        return self.next_id - 1

    def choose(self, original, instrumented, changes):
        for changed in changes:
            instrumented = f"(mutant({self.mutant(original, changed)}) ? ({changed}) : ({instrumented}))"
        return instrumented

    # ---- Calls
    def changes_of_call(self, name, args, call):
        args = [arg.strip() for arg in args]
        if name in ("mul", "add", "sub", "divide") and len(args) == 3:
            a, x, y = args
            return {
                "mul": [x, y],
                "add": [x, y, f"sub({a}, {x}, {y})"],
                "sub": [x, f"add({a}, {x}, {y})", f"sub({a}, {y}, {x})"],
                "divide": [x, f"mul({a}, {x}, {y})"],
            }[name]
        if name == "neg" and len(args) == 2:
            return [args[1]]
        if name == "product" and len(args) == 5:
            return []
        if name in NUMBERS and len(args) == (2 if name == "number" else 3):
            changes = [NUMBERS[name].format(*args)]
            if args[-1] not in ("0", "0.0"):
                changes.append(f"{name}({', '.join(args[:-1])}, -({args[-1]}))")
            return changes
        if name in WHERE and len(args) == 4:
            return [f"{name}({args[0]}, {args[1]}, {args[3]}, {args[2]})"]
        if name in MAKERS and args[1] == "OP_NEG" and len(args) == 3:
            return [args[2]]
        return []

    def argument(self, name, index, text):
        """An argument of a call, with its own mutants inside."""
        bare = text.strip()
        lead = text[: len(text) - len(text.lstrip())]
        if name in MAKERS and index == 1:
            if bare in PARTNERS:
                return lead + self.choose(bare, bare, [PARTNERS[bare]])
            branches = re.fullmatch(r"(.*) \? (\w+) : (\w+)", bare, re.S)
            if branches:
                condition, x, y = branches.groups()
                return lead + self.choose(bare, bare, [f"{condition} ? {y} : {x}"])
            return text
        if bare in ("true", "false"):
            return lead + self.choose(bare, bare, ["false" if bare == "true" else "true"])
        if re.fullmatch(r"!\w+", bare):
            return lead + self.choose(bare, bare, [bare[1:]])
        return self.text(text)

    def call(self, name, inside):
        args = c_text.split(inside, ",") if inside.strip() else []
        call = f"{name}({inside})"
        instrumented = f"{name}({','.join(self.argument(name, i, arg) for i, arg in enumerate(args))})"
        return self.choose(call, instrumented, self.changes_of_call(name, args, call))

    # ---- Conditions: one more, one less
    def condition(self, text, whole=True):
        for separator, neutral in (("||", "false"), ("&&", "true")):
            clauses = c_text.split(text, separator)
            if len(clauses) == 1:
                continue
            parts = []
            for clause in clauses:
                inner = self.condition(clause, False)
                identity = self.mutant(clause, neutral)
                parts.append(f" (mutant({identity}) ? {neutral} : ({inner})) ")
            return separator.join(parts)
        return self.choose(text, self.text(text), [f"!({text})"] if whole else [])

    # ---- Terms of indices
    def terms(self, text):
        def replace(match):
            sign, term = match.groups()
            if term in ("NULL",) or (term.isdigit() and term == "0"):
                return match.group(0)
            identity = self.mutant(f"{sign} {term}", "nothing")
            return f" {sign} (mutant({identity}) ? 0 : {term})"

        return TERM.sub(replace, text)

    # ---- Any text: a body, an argument
    def text(self, text):
        out, at, plain = [], 0, 0
        while at < len(text):
            end = c_text.skipped(text, at)
            match = c_text.IDENTIFIER.match(text, at)
            if end == at and not match:
                at += 1
                continue
            if end != at:
                out += [self.terms(text[plain:at]), text[at:end]]
                at = plain = end
                continue
            name, at = match.group(0), match.end()
            opening = at + 1 if text.startswith(" (", at) and name in ("if", "while") else at
            if not text.startswith("(", opening) or name in ("for", "while", "switch", "sizeof", "return", "defined"):
                continue
            last = c_text.closing(text, opening)
            inside = text[opening + 1 : last]
            out.append(self.terms(text[plain : match.start()]))
            out.append(f"if ({self.condition(inside)})" if name == "if" else self.call(name, inside))
            at = plain = last + 1
        return "".join(out) + self.terms(text[plain:])

    def file(self, source, leave=()):
        out, at = [], 0
        for name, begin, end in c_text.functions(source):
            if name in leave:
                continue
            self.function = name
            out += [source[at:begin], self.text(source[begin:end])]
            at = end
        return "".join(out) + source[at:]
