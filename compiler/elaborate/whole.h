// A whole program while it is elaborated: shared by program.c, model.c and entries.c.
#pragma once

#include "elaborate/eval.h"

typedef VEC(Output) OutputList;

// One elaboration of the model and its loss, in training or in inference.
typedef struct Forward {
    Value output;                                     // what the model returns
    NodeId first;                                     // its first tensor
    NodeId loss;                                      // rank 0
    NodeId probabilities;                             // what the loss's predict makes of it, or NODE_NONE
    size_t effects_begin, effects_model, effects_end; // in Eval.effects: of the model, then of the loss
} Forward;

typedef struct Whole {
    Value model, loss, optimizer, train, data;
    Value input;        // what the model is called with: a tensor or a tuple of tensors
    NodeId target;      // NODE_NONE until it is known
    bool target_by_use; // rather than given or the data's
    bool class_target;
    Forward training, inference;
    VEC(Parameter *) variables; // learned ones and buffers, in the order of their names
    VEC(Update) updates;        // of the learned ones that training changes
    VEC(Update) applied;        // the same from VAR_GRADIENT
    VEC(NodeId) gradients;
    VEC(Parameter *) gradient_vars;
    OutputList outputs[ENTRY_COUNT];
} Whole;

// model.c
bool make_inputs(Eval *eval, Whole *whole);
bool run_model(Eval *eval, Whole *whole, bool training, Forward *forward);
bool run_loss(Eval *eval, Whole *whole, bool training, Forward *forward);
bool find_target(Eval *eval, Whole *whole);
void settle_target(Eval *eval, Whole *whole);      // once the training loss is known
void drop_unused_target(Eval *eval, Whole *whole); // once all is elaborated

// warn_graph.c: before the graph is differentiated
void warn_about_graph(Eval *eval, const Whole *whole);

// entries.c
bool collect_variables(Eval *eval, Whole *whole);
bool make_updates(Eval *eval, Whole *whole);
bool make_entries(Eval *eval, Whole *whole);
void add_lost_draws(Eval *eval, OutputList *list);
void fill_layers(Eval *eval);
