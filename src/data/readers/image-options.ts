import { checkOptions, fail, show } from "../../util/index.ts";

/** How images are read. */
export interface ImageOptions {
  /** Height and width that they are given. */
  readonly size: readonly [height: number, width: number];
  /** 1 gray, 3 red, green and blue, 4 with transparency. Default 3. */
  readonly channels?: 1 | 3 | 4 | undefined;
  /** What is done to images of other proportions: "fill" stretches them (default, as Keras), "cover" cuts, "contain" adds black. */
  readonly fit?: "fill" | "cover" | "contain" | undefined;
}

export interface ImageSettings extends ImageOptions {
  readonly channels: 1 | 3 | 4;
  readonly fit: "fill" | "cover" | "contain";
}

/** @throws DescentError for unknown options and values that cannot be. */
export function imageSettings(where: string, options: ImageOptions, more: readonly string[] = []): ImageSettings {
  checkOptions(where, options, ["size", "channels", "fit", ...more]);
  const { size, channels = 3, fit = "fill" } = options;
  const isSize = (n: unknown) => Number.isSafeInteger(n) && (n as number) > 0 && (n as number) <= 16_384;
  if (!Array.isArray(size) || size.length !== 2 || !size.every(isSize)) {
    fail(`${where}: size is ${show(size)}`, "[height, width] in pixels, such as [64, 64]");
  }
  if (![1, 3, 4].includes(channels)) fail(`${where}: channels is ${show(channels)}`, "1, 3 or 4");
  if (!["fill", "cover", "contain"].includes(fit))
    fail(`${where}: fit is ${show(fit)}`, '"fill", "cover" or "contain"');
  return { size, channels, fit };
}
