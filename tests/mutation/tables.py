"""Mutants of whole rules: what a gradient rule gives for one operand, or a simplification for a node, is turned, doubled or
dropped. They are made where the tables are read, so that a new rule has its mutants without a line here."""

import re

KINDS = ("sign", "factor", "dropped")

GRADIENT = """
// Turns, doubles or drops the derivative that a rule gave for one operand.
static void mutate_gradient(Adjoint *a) {
    int at = netc_mutant - %(base)d - (int)a->node.op * 9;
    if (at < 0 || at >= 9 || (uint32_t)at / 3 >= a->node.operand_count || !a->wanted[at / 3]) return;
    NodeId *dx = &a->dx[at / 3];
    if (*dx == NODE_NONE) return;
    if (at %% 3 == 0) *dx = neg(a, *dx);
    if (at %% 3 == 1) *dx = mul(a, *dx, number(a, 2));
    if (at %% 3 == 2) *dx = build_zeros_like(a->g, *dx);
}
"""

REWRITE = """
// Turns, doubles or drops what a row made.
static NodeId mutate_rewrite(Maker *m, size_t index, NodeId result) {
    int kind = netc_mutant - %(base)d - (int)index * 3;
    if (kind < 0 || kind >= 3) return result;
    const Node *made = at(m, result);
    bool is_float = dtype_is_float(made->dtype), is_bool = made->dtype == DT_BOOL;
    Node number = {.op = OP_CONST, .dtype = made->dtype, .shape = made->shape, .operands = &result};
    if (is_float) number.attr.constant.number = kind == 1 ? 2 : 0;
    else number.attr.constant.integer = is_bool ? kind == 1 : kind == 1 ? 2 : 0;
    if (kind == 2 || (is_bool && kind == 1)) return intern(m, &number);
    NodeId operands[] = {result, NODE_NONE};
    Node changed = {.op = is_bool ? OP_NOT : OP_NEG, .dtype = made->dtype, .shape = made->shape, .operand_count = 1};
    changed.operands = operands;
    if (kind == 1) {
        operands[1] = intern(m, &number);
        changed.op = OP_MUL;
        changed.operand_count = 2;
    }
    return intern(m, &changed);
}
"""


def insert(source, before, code, old, new):
    """Puts a function before the line `before`, and `new` in the place of `old`; both must be there once."""
    for text in (before, old):
        if source.count(text) != 1:
            raise SystemExit(f"mutation: '{text}' is in the source {source.count(text)} times; tables.py must follow the change")
    return source.replace(old, new).replace(before, code.lstrip() + "\n" + before)


def gradients(read, first_id):
    """[(id, name)] and the changed text of differentiate.c."""
    ops = re.findall(r'^X\((\w+), "\w+", (-?\d+), ', read("compiler/ir/ops.def"), re.M)
    rules = re.findall(
        r"^RULE\((\w+), ", "".join(read(f"compiler/autodiff/rules_{f}.c") for f in ("elementwise", "movement", "reduce")), re.M
    )
    never = {("WHERE", 0), ("CHECKED", 1)}  # bools
    mutants = []
    for index, (op, operands) in enumerate(ops):
        for i in range(min(int(operands), 3) if int(operands) >= 0 else 3):
            if op in rules and (op, i) not in never:
                mutants += [(first_id + index * 9 + i * 3 + k, f"gradient of {op}, operand {i}: {KINDS[k]}") for k in range(3)]
    text = insert(
        read("compiler/autodiff/differentiate.c"),
        "static bool flow_through(",
        GRADIENT % {"base": first_id},
        "gradient_rules[node.op]->function(&adjoint);",
        "gradient_rules[node.op]->function(&adjoint);\n    mutate_gradient(&adjoint);",
    )
    return mutants, text, first_id + len(ops) * 9


def rewrites(read, first_id):
    """[(id, name)] and the changed text of simplify.c. The order of the tables is that of rewrite_table()."""
    text = read("compiler/simplify/simplify.c")
    tables = re.findall(r"&(\w+)_rewrites", text)
    names = []
    for table in tables:
        rows = read(f"compiler/simplify/rules_{table}.c").split("static const Rewrite rows[] = {")[1]
        names += re.findall(r'^    \{"([^"]+)",', rows, re.M)
    mutants = [(first_id + i * 3 + k, f"row '{name}': {KINDS[k]}") for i, name in enumerate(names) for k in range(3)]
    text = insert(
        text,
        "static NodeId rewrite(Maker *m, const Node *node) {",
        REWRITE % {"base": first_id},
        "            return result;\n        }\n    }\n    return NODE_NONE;",
        "            return mutate_rewrite(m, index, result);\n        }\n    }\n    return NODE_NONE;",
    )
    return mutants, text, first_id + len(names) * 3
