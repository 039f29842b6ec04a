import { HostRandom } from "../../util/index.ts";
import type { GenerateSettings } from "./options.ts";
import { drawToken } from "./sample.ts";
import { cachedStepper, type Speaker, type Stepper, wholeStepper } from "./stepper.ts";

/**
 * Tokens after a prompt, one by one. When prompt and tokens are longer than the model's context, its last places are what counts, computed
 * whole for each token.
 */
export async function* generateTokens(
  speaker: Speaker,
  prompt: readonly number[],
  settings: GenerateSettings,
): AsyncGenerator<number, void, undefined> {
  const { length } = speaker.language;
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
