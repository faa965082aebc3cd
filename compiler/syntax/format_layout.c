// One statement as lines. What fits on the rest of a line is written there; what does not is cut at its loosest marks, and its
// brackets are opened. A comment inside a statement ends its line.
#include "syntax/format_parts.h"

#include "net_parser.h"

static const FormatWord *word_at(const FormatWriter *w, uint32_t index) { return &w->text.words.items[index]; }

static bool is_open(int kind) { return kind == TOKEN_LPAREN || kind == TOKEN_LBRACKET || kind == TOKEN_LAMBDA_PAREN; }

// ---- Brackets
typedef struct Group {
    uint32_t items;
    uint32_t bracketed; // items that end with a bracket: calls, lists, tuples
    bool trailing;      // a comma stands behind the last item
    bool comments;      // among the items
    bool open_ended;    // a further comma behind the last item changes nothing
} Group;

static Group group_at(const FormatWriter *w, uint32_t open) {
    Group group = {.comments = word_at(w, open)->comment_count > 0};
    bool loop = false;
    uint32_t close = word_at(w, open)->match;
    for (uint32_t i = open + 1; i < close; i++) {
        if (is_open(word_at(w, i)->kind)) i = word_at(w, i)->match;
        const FormatWord *word = word_at(w, i), *next = word_at(w, i + 1);
        group.comments |= word->comment_count > 0;
        loop |= word->kind == TOKEN_FOR;
        group.trailing = word->kind == TOKEN_COMMA;
        bool ends = word->kind != TOKEN_COMMA && (i + 1 == close || next->kind == TOKEN_COMMA);
        group.items += ends;
        group.bracketed += ends && (word->kind == TOKEN_RPAREN || word->kind == TOKEN_RBRACKET);
    }
    const FormatWord *bracket = word_at(w, open), *before = word_at(w, open - 1);
    bool operand = format_is_operand(before->kind) && !before->end && !before->import;
    bool call = bracket->kind == TOKEN_LAMBDA_PAREN || (bracket->kind == TOKEN_LPAREN && operand);
    bool list = bracket->kind == TOKEN_LBRACKET && !operand;
    group.open_ended = group.items > 0 && !loop && !bracket->import && (call || list || (!operand && group.items > 1));
    return group;
}

// Whether each item has a line of its own although all of them might fit on one.
static bool always_open(const Group *group) { return group->comments || (group->trailing && group->open_ended); }

void format_measure(FormatWriter *w) {
    size_t count = w->text.words.count;
    w->widths = NEW_ARRAY(w->perm, uint32_t, count + 1);
    w->forced = NEW_ARRAY(w->perm, uint32_t, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        const FormatWord *word = word_at(w, i);
        bool forces = word->comment_count > 0;
        if (is_open(word->kind)) {
            Group group = group_at(w, i);
            forces |= always_open(&group);
        }
        w->widths[i + 1] = w->widths[i] + word->width + (i > 0 && format_spaced(word_at(w, i - 1), word));
        w->forced[i + 1] = w->forced[i] + forces;
    }
}

// ---- Lines
static void add_char(FormatWriter *w, char c) { VEC_PUSH(w->perm, &w->code, c); }

static void start_line(FormatWriter *w, uint32_t indent) {
    w->line = (FormatLine){.indent = indent, .blank_before = w->blank};
    w->blank = false;
    w->code.count = 0;
    for (uint32_t i = 0; i < indent; i++) add_char(w, ' ');
    w->column = indent;
    w->fresh = true;
}

void format_newline(FormatWriter *w, uint32_t indent) {
    if (!w->fresh) {
        w->line.code = arena_strndup(w->perm, w->code.items, w->code.count);
        w->line.width = w->column;
        VEC_PUSH(w->perm, &w->lines, w->line);
    } else w->blank |= w->line.blank_before;
    start_line(w, indent);
}

void format_text(FormatWriter *w, const char *text) {
    for (; *text; text++) {
        add_char(w, *text);
        w->column += ((unsigned char)*text & 0xC0) != 0x80;
    }
    w->fresh = false;
}

void format_comments(FormatWriter *w, uint32_t index, uint32_t indent) {
    const FormatWord *word = word_at(w, index);
    for (uint32_t i = 0; i < word->comment_count; i++) {
        const FormatComment *comment = &w->text.comments.items[word->comment + i];
        if (!comment->own_line && !w->fresh && !w->line.comment) {
            w->line.comment = comment->text;
            continue;
        }
        w->blank |= comment->blank_before;
        format_newline(w, indent);
        format_text(w, comment->text);
        w->line.only_comment = true;
    }
}

static void emit(FormatWriter *w, uint32_t index) {
    const FormatWord *word = word_at(w, index);
    if (w->fresh && word->kind == TOKEN_LBRACE) start_line(w, w->level);
    else if (!w->fresh && format_spaced(word_at(w, index - 1), word)) format_text(w, " ");
    if (index == w->mark) {
        w->line.at = (uint32_t)w->code.count;
        w->line.column = w->column;
    }
    format_text(w, word->text);
    if (word->late || word->comment_count == 0) return;
    format_comments(w, index, w->wrap);
    format_newline(w, w->wrap);
}

