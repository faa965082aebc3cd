// What contract.c (the register tiles) and contract_pack.c (copies of operands) share about one contraction.
#pragma once

#include "schedule/internal.h"
#include "schedule/loops.h"

enum {
    MOST_ROWS = 12,    // of a register tile
    LEAST_SUMS = 8,    // accumulators: two multiply-adds a cycle, four cycles each
    LONG_PITCH = 4096, // bytes from one k to the next from which an operand is packed
    CHUNK = 192,       // of k
    TRANSPOSED = 16,   // k at a time when a panel is transposed
};

typedef enum Phase {
    PHASE_ALL,    // from zero over all of k to the result
    PHASE_CHUNK,  // partial sums over a chunk of k
    PHASE_RESULT, // from the sums to the result
} Phase;

typedef struct Contract {
    Emit *e;
    const Group *group;
    const Node *node;
    uint32_t rank;
    uint32_t row_axis, lane_axis; // of the result
    NodeId row_operand, lane_operand;
    bool row_k_first, lane_k_first; // the operand's last two axes are (k, other), else (other, k)
    Dim k;
    Coord at[MAX_RANK];               // of the result; its leading axes are batches of the product
    uint32_t most_rows, most_vectors; // the register tile
    uint32_t tile_rows;               // of the panel at hand, but for the rest of the rows
    bool packs;                       // the lane operand; packs_chunks: where k is cut into chunks
    bool packs_chunks;
    bool transposes; // its lanes are not contiguous: packing them is expensive
    bool squares;    // but k is: in squares it is less so
    KBufId lane_scratch, sum_scratch, row_scratch;
    bool in_groups;           // several panels are in scratch memory at once
    KIdx lane_base, sum_base; // where the panel at hand begins in scratch memory for several
    int64_t rows_packed;      // of the row operand from row_first on, side by side for each k; 0: it is read in place
    KIdx row_first;
    int64_t panel_width; // elements between one k and the next in scratch
    int64_t chunk;       // most k at a time
    NodeId sum;          // the member that adds `start` to the product, or the product itself
    NodeId start;        // NODE_NONE: zero
    KIdx k_lo, k_count;  // of the chunk now; k_left: the bound by the end of k
    KIdx k_left;
    bool k_cut;
    bool ahead; // the next piece of the lane operand is fetched while tiles sum
    Range rows;
    int64_t row_span; // most rows of a tile of the grid
} Contract;

typedef struct Panel {
    KIdx lane; // its first lane
    uint32_t vectors;
    bool last;         // of its own code: nothing comes after it
    const KIdx *limit; // lanes that exist from there, when the panel is not full
} Panel;

void contract_open(Contract *c, Emit *e, const Group *group); // axes, operands, what the sums start from
// A vector of the lane operand, or an element of the row operand in every lane. k counts from the start of the chunk.
KVal contract_lane_value(Contract *c, KIdx k, KIdx lane, KIdx in_panel);
KVal contract_row_value(Contract *c, KIdx k, KIdx row);
int64_t contract_stride(Contract *c, NodeId operand, bool k_first, bool of_k);
// Bytes of the matrix without the batch: of the lane operand where the rows are samples, else of the result. Neither of its
// axes may be the batch.
int64_t contract_weight_bytes(const Contract *c);

int64_t contract_tile_rows(const Contract *c, int64_t vectors);         // of a register tile so wide: narrow ones are taller
int64_t contract_last_vectors(const Contract *c);                       // of the last panel: 0 if all are full
void contract_keep(Contract *c);                                        // at c->at: what the group keeps of the result
void contract_ride(Contract *c, const Range *rows, const Range *lanes); // sums that ride along: of the tile's lanes
void contract_choose_tile(Contract *c);                                 // narrow results have taller ones
// A register tile of the result. long_k: there are enough k to spread over them what is fetched for its end.
void contract_tile(Contract *c, const Panel *panel, KIdx row, uint32_t rows, Phase phase, bool long_k);
void contract_start_sums(Contract *c, const Panel *panel); // of the grid's tile, in scratch: 0, or what is added to the product
void contract_finish_sums(Contract *c, const Panel *panel); // PHASE_RESULT
// Every panel of the lanes: full ones, then what is left of the axis.
typedef void PanelBody(Contract *c, const Panel *panel, void *context);
void contract_panels(Contract *c, const Range *lanes, PanelBody *body, void *context);

typedef struct TileRows {
    KIdx first;
    uint32_t count;
} TileRows;

// All rows of a constant axis in the range, some at a time, then what is left of them: for each of these every panel of the
// lanes. `now` tells the body which rows they are.
void contract_rows_before_panels(Contract *c, const Range *rows, const Range *lanes, int64_t at_once, PanelBody *body,
                                 void *context, TileRows *now);

// Coordinates of an operand whose last two axes are k and its own axis of the result.
void contract_operand_coords(const Contract *c, bool k_first, Coord k, Coord other, Coord *at);
void contract_begin_chunk(Contract *c, int64_t size); // opens the loop over chunks of k
KStmt *contract_k_loop(Contract *c, KVar k);          // over the chunk, counting from 0
void contract_open_if(Contract *c, KIdx condition);   // its body runs once if the condition is positive
// Instead of contract_k_loop, two loops: the outer one asks for what comes next.
void contract_k_loop_ahead(Contract *c, const Panel *panel, KIdx row, uint32_t rows, KVar k);
bool contract_fetches_ahead(Contract *c);
// Adds a KS_PREFETCH of each vector that the statements load from another place in each row of a tile.
void contract_collect_fetches(Contract *c, KVar row, const KBlock *block, KBlock *out);
KAccess contract_scratch_access(KBufId buf, KIdx idx, int64_t lane_stride);
void contract_lane_mask(Contract *c, const Panel *panel, KIdx step); // of the vector at lane + step
bool contract_far_apart(Contract *c);         // each k of the lane operand from the next: packed if there are many rows
bool contract_holds_panel(const Contract *c); // the first cache, if the panel's k lie side by side
KAccess contract_packed_lane(const Contract *c, KIdx k, KIdx in_panel, int64_t lane);
KAccess contract_packed_row(const Contract *c, KIdx k, KIdx row, int64_t lane);
// Gradients of large weights, where panels are narrow: rows before panels (contract_update.c).
bool contract_in_groups(Contract *c);
void emit_contract_groups(Contract *c);
void contract_plan_packing(Contract *c);             // also cuts the rows and reserves scratch memory
void contract_pack(Contract *c, const Panel *panel); // the lane operand, if it is packed: the chunk now
