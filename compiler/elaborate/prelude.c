// Loading the library: every file of compiler/prelude/, definitions first, so that the order of the files does not matter.
#include "elaborate/prelude.h"

#include "elaborate/eval.h"

static bool is_definition(const Ast *ast) {
    return ast->kind == AST_DEF || ast->kind == AST_MODULE || ast->kind == AST_OPTIMIZER;
}

bool load_prelude(Eval *eval) {
    const Ast **files = NEW_ARRAY(eval->arena, const Ast *, prelude_file_count + 1);
    for (size_t i = 0; i < prelude_file_count; i++) {
        const PreludeFile *file = &prelude_files[i];
        uint32_t number = diag_add_file(eval->diag, file->name, (const char *)file->text, file->length, true);
        files[i] = parse_file(eval->arena, eval->diag, number);
    }
    if (diag_error_count(eval->diag)) return false;
    for (int definitions = 1; definitions >= 0; definitions--) {
        for (size_t i = 0; i < prelude_file_count; i++) {
            for (size_t k = 0; k < files[i]->items.count; k++) {
                const Ast *statement = files[i]->items.items[k];
                if (is_definition(statement) != (definitions == 1)) continue;
                if (!exec_statement(eval, statement, eval->prelude)) return false;
            }
        }
    }
    return true;
}