static void emit_all(FormatWriter *w, uint32_t begin, uint32_t end) {
    for (uint32_t i = begin; i < end; i++) emit(w, i);
}

// ---- What fits. Comments behind the last word do not count: they are the business of who asks.
static bool forced(const FormatWriter *w, uint32_t begin, uint32_t end) {
    if (begin >= end) return false;
    return w->forced[end - 1] > w->forced[begin] || is_open(word_at(w, end - 1)->kind);
}

static uint32_t width(const FormatWriter *w, uint32_t begin, uint32_t end) { return w->widths[end] - w->widths[begin]; }

static bool fits_at(const FormatWriter *w, uint32_t column, uint32_t begin, uint32_t end, uint32_t tail) {
    return !forced(w, begin, end) && column + width(w, begin, end) + tail <= FORMAT_WIDTH;
}

static bool fits(const FormatWriter *w, uint32_t begin, uint32_t end, uint32_t tail) {
    return fits_at(w, w->column, begin, end, tail);
}

bool format_fits(const FormatWriter *w, uint32_t begin, uint32_t end, uint32_t tail) { return fits(w, begin, end, tail); }

static bool has_brackets(const FormatWriter *w, uint32_t begin, uint32_t end) {
    for (uint32_t i = begin; i < end; i++)
        if (is_open(word_at(w, i)->kind)) return true;
    return false;
}

static void piece(FormatWriter *w, uint32_t begin, uint32_t end, uint32_t tail);

// One of several pieces: on this line if there is room, else on the next if that helps.
static void piece_or_newline(FormatWriter *w, uint32_t begin, uint32_t end, uint32_t tail) {
    bool here = w->fresh || fits(w, begin, end, tail);
    if (!here && (fits_at(w, w->wrap, begin, end, tail) || !has_brackets(w, begin, end))) format_newline(w, w->wrap);
    piece(w, begin, end, tail);
}

// ---- Brackets that do not fit

// Where the item that starts at `begin` ends: at a comma or the closing bracket.
static uint32_t item_end(const FormatWriter *w, uint32_t begin, uint32_t close) {
    uint32_t i = begin;
    for (; i < close && word_at(w, i)->kind != TOKEN_COMMA; i++)
        if (is_open(word_at(w, i)->kind)) i = word_at(w, i)->match;
    return i;
}

static void fill(FormatWriter *w, uint32_t open, uint32_t items, uint32_t tail) {
    uint32_t close = word_at(w, open)->match, saved = w->wrap;
    w->wrap = w->line.indent + (w->header && w->line.indent == w->level ? 2 : 1) * FORMAT_INDENT;
    for (uint32_t begin = open + 1, end; begin < close; begin = end) {
        end = item_end(w, begin, close);
        if (end < close) end++;                                                        // the comma
        if (items == 1 && has_brackets(w, begin, end)) piece(w, begin, end, tail + 1); // f(g([…]))
        else piece_or_newline(w, begin, end, end == close ? tail + 1 : 0);
    }
    emit(w, close);
    w->wrap = saved;
}

// ('name', layer) in a list: the layers stand under one another.
static bool is_pair(const FormatWriter *w, uint32_t begin, uint32_t end) {
    return end - begin > 4 && word_at(w, begin)->kind == TOKEN_LPAREN && word_at(w, begin)->match == end - 1 &&
           word_at(w, begin + 1)->kind == TOKEN_STRING_BEGIN && word_at(w, begin + 2)->kind == TOKEN_COMMA;
}

// An item with a line of its own.
static void item(FormatWriter *w, uint32_t begin, uint32_t end) {
    size_t lines = w->lines.count;
    FormatTable table = TABLE_NONE;
    w->mark = 0;
    if (end - begin > 2 && word_at(w, begin + 1)->keyword) {
        emit(w, begin++);
        format_text(w, " ");
        w->line.at = (uint32_t)w->code.count;
        w->line.column = w->column;
        emit(w, begin++);
        if (!w->fresh) format_text(w, " ");
        table = TABLE_ARGUMENTS;
    } else if (is_pair(w, begin, end)) {
        w->mark = begin + 3;
        table = TABLE_PAIRS;
    }
    piece(w, begin, end, 1);
    if (w->lines.count == lines) w->line.table = table;
}

static void explode(FormatWriter *w, uint32_t open, const Group *group) {
    uint32_t close = word_at(w, open)->match, base = w->line.indent, saved = w->wrap, inner = base + FORMAT_INDENT;
    w->wrap = inner;
    format_comments(w, open, inner);
    for (uint32_t begin = open + 1, end; begin < close; begin = end) {
        end = item_end(w, begin, close);
        bool comma = end < close;
        w->text.words.items[end - 1].late = true;
        if (comma) w->text.words.items[end].late = true;
        w->blank |= begin > open + 1 && word_at(w, begin)->blank_before;
        format_newline(w, inner);
        item(w, begin, end);
        if (comma || group->open_ended) format_text(w, ",");
        format_comments(w, end - 1, inner);
        if (comma) format_comments(w, end++, inner);
    }
    format_newline(w, base);
    emit(w, close);
    w->wrap = saved;
}

