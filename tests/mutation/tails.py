"""Mutants of kernel tails: masks, remainders and bounds of loops that are off by one, or left out."""

# file: [(text that must be there once, an expression in it, [what takes its place, where @ is the expression itself])]
MORE, LESS = "idx_add(@, idx_const(1))", "idx_add(@, idx_const(-1))"

TAILS = {
    "compiler/schedule/emit.c": [
        (".has = i + lanes > count, .limit = idx_const(count - i)", "i + lanes > count", ["false", "i + lanes > count + 1"]),
        (".limit = idx_const(count - i)", "idx_const(count - i)", [MORE, LESS]),
        (".limit = idx_add(end, idx_scale(idx_var(var), -1))", "idx_add(end, idx_scale(idx_var(var), -1))", [MORE, LESS]),
        ("if (!even && (!constant || count % lanes)) {", "!constant || count % lanes", ["false", "!constant || count % lanes > 1"]),
        ("loop->whole = true;", "true", ["false"]),
        ("loop->resume = true;", "true", ["false"]),
    ],
    "compiler/schedule/nest.c": [
        ("range.hi = idx_add(idx_var(var), idx_const(block));", "idx_add(idx_var(var), idx_const(block))", [MORE, LESS]),
        ("if (range->cut) loop->has_hi2 = true, loop->hi2 = range->extent;", "range->extent", [MORE, LESS]),
        (
            "emit_lanes(e, name, range->lo, range->hi, range->cut ? &range->extent : NULL, range->even, body, context);",
            "range->cut ? &range->extent : NULL",
            ["NULL"],
        ),
        ("range.even = !dim.batch && dim.size % e->k->lanes == 0", "dim.size % e->k->lanes == 0", ["dim.size % e->k->lanes <= 1"]),
    ],
    "compiler/schedule/contract.c": [
        ("    loop->whole = true;\n    loop->resume = resume;", "true", ["false"]),
        ("loop->resume = resume;", "resume", ["false"]),
        ("rest[0] = extent.size % rows;", "extent.size % rows", ["extent.size % rows + 1", "extent.size % rows / 2", "0"]),
        ("c->k_left = idx_add(idx_dim(c->k), idx_scale(idx_var(chunk), -1));",
         "idx_add(idx_dim(c->k), idx_scale(idx_var(chunk), -1))", [MORE, LESS]),
        ("c->k_cut = true;", "true", ["false"]),
        ("return extent.batch ? 1 : (extent.size % width + vector - 1) / vector;", "extent.size % width + vector - 1",
         ["extent.size % width"]),
        ("KIdx limit = idx_add(idx_dim(extent), idx_scale(lane, -1));", "idx_add(idx_dim(extent), idx_scale(lane, -1))",
         [MORE, LESS]),
        ("bool exact = !extent.batch && count % vector == 0;", "!extent.batch && count % vector == 0",
         ["!extent.batch", "!extent.batch && count % vector <= 1"]),
        ("if (!extent.batch && count % width == 0) return;", "count % width == 0", ["count % width <= 1", "true"]),
        ("->resume = count >= width;", "count >= width", ["false", "count > width"]),
        ("open_if(c, idx_add(idx_const(c->chunk + 1), idx_scale(idx_dim(c->k), -1)));", "c->chunk + 1",
         ["c->chunk", "c->chunk + 2"]),
        ("open_if(c, idx_add(idx_dim(c->k), idx_const(-c->chunk)));", "-c->chunk", ["-c->chunk + 1", "-c->chunk - 1"]),
        ("int64_t left = c->node->shape.dim[c->row_axis].size % at_once;",
         "c->node->shape.dim[c->row_axis].size % at_once", ["@ + 1", "0"]),
        ("loop->resume = count < at_once;", "count < at_once", ["false"]),
        ("        loop->whole = true;\n        loop->resume = count < at_once;", "true", ["false"]),
        ("part->hi2 = c->k_count;", "c->k_count", [MORE, LESS]),
        ("idx_add(first, idx_const(K_A_FETCH)), 1);", "idx_add(first, idx_const(K_A_FETCH))", [MORE, LESS]),
        ("->lo = idx_const(spread ? K_A_FETCH * (int64_t)t->rows : 0);", "K_A_FETCH * (int64_t)t->rows",
         ["K_A_FETCH * (int64_t)t->rows - 1", "K_A_FETCH * (int64_t)t->rows + 1"]),
    ],
    "compiler/schedule/contract_pack.c": [
        ("while (last && unit % contract_tile_rows(c, last)) unit += rows;", "last && unit % contract_tile_rows(c, last)", ["false"]),
        ("if (c->k_cut) loop->has_hi2 = true, loop->hi2 = c->k_left;", "c->k_left", [MORE, LESS]),
        (".limit = idx_add(*panel->limit, idx_scale(step, -1))", "idx_add(*panel->limit, idx_scale(step, -1))", [MORE, LESS]),
        ("loop->resume = step == 1;", "step == 1", ["false"]),
        ("loop->whole = step > 1;", "step > 1", ["false"]),
        ("if (panel->limit) loop->has_hi2 = true, loop->hi2 = *panel->limit;", "*panel->limit", [MORE, LESS]),
        ("    loop->step = lanes;\n    loop->whole = true;", "true", ["false"]),
        ("contract_k_loop(c, k)->resume = true;", "true", ["false"]),
        ("if (!c->k.batch && c->k.size % lanes == 0 &&", "c->k.size % lanes == 0", ["c->k.size % lanes <= 1"]),
        ("whole = extent.batch ? 0 : extent.size % (c->most_vectors * lanes) / lanes * lanes;",
         "extent.size % (c->most_vectors * lanes) / lanes * lanes", ["extent.size % (c->most_vectors * lanes)"]),
    ],
    "compiler/schedule/contract_ahead.c": [
        ("loop->hi2 = c->k_cut ? c->k_left : c->k_count;", "c->k_cut ? c->k_left : c->k_count", [MORE, LESS]),
        ("int64_t slots = ceil_div(p.k, SLOT)", "ceil_div(p.k, SLOT)", ["p.k / SLOT"]),
    ],
    "compiler/schedule/contract_update.c": [
        ("packed.hi = idx_add(packed.lo, idx_const(ROWS_PACKED));", "idx_add(packed.lo, idx_const(ROWS_PACKED))", [MORE, LESS]),
        ("contract_open_if(c, idx_add(idx_const(CHUNK + 1), idx_scale(idx_dim(c->k), -1)));", "CHUNK + 1", ["CHUNK", "CHUNK + 2"]),
        ("contract_open_if(c, idx_add(idx_dim(c->k), idx_const(-CHUNK)));", "-CHUNK", ["-CHUNK + 1", "-CHUNK - 1"]),
    ],
    "compiler/schedule/contract_thin.c": [
        ("    loop->step = count;\n    loop->whole = count > 1;", "count > 1", ["false"]),
        ("    loop->resume = count == 1;\n    r->k = idx_var(k);", "count == 1", ["false"]),
        ("if (r->c->k.size % ROWS_AT_ONCE) some_rows(r, k, 1);", "r->c->k.size % ROWS_AT_ONCE",
         ["r->c->k.size % ROWS_AT_ONCE > 1"]),
        ("contract_open_if(c, more);", "more", ["idx_add(@, idx_const(-1))"]),
        ("if (c->node->shape.dim[c->lane_axis].size % DOTS_AT_ONCE) some_dots(c, &lanes, lane, 1);",
         "c->node->shape.dim[c->lane_axis].size % DOTS_AT_ONCE", ["c->node->shape.dim[c->lane_axis].size % DOTS_AT_ONCE > 1"]),
        ("int64_t room = MOST_FOR_ROWS * r.width + e->k->lanes;", "MOST_FOR_ROWS * r.width + e->k->lanes",
         ["MOST_FOR_ROWS * r.width"]),
    ],
    "compiler/schedule/reduce.c": [
        ("if (!e->mask.has) return value;", "!e->mask.has", ["true"]),
        (".args = {value, emit_splat(e, other)}, .mask = e->mask}", "e->mask", ["(KMask){0}"]),
        ("emit_for(e, var, idx_const(0), extent, UNROLL)->whole = true;", "true", ["false"]),
        ("emit_for(e, var, idx_const(0), extent, 1)->resume = true;", "true", ["false"]),
    ],
    "compiler/codegen/memory.c": [
        ("Value args[] = {gen_idx(g, &mask->limit), gen_i64(g, lanes)};", "gen_idx(g, &mask->limit)",
         ["LLVMBuildAdd(g->builder, @, gen_i64(g, 1), \"\")", "LLVMBuildSub(g->builder, @, gen_i64(g, 1), \"\")"]),
        ("Value args[] = {gen_idx(g, &mask->limit), gen_i64(g, lanes)};", "gen_i64(g, lanes)", ["gen_i64(g, lanes - 1)"]),
        ("return LLVMBuildICmp(g->builder, LLVMIntULT, gen_iota(g, LLVMTypeOf(limit)), limit, \"mask\");", "LLVMIntULT",
         ["LLVMIntULE"]),
        ("Value lane_mask = lanes > 1 && mask->has ? gen_mask(g, mask, lanes) : NULL;",
         "lanes > 1 && mask->has ? gen_mask(g, mask, lanes) : NULL", ["NULL"]),
    ],
    "compiler/codegen/function.c": [
        ("if (s->whole) end = LLVMBuildSub(g->builder, end, gen_i64(g, s->step - 1), \"\");", "s->step - 1",
         ["0", "s->step", "s->step - 2"]),
        ("Value whole = LLVMBuildSub(g->builder, end, gen_i64(g, (copies - 1) * s->step), \"\");", "(copies - 1) * s->step",
         ["copies * s->step", "(copies - 2) * s->step"]),
        ("Value start = s->resume ? var->exit : gen_idx(g, &s->lo);", "s->resume ? var->exit : gen_idx(g, &s->lo)",
         ["gen_idx(g, &s->lo)"]),
    ],
}  # fmt: skip


def tails(read, first_id):
    """[(id, name)], {file: changed text}, the next id."""
    mutants, texts = [], {}
    for path, changes in TAILS.items():
        text, places = read(path), []
        for context, expression, others in changes:
            if text.count(context) != 1 or expression not in context:
                raise SystemExit(f"mutation: {path} has '{context}' {text.count(context)} times; tails.py must follow the change")
            places.append((text.index(context) + context.rindex(expression), context, expression, others))
        for begin, context, expression, others in sorted(places, reverse=True):
            changed = expression
            for other in others:
                changed = f"(mutant({first_id}) ? ({other.replace('@', expression)}) : {changed})"
                where = " ".join(context.split()).rstrip(";")
                mutants.append((first_id, f"{path.split('/')[-1]}: tail: {where}: {expression} -> {other}"))
                first_id += 1
            text = text[:begin] + changed + text[begin + len(expression) :]
        texts[path] = text
    return mutants, texts, first_id
