import { checkOptions, fail, show } from "../../util/index.ts";
import { checkedPrompt } from "./language.ts";
import { type BeamSearchOptions, positive, stopOf } from "./options.ts";
import { logSoftmax } from "./sample.ts";
import { cachedStepper, type Speaker, wholeStepper } from "./stepper.ts";

/** A sequence that was found: the tokens after the prompt, and the logarithm of their probability. */
export interface Beam {
  readonly tokens: number[];
  readonly logProbability: number;
}

/** The likeliest continuations of a prompt among those that beam search looks at, the best first. */
export async function searchBeams(
  speaker: Speaker,
  given: ArrayLike<number>,
  options: BeamSearchOptions = {},
): Promise<Beam[]> {
  checkOptions("beamSearch", options, ["length", "beams", "lengthPenalty", "stop", "cache", "inputs"]);
  const length = positive("beamSearch", "length", options.length ?? 20);
  const beams = positive("beamSearch", "beams", options.beams ?? 4);
  const { lengthPenalty = 1, cache = true } = options;
  if (!Number.isFinite(lengthPenalty)) fail(`beamSearch got lengthPenalty = ${show(lengthPenalty)}`, "a number");
  const stop = stopOf("beamSearch", options.stop);
  const prompt = checkedPrompt(speaker.language, given, "beamSearch");
  const { length: context } = speaker.language;
  if (prompt.length + length > context) {
    fail(
      `beamSearch got a prompt of ${prompt.length} tokens and length ${length}`,
      `at most ${context} together, the model's context`,
    );
  }
  const stepper = await (cache ? cachedStepper : wholeStepper)(speaker, beams);
  const score = ({ tokens, logProbability }: Beam) => logProbability / tokens.length ** lengthPenalty;

  let alive: Beam[] = Array.from({ length: beams }, () => ({ tokens: [], logProbability: 0 }));
  let parents = alive.map((_, row) => row);
  const ended: Beam[] = [];
  for (let step = 0; step < length; step++) {
    const logits = await stepper.next(
      alive.map(({ tokens }) => [...prompt, ...tokens]),
      parents,
    );
    const rows = step === 0 ? 1 : beams; // all begin alike
    const found: { row: number; token: number; logProbability: number }[] = [];
    for (let row = 0; row < rows; row++) {
      const { vocabulary } = stepper;
      const own = logSoftmax(logits.subarray(row * vocabulary, (row + 1) * vocabulary));
      const before = alive[row]?.logProbability ?? 0;
      own.forEach((value, token) => {
        found.push({ row, token, logProbability: before + value });
      });
    }
    found.sort((a, b) => b.logProbability - a.logProbability || a.row - b.row || a.token - b.token);
    const next: { beam: Beam; row: number }[] = [];
    for (const { row, token, logProbability } of found.slice(0, 2 * beams)) {
      const beam = { tokens: [...(alive[row]?.tokens ?? []), token], logProbability };
      if (stop.has(token)) ended.push(beam);
      else if (next.length < beams) next.push({ beam, row });
    }
    while (next.length < beams && next[0]) next.push(next[0]); // fewer tokens than beams: some twice
    if (next.length === 0 || ended.length >= beams) break;
    alive = next.map(({ beam }) => beam);
    parents = next.map(({ row }) => row);
  }
  const whole = ended.length >= beams ? ended : [...ended, ...alive.filter(({ tokens }) => tokens.length > 0)];
  const distinct = [...new Map(whole.map((beam) => [beam.tokens.join(), beam])).values()];
  return distinct.sort((a, b) => score(b) - score(a)).slice(0, beams);
}
