// Assignments to paths: model.fc1.weight = normal(std=0.01), model.**.bias = zeros(), model.conv.requires_grad = False.
//
// The path is followed at once through modules whose bodies have run; what lies in a module that waits for its sizes is
// settled when its body has run. New initial values are drawn in the order of the text, after construction.
#include "elaborate/eval.h"

typedef struct Target {
    Module *owner; // whose member is named
    const char *name;
    Value *value;
} Target;

// ---- The path as written
static const Ast *path_root(const Ast *ast, size_t *count) {
    *count = 0;
    while (ast->kind == AST_ATTR || ast->kind == AST_INDEX) {
        if (ast->kind == AST_INDEX && !(ast->items.count == 1 && ast->items.items[0]->kind == AST_INT)) break;
        ++*count;
        ast = ast->a;
    }
    return ast;
}

static Override *path_new(Eval *eval, const Ast *target, size_t count, const Value *value, Span value_span) {
    Override *path = NEW(eval->arena, Override);
    const char **segments = NEW_ARRAY(eval->arena, const char *, count + 1);
    Span *spans = NEW_ARRAY(eval->arena, Span, count + 1);
    const Ast *ast = target;
    for (size_t i = count; i-- > 0; ast = ast->a) {
        bool index = ast->kind == AST_INDEX;
        segments[i] = index ? arena_printf(eval->arena, "[%lld", (long long)ast->items.items[0]->integer) : ast->text;
        spans[i] = index ? ast->items.items[0]->span : ast->name_span;
    }
    *path = (Override){
        .target = target, .segments = segments, .spans = spans, .count = count, .value = *value, .value_span = value_span};
    return path;
}

// ---- What happens at the end of a path
static bool truth_of(Eval *eval, const Override *path, bool *result) {
    if (path->value.kind != VALUE_BOOL) {
        return eval_error_at(eval, path->value_span, MSG(REQUIRES_GRAD_KIND), value_kind_text(&path->value));
    }
    *result = path->value.boolean;
    return true;
}

static void freeze(const Value *value, bool frozen) {
    if (value->kind == VALUE_PARAMETER) {
        value->parameter->frozen = frozen;
    } else if (value->kind == VALUE_MODULE) {
        Module *module = value->module;
        module->frozen = frozen;
        for (size_t i = 0; i < module->scope->count; i++) freeze(&module->scope->items[i].value, frozen);
    } else if (value->kind == VALUE_LIST || value->kind == VALUE_TUPLE) {
        for (size_t i = 0; i < value->list->count; i++) freeze(&value->list->items[i], frozen);
    }
}

static void give_option(Eval *eval, const Value *value, const PathOption *option) {
    if (value->kind == VALUE_PARAMETER) {
        VEC_PUSH(eval->arena, &value->parameter->options, *option);
    } else if (value->kind == VALUE_MODULE) {
        Module *module = value->module;
        if (module->deferred) VEC_PUSH(eval->arena, &module->options, *option);
        for (size_t i = 0; i < module->scope->count; i++) {
            give_option(eval, &module->scope->items[i].value, option);
        }
    } else if (value->kind == VALUE_LIST || value->kind == VALUE_TUPLE) {
        for (size_t i = 0; i < value->list->count; i++) give_option(eval, &value->list->items[i], option);
    }
}

static bool tie(Eval *eval, Override *path, Value *member) {
    const Parameter *from = path->value.parameter, *to = member->parameter;
    if (!shape_equal(&from->shape, &to->shape)) {
        return eval_error_at(eval, path->value_span, MSG(TIE_SHAPES), shape_text(eval->arena, &to->shape),
                             shape_text(eval->arena, &from->shape));
    }
    *member = path->value;
    return true;
}

static bool depends_on_variable(Eval *eval, NodeId node) {
    bool *needed = NEW_ARRAY(eval->arena, bool, node + 1);
    needed[node] = true;
    for (NodeId i = node + 1; i-- > 0;) {
        const Node *at = graph_node(eval->graph, i);
        if (needed[i] && at->op == OP_VAR) return true;
        for (uint32_t k = 0; needed[i] && k < at->operand_count; k++) needed[at->operands[k]] = true;
    }
    return false;
}

