/**
 * The C of many runs in one call. Before each run all workers bring the rows of its inputs; after it the first one puts its outputs away, while
 * the others begin to bring the rows of the next. So there are as many meetings of the threads as in single runs.
 */
export const SERIES_SOURCE = `
enum { SHORT_ROW = 64 };

/* An input, and the rows that it is filled with: \`rows\` for each run, in the order given or, without one, as they lie. */
struct row_source {
  const char *data;
  char *input;
  const uint32_t *order;
  uint64_t rows, row_bytes, stride;
  uint64_t restarts; /* the first run of a call takes the first rows */
};

/* An output of every run is put after those of the runs before. */
struct kept_output { const char *output; char *kept; uint64_t bytes; };

/* What JavaScript keeps (series.ts writes it, word by word). */
struct series {
  struct bound_program *bound;
  const struct row_source *sources;
  const struct kept_output *outputs;
  const uint32_t *watched; /* floats; the series ends when one of them is NaN or infinite */
  uint64_t source_count, output_count, watched_count;
  uint32_t first, count;    /* of the runs asked for */
  uint32_t done, unsound;   /* of those done; whether what is watched went wrong */
};

static inline void copy_row(char *to, const char *from, uint64_t bytes) {
  if (bytes > SHORT_ROW || bytes % 4 != 0) {
    memcpy(to, from, bytes);
    return;
  }
  for (uint64_t at = 0; at < bytes; at += 4) memcpy(to + at, from + at, 4);
}

/* A worker's share of the rows for a run. */
static void bring_rows(const struct series *s, uint32_t run, int worker, int workers) {
  for (uint64_t i = 0; i < s->source_count; i++) {
    const struct row_source *source = &s->sources[i];
    const uint64_t bytes = source->row_bytes, skipped = source->rows * (source->restarts ? run - s->first : run);
    const uint64_t from = source->rows * worker / workers, to = source->rows * (worker + 1) / workers;
    if (source->order == NULL && source->stride == bytes) {
      memcpy(source->input + from * bytes, source->data + (skipped + from) * bytes, (to - from) * bytes);
      continue;
    }
    for (uint64_t row = from; row < to; row++) {
      const uint64_t place = source->order != NULL ? source->order[skipped + row] : skipped + row;
      copy_row(source->input + row * bytes, source->data + place * source->stride, bytes);
    }
  }
}

static void put_outputs_away(struct series *s, uint32_t run) {
  for (uint64_t i = 0; i < s->output_count; i++) {
    const struct kept_output *each = &s->outputs[i];
    copy_row(each->kept + run * each->bytes, each->output, each->bytes);
  }
  const uint32_t exponent = 0x7f800000;
  for (uint64_t i = 0; i < s->watched_count; i++) s->unsound |= (s->watched[i] & exponent) == exponent;
  s->done = run + 1;
}

static void run_series(void *pointer, int worker, int workers, void *pool_pointer) {
  struct series *s = pointer;
  const struct bound_program *b = s->bound;
  pool *p = pool_pointer;
  int ended = 0;
  bring_rows(s, s->first, worker, workers);
  for (uint32_t run = 0; run < s->count; run++) {
    descent_barrier(p, worker);
    ended = s->unsound != 0;
    if (ended) break;
    b->function((void **)b->buffers, worker, workers, p, descent_barrier);
    descent_barrier(p, worker);
    if (worker == 0) {
      if (p != NULL) p->run++;
      put_outputs_away(s, run);
    }
    if (run + 1 < s->count) bring_rows(s, s->first + run + 1, worker, workers);
  }
  /* The inputs of the run that went wrong are wanted back. (After the last run nobody may look at what the first worker still writes.) */
  if (ended) bring_rows(s, s->first + s->done - 1, worker, workers);
}

void descent_run_series(struct series *s) {
  s->done = s->unsound = 0;
  if (s->bound->pool == NULL) run_series(s, 0, 1, NULL);
  else descent_pool_run(s->bound->pool, run_series, s);
}
`;
