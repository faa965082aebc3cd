// The op table, generated from ops.def: names for everyone (op_info), definitions for this stage (op_defs).
#include "ir/op.h"

#define X(id, name, operands, class) extern const OpDef op_def_##id;
#include "ir/ops.def"
#undef X

const OpInfo op_info[OP_COUNT] = {
#define X(id, name, operands, class) [OP_##id] = {name, operands, CLASS_##class},
#include "ir/ops.def"
#undef X
};

const OpDef *const op_defs[OP_COUNT] = {
#define X(id, name, operands, class) [OP_##id] = &op_def_##id,
#include "ir/ops.def"
#undef X
};

const char *op_doc(Op op) { return op_defs[op]->doc; }

const char *op_class_text(OpClass class) {
    switch (class) {
    case CLASS_SOURCE: return "source";
    case CLASS_ELEMENTWISE: return "elementwise";
    case CLASS_MOVEMENT: return "movement";
    case CLASS_REDUCTION: return "reduction";
    case CLASS_CONTRACTION: return "contraction";
    }
    BUG("op_class_text: %d", (int)class);
}
