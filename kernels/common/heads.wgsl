// Where the queries, keys and values of attention lie in one tensor (heads.ts), in elements: a head's first row in a sequence,
// whose rows follow params.q_row or params.kv_row apart.

// The key and value head of query head h.
fn kv_of(h: u32) -> u32 {
  return h / (params.H / params.KV);
}

fn query_rows(batch: u32, h: u32) -> u32 {
  return params.q_first + batch * params.T * params.q_row + h * params.q_head;
}

fn key_rows(batch: u32, kv: u32) -> u32 {
  return params.k_first + batch * params.T * params.kv_row + kv * params.kv_head;
}

fn value_rows(batch: u32, kv: u32) -> u32 {
  return params.v_first + batch * params.T * params.kv_row + kv * params.kv_head;
}