// An initial value, or a tie. A value computed from a parameter is neither: it would be a copy, which no one asks for.
static bool override_initial(Eval *eval, Override *path, Value *member) {
    if (member->kind != VALUE_PARAMETER) {
        eval_error_at(eval, path->target->span, MSG(PATH_TO_WHAT), value_kind_text(member));
        return false;
    }
    if (path->value.kind == VALUE_PARAMETER) return tie(eval, path, member);
    if (path->value.kind == VALUE_TENSOR && depends_on_variable(eval, path->value.tensor)) {
        eval_error_at(eval, path->value_span, MSG(TIE_COMPUTED));
        eval_hint(eval, MSG(HINT_TIE_COMPUTED));
        return false;
    }
    if (eval->calculator) return parameter_start(eval, member->parameter, &path->value);
    VEC_PUSH(eval->arena, &path->targets, member->parameter);
    return true;
}

static bool is_option_value(const Value *value) { return value_is_number(value) || value->kind == VALUE_NONE; }

// The last segment, at a value that the rest of the path matched.
static bool finish_path(Eval *eval, Override *path, Value *owner) {
    const char *name = path->segments[path->count - 1];
    if (!strcmp(name, "requires_grad")) {
        bool learned;
        path->matched = true;
        if (!truth_of(eval, path, &learned)) return false;
        freeze(owner, !learned);
        return true;
    }
    Value *member = owner->kind == VALUE_MODULE ? module_member(owner->module, name) : NULL;
    if (member && member_is_layer(member)) {
        path->matched = true;
        return override_initial(eval, path, member);
    }
    if (is_option_value(&path->value) && (owner->kind == VALUE_PARAMETER || owner->kind == VALUE_MODULE)) {
        path->matched = path->option = true;
        give_option(eval, owner, &(PathOption){name, path->value, path->spans[path->count - 1]});
    }
    return true;
}

static bool follow(Eval *eval, Override *path, size_t segment, Value *at);

// `*` or `**` at segment `star`: each member of a value follows the path from `next` on; with `deep`, members of members too.
// What waits for its sizes gets to `**` itself later.
static bool follow_member(Eval *eval, Override *path, size_t star, size_t next, Value *member, bool deep);

static bool follow_all(Eval *eval, Override *path, size_t star, size_t next, Value *at, bool deep) {
    if (at->kind == VALUE_MODULE) {
        Module *module = at->module;
        for (size_t i = 0; i < module->scope->count; i++) {
            Value *member = &module->scope->items[i].value;
            if (member_is_layer(member) && !follow_member(eval, path, star, next, member, deep)) return false;
        }
    } else if (at->kind == VALUE_LIST || at->kind == VALUE_TUPLE) {
        for (size_t i = 0; i < at->list->count; i++) {
            if (!follow_member(eval, path, star, next, &at->list->items[i], deep)) return false;
        }
    }
    return true;
}

static bool follow_member(Eval *eval, Override *path, size_t star, size_t next, Value *member, bool deep) {
    if (deep && member->kind == VALUE_MODULE && member->module->deferred) {
        VEC_PUSH(eval->arena, &member->module->late, ((LatePath){path, star}));
        path->late = true;
        return true;
    }
    if (!follow(eval, path, next, member)) return false;
    // A `**` at the end is followed again at the member, which takes its members along.
    return !deep || star == next || follow_all(eval, path, star, next, member, true);
}

// `*` as the last segment names every parameter of the module itself.
static bool finish_star(Eval *eval, Override *path, Value *owner) {
    if (owner->kind != VALUE_MODULE) return true;
    for (size_t i = 0; i < owner->module->scope->count; i++) {
        Value *member = &owner->module->scope->items[i].value;
        if (member->kind != VALUE_PARAMETER) continue;
        path->matched = true;
        if (!override_initial(eval, path, member)) return false;
    }
    return true;
}

// The element of a list, Sequential or ModuleList at a position: layers.0, layers[0].
static Value *element(Value *at, const char *position) {
    char *end;
    unsigned long index = strtoul(position, &end, 10);
    if (*end) return NULL;
    if (at->kind == VALUE_MODULE && at->module->kind != MODULE_USER) {
        return index < at->module->scope->count ? &at->module->scope->items[index].value : NULL;
    }
    bool list = at->kind == VALUE_LIST || at->kind == VALUE_TUPLE;
    return list && index < at->list->count ? &at->list->items[index] : NULL;
}

