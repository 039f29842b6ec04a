// One import of each form; architecture.test.ts checks that each is seen for what it is.
import { product } from "../../src/util/index.ts";
import type { Shape } from "../../src/util/shape.ts";

export type { DescentError } from "../../src/util/errors.ts";
export { nearest } from "../../src/util/names.ts";

export type Files = typeof import("../../src/util/node.ts");

export const size = (shape: Shape): number => product(shape);
export const later = (): Promise<unknown> => import("../../src/util/philox.ts");
