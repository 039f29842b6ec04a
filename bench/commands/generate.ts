import { digits, median } from "../format.ts";
import { gpt } from "../suite/cases.ts";

const [CONTEXT, VOCABULARY, ROUNDS] = [256, 65, 3];

/** `npm run bench -- generate`: a GPT writes 255 tokens after one, with the cache of keys and values and without, in turns. */
export async function measureGeneration(): Promise<{ cached: number; whole: number; ratio: number }> {
  const network = gpt(VOCABULARY, CONTEXT, 4, 4, 128);
  const write = async (cache: boolean) => {
    const begun = performance.now();
    const tokens: number[] = [];
    for await (const token of network.generate([1], { length: CONTEXT - 1, seed: 1, cache })) tokens.push(token);
    return { seconds: (performance.now() - begun) / 1e3, tokens };
  };
  await write(true); // compiles
  await write(false);
  const times = { cached: [] as number[], whole: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    const [cached, whole] = [await write(true), await write(false)];
    if (cached.tokens.join() !== whole.tokens.join()) throw new Error("other tokens with the cache than without");
    times.cached.push(cached.seconds);
    times.whole.push(whole.seconds);
  }
  const [cached, whole] = [median(times.cached), median(times.whole)];
  console.log(
    `${CONTEXT - 1} tokens of a GPT of 4 layers, 128 wide, context ${CONTEXT}: the same with the cache and without`,
  );
  console.log(`with it ${digits(cached)} s, without ${digits(whole)} s: ${digits(whole / cached)} times as long`);
  return { cached, whole, ratio: whole / cached };
}