static bool follow(Eval *eval, Override *path, size_t segment, Value *at) {
    if (at->kind == VALUE_MODULE && at->module->deferred) {
        VEC_PUSH(eval->arena, &at->module->late, ((LatePath){path, segment}));
        const char *last = path->segments[path->count - 1];
        if (segment + 1 < path->count || strcmp(last, "requires_grad")) {
            path->late = true;
            return true;
        }
    }
    const char *name = path->segments[segment];
    bool star = !strcmp(name, "*"), deep = !strcmp(name, "**");
    if (segment + 1 == path->count) {
        if (deep && !follow_all(eval, path, segment, segment, at, true)) return false;
        return star || deep ? finish_star(eval, path, at) : finish_path(eval, path, at);
    }
    if (star) return follow_all(eval, path, segment, segment + 1, at, false);
    if (deep) return follow(eval, path, segment + 1, at) && follow_all(eval, path, segment, segment + 1, at, true);
    Value *member = *name == '['               ? element(at, name + 1)
                    : at->kind == VALUE_MODULE ? module_member(at->module, name)
                                               : element(at, name);
    return !member || follow(eval, path, segment + 1, member);
}

static bool no_match(Eval *eval, const Override *path, const Value *root) {
    eval->site = NULL;
    eval_error_at(eval, path->target->span, MSG(PATH_MATCHES_NOTHING));
    // The first segment that leads nowhere, to suggest a neighbour.
    const Value *at = root;
    for (size_t i = 0; i < path->count && at->kind == VALUE_MODULE; i++) {
        const Value *member = module_member(at->module, path->segments[i]);
        if (!member) {
            const Scope *scope = at->module->scope;
            const char **names = NEW_ARRAY(eval->arena, const char *, scope->count + 1);
            for (size_t k = 0; k < scope->count; k++) names[k] = scope->items[k].name;
            eval_suggest(eval, path->segments[i], names, scope->count);
            break;
        }
        at = member;
    }
    return false;
}

bool late_paths(Eval *eval, Module *module) {
    Value self = {VALUE_MODULE, {.module = module}};
    for (size_t i = 0; i < module->late.count; i++) {
        LatePath late = module->late.items[i];
        if (!follow(eval, late.override, late.segment, &self)) return false;
    }
    for (size_t i = 0; i < module->options.count; i++) give_option(eval, &self, &module->options.items[i]);
    if (module->frozen) freeze(&self, true);
    return true;
}

bool paths_settled(Eval *eval) {
    bool ok = true;
    for (size_t i = 0; i < eval->overrides.count; i++) {
        Override *path = eval->overrides.items[i];
        if (!path->matched) ok = no_match(eval, path, &NONE_VALUE);
    }
    return ok;
}

bool assign_path(Eval *eval, const Ast *statement, Scope *scope) {
    size_t count;
    const Ast *root = path_root(statement->a, &count);
    Value owner, value;
    if (!eval_expr(eval, root, scope, &owner) || !eval_expr(eval, statement->b, scope, &value)) return false;
    eval_place(eval, statement->a->span);
    if (statement->op != AST_OP_NONE) return eval_error(eval, MSG(PATH_OPERATOR));
    if (!count) return eval_error(eval, MSG(NOT_ASSIGNABLE));
    if (owner.kind != VALUE_MODULE && owner.kind != VALUE_PARAMETER && owner.kind != VALUE_LIST) {
        return eval_error(eval, MSG(NO_MEMBERS), value_kind_text(&owner));
    }
    Override *path = path_new(eval, statement->a, count, &value, statement->b->span);
    VEC_PUSH(eval->arena, &eval->overrides, path);
    if (!follow(eval, path, 0, &owner)) return false;
    if (!path->matched && !path->late) {
        path->matched = true; // said once
        return no_match(eval, path, &owner);
    }
    init_push(eval, (InitItem){INIT_OVERRIDE, {.override = path}});
    return true;
}
