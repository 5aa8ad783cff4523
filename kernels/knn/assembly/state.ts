// What one thread works with during a call: the header's sizes and places, and its scratch. An instance is one thread's.
import {
  CAPACITY,
  COARSE,
  COLS,
  FINE,
  GROUP,
  HALVES,
  K,
  LOWERED,
  POINTS,
  placeAt,
  ROWS,
  SQUARES,
  u32At,
} from "./layout";
import { ENTRY } from "./nearest";

/** A candidate: its 4-byte value (f32 or i32), u32 id. */
export const CANDIDATE: usize = 8;

export let rows: u32 = 0;
export let cols: u32 = 0;
export let k: u32 = 0;
export let group: u32 = 0;
export let capacity: u32 = 0;
export let points: usize = 0;
export let fine: usize = 0;
export let lowered: usize = 0;
export let squares: usize = 0;
export let coarse: usize = 0;
export let halves: usize = 0;

// By slot, of which a group has GROUP. A slot is a query in the pass that goes on.
/** u32: the query's number in the group, and its row. */
export let asked: usize = 0;
export let owners: usize = 0;
/** 4 bytes: a value beyond this is no neighbor's; f32 or i32 as the pass has it. */
export let limits: usize = 0;
/** u32: entries of the slot's heap; candidates held, `capacity` + 1 when there were too many. */
export let seen: usize = 0;
export let held: usize = 0;
/** `k` entries and `capacity` candidates a slot. */
export let heaps: usize = 0;
export let candidates: usize = 0;
/** The queries as the pass compares them, four side by side. */
export let packed: usize = 0;
/** In a leaf of a tree: u32 [rows], the rows that its points are; elsewhere 0. */
export let names: usize = 0;
/** 8 values of 4 bytes: a slot's of one block. */
export let block: usize = 0;

let top: usize = 0;
function take(bytes: usize): usize {
  const at = top;
  top = (top + bytes + 15) & ~15;
  return at;
}

/** Reads the header and lays out this thread's scratch, which the host has sized by the same sum. */
export function begin(scratch: usize): void {
  rows = u32At(ROWS);
  cols = u32At(COLS);
  k = u32At(K);
  group = u32At(GROUP);
  capacity = u32At(CAPACITY);
  points = placeAt(POINTS);
  fine = placeAt(FINE);
  lowered = placeAt(LOWERED);
  squares = placeAt(SQUARES);
  coarse = placeAt(COARSE);
  halves = placeAt(HALVES);
  names = 0;
  top = scratch;
  const slots = <usize>group;
  asked = take(slots * 4);
  owners = take(slots * 4);
  limits = take(slots * 4);
  seen = take(slots * 4);
  held = take(slots * 4);
  heaps = take(slots * k * ENTRY);
  candidates = take(slots * capacity * CANDIDATE);
  packed = take(slots * (cols + 1) * 4);
  block = take(32);
}

/** The same for the points of a leaf, which `rowNames` says, and whose lists are those of `lists.ts`: four slots. */
export function beginLeaf(width: u32, size: u32, rowNames: usize, scratch: usize): void {
  rows = size;
  cols = width;
  names = rowNames;
  top = scratch;
  owners = take(16);
  limits = take(16);
  packed = take(<usize>width * 8);
  block = take(32);
  const padded = <usize>((size + 7) & ~7);
  halves = take(padded * 4);
  coarse = take(padded * width * 2);
}