// `tail`: columns of what must stand on the same line as the closing bracket.
static void brackets(FormatWriter *w, uint32_t open, uint32_t tail) {
    Group group = group_at(w, open);
    uint32_t close = word_at(w, open)->match;
    bool opened = always_open(&group);
    bool table = group.open_ended && group.items > 2 && 2 * group.bracketed > group.items;
    if (!opened && table && !fits(w, open, close + 1, tail)) opened = true;
    if (opened) w->text.words.items[open].late = true;
    emit(w, open);
    if (opened) explode(w, open, &group);
    else if (fits(w, open + 1, close + 1, tail)) emit_all(w, open + 1, close + 1);
    else fill(w, open, group.items, tail);
}

// ---- Pieces

// How loosely what stands before the word and the word itself hold together: 1 is loosest, and 0 where no line may end. Outside
// of brackets a line may end only where the grammar then goes on: before `else`, `or`, `and`, behind commas and operators.
static int looseness(const FormatWriter *w, uint32_t index) {
    const FormatWord *before = word_at(w, index - 1), *word = word_at(w, index);
    switch (word->kind) {
    case TOKEN_FOR: return word->in_parens ? 2 : 0;
    case TOKEN_ELSE: return 3;
    case TOKEN_OR: return 4;
    case TOKEN_AND: return 5;
    case TOKEN_STRING_BEGIN:
        if (before->kind == TOKEN_STRING_BEGIN) return word->in_parens ? 8 : 0;
        break;
    default: break;
    }
    if (before->unary) return 0;
    switch (before->kind) {
    case TOKEN_COMMA: return 1;
    case TOKEN_PLUS:
    case TOKEN_MINUS: return 6;
    case TOKEN_STAR:
    case TOKEN_SLASH:
    case TOKEN_FLOORDIV:
    case TOKEN_PERCENT:
    case TOKEN_AT: return 7;
    default: return 0;
    }
}

// The next word outside of brackets.
static uint32_t next_outside(const FormatWriter *w, uint32_t index) {
    return (is_open(word_at(w, index)->kind) ? word_at(w, index)->match : index) + 1;
}

// Behind the first `=` or `->` outside of brackets; 0 if there is none.
static uint32_t right_side(const FormatWriter *w, uint32_t begin, uint32_t end) {
    for (uint32_t i = begin; i + 1 < end; i = next_outside(w, i)) {
        int kind = word_at(w, i)->kind;
        bool assigns = kind == TOKEN_ASSIGN || kind == TOKEN_ADD_ASSIGN || kind == TOKEN_SUB_ASSIGN ||
                       kind == TOKEN_MUL_ASSIGN || kind == TOKEN_DIV_ASSIGN;
        if (assigns || kind == TOKEN_ARROW) return i + 1;
    }
    return 0;
}

static int loosest(const FormatWriter *w, uint32_t begin, uint32_t end) {
    int found = 0;
    for (uint32_t i = next_outside(w, begin); i < end; i = next_outside(w, i)) {
        int loose = looseness(w, i);
        if (loose && (!found || loose < found)) found = loose;
    }
    return found;
}

static void pieces(FormatWriter *w, uint32_t begin, uint32_t end, uint32_t tail, int cut) {
    uint32_t at = begin;
    for (uint32_t i = next_outside(w, begin); i < end; i = next_outside(w, i)) {
        if (looseness(w, i) != cut) continue;
        if (at == begin) piece(w, at, i, 0);
        else piece_or_newline(w, at, i, 0);
        at = i;
    }
    piece_or_newline(w, at, end, tail);
}

static void piece(FormatWriter *w, uint32_t begin, uint32_t end, uint32_t tail) {
    uint32_t right = right_side(w, begin, end);
    int cut = right ? 0 : loosest(w, begin, end);
    if (fits(w, begin, end, tail)) {
        emit_all(w, begin, end);
    } else if (right) {
        piece(w, begin, right, 0);
        piece(w, right, end, tail);
    } else if (cut) {
        pieces(w, begin, end, tail, cut);
    } else {
        for (uint32_t i = begin; i < end; i++) {
            if (!is_open(word_at(w, i)->kind)) {
                emit(w, i);
                continue;
            }
            uint32_t close = word_at(w, i)->match, next = close + 1;
            while (next < end && !is_open(word_at(w, next)->kind)) next++;
            brackets(w, i, width(w, close + 1, next) + (next == end ? tail : 0));
            i = close;
        }
    }
}

void format_statement(FormatWriter *w, uint32_t begin, uint32_t end) {
    w->wrap = w->level + (w->header ? 2 : 1) * FORMAT_INDENT;
    piece(w, begin, end, 0);
}
