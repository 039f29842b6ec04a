import type { Network } from "../../nn/index.ts";
import { fail, HostRandom } from "../../util/index.ts";
import type { GenerateSettings } from "./options.ts";
import { drawToken } from "./sample.ts";
import { cachedStepper, languageOf, type Speaker, type Stepper, wholeStepper } from "./stepper.ts";

/**
 * Tokens after a prompt, one by one. When prompt and tokens are longer than the model's context, its last places are what counts, computed
 * whole for each token.
 */
export async function* generateTokens(
  speaker: Speaker,
  prompt: readonly number[],
  settings: GenerateSettings,
): AsyncGenerator<number, void, undefined> {
  const { length } = languageOf(speaker.network);
  const random = new HostRandom(settings.seed, 29);
  const tokens = [...prompt];
  let cached: Stepper | undefined;
  let whole: Stepper | undefined;
  for (let made = 0; made < settings.length; made++) {
    const fits = settings.cache && tokens.length <= length;
    if (fits) cached ??= await cachedStepper(speaker, 1);
    else whole ??= await wholeStepper(speaker, 1);
    const stepper = (fits ? cached : whole) as Stepper;
    const logits = await stepper.next([tokens.slice(-length)], [0]);
    const token = drawToken(logits, tokens, settings, random);
    tokens.push(token);
    yield token;
    if (settings.stop.has(token)) return;
  }
}

/**
 * The prompt as a list of whole numbers that the model knows.
 *
 * @throws DescentError for no tokens, and tokens out of range, naming the place.
 */
export function checkedPrompt(network: Network, prompt: ArrayLike<number>, where: string): number[] {
  const { vocabulary } = languageOf(network);
  const tokens = Array.from(prompt ?? []);
  if (tokens.length === 0) fail(`${where} got an empty prompt`, "at least one token");
  const bad = tokens.findIndex((token) => !Number.isInteger(token) || token < 0 || token >= vocabulary);
  if (bad >= 0)
    fail(`${where}: token ${bad} of the prompt is ${tokens[bad]}`, `whole numbers from 0 to ${vocabulary - 1}`);
  return tokens;
}
