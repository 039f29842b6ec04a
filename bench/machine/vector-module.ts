/** Chains of multiply-adds: enough to hide their latency (4 to 8 cycles, two or more a cycle), few enough for 16 registers. */
const CHAINS = 12;
/** Multiply-adds of each chain in one turn of the loop. */
const UNROLL = 8;
const LANES = 4;

/** Turns of the loop in a call: some 8 ms on a machine at rest, short enough to find quiet moments on a busy one. */
export const LOOPS = 500_000;

const unsigned = (value: number): number[] =>
  value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
const float = (value: number) => [0x43, ...new Uint8Array(new Float32Array([value]).buffer)];
const get = (local: number) => [0x20, local];
const set = (local: number) => [0x21, local];
const section = (id: number, content: readonly number[]) => [id, ...unsigned(content.length), ...content];

const SPLAT = [0xfd, 0x13];
const MULTIPLY = [0xfd, 0xe6, 0x01];
const ADD = [0xfd, 0xe4, 0x01];
const RELAXED_MADD = [0xfd, 0x85, 0x02];
const FIRST_LANE = [0xfd, 0x1f, 0];
const [I32, F32, V128] = [0x7f, 0x7d, 0x7b];

/**
 * A module that exports f(loops: i32, seed: f32): f32, which does nothing but a <- a * b + c on vectors out of registers; and how many
 * floating point operations a call of LOOPS turns does.
 */
export function fmaModule(fused: boolean): { bytes: Uint8Array<ArrayBuffer>; flop: number } {
  const [loops, seed, b, c] = [0, 1, 2, 3];
  const chains = Array.from({ length: CHAINS }, (_, i) => 4 + i);
  // b just below 1 and c tiny, so that values neither overflow nor become denormal
  const start = [
    ...[...get(seed), ...float(0), 0x94, ...float(0.999999), 0x92, ...SPLAT, ...set(b)],
    ...[...get(seed), ...float(1e-6), 0x94, ...SPLAT, ...set(c)],
    ...chains.flatMap((chain) => [...get(seed), ...float(chain), 0x92, ...SPLAT, ...set(chain)]),
  ];
  const step = (chain: number) =>
    fused
      ? [...get(chain), ...get(b), ...get(c), ...RELAXED_MADD, ...set(chain)]
      : [...get(chain), ...get(b), ...MULTIPLY, ...get(c), ...ADD, ...set(chain)];
  const turn = Array.from({ length: UNROLL }, () => chains.flatMap(step)).flat();
  const countDown = [...get(loops), 0x41, 1, 0x6b, 0x22, loops];
  const loop = [0x03, 0x40, ...turn, ...countDown, 0x0d, 0, 0x0b]; // loop ... br_if 0 end
  const sum = chains.flatMap((chain, i) => (i === 0 ? get(chain) : [...get(chain), ...ADD]));
  const locals = [1, ...unsigned(CHAINS + 2), V128];
  const body = [...locals, ...start, ...loop, ...sum, ...FIRST_LANE, 0x0b];
  const bytes = new Uint8Array([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 2, I32, F32, 1, F32]),
    ...section(3, [1, 0]),
    ...section(7, [1, 1, 0x66, 0, 0]),
    ...section(10, [1, ...unsigned(body.length), ...body]),
  ]);
  return { bytes, flop: 2 * LANES * CHAINS * UNROLL * LOOPS };
}
